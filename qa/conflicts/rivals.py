"""Rival answers: two statements that answer a question of one answer, each with another one.

Where `qa.conflicts.contradictions` compares two sentences for all that they say, this compares what
they say to the question alone, so that it reaches names, places, titles and causes. A rivalry that
is none is worse than one that is missed: every doubt speaks against one. English only.
`python tests/benchmarks/rivals.py` measures it.
"""

from __future__ import annotations

import re
from functools import cache

from index.countries import SEATS, is_country
from index.tokens import STOP_WORDS, stem, terms, words
from qa.conflicts.asked_slot import Slot, content_senses, matches
from qa.conflicts.replies import OPPOSITES, REASON, Reply
from qa.conflicts.statement import DATE, ONCE, Statement
from qa.english.words import NOT, bases

# Others may be true beside it.
_BESIDE = re.compile(
    r"\btoo(?=[.,;]|$)|\b(?:also|another|other|others|else|among|including|one of|as well|partly"
    r"|in part|mainly|later|formerly|former|until|previously|again|alternatively|sometimes"
    r"|usually)\b",
    re.IGNORECASE,
)
_CAUSES = re.compile(r"\bcauses\b(?! of)|\bcaused\b|\bdied of\b|\b(?:kill|destroy)ed\b")
_STANDS = re.compile(
    r"\b(?:is|are|was|were|lies|lay|stands|stood|located|situated)\s(?:in|at|on|near|off|between"
    r"|beside|opposite|behind)\b"
)
_REGION = re.compile(
    r"\b(?:sea|ocean|valley|county|province|state|region|district|mountains?|north|south|east|west"
    r"|coast|peninsula|desert|steppe|delta|highlands?|lowlands?|gulf|continent|republic|kingdom)\b",
    re.IGNORECASE,
)
_SPOT = re.compile(
    r"\b(?:street|road|lane|square|hall|house|arena|stadium|museum|church|hospital|quay|park|bridge"
    r"|school|university|castle|palace|theatre|station|exchange|hotel|building|room|green)\b",
    re.IGNORECASE,
)


def rival(one: Reply, other: Reply) -> tuple[Slot, tuple[str, str]] | None:
    """The kind of what two statements answer differently and what each says; None where none."""
    if not (one.replies and other.replies):
        return None
    for side in (one, other):
        if _BESIDE.search(side.own):
            return None
    slot = one.asked.slot
    if slot != "date" and one.dates != other.dates and one.dates and other.dates:
        return None
    if one.qualities != other.qualities and slot != "cause":
        return None
    found = _DIFFER[slot](one, other)
    return (slot, found) if found else None


def _names(one: Reply, other: Reply) -> tuple[str, str] | None:
    here, there = one.nearest, other.nearest
    if not here or not there or _akin(here[2], other) or _akin(there[2], one):
        return None
    return here[2].strip('"“”'), there[2].strip('"“”')


def _places(one: Reply, other: Reply) -> tuple[str, str] | None:
    if not one.asked.plain and not (_STANDS.search(one.own) and _STANDS.search(other.own)):
        return None
    here, there = _by_level(one), _by_level(other)
    for level in set(here) & set(there):
        a, b = here[level], there[level]
        if not any(_akin(text, other) for text in here.values()) and not any(
            _akin(text, one) for text in there.values()
        ):
            return a, b
    return None


def _causes(one: Reply, other: Reply) -> tuple[str, str] | None:
    for side in (one, other):
        if not REASON.search(side.own):
            return None
        if side.asked.text.lower().startswith("what") and not _CAUSES.search(side.own):
            return None  # "What causes it?" is not answered by what it is the cause of
    here, there = one.rest, other.rest
    if not here or not there:
        return None
    senses = content_senses(" ".join(there))
    if any(matches(content_senses(word), senses) for word in here):
        return None
    return " ".join(one.own.split()), " ".join(other.own.split())


def _numbers(one: Reply, other: Reply) -> tuple[str, str] | None:
    if bool(one.dates) != bool(other.dates):
        return None
    if _other_names(one) and _other_names(other) and _other_names(one) != _other_names(other):
        return None
    counted = content_senses(one.asked.text)
    for a in one.statement.numbers:
        for b in other.statement.numbers:
            alone = all(
                sum(n.unit == a.unit for n in side.statement.numbers) == 1 for side in (one, other)
            )
            if (
                a.unit != b.unit
                or not (alone or _measured(one, a.said, other, b.said))
                or not (a.more <= b.more or b.more <= a.more)
            ):
                continue
            many = "how many" in one.asked.text.lower() or "how much" in one.asked.text.lower()
            unit = a.unit.partition("/")[0]
            if many and unit not in counted and not a.more & counted:
                continue
            if a.low > b.high or b.low > a.high:
                return a.said, b.said
    return None


