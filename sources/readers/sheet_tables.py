"""The tables of a sheet: blocks of cells apart from each other, each with the header it has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sources.readers.records import add_record, add_rows, is_header, spoken
from sources.readers.text_builder import TextBuilder

_YEARS = range(1000, 2200)
_PLACEHOLDER = re.compile(r"n\.?/?a\.?|-+|–|—|\?|none|nil|unknown|tbd|tba|x", re.IGNORECASE)
_HEADER_ROWS = 2
_MOST_ABOVE = 50
"""Tables of a sheet whose header a table without one may go on from."""


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row that show something, by column.

    `numbers` are the columns of numbers and dates; `merged` has the first column of the merged cell
    that a column is part of, `continued` the columns whose merged cell began in a row above.
    """

    cells: dict[int, str]
    numbers: frozenset[int] = frozenset()
    bold: bool = False
    merged: dict[int, int] = field(default_factory=dict)
    continued: frozenset[int] = frozenset()

    def part(self, columns: Sequence[int]) -> Row:
        """The row in some columns only."""
        cells = {column: self.cells[column] for column in columns if column in self.cells}
        return Row(cells, self.numbers, self.bold, self.merged, self.continued)

    @property
    def values(self) -> list[str]:
        """The cells, a merged one once."""
        return [
            cell for column, cell in self.cells.items()
            if self.merged.get(column, column) == column or
            self.merged[column] not in self.cells
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Table:
    columns: tuple[int, ...]
    header: tuple[str, ...]


class SheetTables:
    """Adds the tables of one sheet to a text, block after block."""

    def __init__(self, builder: TextBuilder) -> None:
        self._builder = builder
        self._above: list[_Table] = []

    def add(self, rows: Sequence[Row]) -> None:
        """Add what stands between two empty rows: a table, or several beside each other."""
        for columns in _apart(rows):
            self._below([part for row in rows if (part := row.part(columns)).cells], columns)

    def _below(self, rows: Sequence[Row], columns: tuple[int, ...]) -> None:
        """Add the tables below each other in some columns, and the lines above them."""
        at = 0
        while at < len(rows):
            if len(rows[at].values) == 1:
                self._builder.add("paragraph", rows[at].values[0])
                at += 1
                continue
            table, count = self._table(rows[at : at + _HEADER_ROWS + 2], columns)
            start = at + count
            at = start + 1
            while at < len(rows) and not (at > start and _begins(rows, at, columns, table)):
                at += 1
            self._add(table, rows[start:at])

    def _table(self, rows: Sequence[Row], columns: tuple[int, ...]) -> tuple[_Table, int]:
        """The table that begins with `rows`, and how many are its header: 0 without its own."""
        if joined := _two_rows(rows, columns):
            return _Table(columns, joined), _HEADER_ROWS
        above = next((table for table in self._above if {*columns} <= {*table.columns}), None)
        if not _names(rows[0]):
            return above or _Table(columns, ()), 0
        names = tuple(rows[0].cells.get(column, "") for column in columns)
        known = above and above.columns == columns and above.header == names
        if not above or known or _contrast(rows) or _stands_out(rows, 0):
            return _Table(columns, names), 1
        return _Table(columns, ()), 0  # a header, or one more row: no label beats a wrong one

    def _add(self, table: _Table, rows: Sequence[Row]) -> None:
        if table.header and table not in self._above[:1]:
            self._above.insert(0, table)
            del self._above[_MOST_ABOVE:]
        if not rows:
            add_rows(self._builder, table.header, ())
        fields = [*map(spoken, table.header)]
        labels = table.header or ("",) * len(table.columns)
        for row in rows:
            values = row.values
            if len(values) == 1 and table.columns[0] in row.cells and len(table.columns) > 1:
                self._builder.add("paragraph", values[0])  # a title of what follows, or a note
            elif not table.header and len(values) == 2 and values[0].endswith(":"):
                add_record(self._builder, [(values[0], values[1])])
            else:
                cells = [row.cells.get(column, "") for column in table.columns]
                add_record(self._builder, zip(labels, cells, strict=True), fields)


def _apart(rows: Sequence[Row]) -> list[tuple[int, ...]]:
    """The columns of each table: empty ones part those that begin with a header and a key."""
    used = sorted(set().union(*(row.cells for row in rows)))
    runs: list[list[int]] = []
    for column in used:
        if runs and column == runs[-1][-1] + 1:
            runs[-1].append(column)
        else:
            runs.append([column])
    tables: list[list[int]] = []
    for run in runs:
        if tables and not (_is_table(rows, run) and _is_table(rows, tables[-1])):
            tables[-1] += run
        else:
            tables.append(run)
    return [tuple(columns) for columns in tables]


def _is_table(rows: Sequence[Row], columns: list[int]) -> bool:
    """Whether columns make sense without those beside them."""
    if len(columns) < 2:
        return False
    parts = [part for row in rows if len((part := row.part(columns)).values) > 1]
    if len(parts) < 2:
        return False
    first = columns[0]
    key = parts[-1].cells.get(first, "")
    keyed = first not in parts[-1].numbers or (key.isdecimal() and int(key) in _YEARS)
    return keyed and (_names(parts[0]) or bool(_two_rows(parts, columns)))


def _names(row: Row) -> bool:
    """Whether a row may name columns: more than one cell, words or years, no "Port: | Corl"."""
    values = row.values
    named = all(_may_name(row, column) for column in row.cells)
    return len(values) > 1 and named and is_header(values) and not values[0].endswith(":")


def _contrast(rows: Sequence[Row]) -> bool:
    """Whether the second row has a number where the first has words."""
    if len(rows) < 2:
        return False
    first, second = rows[0], rows[1]
    return any(
        column in first.cells for column in (second.numbers - first.numbers) & {*second.cells}
    )


def _stands_out(rows: Sequence[Row], at: int) -> bool:
    """Whether a row is bold, and those around it are not."""
    around = [*rows[max(0, at - 1) : at], *rows[at + 1 : at + 2]]
    return rows[at].bold and at + 1 < len(rows) and not any(row.bold for row in around)


def _begins(rows: Sequence[Row], at: int, columns: tuple[int, ...], table: _Table) -> bool:
    """Whether a row in the middle is the header of another table."""
    row = rows[at]
    if not _names(row) or at + 1 == len(rows):
        return False
    if _stands_out(rows, at) and not rows[at - 1].bold:
        return True
    shape = {column for column, name in zip(table.columns, table.header, strict=False) if name}
    other = {*row.cells} != shape & {*columns} and {*rows[at + 1].cells} <= {*row.cells}
    return (
        bool(table.header)
        and other
        and _contrast(rows[at : at + 2])
        and not any(map(_PLACEHOLDER.fullmatch, row.values))
    )


def _two_rows(rows: Sequence[Row], columns: Sequence[int]) -> tuple[str, ...]:
    """The names of columns whose header has two rows, each joined: "2024 Tonnage"; () if not."""
    if len(rows) <= _HEADER_ROWS or any(len(row.values) < 2 for row in rows[:_HEADER_ROWS]):
        return ()
    top, below = rows[0], rows[1]
    own = {column: cell for column, cell in below.cells.items() if column not in below.continued}
    if not own or not all(_may_name(below, column) for column in own):
        return ()
    if not all(_may_name(top, column) for column in top.cells):
        return ()
    wide = len(top.merged) > len({*top.merged.values()})
    again = len({*own.values()}) < len(own) and bool(own.keys() - top.cells.keys())
    if not (wide or again) or not (below.continued or _contrast(rows[1:]) or below.bold):
        return ()
    names = []
    above = ""
    for column in columns:
        upper = top.cells.get(column, "")
        lower = own.get(column, "")
        if again and not wide and not upper and lower:
            upper = above
        above = upper or above
        names.append(upper if upper == lower else f"{upper} {lower}".strip())
    named = [name for name in names if name]
    return tuple(names) if len({*named}) == len(named) else ()


def _may_name(row: Row, column: int) -> bool:
    """Whether a cell is words or a year."""
    cell = row.cells[column]
    return column not in row.numbers or (cell.isdecimal() and int(cell) in _YEARS)
