"""Making a follow-up stand on its own, from the turns before it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.tokens import STOP_WORDS, words
from qa.errors import QuestionError

Turn = tuple[str, str]

# What points back: pronouns, and openings that add to the question before.
_POINTERS = frozenset(
    "it its itself he him his she her hers they them their theirs this that these those there one "
    "ones such same former latter both either neither else".split()
)
_OPENING = re.compile(
    r"^\W*(and|or|but|no|so|then|also|i meant?|what about|how about|why|how so|since when|by whom"
    r"|where|when|who else|what else|how many|how much|really|are you sure|go on|tell me more"
    r"|more)\b",
    re.IGNORECASE,
)
# Words that point within their own question: "the fact that ...", "is there ...", "Iran and its".
_NOT_POINTING = re.compile(
    r"\b(is|are|was|were|does|do|did)\s+there\b|\bthere\s+(is|are|was|were)\b"
    r"|\w+\s+that\s+\w+\s+\w+"
    r"|\bone\s+of\b|\bthe\s+same\b|\bboth\s+\w+\s+and\b|\bsuch\s+as\b|\beither\s+\w+\s+or\b"
    r"|(?-i:(?<=\s)[A-Z]\w+)\b[^?]*\b(?:its|his|her|their|them|they)\b",
    re.IGNORECASE,
)


def condense(question: str, history: Sequence[Turn] = ()) -> str:
    """`question` as it stands on its own: a follow-up is put behind the question it follows.

    `history` holds (role, text) of the earlier turns, oldest first, roles "user" and "assistant".
    Raises QuestionError.
    """
    base = ""
    for turn in history:
        if not (isinstance(turn, tuple | list) and len(turn) == 2) or turn[0] not in (
            "user",
            "assistant",
        ):
            raise QuestionError(
                'history must be a list of ("user", text) and ("assistant", text) pairs'
            )
        role, text = turn
        if role == "user" and text.strip() and not (base and _follows(text)):
            base = text.strip()
    question = question.strip()
    return f"{base} {question}" if base and _follows(question) else question


def _follows(question: str) -> bool:
    """Whether a question says too little on its own: it points back, or hardly names a thing."""
    found = words(_NOT_POINTING.sub(" ", question))
    content = [word for word in words(question) if word not in STOP_WORDS]
    if len(content) <= 1 or any(word in _POINTERS for word in found):
        return True
    return bool(_OPENING.match(question)) and len(content) <= 3
