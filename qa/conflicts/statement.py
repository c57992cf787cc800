"""A sentence of a source taken apart: its names, dates, numbers, and what it says of them.

English only, by rules: what makes two statements comparable, for `qa.conflicts.contradictions`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from index.tokens import STOP_WORDS, stem, terms, words
from qa.english.noun_phrases import past
from qa.english.numbers import MONTH_PATTERN, MONTHS, SCALES, SMALL_NUMBERS

_MONTH = rf"(?P<month>{MONTH_PATTERN})"
DATE = re.compile(
    rf"\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+)?{_MONTH}(?:\s+(?P<day2>\d{{1,2}}),?)?"
    rf"\s+(?P<year>1\d{{3}}|20\d{{2}})\b|\b(?P<only>1[5-9]\d\d|20\d\d|(?<=\bin\s)1[0-4]\d\d)\b(?!\s*(?:metres|meters|km"
    r"|kilometres|tons|tonnes|dollars|euros|pounds|people|soldiers|troops|percent|per\s|%))"
)
_SMALL = {
    word: float(value) for value, word in enumerate(SMALL_NUMBERS) if word not in ("zero", "one")
}
_NUMBER = re.compile(
    rf"(?P<currency>[$€£¥]\s?)?(?P<digits>\b\d+(?:,\d{{3}})*(?:\.\d+)?)(?![\w.-]*[^\W\d])"
    rf"(?:\s(?P<scale>{'|'.join(SCALES)}))?"
    rf"|\b(?P<word>{'|'.join(_SMALL)})\b(?:\s(?P<scale2>{'|'.join(SCALES)}))?",
    re.IGNORECASE,
)
# A name or a code ("67P", "Hayabusa2", "macOS"), but no unit.
_NAME = re.compile(
    r"(?<![\d$€£]\s)(?<![\w-])(?:[A-Z][\w’'-]*|[a-z]+[A-Z]\w*|[a-z]+\d+\w*|\d+[A-Z]\w*)"
)
_NUMBERED = re.compile(r"\b[A-Z][\w-]*\s(\d{1,3})(?!\w|[.,]\d|\s?%|\s[A-Z]{2}\b)")
_CURRENCIES = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen"}
_LEAST = re.compile(
    r"(?:more than|over|at least|above|exceed\w*|upwards of|no fewer than)\s*$", re.I
)
_MOST = re.compile(
    r"(?:less than|fewer than|under|at most|up to|as many as|no more than|below|nearly|almost)\s*$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?:about|around|roughly|some|approximately|nearly|almost|an estimated|circa)\s*$",
    re.IGNORECASE,
)
# A number of a part, or of what comes on top, is not a number of the whole.
_PART = re.compile(
    r"(?:first|another|additional|further|other|remaining|next|last|only|extra|every|each"
    r"|of (?:the|them|these|those|which))\s*$",
    re.IGNORECASE,
)
_LABEL = re.compile(r"\b[A-Z][\w-]*\s*$|\b(?:article|chapter|section|page|version|number|no\.)\s*$")
_RATE = re.compile(r"\b(?:a|an|per|each|every)\s+(second|minute|hour|day|week|month|year|head)\b")
_VOICE = (
    r"(?:said|says|say|told|reported|reports|wrote|writes|announced|claimed|stated|estimated|noted|"
    r"added|judged|calculated|found|recalled|declared|argued|insisted)"
)
_ATTRIBUTION = re.compile(
    rf",?\s*\b(?:according to|by the account of)\s[^,;.]+"
    rf"|,\s(?:[A-Za-z]+\s){{0,6}}?{_VOICE}\b[^,;]*?(?=[.,;]|$)"
    rf"|^(?:[^,;.\s]+\s){{1,6}}?{_VOICE}\b(?:\s(?:on|in)\s[^,;]*?\d{{4}})?\s(?:that\s)?"
)
# It denies one thing to say another, and contradicts nobody who says the other.
NOT_BUT = re.compile(r"\bnot\b[^.;]*\bbut\b")
_NOT = frozenset("not no never nor neither cannot without none".split())
# Units that what is measured follows: "61 metres high".
_MEASURES = frozenset(
    "metre metres meter meters kilometre kilometres kilometer kilometers km mile miles kilogram "
    "kilograms kg gram grams ton tons tonne tonnes litre litres dollar dollars euro euros pound "
    "pounds year years month months week weeks day days hour hours minute minutes second "
    "seconds mb gb tb megawatt megawatts degree degrees barrel barrels".split()
)
_NO_VERBS = frozenset("need seed feed weed deed reed sled shed".split())
_OPENERS = frozenset(_SMALL) | frozenset(
    "about some more most nearly almost today yesterday".split()
)
# The stems of what happens to a thing once; one is elected, visited and attacked more than once.
ONCE = frozenset(
    stem(
        "abolished adopted approved assassinated became began born broke built burned closed "
        "collapsed completed crossed died discovered dissolved ended entered established expired "
        "founded inaugurated invented joined killed landed launched opened protected ratified "
        "released resigned retired saw shut signed sank sunk took unveiled wrecked".split()
    )
)
_SAME = {
    "soldier": "troop",
    "inhabit": "peopl",
    "resid": "peopl",
    "person": "peopl",
    "meter": "metr",
}
_LIGHT = frozenset(
    "about around default accord new year today become also still only over more than togeth "
    "together accordingly".split()
)


@dataclass(frozen=True)
class Statement:
    """A sentence of a source, and the words above it: its title and heading."""

    text: str
    above: str = ""

    @cached_property
    def own(self) -> str:
        """The sentence without who says it and when it was said."""
        return _ATTRIBUTION.sub("", self.text).strip() or self.text

    @cached_property
    def dates(self) -> tuple[tuple[int, int, int], ...]:
        """Year, month and day of each date, 0 for what is not said."""
        found = []
        for match in DATE.finditer(self.own):
            if match["only"]:
                found.append((int(match["only"]), 0, 0))
            else:
                day = int(match["day"] or match["day2"] or 0)
                found.append((int(match["year"]), MONTHS.index(match["month"]) + 1, day))
        return tuple(dict.fromkeys(found))

    @cached_property
    def names(self) -> frozenset[str]:
        """The stems of what is written with a capital letter inside the sentence."""
        text = DATE.sub(" ", self.own)
        named = set()
        for match in _NAME.finditer(text):
            word, opens = match.group(), not text[: match.start()].strip(' "“(')
            if opens and (word.lower() in _OPENERS or word.lower() in STOP_WORDS):
                continue
            whole = any(char.isdigit() for char in word)
            named |= {word.lower()} if whole else set(terms(word))
        return frozenset(named) | frozenset(_NUMBERED.findall(text))  # "Voyager 1"

    @cached_property
    def content(self) -> frozenset[str]:
        """The stems of its other content words, without numbers and dates."""
        text = DATE.sub(" ", self.own)
        found = {
            _SAME.get(term, term)
            for word in words(text)
            if word not in STOP_WORDS and word not in _LIGHT and word not in _NOT
            for term in stem([word])
            if not word[0].isdigit() and word not in _SMALL and word not in SCALES
        }
        return frozenset(found) - frozenset(terms(" ".join(self.names)) if self.names else ())

    @cached_property
    def happened(self) -> str:
        """The stem of the verb that its first date belongs to; nothing where there is none."""
        date = DATE.search(self.own)
        if date is None:
            return ""
        before = [word for word in words(self.own[: date.start()]) if _is_past(word)]
        after = [word for word in words(self.own[date.end() :]) if _is_past(word)]
        return stem([*before[-1:], *after[:1]])[0] if before or after else ""

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Its numbers with what they count."""
        return tuple(_numbers(self.own))

    def beside(self, number: Number) -> frozenset[str]:
        """The stems of the words between the same commas as a number."""
        part = next((p for p in re.split(r"[,;:](?=\s)", self.own) if number.said in p), "")
        return frozenset(_SAME.get(term, term) for term in stem(words(part)))

    @cached_property
    def denied(self) -> bool:
        """Whether it says that something is not so."""
        return bool(_NOT.intersection(words(re.sub(r"n['’]t\b", " not", self.own))))


