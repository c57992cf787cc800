"""Example questions: from the library's own, else from the titles of its sources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from sources import Source
from sources.walk import QUESTIONS

T = TypeVar("T")
# Characters of a question that is offered.
LONGEST = 120


def example_questions(library: Path, sources: Sequence[Source], most: int = 4) -> list[str]:
    """Up to `most` questions, each from another source as far as there are, the same every time."""
    known = {source.id for source in sources}
    of_source: dict[str, list[str]] = {}
    for question, source, _ in golden(library):
        if source in known:
            of_source.setdefault(source, []).append(question)
    if not of_source:
        return [f"What does “{source.title}” say?" for source in spread(sources, most)]
    return [min(questions, key=len) for questions in spread(list(of_source.values()), most)]


def golden(library: Path) -> Iterator[tuple[str, str, str]]:
    """The questions that the library is to answer, with the id of their source and the quote that
    answers, "" where none is told; from its folder, or beside it."""
    for file in (library / QUESTIONS, library.parent / QUESTIONS):
        yield from _answerable(file)


def _answerable(file: Path) -> Iterator[tuple[str, str, str]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:  # examples are a convenience; `refdesk eval` names the bad line
            continue
        if not isinstance(entry, dict) or not entry.get("answers"):
            continue
        question, source = entry.get("question"), entry.get("source")
        if isinstance(question, str) and isinstance(source, str) and len(question) <= LONGEST:
            quote = entry.get("quote")
            yield question, source, quote if isinstance(quote, str) else ""


def spread(items: Sequence[T], most: int) -> list[T]:
    """Up to `most` of the items, evenly from first to last."""
    if len(items) <= most:
        return list(items)
    step = (len(items) - 1) / max(1, most - 1)
    return [items[round(place * step)] for place in range(most)]
