"""The lines of PDF pages laid out: columns after each other, tables as rows, no running heads."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from sources.readers.pdf_lines import (
    Line,
    width,
)
from sources.readers.records import is_header, spoken

_EDGE_LINES = 3  # at the top and bottom of a page that may be running heads
_LETTER_PAGES = 2  # what no more pages than a letter has repeat is text
_APART = 1.6  # times the size: how far a running head is from the text
_SMALLER = 0.93  # times the size of the text: so is that of a running head
_SAME_PLACE = 4.0  # points
_GAP = 1.0  # times the size: a wider gap, found in several lines at one place, parts columns
ALIGNED = 2  # points
_ALIKE = 3  # lines
_PROSE_CHARS = 14  # of a cell, on average: columns of text, not a table
_PAGE_NUMBER = re.compile(
    r"(?:page|p\.|seite)?[-–— ]*(?:\d{1,4}|[ivxl]+)(?: ?(?:of|/|von) ?\d{1,4})?[-–— ]*",
    re.IGNORECASE,
)


def laid_out(lines: list[Line]) -> list[Line]:
    """The lines with columns of text after each other, and tables as rows that name columns."""
    split = [_cells(line) for line in lines]
    seen = Counter(round(x / ALIGNED) for cells in split for x, _ in cells[1:])

    def stands(x: float) -> bool:
        at = round(x / ALIGNED)
        return seen[at - 1] + seen[at] + seen[at + 1] >= _ALIKE

    rows = [len(cells) > 1 and all(stands(x) for x, _ in cells[1:]) for cells in split]
    found: list[Line] = []
    for is_row, run in groupby(range(len(lines)), key=lambda at: rows[at]):
        at = list(run)
        if not is_row or len(at) < _ALIKE - 1:
            found += [lines[one] for one in at]
            continue
        table = [split[one] for one in at]
        texts = [[" ".join(text.split()) for _, text in cells] for cells in table]
        usual = sum(len(text) for row in texts for text in row) / sum(map(len, texts))
        if usual >= _PROSE_CHARS and len({len(row) for row in texts}) == 1:
            for nth in range(len(texts[0])):
                for one, cells, row in zip(at, table, texts, strict=True):
                    found.append(replace(lines[one], x=cells[nth][0], text=row[nth], cells=[]))
            continue
        named = is_header(texts[0]) and all(len(row) == len(texts[0]) for row in texts)
        fields = tuple(map(spoken, texts[0])) if named else ()
        for nth, (one, row) in enumerate(zip(at, texts, strict=True)):
            pairs = zip(fields, row, strict=True) if nth and named else (("", cell) for cell in row)
            text = " | ".join(f"{name}: {cell}" if name else cell for name, cell in pairs)
            found.append(replace(lines[one], text=text, fields=fields, is_row=True))
    return found


def _cells(line: Line) -> list[tuple[float, str]]:
    """The parts of a line that wide gaps part: where each begins, and its text."""
    found: list[tuple[float, str]] = []
    end = line.x
    for x, text in line.cells:
        if found and x - end < _GAP * line.size:
            found[-1] = (found[-1][0], found[-1][1] + ("" if x - end < 1 else " ") + text)
        else:
            found.append((x, text))
        end = x + width(text, line.size)
    return found


def drop_running_heads(pages: Sequence[list[Line]]) -> list[tuple[str, int]]:
    """Take out lines at the top or foot that count pages, and the same again on later pages.

    What differs in a digit is no running head: an invoice, a ticket or a year has its own. Neither
    is what stands close to the text, nor what two pages have in common. What is taken out is
    returned, with the number of pages that have it.
    """
    edges = [_edges(lines) for lines in pages]
    places: dict[str, list[float]] = defaultdict(list)
    for lines, edge in zip(pages, edges, strict=True):
        for at in edge:
            places[lines[at].text].append(lines[at].y)
    filled = sum(map(bool, pages))
    # Those of left and right pages may differ: each is on just under half of the pages
    often = max(1, 0.4 * filled)
    alike = {
        text: sum(abs(one - sorted(ys)[len(ys) // 2]) < _SAME_PLACE for one in ys)
        for text, ys in places.items()
    }
    counted = Counter(
        int(lines[at].text) - number
        for number, (lines, edge) in enumerate(zip(pages, edges, strict=True))
        for at in edge
        if lines[at].text.isdecimal()
    )
    told: set[str] = set()
    for number, (lines, edge) in enumerate(zip(pages, edges, strict=True)):
        kept = []
        for at, line in enumerate(lines):
            runs = at in edge and alike[line.text] > often
            numbers = filled > 1 and at in edge and bool(_PAGE_NUMBER.fullmatch(line.text))
            if numbers and line.text.isdecimal():
                numbers = counted[int(line.text) - number] > 1
            line.runs = runs
            if not numbers and not (line.text in told and runs):
                kept.append(line)
            if runs and alike[line.text] > _LETTER_PAGES:
                told.add(line.text)
        lines[:] = kept
    return [(text, alike[text]) for text in places if text in told]


def _edges(lines: Sequence[Line]) -> set[int]:
    """Which lines at the top and foot of a page stand apart from its text."""
    by_height = sorted(range(len(lines)), key=lambda place: lines[place].y)
    found: set[int] = set()
    for order in (by_height, by_height[::-1]):
        for many in range(1, min(_EDGE_LINES, len(order) - 1) + 1):
            outer, inner = lines[order[many - 1]], lines[order[many]]
            size = max(outer.size, inner.size)
            if abs(outer.y - inner.y) > _APART * size or outer.size < _SMALLER * inner.size:
                found.update(order[:many])
    if len(lines) == 1:
        found.add(0)
    return found
