"""Lists, tables and listings: whole, with what leads in to them, or the first lines of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import dedent

from qa.compose.draft import Draft, Span, plain, quotable_parts, span_of
from qa.result import PartKind
from qa.retrieve.candidates import Candidate, stretches_of
from qa.retrieve.evidence import Evidence
from qa.retrieve.shape import asked_shape
from qa.retrieve.stretches import Part, Stretch

# Characters of a list that are quoted, and of those that are shown at once: a page of a handbook,
# and what a person takes in at a glance. Tables and listings stay with what stands around the best
# of their rows, for a row says all with its header.
_QUOTED, AT_ONCE = 2400, 900
# So much at least is folded away.
_FOLDED = 160
# Characters that may stand between the marker of an item and its text.
_GAP = 8
# So many stretches are looked at for a list that belongs to a paragraph.
_NEAR = 3
# The longest step, in rows, in which a row is looked for.
_FARTHEST = 1024
_KINDS: dict[str, PartKind] = {
    "list": "list",
    "table": "table",
    "code": "code",
    "paragraph": "list",
}
_PROSE = ("paragraph", "note")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_RULE = re.compile(r"[\s|:+=-]*")
_CELLS = re.compile(r"\s*(?<!\\)\|\s*")


def block(evidence: Evidence, candidate: Candidate, room: int = AT_ONCE) -> Iterator[Draft]:
    """A list, table or listing with what leads in to it; nothing where it gives orders.

    Who asks for a list or for steps gets all of it, others where it fits into `room` characters.
    """
    generation = evidence.generation
    kind = _KINDS[candidate.stretch.kind]
    if kind == "list":
        candidate = _whole(evidence, candidate, room)
    rows = list(range(candidate.first, candidate.last + 1))
    spans = [span_of(evidence, candidate.first, candidate.last)]
    if kind == "code" or (kind == "table" and candidate.header is not None):
        spans = [span_of(evidence, row, row) for row in rows]
    if candidate.header is not None:
        rows.insert(0, candidate.header)
        spans.insert(0, span_of(evidence, candidate.header, candidate.header))
    source = generation.source(candidate.source_id)
    if kind != "table":
        spans = [_with_marker(source.text, candidate.stretch, span) for span in spans]
    kept = [part for span in spans for part in quotable_parts(evidence, span)]
    # Of what an order has cut down to its header or lead-in nothing is left that answers.
    second = span_of(evidence, rows[1], rows[1]) if rows[1:] else None
    if not kept or (second and kept[-1].end < second.end):
        return
    if kind == "code":
        lines = _code(source.text, kept, candidate.stretch)
    else:
        lines = [one for part in candidate.stretch.parts for one in _said(source.text, kept, part)]
    lead = 0
    for start, _ in lines:
        if not _leads(candidate.stretch, start):
            break
        lead += 1
    if lead == len(lines) and kind != "table":
        return  # of what it leads in to nothing is left
    more = 0
    if kind == "list":
        # Who asks for a list asks for no item of it in particular; others see what answers.
        listed = asked_shape(evidence.question) == "list"
        best = 0 if listed else generation.unit(candidate.best)[1]
        length = hidden = 0
        for start, line in lines:
            length += len(line)
            if length > AT_ONCE and start > best:
                more += 1
                hidden += len(line)
        if hidden < _FOLDED:  # to fold it away saves nothing
            more = 0
    text = "\n".join(line for _, line in lines)
    yield Draft(text, tuple(kept), kind, more, lead)


def _with_marker(text: str, stretch: Stretch, span: Span) -> Span:
    """The span with the number or bullet before it, where it begins with an item."""
    marker = next((part.marker for part in stretch.parts if part.start == span.start), "")
    reach = max(0, span.start - len(marker) - _GAP)
    before = text[reach : span.start].rstrip(" \t\xa0")
    if not marker or not before.endswith(marker):
        return span
    return replace(span, start=reach + len(before) - len(marker))


def _said(text: str, kept: Sequence[Span], part: Part) -> Iterator[tuple[int, str]]:
    """The lines that show what is kept of a part of a stretch, each with where it starts."""
    said = [
        text[max(part.start, span.start) : min(part.end, span.end)]
        for span in kept
        if span.start < part.end and part.start < span.end
    ]
    if part.kind == "code":
        lines = [line for piece in said for line in piece.split("\n") if not _FENCE.match(line)]
        yield from ((part.start, f"{'  ' * part.level}{line}") for line in lines)
        return
    line = "\n".join(said)
    shown = row_text(line) if part.kind in ("row", "record") else plain(line)
    if not shown or _RULE.fullmatch(shown):
        return
    # What is cut off at its head has lost its number with it.
    whole = any(span.start <= part.start < span.end for span in kept)
    marker = part.marker if part.kind == "item" and whole else ""
    marker = f"{marker} " if any(map(str.isalnum, marker)) else "- " if marker else ""
    depth = part.level - (part.kind == "item") if part.level else part.kind == "definition"
    yield part.start, "  " * depth + marker + shown


def _code(text: str, kept: Sequence[Span], stretch: Stretch) -> list[tuple[int, str]]:
    """The lines of a listing, without its fences, after what leads in to it on one line."""
    prose = [part for part in stretch.parts if part.kind != "code"]
    opens = min((part.start for part in stretch.parts if part.kind == "code"), default=0)
    lines = [one for part in prose if part.start < opens for one in _said(text, kept, part)]
    code = []
    for span in kept:
        if span.start < opens:
            continue
        edge = text.rfind("\n", 0, span.start) + 1
        indent = text[edge : span.start] if text[edge : span.start].isspace() else ""
        for start, line in _lines(text, span.start, span.end):
            if line.strip() and not _FENCE.match(line):
                code.append((start, (indent if start == span.start else "") + line))
    if not code:
        return lines
    shared = dedent("\n".join(line for _, line in code)).split("\n")
    return lines + [(start, line) for (start, _), line in zip(code, shared, strict=True)]


def _leads(stretch: Stretch, start: int) -> bool:
    """Whether what starts here leads in to the rest of a stretch: prose before its first item, row
    or line, or the names of its columns."""
    opens = next((one.start for one in stretch.parts if one.kind not in _PROSE), stretch.end)
    return start < opens or any(
        one.marker == "header" and one.start <= start < one.end for one in stretch.parts
    )


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


def _whole(evidence: Evidence, candidate: Candidate, room: int) -> Candidate:
    """The candidate with all of its list, where that is not too long to be quoted."""
    stretch = candidate.stretch
    listed = asked_shape(evidence.question) in ("list", "howto", "overview")
    if stretch.end - stretch.start > (_QUOTED if listed else min(room, AT_ONCE)):
        return candidate
    rows = rows_of(evidence, stretch, candidate.best)
    if rows is None:
        return candidate
    return replace(candidate, first=rows[0], last=rows[1], header=None)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    for line in text[start:end].split("\n"):
        yield start, line
        start += len(line) + 1


def row_text(line: str) -> str:
    """The cells of a row of a Markdown table, without the bars around them."""
    cells = [plain(cell) for cell in _CELLS.split(line.strip().strip("|").strip())]
    return " | ".join(cells)
