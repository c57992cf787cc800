"""Numbers, dates and units of a text in one form: "$3.5 million" as "3500000 dollars"."""

from __future__ import annotations

import re
from functools import cache

from qa.english.numbers import MONTH_PATTERN, SCALES, UP_TO_NINETY

_ABBREVIATED = {
    "km": "kilometres", "m": "metres", "cm": "centimetres", "mm": "millimetres", "kg": "kilograms",
    "g": "grams", "mg": "milligrams", "ha": "hectares", "l": "litres", "km/h": "kilometres an hour",
    "mph": "miles an hour", "\N{DEGREE SIGN}C": "degrees Celsius", "kW": "kilowatts",
    "MW": "megawatts", "GW": "gigawatts", "MB": "megabytes", "GB": "gigabytes", "h": "hours",
    "km2": "square kilometres", "km\N{SUPERSCRIPT TWO}": "square kilometres",
    "m\N{SUPERSCRIPT TWO}": "square metres", "m\N{SUPERSCRIPT THREE}": "cubic metres",
}  # fmt: skip
_CURRENCY = {"$": "dollars", "\u20ac": "euros", "\u00a3": "pounds", "\u00a5": "yen"}
_SIGNS = {
    "<": " below ", ">": " above ", "\u2264": " at most ", "\u2265": " at least ",
    "\u2260": " not ",
}  # fmt: skip
_FIGURE = r"\d+(?:\.\d+)?"
_WORD = "|".join(sorted((*UP_TO_NINETY, *SCALES), key=len, reverse=True))


_MODALS = (
    (re.compile(r"\b(?:is|are)( not)? (?:allowed|permitted|entitled|free) to\b"), r"may\1"),
    (re.compile(r"(?<!not )\b(?:has|have|needs?|(?:is|are) (?:required|obliged)) to\b"), "must"),
    (re.compile(r"\b(?:is|are)( not)? able to\b"), r"can\1"),
    (re.compile(r"\bmost likely\b"), "probably"),
)
_BOUNDS = (
    (re.compile(r"\b(?:above|over|exceeding) (?=[\d.]+ [a-z]+s\b)"), "more than "),
    (re.compile(r"\b(?:below|under) (?=[\d.]+ [a-z]+s\b)"), "less than "),
    (re.compile(r"\b(?:no|not) (?:more|greater|longer) than (?=\d)"), "at most "),
    (re.compile(r"\b(?:no|not) (?:less|fewer) than (?=\d)"), "at least "),
)


def in_modals(text: str) -> str:
    """`text` with what is allowed, ordered or possible said by "may", "must" and "can"."""
    for pattern, modal in _MODALS:
        text = pattern.sub(modal, text)
    return text


def in_figures(text: str) -> str:
    """`text` with its numbers in figures, dates as "3 May 1947", units and signs as words."""
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    text = re.sub(r"\bper ?cent\b|%", " percent", text)
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(
        rf"\b({MONTH_PATTERN})\s+(\d{{1,2}})(?:st|nd|rd|th)?,?(?=\s+\d{{4}}\b)", r"\2 \1", text
    )
    text = re.sub(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({MONTH_PATTERN})\b,?", r"\1 \2", text)
    text = re.sub(rf"\b({MONTH_PATTERN})\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)", r"\2 \1", text)
    text = re.sub(r"(?<=\d)\s?[\N{EN DASH}-]\s?(?=\d)", " to ", text)
    text = re.sub(r"\bhalf an? (million|billion)\b", r"0.5 \1", text, flags=re.IGNORECASE)
    text = re.sub(r"\bhalf an hour\b", "30 minutes", text)
    text = re.sub(r"\ban? (dozen|hundred|thousand|million|billion)\b", r"one \1", text)
    text = re.sub(
        rf"\b(?:{_WORD})(?:(?:[ -]| and )(?:{_WORD}))*\b", _spelled, text, flags=re.IGNORECASE
    )
    text = re.sub(r"\b(one|\d+) dozen\b", lambda m: str(12 * int(m[1].replace("one", "1"))), text)
    text = re.sub(
        rf"({_FIGURE}) ?((?:(?:{'|'.join(SCALES)})\b ?)+)", _scaled, text, flags=re.IGNORECASE
    )
    text = re.sub(rf"([$\u20ac\u00a3\u00a5])\s?({_FIGURE})", _priced, text)
    for pattern, bound in _BOUNDS:
        text = pattern.sub(bound, text)
    text = re.sub(r" +", " ", text)
    return re.sub(
        rf"(?<=\d) ?({'|'.join(map(re.escape, sorted(_ABBREVIATED, key=len, reverse=True)))})"
        r"(?![\w/\u00b2\u00b3])",
        lambda m: f" {_ABBREVIATED[m[1]]}",
        text,
    )


def _spelled(found: re.Match[str]) -> str:
    words = re.split(r"[ -]", found[0].lower())
    if words in (["one"], ["zero"]) or words[0] in SCALES:
        return found[0]  # "one of them"; "million" after figures
    total = group = 0
    last = 0
    for word in words:
        if word == "and":
            continue
        if word in UP_TO_NINETY:
            if last and not (last >= 20 and UP_TO_NINETY[word] < 10):
                return found[0]  # two numbers beside each other
            last = UP_TO_NINETY[word]
            group += last
        elif SCALES[word] == 100:
            group = max(1, group) * 100
            last = 0
        else:
            total += max(1, group) * SCALES[word]
            group = last = 0
    if "and" in words and not set(words) & set(SCALES):
        return found[0]  # "two and three"
    return str(total + group)


def _scaled(found: re.Match[str]) -> str:
    value = float(found[1])
    for word in found[2].lower().split():
        value *= SCALES[word]
    digits = f"{value:.10g}" if value < 10**10 else f"{int(value)}"
    return digits + " " * found[0].endswith(" ")


def _priced(found: re.Match[str]) -> str:
    return f"{found[2]} {_CURRENCY[found[1]]}"


@cache
def value(text: str) -> float | None:
    """The number that a word of a text in figures is; None where it is none."""
    return float(text) if re.fullmatch(rf"[-\N{{MINUS SIGN}}]?{_FIGURE}", text) else None