def _dates(one: Reply, other: Reply) -> tuple[str, str] | None:
    here, there = _date_of(one), _date_of(other)
    if here is None or there is None:
        return None
    extra = _other_names(one), _other_names(other)
    if extra[0] and extra[1] and not extra[0] & extra[1]:
        return None
    pair = zip(here[0], there[0], strict=True)
    if not any(a != b for a, b in pair if a and b):
        return None
    if all(_once().isdisjoint(word) for word in one.asked.plain):
        return None
    return here[1], there[1]


def _denials(one: Reply, other: Reply) -> tuple[str, str] | None:
    if not one.asked.plain:
        return None
    sides = [_denies(side) for side in (one, other)]
    if sides[0] == sides[1]:
        return None
    denying = one if sides[0] else other
    # "Cars cannot pass by day" leaves the night; a denial of no more than was asked leaves nothing.
    if [word for word in denying.rest if word not in NOT and not _opposes(word)]:
        return None
    return ("no", "yes") if sides[0] else ("yes", "no")


_DIFFER = {
    "name": _names,
    "title": _names,
    "place": _places,
    "cause": _causes,
    "number": _numbers,
    "date": _dates,
    "denial": _denials,
}


def _akin(name: str, reply: Reply) -> bool:
    """Whether a statement has a word of a name that the question does not have."""
    held = {one for one in terms(reply.own) if len(one) > 1}
    own = {one for one in terms(name) if one not in STOP_WORDS and len(one) > 1}
    return bool(own & held - set(terms(reply.asked.text)))


def _by_level(reply: Reply) -> dict[int, str]:
    """The places that it names, by how large they are: a spot, a town, a region, a country."""
    found: dict[int, str] = {}
    for start, _, text in reply.spans:
        before = re.search(r"((?:[a-z][\w-]*\s){0,3})$", reply.own[:start])
        lead = re.split(
            r"\b(?:in|at|on|near|from|to|off|into|by|with|is|was|came|comes)\b",
            before[1] if before else "",
        )[-1]
        if text[0] in '"“':
            continue
        if all(is_country(word) and word not in SEATS for word in words(text)):
            level = 3
        elif _REGION.search(f"{lead} {text}"):
            level = 2
        elif _SPOT.search(f"{lead} {text}"):
            level = 0
        else:
            level = 1
        found.setdefault(level, text)
    return found


def _other_names(reply: Reply) -> frozenset[str]:
    return reply.statement.names - reply.asked.names - frozenset(terms(reply.asked.text))


def _measured(one: Reply, here: str, other: Reply, there: str) -> bool:
    """Whether each number is said to be what the question asks for: "87 metres high"."""
    how = re.search(r"\bhow (old|tall|large|high|deep|wide|long)\b", one.asked.text.lower())
    return how is not None and all(
        re.search(rf"\b{re.escape(said)}\s(?:in\s)?{how[1]}\b", side.own)
        for side, said in ((one, here), (other, there))
    )


def _date_of(reply: Reply) -> tuple[tuple[int, int, int], str] | None:
    """The date that stands nearest to what the question says happened, and as it is written."""
    found = list(DATE.finditer(reply.own))
    if not found or not reply.anchors:
        return None
    verbs = reply.anchors
    best = min(
        found, key=lambda m: min(min(abs(m.start() - one), abs(m.end() - one)) for one in verbs)
    )
    dates = Statement(best.group() if best["month"] else f"in {best.group()}").dates
    return (dates[0], best.group()) if len(dates) == 1 else None


@cache
def _once() -> frozenset[str]:
    """The verbs of what happens to a thing once, by their bases."""
    return ONCE | {base for form, base in bases().items() if stem([form])[0] in ONCE}


def _denies(reply: Reply) -> bool:
    text = re.sub(r"n['’]t\b", " not", reply.own).replace("cannot", "can not")
    denied = len([word for word in words(text) if word in NOT]) % 2 == 1
    return denied != reply.opposite


def _opposes(word: str) -> bool:
    return any(word in stem(list(pair)) or word in pair for pair in OPPOSITES)
