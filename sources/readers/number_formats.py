"""Values of a spreadsheet as their number format shows them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from sources.dates import MONTHS

Value = bool | int | float | date | time | timedelta | str

_TOKEN = re.compile(
    r"""" (?P<quoted>[^"]*) " | \\(?P<escaped>.) | \[\$(?P<money>[^\]-]*)(?P<locale>-[^\]]*)?\]
    | \[(?P<elapsed>h+|m+|s+)\] | \[(?P<other>[^\]]*)\] | _(?P<space>.) | \*(?P<fill>.)
    | (?P<half>am/pm|a/p) | (?P<date>y+|m+|d+|h+|s+(?:\.0+)?)
    | (?P<digits>[0\#?][0\#?,]*(?:\.[0\#?]*)?|\.[0\#?]+) | (?P<plain>.)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_LOCAL = ("mm-dd-yy", "m/d/yy h:mm")
"""Stand for the short date of whoever opens the file."""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MOST_PLACES = 30
_LONGEST_FORMAT = 255  # characters, as the program itself allows

Token = tuple[str, str]
"""The name of its group, and its text."""


def shown(value: Value, number_format: str) -> str:
    """The value as a person sees it in the sheet.

    Dates that each computer shows in its own way are in ISO form, and numbers are plain where the
    format is not understood.
    """
    sections = _sections(number_format)
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return _number(value, sections)
        case timedelta():
            return _duration(value, sections[0])
        case date() | time():
            return _date(value, sections[0], local=number_format in _LOCAL)
    return str(value)


@lru_cache(maxsize=256)
def _sections(number_format: str) -> Sequence[Sequence[Token]]:
    """The tokens of what is for positive numbers, negative ones, and zero."""
    sections: list[list[Token]] = [[]]
    for match in _TOKEN.finditer(number_format[:_LONGEST_FORMAT]):
        name, text = match.lastgroup or "", match[match.lastgroup or 0]
        if match["money"] is not None:
            name, text = "money", match["money"] + "\0" + (match["locale"] or "")
        if (name, text) == ("plain", ";"):
            sections.append([])
        else:
            sections[-1].append((name, text))
    return sections


def _number(value: float, sections: Sequence[Sequence[Token]]) -> str:
    plain = f"{value:.15g}"
    tokens = sections[0]
    signed = value < 0
    if value < 0 and len(sections) > 1:
        tokens, signed = sections[1], False
    elif value == 0 and len(sections) > 2:
        tokens = sections[2]
    texts = "".join(text for name, text in tokens if name == "plain")
    digits = [text for name, text in tokens if name == "digits"]
    understood = not any(
        name in ("elapsed", "date", "half") or (name == "other" and text[:1] in "<>=")
        for name, text in tokens
    )
    if value == 0 and "0" not in "".join(digits):  # a dash in the sheet, or nothing
        return plain
    if len(digits) != 1 or not understood or not set(texts.upper()) <= set("%-+() $€£¥/:"):
        return plain
    percent = "%" in texts
    thousands = len(digits[0]) - len(digits[0].rstrip(","))
    exact = abs(Decimal(plain)) * (100 if percent else 1)
    if not exact.is_finite():
        return plain
    number = _rounded(exact / 1000**thousands, digits[0].rstrip(","))
    if not number:
        return plain
    parts = [number if name == "digits" else _literal(name, text) for name, text in tokens]
    made = " ".join("".join(parts).split())
    return f"-{made}" if signed and number.strip("0.,") else made


def _rounded(number: Decimal, pattern: str) -> str:
    """The digits of a number from zero; "" where there are too many."""
    whole, _, places = pattern.partition(".")
    if len(places) > _MOST_PLACES or number.adjusted() > _MOST_PLACES:
        return ""
    try:
        number = number.quantize(Decimal(1).scaleb(-len(places)), ROUND_HALF_UP)
    except ArithmeticError:  # more digits than are computed with
        return ""
    left, _, right = f"{number:f}".partition(".")
    left = left.rjust(whole.count("0"), "0")
    if "," in whole:
        left = f"{int(left):,}"
    least = len(places.rstrip("#?"))
    while len(right) > least and right.endswith("0"):
        right = right[:-1]
    return f"{left}.{right}" if right else left


def _literal(name: str, text: str) -> str:
    match name:
        case "money":
            return text.partition("\0")[0]
        case "space":
            return " "
        case "quoted" | "escaped" | "plain":
            return text
    return ""


def _duration(value: timedelta, tokens: Sequence[Token]) -> str:
    """Hours, minutes and seconds as far as the format shows them, all days in the first."""
    seconds = round(value.total_seconds())
    left = abs(seconds)
    parts = []
    for name, text in tokens:
        unit = {"h": 3600, "m": 60, "s": 1}.get(text[:1].lower(), 0)
        if name in ("elapsed", "date") and unit:
            count, left = divmod(left, unit)
            parts.append(str(count).rjust(len(text.partition(".")[0]), "0"))
        else:
            parts.append(_literal(name, text))
    return ("-" if seconds < 0 else "") + "".join(parts).strip() if any(parts) else str(value)


def _date(value: date | time, tokens: Sequence[Token], *, local: bool) -> str:
    """A date or time in the order and with the separators of the format."""
    locales = [text.partition("\0")[2].lstrip("-") for name, text in tokens if name == "money"]
    named = any(name == "date" and re.fullmatch("m{3,}|d{3,}", text, re.I) for name, text in tokens)
    foreign = named and any(locale and not _is_english(locale) for locale in locales)
    if local or foreign or not _shows(value, tokens):
        return _iso(value)
    half = any(name == "half" for name, _ in tokens)
    units = [text[0].lower() if name == "date" else "" for name, text in tokens]
    parts = []
    for at, (name, text) in enumerate(tokens):
        if name == "half":
            parts.append("AM" if _hour(value) < 12 else "PM")
        elif name == "date":
            before = next((unit for unit in reversed(units[:at]) if unit), "")
            after = next((unit for unit in units[at + 1 :] if unit), "")
            minutes = units[at] == "m" and (before == "h" or after == "s")
            parts.append(_field(value, text.lower(), minutes=minutes, half=half))
        else:
            parts.append(_literal(name, text))
    return " ".join("".join(parts).split())


def _shows(value: date | time, tokens: Sequence[Token]) -> bool:
    """Whether the format has fields, and none that the value lacks, nor a system's own form."""
    fields = {text[0].lower() for name, text in tokens if name == "date"}
    systems = any(name == "money" and "-f" in text.lower() for name, text in tokens)
    lacks = isinstance(value, time) and fields & set("yd")
    return bool(fields) and not systems and not lacks and ("m" not in fields or len(fields) > 1)


def _field(value: date | time, field: str, *, minutes: bool, half: bool) -> str:
    two = 2 if len(field) > 1 else 1
    if field[0] == "h":
        hour = (_hour(value) + 11) % 12 + 1 if half else _hour(value)
        return str(hour).rjust(two, "0")
    if field[0] == "s":
        return str(getattr(value, "second", 0)).rjust(2 if field[:2] == "ss" else 1, "0")
    if minutes or isinstance(value, time):
        return str(getattr(value, "minute", 0)).rjust(two, "0")
    if field[0] == "y":
        return f"{value.year:04}"  # in full where only two digits are shown: no guessing
    number, names = (
        (value.month, MONTHS) if field[0] == "m" else (value.weekday() + 1, _DAYS)
    )  # of the week only where it is named
    if len(field) > 2:
        return names[number - 1][:3] if len(field) == 3 else names[number - 1]
    return str(value.month if field[0] == "m" else value.day).rjust(two, "0")


def _iso(value: date | time) -> str:
    if isinstance(value, datetime):
        if value.time() == time():
            return value.date().isoformat()
        return value.isoformat(" ", "minutes" if not value.second else "seconds")
    return value.isoformat()


def _hour(value: date | time) -> int:
    return int(getattr(value, "hour", 0))


def _is_english(locale: str) -> bool:
    """Whether a language's number, in hexadecimal, or its name is of English."""
    if locale.lower().startswith("en"):
        return True
    try:
        return int(locale, 16) & 0x3FF == 9
    except ValueError:
        return False