@dataclass(frozen=True, slots=True)
class Number:
    """A number that may lie between `low` and `high`, of `unit`; `said` as it is written."""

    low: float
    high: float
    unit: str
    more: frozenset[str]
    said: str


def _numbers(text: str) -> Iterator[Number]:
    undated = DATE.sub(lambda match: " " * len(match.group()), text)
    for match in _NUMBER.finditer(undated):
        before, after = undated[: match.start()], undated[match.end() :]
        if _PART.search(before) or (match["digits"] and _LABEL.search(before)):
            continue
        value, slack = _value(match)
        low, high = value - slack, value + slack
        if _LEAST.search(before):
            high = math.inf
        elif _MOST.search(before):
            low = 0.9 * value if re.search(r"(?:nearly|almost)\s*$", before) else -math.inf
        elif _ABOUT.search(before):
            low, high = min(low, 0.9 * value), max(high, 1.1 * value)
        unit, more = _unit(match, after)
        if unit:
            yield Number(low, high, unit, more, " ".join(match.group().split()) + _tail(after))


def _value(match: re.Match[str]) -> tuple[float, float]:
    """A number, and half of the last digit that it is given to."""
    scale = SCALES.get((match["scale"] or match["scale2"] or "").lower(), 1.0)
    if match["word"]:
        return _SMALL[match["word"].lower()] * scale, 0.0
    digits = match["digits"].replace(",", "")
    decimals = len(digits.partition(".")[2])
    value = float(digits)
    if decimals:
        return value * scale, 0.5 * 10.0**-decimals * scale
    zeros = len(digits) - len(digits.rstrip("0")) if value else 0
    return value * scale, (0.5 * 10.0**zeros if zeros > 1 or scale > 1 else 0.0) * scale


def _unit(match: re.Match[str], after: str) -> tuple[str, frozenset[str]]:
    """The stem of what a number counts, and of the words between."""
    rate = _RATE.search(after[:60])
    per = f"/{rate[1]}" if rate else ""
    if match["currency"]:
        return _CURRENCIES[match["currency"].strip()] + per, frozenset()
    if re.match(r"\s*(?:%|per\s?cent\b)", after):
        return "%" + per, frozenset()
    phrase: list[str] = []
    for word in re.findall(r"^[\s-]?|[^\W\d_][\w-]*|\S", after)[:6]:
        if not word.strip():
            continue
        if not word[0].isalpha() or word.lower() in STOP_WORDS or past(word.lower()):
            break
        phrase.append(word)
    if not phrase:
        return "", frozenset()
    found = [_SAME.get(term, term) for term in stem([word.lower() for word in phrase])]
    measured = re.match(r"\s*[\w-]+\s+(?:of\s+)?(high|long|wide|deep|tall|thick|old)\b", after)
    head = 0 if measured or phrase[0].lower() in _MEASURES else -1
    rest = frozenset(found) - {found[head]}
    return found[head] + per, rest


def _tail(after: str) -> str:
    """The unit as it is written, for a reader."""
    found = re.match(r"\s?%|\s?per\s?cent\b|\s[^\W\d_][\w-]*", after)
    return found.group() if found else ""


def _is_past(word: str) -> bool:
    return past(word) or (len(word) == 4 and word.endswith("ed") and word not in _NO_VERBS)
