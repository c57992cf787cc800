"""What a question asks a statement to fill in: who, where, what it is called, why, how many, when.

English only, by rules: what makes two statements rival answers, for `qa.conflicts.rivals`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from index.tokens import STOP_WORDS, stem, words
from qa.english.grammar import WH
from qa.english.phrases import parse
from qa.english.words import Word, read, senses_of
from qa.retrieve.wanted import wanted_kind

Slot = Literal["name", "place", "title", "cause", "number", "date", "denial"]

_TITLE = re.compile(r"\b(?:called|named?|title[ds]?|entitled|known as)\b", re.IGNORECASE)
_CAUSE = re.compile(
    r"\bwhy\b|\bhow come\b|\bwhat(?: was| is)? (?:the )?(?:cause|reason)"
    r"|\bwhat (?:has )?(?:caused?s?|killed|destroyed|triggered|damaged|ruined)\b"
    r"|\bwhat did .+ die of\b",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(
    r"^(?:is|are|was|were|do|does|did|can|could|has|have|had|may|must|will|should)\s", re.IGNORECASE
)
_AMOUNT = re.compile(
    r"\bhow (?:many|much|old|far|tall|large|big|high|fast|deep|wide|heavy|long(?! ago))\b"
)
_SPOT = re.compile(r"\b(?:which|what) (?:port|museum|harbou?r|street|village)\b")
_SINGLED_OUT = re.compile(
    r"\b(?:first|last|second|third|final|only|main|sole|capital|current|original"
    r"|(?:part|role) of|\w{3,}est)\b",
    re.IGNORECASE,
)
# What has one who does it: made, found, begun and won but once, or led and owned by one at a time.
ONE_DOER = frozenset(
    stem(
        "author build built chair coin command commanded compose composed conduct construct create "
        "design designed direct directed discover discovered draw drew edit erect establish found "
        "founded head inaugurate invent invented kill killed launch lead led made make manage "
        "managed murder open opened own owned paint painted paid pay pioneer preside produce rule "
        "run sculpt sculpted shot succeed translate translated unveil win won write written "
        "wrote".split()
    )
)
# What stands for the asked thing and need not be said in the answer.
_LIGHT = senses_of(
    "do name called call title known kind type sort person man woman country city town place "
    "company firm club year date day month reason cause caused long high tall old deep wide large "
    "big much many today currently take happen come animal king ever exactly"
)


@dataclass(frozen=True, slots=True)
class AskedSlot:
    """A question whose answer is one thing: its `slot`, and the words that an answer must say.

    `needed` holds for each such word its stem and senses, `names` the stems of its names and
    numbers.
    """

    text: str
    slot: Slot
    needed: tuple[frozenset[str], ...]
    names: frozenset[str]

    @property
    def plain(self) -> tuple[frozenset[str], ...]:
        """The needed words that are no names: what happens, or what of it is asked for."""
        return tuple(word for word in self.needed if not matches(word, self.names))

    def said_in(self, senses: frozenset[str]) -> list[bool]:
        """For each needed word whether it is among the senses of a text."""
        return [matches(word, senses) for word in self.needed]


def matches(word: frozenset[str], senses: frozenset[str]) -> bool:
    """Whether a word is said, by its stem, by one that means the same or one made of it."""
    if not word.isdisjoint(senses):
        return True
    stems = [one for one in word if len(one) > 3 and one[0] != "#"]
    return any(
        len(other) > 3 and (other.startswith(one) or one.startswith(other))
        for one in stems
        for other in senses
        if other[0] != "#"
    )


@lru_cache(maxsize=256)
def asked_slot(question: str) -> AskedSlot | None:
    """What `question` asks for; None where it may have several answers that are all true."""
    text = " ".join(question.split())
    parsed = parse(text)
    asked_noun = parsed.noun
    slot = _slot(text)
    if slot is None:
        return None
    noun = {word.lower() for word in asked_noun}
    read_words = [word for word in read(text, "en") if word.content and word.text not in WH]
    if slot in ("name", "place", "title"):
        last = asked_noun[-1].lower() if asked_noun else ""
        if last.endswith("s") and not last.endswith("ss"):
            return None  # "Which birds": several
        if re.search(r"\b(?:an|a)\s(?!day|year|week|month)", text):
            return None  # "a factory": there may be another
        if slot == "name" and not _has_one(text, read_words):
            return None
    needed = tuple(
        word.senses
        for word in read_words
        if not (word.text in noun and slot not in ("number",))
        and (word.name or word.number or word.senses.isdisjoint(_LIGHT))
        and not (slot == "cause" and _CAUSE.fullmatch(f"what {word.text}"))
    )
    names = frozenset(
        one for word in read_words if word.name or word.number for one in (word.term, word.text)
    )
    return AskedSlot(text, slot, needed, names) if needed else None


def _slot(text: str) -> Slot | None:
    lowered = text.lower()
    kind = wanted_kind(text)
    if _CAUSE.search(text):
        return "cause"
    if _AMOUNT.search(lowered):
        return "number"
    if kind == "date":
        return "date"
    if _YES_OR_NO.match(text) and " or " not in lowered:
        return "denial"
    if kind == "place" or _SPOT.search(lowered):
        return "place"
    if _TITLE.search(text) and re.search(r"\bwhat\b", lowered):
        return "title"
    if kind == "person" or re.search(r"\b(?:which|what|who)\b", lowered):
        return "name"
    return None


def _has_one(text: str, content: list[Word]) -> bool:
    """Whether what is asked for is one by its nature: a role, a superlative, a deed done once."""
    if re.search(r"\b(?:who|what|which)(?:\s\w+)? (?:is|was) (?:the|its)\s", text, re.IGNORECASE):
        return not re.search(r"\b(?:is|was) the (?:\w+s)\s(?:of|in)\b", text) or bool(
            _SINGLED_OUT.search(text)
        )
    if _SINGLED_OUT.search(text):
        return True
    return any(
        not word.name and not ONE_DOER.isdisjoint((word.term, word.text)) for word in content
    )


@lru_cache(maxsize=4096)
def content_senses(text: str) -> frozenset[str]:
    """The stems and senses of the words of a text."""
    found: set[str] = set()
    for word in read(text, "en"):
        found |= word.senses
    found |= set(stem([one for one in words(text) if one not in STOP_WORDS]))
    return frozenset(found)
