"""A date as people write it in metadata, made YYYY, YYYY-MM or YYYY-MM-DD."""

from __future__ import annotations

import re

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_SHORT = [month[:3].lower() for month in MONTHS]
_MONTH = rf"(?P<name>{'|'.join(_SHORT)})[a-z]*\.?"
_TIME = r"(?:[T\s,]+\d{1,2}:?\d{2}.*|Z)?"
_FORMS = tuple(
    re.compile(form + _TIME, re.ASCII | re.IGNORECASE)
    for form in (
        r"(?P<y>\d{4})(?:[-/.](?P<m>\d{1,2})(?:[-/.](?P<d>\d{1,2}))?)?",
        r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
        r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4})",  # dots have the day first
        rf"(?:[a-z]+,?\s+)?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\.?[\s-]+{_MONTH}[\s,-]+(?P<y>\d{{4}})",
        rf"(?:[a-z]+,?\s+)?{_MONTH}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})",
        rf"{_MONTH}\s+(?P<y>\d{{4}})",
        r"(?P<a>\d{1,2})[/-](?P<b>\d{1,2})[/-](?P<y>\d{4})",
    )
)


def read_date(text: str) -> str | None:
    """The date in a text, without its time of day; None where it is none, or might be two.

    Whether it is one of the calendar is for whoever asks: 2023-02-29 is "2023-02-29".
    """
    for form in _FORMS:
        if not (found := form.fullmatch(" ".join(text.split()))):
            continue
        parts = found.groupdict()
        month, day = parts.get("m"), parts.get("d")
        if parts.get("name"):
            month = str(_SHORT.index(parts["name"].lower()) + 1)
        elif parts.get("a"):  # 03/04/2024 is of March here and of April there
            first, second = int(parts["a"]), int(parts["b"])
            if first <= 12 and second <= 12 and first != second:
                return None
            day, month = (str(first), str(second)) if first > 12 else (str(second), str(first))
        numbers = [parts["y"], *(part.zfill(2) for part in (month, day) if part)]
        return "-".join(numbers)
    return None
