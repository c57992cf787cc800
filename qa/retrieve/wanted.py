"""What kind of thing a question asks for, and whether a text has one: a date, a number, a name."""

from __future__ import annotations

import re

from index.tokens import words
from qa.english.numbers import MONTH_PATTERN

KINDS = ("date", "number", "person", "place", "reason", "other")
DATE = re.compile(
    rf"\b(1\d{{3}}|20\d{{2}}|[3-9]\d{{2}})s?\b"
    rf"|\b({MONTH_PATTERN}|centur(?:y|ies)|decades?|BCE?|AD|days?|years?)\b"
    r"|\b\d{1,2}(?:st|nd|rd|th)\b"
)
NUMBER_WORDS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen twenty thirty forty "
    "fifty hundred hundreds thousand thousands million millions billion billions trillion dozen "
    "dozens half third quarter percent twice single".split()
)
NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w’'-]+")
REASON = re.compile(
    r"because|due to|since|as a result|caused|in order to|so that|therefore|reason|led to"
)
MONEY = re.compile(
    r"[$€£¥₹]|\b(?:dollars?|euros?|pounds?|roubles?|rubles?|yuan|won|rials?|rupees?|francs?|marks"
    r"|cents|usd|eur)\b",
    re.IGNORECASE,
)
# What a question asks for, by its English question words; other questions ask for nothing special.
_WANTED = (
    (
        "date",
        r"\bwhen\b|\b(?:what|which) (?:\w+ )?(?:year|date|century|decade|month|day|time|era|period)"
        r"\b|how long ago",
    ),
    (
        "number",
        r"\bhow (?:many|much|long|old|far|tall|large|big|often|high|fast|deep|wide|few)\b|\bwhat "
        r"(?:\w+ )?(?:percent|percentage|number|amount|proportion|fraction|share|population|size"
        r"|distance|price|cost|rate|temperature|age)",
    ),
    (
        "person",
        r"\b(?:who|whom|whose)\b|\b(?:which|what) (?:person|king|president|leader|author|scientist"
        r"|actor|artist|man|woman|minister|official)|what .{0,40}\bname",
    ),
    (
        "place",
        r"\bwhere\b|\b(?:what|which) (?:country|city|state|region|place|nation|continent|river"
        r"|town|area|location|county|province)",
    ),
    ("reason", r"\bwhy\b|\bwhat (?:caused|reasons?|causes)|\bhow come"),
)
_WANTED_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _WANTED)


def wanted_kind(question: str) -> str:
    """What a question asks for: date, number, person, place, reason, or other.

    Of several questions the last one counts, since a follow-up stands behind what it follows.
    """
    lowered = question.lower()
    last = [part for part in lowered.split("?") if part.strip()][-1:]
    for text in (*last, lowered):
        for kind, pattern in _WANTED_PATTERNS:
            if pattern.search(text):
                return kind
    return "other"


def holds_kind(kind: str, question: str, text: str) -> bool:
    """Whether a text has a date, number, name or reason that the question does not."""
    lowered = question.lower()
    if kind == "date":
        return any(match.group().lower() not in lowered for match in DATE.finditer(text))
    if kind == "number":
        asked = frozenset(words(question))
        return any(is_number(word) and word not in asked for word in words(text))
    if kind in ("person", "place"):
        return any(name.lower() not in lowered for name in NAME.findall(text))
    return kind == "reason" and bool(REASON.search(text))


def is_number(word: str) -> bool:
    """Whether a word is a number, in figures or in letters."""
    return word[0].isdigit() or word in NUMBER_WORDS
