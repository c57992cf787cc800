"""Lists, tables and listings: whole, with what leads in to them, or the first lines of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from qa.compose.draft import Draft, plain, quotable_parts, span_of
from qa.retrieve.candidates import Candidate, stretches_of
from qa.retrieve.evidence import Evidence
from qa.retrieve.shape import asked_shape
from qa.retrieve.stretches import Stretch

# Characters of a list that are quoted, and of those that are shown at once: a page of a handbook,
# and what a person takes in at a glance. Tables and listings stay with what stands around the best
# of their rows, for a row says all with its header.
_QUOTED, AT_ONCE = 2400, 900
# So many stretches are looked at for a list that belongs to a paragraph.
_NEAR = 3
# The longest step, in rows, in which a row is looked for.
_FARTHEST = 1024
_FENCE = re.compile(r"\s*(?:```|~~~)")
_RULE = re.compile(r"[\s|:+=-]*")
_CELLS = re.compile(r"\s*\|\s*")


def block(evidence: Evidence, candidate: Candidate) -> Iterator[Draft]:
    """A list, table or listing with what leads in to it; nothing where it gives orders."""
    generation = evidence.generation
    kind = candidate.stretch.kind
    if kind == "list":
        candidate = _whole(evidence, candidate)
    rows = list(range(candidate.first, candidate.last + 1))
    if candidate.header is not None:
        rows.insert(0, candidate.header)
    if kind == "code" or candidate.header is not None:
        spans = [span_of(evidence, row, row) for row in rows]
    else:
        spans = [span_of(evidence, candidate.first, candidate.last)]
    text = generation.source(candidate.source_id).text
    kept = [part for span in spans for part in quotable_parts(evidence, span)]
    # Of what an order has cut down to its header or lead-in nothing is left that answers.
    second = span_of(evidence, rows[1], rows[1]) if rows[1:] else None
    if not kept or (second and kept[-1].end < second.end):
        return
    lines = [
        (start, line)
        for span in kept
        for start, line in _lines(text, span.start, span.end)
        if line.strip()
    ]
    if kind == "code":
        shown = "\n".join(line for _, line in lines if not _FENCE.match(line))
        yield Draft(shown, tuple(kept), "code")
        return
    lines = [(start, line) for start, line in lines if not _RULE.fullmatch(line)]
    # Who asks for a list asks for no item of it in particular; others see the one that answers.
    listed = asked_shape(evidence.question) == "list"
    best = 0 if listed else generation.unit(candidate.best)[1]
    length = more = 0
    for start, line in lines:
        length += len(line)
        more += length > AT_ONCE and start > best
    shown = "\n".join(_row(line) if kind == "table" else plain(line) for _, line in lines)
    # To fold away one line saves nothing.
    yield Draft(shown, tuple(kept), "table" if kind == "table" else "list", more if more > 1 else 0)


def beside(evidence: Evidence, candidate: Candidate) -> list[Candidate]:
    """The list or listing next to a paragraph, under its heading, where it is none itself."""
    if candidate.stretch.kind != "paragraph":
        return []
    source = evidence.generation.source(candidate.source_id)
    found = stretches_of(source)
    at = found.index(candidate.stretch)
    for stretch in found[at + 1 : at + 1 + _NEAR]:
        if stretch.heading != candidate.stretch.heading:
            return []
        if stretch.kind in ("list", "code"):
            rows = rows_of(evidence, stretch, candidate.last)
            if rows is None:
                return []
            first, last = rows
            one = replace(candidate, stretch=stretch, first=first, last=last, best=first)
            return [replace(one, header=None)]
    return []


def rows_of(evidence: Evidence, stretch: Stretch, near: int) -> tuple[int, int] | None:
    """The first and last row of a stretch; `near` is any row of its source. None where it has no
    row of its own."""
    first = _first_from(evidence, stretch.start, near)
    after = _first_from(evidence, stretch.end, near)
    if first is None:
        return None
    # Where nothing comes after it, it is the last of its source.
    last = _last(evidence, first) if after is None else after - 1
    return (first, last) if first <= last else None


def _first_from(evidence: Evidence, offset: int, row: int) -> int | None:
    """The first row of the source of `row` that starts at `offset` or after it."""
    generation = evidence.generation
    step = _FARTHEST
    while step:
        back = generation.neighbour(row, -step)
        while back is not None and generation.unit(back)[1] >= offset:
            row = back
            back = generation.neighbour(row, -step)
        ahead = generation.neighbour(row, step)
        while ahead is not None and generation.unit(ahead)[1] < offset:
            row = ahead
            ahead = generation.neighbour(row, step)
        step //= 4
    if generation.unit(row)[1] >= offset:
        return row
    return generation.neighbour(row, 1)


def _last(evidence: Evidence, row: int) -> int:
    step = _FARTHEST
    while step:
        ahead = evidence.generation.neighbour(row, step)
        while ahead is not None:
            row = ahead
            ahead = evidence.generation.neighbour(row, step)
        step //= 4
    return row


def _whole(evidence: Evidence, candidate: Candidate) -> Candidate:
    """The candidate with all of its list, where that is not too long to be quoted."""
    stretch = candidate.stretch
    if stretch.end - stretch.start > _QUOTED:
        return candidate
    rows = rows_of(evidence, stretch, candidate.best)
    if rows is None:
        return candidate
    return replace(candidate, first=rows[0], last=rows[1], header=None)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    for line in text[start:end].split("\n"):
        yield start, line
        start += len(line) + 1


def _row(line: str) -> str:
    """The cells of a row of a Markdown table, without the bars around them."""
    cells = [plain(cell) for cell in _CELLS.split(line.strip().strip("|").strip())]
    return " | ".join(cells)
