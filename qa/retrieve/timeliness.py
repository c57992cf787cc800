"""Questions of a time: "as of 2023", "in 2019", "currently" prefer the sources of that time.

A preference, not a filter: a later source may tell of an earlier time, and where a sentence names
the year that is asked for, it does not matter when it was published. English only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.search import Generation, Ranking
from qa.english.numbers import MONTH_PATTERN, MONTHS
from qa.retrieve.features import CANDIDATES

# What a source that is as far from the time asked for as `_FAR` loses, in the log-odds of being
# the one that answers. A report of the right year must win against one that says the same in
# better words: on tests/test_asof.py a weight of 1 is too little; 2, 3 and 6 do.
_WEIGHT = 3.0
_FAR = 4.0  # years

_YEAR = r"(?P<year>1[5-9]\d\d|20\d\d)"
_MONTH = rf"(?:(?P<day>\d{{1,2}})\s+)?(?:(?P<month>{MONTH_PATTERN})\s+)?"
_AT = re.compile(
    r"\b(?:as\s+of|as\s+at|in|during|by|at\s+the\s+(?:start|end)\s+of|before|until)\s+"
    rf"(?:the\s+end\s+of\s+)?{_MONTH}{_YEAR}\b",
    re.IGNORECASE,
)
_NOW = re.compile(
    r"\b(?:currently|at\s+present|at\s+the\s+moment|now|nowadays|today|latest|most\s+recent(?:ly)?"
    r"|newest|these\s+days|up\s+to\s+date|still)\b",
    re.IGNORECASE,
)
_NEWEST = re.compile(r"\b(?:latest|most\s+recent(?:ly)?|newest)\b", re.IGNORECASE)
# A date in a sentence, with its month in either order or without.
_SAID = re.compile(
    rf"(?:\b(?P<month>{MONTH_PATTERN})\s+(?:\d{{1,2}},?\s+)?)?\b(?P<year>1[5-9]\d\d|20\d\d)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Time:
    """The time that a question asks for, in years; the latest where `now`.

    `year` is the year and `phrase` the words that ask for it, as they stand in the question;
    `newest` says that the newest event is asked for, not what holds now.
    """

    start: float = 0.0
    end: float = 0.0
    now: bool = False
    newest: bool = False
    year: str = ""
    phrase: str = ""


def asked_time(question: str) -> Time | None:
    """The time that `question` asks for; None where it names none, or several."""
    found = list(_AT.finditer(question))
    if len(found) == 1 and len(set(re.findall(rf"\b{_YEAR}\b", question))) == 1:
        start, end = _years(found[0]["year"], found[0]["month"])
        return Time(start=start, end=end, year=found[0]["year"], phrase=found[0].group())
    if not found and _NOW.search(question):
        return Time(now=True, newest=bool(_NEWEST.search(question)))
    return None


def timeliness(
    time: Time, published: Sequence[str | None], texts: Sequence[str]
) -> NDArray[np.float64]:
    """What to add to the scores of sentences, at most 0, shape (sentences,).

    `published` are the dates of their sources, as "2023-05" or None, and `texts` the sentences.
    """
    spans = [_years(*_parts(date)) if date else None for date in published]
    if time.newest:  # a source may tell of many events: the sentence says of which
        dates = [_dates(text, span) for text, span in zip(texts, spans, strict=True)]
        spans = [max(said, default=None) for said in dates] if any(dates) else spans
    known = [span for span in spans if span is not None]
    if len(set(known)) < 2:
        return np.zeros(len(spans))
    newest = max(end for _, end in known)
    distances = []
    for span, text in zip(spans, texts, strict=True):
        if span is None:
            distances.append(_FAR / 2)
        elif time.now:
            distances.append(newest - span[1])
        elif re.search(rf"\b{time.year}\b", text):
            distances.append(0.0)
        else:
            distances.append(max(time.start - span[1], span[0] - time.end, 0.0))
    lost: NDArray[np.float64] = -_WEIGHT * np.minimum(np.array(distances), _FAR) / _FAR
    return lost


def rank_in_time(
    generation: Generation, question: str, scope: Sequence[str] | None
) -> tuple[str, Ranking, NDArray[np.float64]]:
    """Rank the sentences for a question; with what each loses by the time of its source.

    Returns the words to judge the sentences by, the ranking, and what its best sentences lose. A
    year that a source was published in need not stand in its sentences, so the words leave it out.
    Raises QueryError.
    """
    ranking = generation.rank(question, scope)
    time = asked_time(question)
    if time is None:
        return question, ranking, np.zeros(len(ranking.rows[:CANDIDATES]))
    published = _published(generation, ranking)
    years = {date[:4] for date in published if date}
    # "in May 2019" may stand in a sentence; what holds "as of 2019" need not say so.
    as_of = time.phrase.lower().startswith("as") or not generation.holds(time.year)
    if time.year in years and len(years) > 1 and as_of:
        rest = question.replace(time.phrase, " ", 1).strip(" ,")
        if rest.strip("?!. "):
            question, ranking = rest, generation.rank(rest, scope)
            published = _published(generation, ranking)
    texts = [generation.unit_text(row) for row in ranking.rows[:CANDIDATES].tolist()]
    return question, ranking, timeliness(time, published, texts)


def _published(generation: Generation, ranking: Ranking) -> list[str | None]:
    """When the sources of the best sentences were published."""
    rows = ranking.rows[:CANDIDATES].tolist()
    return [generation.source(generation.unit_source(row)).published for row in rows]


def _dates(text: str, published: tuple[float, float] | None) -> list[tuple[float, float]]:
    """The dates in a sentence, but those that were still to come when its source was published."""
    latest = published[1] if published else np.inf
    said = [_years(*found.group("year", "month")) for found in _SAID.finditer(text)]
    return [span for span in said if span[0] < latest]


def _years(year: str, month: str | None) -> tuple[float, float]:
    """When a year or a month of it begins and ends, in years."""
    start = float(year)
    if not month:
        return start, start + 1
    place = int(month) - 1 if month.isdigit() else MONTHS.index(month.capitalize())
    return start + place / 12, start + (place + 1) / 12


def _parts(date: str) -> tuple[str, str | None]:
    year, _, rest = date.partition("-")
    return year, rest[:2] or None
