"""A timeline: dated sentences in order of date."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.tokens import terms
from qa.compose.draft import Draft, plain, quotable_parts, span_of
from qa.english.numbers import MONTH_PATTERN, MONTHS
from qa.injection import gives_orders
from qa.retrieve.candidates import Candidate
from qa.retrieve.evidence import Evidence
from qa.retrieve.shape import asked_shape

# Fewer dated sentences are no timeline; more is more than an answer holds.
_LEAST, _MOST = 3, 6
_DATE = re.compile(
    rf"\b(?:(?:(?P<day>\d{{1,2}})\s+)?(?P<month>{MONTH_PATTERN})\s+(?:(?P<late>\d{{1,2}}),?\s+)?)?"
    r"(?P<year>1[5-9]\d\d|20\d\d)(?:-(?P<number>\d\d)(?:-(?P<date>\d\d))?)?\b",
    re.IGNORECASE,
)
_BOUND = re.compile(r"\b(?P<side>after|since|before|until)\b[^?.]*?\b(?P<year>1[5-9]\d\d|20\d\d)\b")

_ASKING = re.compile(r"\b(?:what|whats|has|have|had|changed|happened|followed|timeline)\b", re.I)

Date = tuple[int, int, int]


def timeline(evidence: Evidence, candidates: Sequence[Candidate]) -> list[Draft]:
    """The likeliest dated sentences of the candidates, the earliest first, of the time that is
    asked for ("after 2022"); none where there are too few of them."""
    generation = evidence.generation
    shares = dict(zip(evidence.rows, evidence.shares.tolist(), strict=True))
    found: dict[int, Date] = {}
    for candidate in candidates:
        rows = range(candidate.first, candidate.last + 1)
        for row in sorted(rows, key=lambda row: -shares.get(row, 0.0)):
            date = date_of(generation.unit_text(row))
            if date and _is_asked(evidence.question, date) and row not in found:
                found[row] = date
        if len(found) >= _MOST:
            break
    if len(found) < _LEAST:
        return []
    drafts = []
    for row in sorted(list(found)[:_MOST], key=lambda row: (found[row], row)):
        source, start, end = generation.unit(row)
        parts = quotable_parts(evidence, span_of(evidence, row, row))
        text = plain("\n".join(source.text[part.start : part.end] for part in parts))
        if text and not gives_orders(source, start, end) and not text.endswith("?"):
            drafts.append(Draft(text, tuple(parts)))
    return drafts


def is_of_all(evidence: Evidence) -> bool:
    """Whether a timeline is asked for of nothing but a time ("what changed after 2022"), and there
    is one."""
    question = evidence.question
    if asked_shape(question) != "timeline" or not _BOUND.search(question):
        return False
    named = terms(
        _ASKING.sub(" ", _BOUND.sub(" ", question)), evidence.generation.manifest.language
    )
    return not named and bool(timeline(evidence, evidence.candidates))


def date_of(text: str) -> Date | None:
    """The first date in a text as (year, month, day), 0 where it has none; None without a year."""
    found = _DATE.search(text)
    if not found:
        return None
    month = (
        MONTHS.index(found["month"].capitalize()) + 1 if found["month"] else found["number"] or 0
    )
    return int(found["year"]), int(month), int(found["day"] or found["late"] or found["date"] or 0)


def _is_asked(question: str, date: Date) -> bool:
    bound = _BOUND.search(question)
    if not bound:
        return True
    year = int(bound["year"])
    match bound["side"].lower():
        case "after":
            return date[0] > year
        case "since":
            return date[0] >= year
        case "before":
            return date[0] < year
    return date[0] <= year
