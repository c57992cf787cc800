"""Tables in plain text: columns that are aligned by spaces or tabs, and grids of bars."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sources.readers.blocks import Span
from sources.readers.records import is_header
from sources.source import Block

_GAP = re.compile(r" {2,}|[ ]*\t+[ ]*")
_RULE = re.compile(r"[-=+|: \t]*")
_BAR = re.compile(r"\|")
_LEAST_ROWS = 3
_LEAST_RULED = 2  # with a line below the header
_LONGEST_CELL = 60
_PROSE = 32  # characters: columns of text are no table

Cell = tuple[int, int]


def table_rows(text: str, lines: Sequence[Span]) -> list[Block]:
    """The rows of a table that the lines of a paragraph are; none where they are none."""
    kept = [line for line in lines if not _is_rule(text, *line)]
    ruled = len(kept) < len(lines)
    if len(kept) < (_LEAST_RULED if ruled else _LEAST_ROWS):
        return []
    grid = all("|" in text[start:end] for start, end in kept)
    rows = [_barred(text, line) if grid else _spaced(text, line) for line in kept]
    wide = max(map(len, rows))
    even = grid and all(len(row) == wide for row in rows)
    if wide < 2 or not (even or (not grid and _is_aligned(text, rows, wide))):
        return []
    if any(end - start > _LONGEST_CELL for row in rows for start, end in row) and not grid:
        return []
    words = [[text[start:end] for start, end in row] for row in rows]
    named = len(words[0]) == wide and is_header(words[0])
    fields = tuple(words[0]) if named else ()
    blocks = []
    for nth, row in enumerate(rows):
        filled = [cell for cell in row if cell[0] < cell[1]]
        if not filled:
            continue
        blocks.append(
            Block(
                start=filled[0][0],
                end=filled[-1][1],
                kind="row",
                marker="header" if named and not nth else "",
                fields=fields,
            )
        )
    return blocks


def _is_rule(text: str, start: int, end: int) -> bool:
    ruled = max(text.find("--", start, end), text.find("==", start, end))
    return ruled >= 0 and bool(_RULE.fullmatch(text, start, end))


def _barred(text: str, line: Span) -> list[Cell]:
    """The cells between bars."""
    start, end = line
    start += text[start] == "|"
    end -= text[end - 1] == "|" and end - 1 > start
    cells = []
    at = start
    for bar in [*_BAR.finditer(text, start, end), None]:
        until = bar.start() if bar else end
        cell = text[at:until]
        left = at + len(cell) - len(cell.lstrip())
        cells.append((left, max(left, at + len(cell.rstrip()))))
        at = until + 1
    return cells


def _spaced(text: str, line: Span) -> list[Cell]:
    """The cells between wide gaps."""
    cells = []
    at = line[0]
    for gap in _GAP.finditer(text, *line):
        cells.append((at, gap.start()))
        at = gap.end()
    return [*cells, (at, line[1])]


def _is_aligned(text: str, rows: Sequence[Sequence[Cell]], wide: int) -> bool:
    """Whether most rows are full, and each column is right of the one before in all rows."""
    full = [row for row in rows if len(row) == wide]
    if len(full) < _LEAST_RULED or 5 * len(full) < 4 * len(rows):
        return False
    long = sum(end - start for row in full for start, end in row) / (wide * len(full))
    if long > _PROSE:
        return False
    if all("\t" in text[row[0][0] : row[-1][1]] for row in full):
        return True
    begins = [text.rfind("\n", 0, row[0][0]) + 1 for row in full]
    for column in range(wide - 1):
        right = max(row[column][1] - at for row, at in zip(full, begins, strict=True))
        left = min(row[column + 1][0] - at for row, at in zip(full, begins, strict=True))
        if right >= left:
            return False
    return True
