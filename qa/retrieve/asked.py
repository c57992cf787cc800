"""What a question asks for: several parts, as the sides of a comparison; or a list."""

from __future__ import annotations

import re

from index.tokens import STOP_WORDS, words

_SIDE = r"(?P<one>.{2,60}?)"
_OTHER = r"(?P<other>.{2,60}?)"
_ABOUT = r"(?P<about>\s+(?:on|in|over|about|regarding|towards?|when it comes to|as to)\s+.+?)?"
_COMPARISONS = tuple(
    re.compile(pattern + r"[\s?.!]*$", re.IGNORECASE)
    for pattern in (
        rf"how (?:do|does|did|is|are|was|were) {_SIDE} (?:and|or) {_OTHER} "
        rf"(?:differ|different|compare|relate|vary){_ABOUT}",
        rf"how (?:do|does|did) {_SIDE} (?:differ|vary) from {_OTHER}{_ABOUT}",
        rf"how (?:is|are|was|were) {_SIDE} different (?:from|to|than) {_OTHER}{_ABOUT}",
        rf"how (?:do|does|did) {_SIDE} compare (?:to|with) {_OTHER}{_ABOUT}",
        rf".*?\b(?:differences?|distinction|similarit(?:y|ies)|contrast)s? between {_SIDE} and "
        rf"{_OTHER}{_ABOUT}",
        rf"(?:please )?(?:compare|contrast) {_SIDE} (?:and|with|to|versus) {_OTHER}{_ABOUT}",
        rf"{_SIDE} (?:versus|vs\.?) {_OTHER}{_ABOUT}",
    )
)
_ASKING = r"(?:who|whom|whose|what|which|when|where|why|how)"
_SECOND = re.compile(rf"(?<=[?])\s+|,?\s+and\s+(?={_ASKING}\b)", re.IGNORECASE)
_OPENING = re.compile(rf"\s*(?:in |on |at |by |from |to |with )?{_ASKING}\b", re.IGNORECASE)
_POINTING = re.compile(r"\b(?:it|its|he|his|she|her|they|their|them|this|that|these|those)\b")
# "List the ...", "Which ministers have ...": a plural, and a verb that goes with one.
_LIST = re.compile(
    r"^\W*(?:please\s+|can you\s+|could you\s+)*(?:list|enumerate|name)\b(?! of)"
    r"|\b(?:which|what)\s+(?:are|were)\s+(?:all\s+)?the\b"
    r"|\b(?:which|what)\s+(?:[\w-]+\s+){0,2}?[\w-]{2,}[^\Wsu]s\s+"
    r"(?:are|were|have|do|did|can|could|will|would|may|might|must|should)\b",
    re.IGNORECASE,
)


def asks_for_list(question: str) -> bool:
    """Whether a question asks for several things, which are easier to read one a line."""
    return bool(_LIST.search(question))


def split_question(question: str) -> tuple[str, ...]:
    """The parts of `question`, each to be searched for on its own; none where it has only one.

    "How do X and Y differ on Z?" asks for "X on Z" and "Y on Z". A second question that leans on
    the first ("... and when was it signed?") is put behind it, as a follow-up is.
    """
    for pattern in _COMPARISONS:
        found = pattern.match(question.strip())
        if found:
            about = found["about"] or ""
            return (found["one"] + about, found["other"] + about)
    asked = [part.strip() for part in _SECOND.split(question.strip()) if part.strip(" ?")]
    if len(asked) != 2 or not all(_OPENING.match(part) for part in asked):
        return ()
    first, second = (part if part.endswith("?") else f"{part}?" for part in asked)
    content = [word for word in words(second) if word not in STOP_WORDS]
    if len(content) < 3 or _POINTING.search(second.lower()):
        second = f"{first} {second}"
    return (first, second)
