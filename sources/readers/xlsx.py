"""Excel workbooks: each row of each table with the names of its columns."""

from __future__ import annotations

import io
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import openpyxl
from lxml import etree
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string, range_boundaries

from sources.errors import UnreadableError
from sources.readers.archive import CONTENT_TYPES, Archive, transitional
from sources.readers.extract import Extract
from sources.readers.number_formats import shown
from sources.readers.sheet_tables import Row, SheetTables
from sources.readers.text_builder import TextBuilder, clean
from sources.readers.unseen import SMALLEST
from sources.readers.xlsx_conditions import conditions
from sources.readers.xlsx_unseen import unseen_cell

_BLANK_ROWS = 10_000
"""A sheet ends where as many rows in a row are empty: one cell may be a million rows away."""

_MOST_COLUMNS = 16_384
_MOST_MERGED = 100_000
_NOT_CALCULATED = "(not calculated)"
_NAME = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_TRUE = ("1", "true")
# Smaller columns (in letters) and rows (in points) are not seen.
_SLIGHT = {"width": 0.5, "ht": SMALLEST}

Bounds = tuple[int, int, int, int]
"""First column, first row, last column, last row."""


@dataclass(slots=True)
class _Marks:
    """What a sheet says beside its values: rows and columns from 1."""

    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)
    uncalculated: set[tuple[int, int]] = field(default_factory=set)
    merged: list[Bounds] = field(default_factory=list)
    conditions: list[tuple[str, Any]] = field(default_factory=list)
    widest: int = 0


def read_xlsx(data: bytes) -> Extract:
    """The values of a workbook, as they were last computed; what is hidden is told, not read."""
    Archive(data, ".xlsx", CONTENT_TYPES)
    data = transitional(data)
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    builder = TextBuilder()
    unread: list[tuple[str, str]] = []
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            unread.append((clean(sheet.title), "hidden sheet: show it to have it read"))
            continue
        if len(visible) > 1:
            builder.add("heading", sheet.title, level=1)
        reader = _Reader(sheet)
        reader.read(builder)
        unread += [(clean(sheet.title), reason) for reason in reader.left_out]
    title = clean(book.properties.title or "")
    return builder.extract(hints={"title": title}, unread=tuple(unread))


class _Reader:
    """Reads one sheet twice: its marks, then its values, a row at a time."""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self._marks = _marks(sheet)
        self._hidden_rows = 0
        self._hidden_columns: set[int] = set()
        self._uncalculated = 0
        self._unseen: Counter[str] = Counter()
        self._conditions = conditions(
            self._marks.conditions, sheet.parent._differential_styles.styles
        )

    @property
    def left_out(self) -> list[str]:
        """What was left out, and what to do."""
        told = [
            (self._hidden_rows, "hidden rows", "show them to have them read"),
            (len(self._hidden_columns), "hidden columns", "show them to have them read"),
            (self._uncalculated, "formulas without a result", "calculate and save the workbook"),
        ]
        told += [
            (count, f"cells that are not seen ({why})", "not content")
            for why, count in self._unseen.items()
        ]
        return [f"{what} ({count}): {remedy}" for count, what, remedy in told if count]

    def read(self, builder: TextBuilder) -> None:
        """Add the tables of the sheet."""
        tables = SheetTables(builder)
        together: list[Row] = []
        blank = 0
        self._sheet.reset_dimensions()  # a file may claim more than there is
        for row in self._rows():
            if row is None:
                blank += 1
                tables.add(together)
                together = []
                if blank > _BLANK_ROWS:
                    break
            else:
                blank = 0
                together.append(row)
        tables.add(together)

    def _rows(self) -> Iterator[Row | None]:
        """The visible rows, merged cells filled; None is an empty one."""
        marks = self._marks
        waiting = sorted(marks.merged, key=lambda bounds: bounds[1], reverse=True)
        going: list[tuple[Bounds, str, bool]] = []
        places = _Places(marks.columns)
        for number, cells in enumerate(self._sheet.iter_rows(), start=1):
            texts, numbers, bold = self._texts(number, cells)
            going = [merged for merged in going if merged[0][3] >= number]
            while waiting and waiting[-1][1] <= number:
                bounds = waiting.pop()
                text = texts.get(bounds[0]) if bounds[1] == number else None
                if text:
                    going.append((bounds, text, bounds[0] in numbers))
            if number in marks.rows:
                self._hidden_rows += bool(texts)
                continue
            self._hidden_columns |= marks.columns & texts.keys()
            if not texts.keys() - marks.columns:
                yield None
                continue
            merged: dict[int, int] = {}
            continued: set[int] = set()
            for (first, above, last, _), text, is_number in going:
                for column in range(first, min(last, marks.widest) + 1):
                    texts[column] = text
                    merged[column] = first
                    if is_number:
                        numbers.add(column)
                    if above < number:
                        continued.add(column)
            seen = sorted(texts.keys() - marks.columns)
            yield Row(
                {places[column]: texts[column] for column in seen},
                frozenset(places[column] for column in seen if column in numbers),
                bold,
                _first_seen(
                    {column: merged[column] for column in seen if column in merged}, places
                ),
                frozenset(places[column] for column in seen if column in continued),
            )

    def _texts(self, number: int, cells: Any) -> tuple[dict[int, str], set[int], bool]:
        """What the cells of a row show by column, the columns of numbers, whether all are bold."""
        texts: dict[int, str] = {}
        numbers: set[int] = set()
        bold = True
        for column, cell in enumerate(cells, start=1):
            value = cell.value
            if value is None:
                if (number, column) in self._marks.uncalculated:
                    texts[column] = _NOT_CALCULATED
                    numbers.add(column)
                    self._uncalculated += 1
                continue
            words = isinstance(value, str)
            text = (value if words else shown(value, cell.number_format or "")).strip()
            if text and (why := unseen_cell(cell) or self._hidden(number, column, value)):
                self._unseen[why] += 1
            elif text:
                texts[column] = text
                bold = bold and bool(cell.font and cell.font.b)
                if not words and not isinstance(value, bool):
                    numbers.add(column)
        return texts, numbers, bold and bool(texts)

    def _hidden(self, row: int, column: int, value: Any) -> str:
        """Why a conditional format keeps a cell from being seen; "" where none does."""
        hides = any(one.hides(row, column, value) for one in self._conditions)
        return "hidden by a conditional format" if hides else ""


class _Places(dict[int, int]):
    """The places of columns among those that are seen."""

    def __init__(self, hidden: set[int]) -> None:
        self._hidden = sorted(hidden)

    def __missing__(self, column: int) -> int:
        self[column] = column - bisect_left(self._hidden, column)
        return self[column]


def _first_seen(merged: dict[int, int], places: _Places) -> dict[int, int]:
    """By place, the first seen place of the merged cell that it is part of."""
    firsts: dict[int, int] = {}
    return {
        places[column]: firsts.setdefault(first, places[column])
        for column, first in merged.items()
    }  # fmt: skip


def _marks(sheet: Any) -> _Marks:
    """The marks of a sheet, which the reader of its values does not keep."""
    marks = _Marks()
    tags = [_NAME + name for name in ("row", "col", "c", "mergeCell", "conditionalFormatting")]
    row = column = 0
    with sheet._get_source() as source:
        events = etree.iterparse(
            source, ("start", "end"), tag=tags, resolve_entities=False, no_network=True,
            load_dtd=False, huge_tree=False,
        )  # fmt: skip
        for event, element in events:
            match event, element.tag.removeprefix(_NAME):
                case "start", "row":
                    row, column = int(element.get("r") or row + 1), 0
                    if _is_hidden(element, "ht"):
                        marks.rows.add(row)
                case "end", "c":
                    column = _column(element.get("r")) or column + 1
                    if column > _MOST_COLUMNS:
                        said = f"a row has more than {_MOST_COLUMNS:,} columns: split it"
                        raise UnreadableError(said)
                    if len(element):
                        marks.widest = max(marks.widest, column)
                    if _uncalculated(element):
                        marks.uncalculated.add((row, column))
                case "end", "col" if _is_hidden(element, "width"):
                    first, last = int(element.get("min", "1")), int(element.get("max", "1"))
                    marks.columns.update(range(max(first, 1), min(last, _MOST_COLUMNS) + 1))
                case "end", "mergeCell" if len(marks.merged) < _MOST_MERGED:
                    marks.merged.append(_bounds(element.get("ref", "")))
                case "end", "conditionalFormatting":
                    cells = element.get("sqref", "")
                    marks.conditions += [(cells, deepcopy(rule)) for rule in element]
            if event == "end":
                element.clear()
                if element.tag == f"{_NAME}row":  # its empty shell would stay
                    while element.getprevious() is not None:
                        del element.getparent()[0]
    return marks


def _is_hidden(element: Any, size: str) -> bool:
    """Whether a row or column is hidden, or too small to be seen."""
    return element.get("hidden") in _TRUE or float(element.get(size) or 9) < _SLIGHT[size]


def _column(reference: str | None) -> int:
    return column_index_from_string(coordinate_from_string(reference)[0]) if reference else 0


def _bounds(reference: str) -> Bounds:
    first, above, last, below = range_boundaries(reference)
    return first or 1, above or 1, last or 1, below or 1


def _uncalculated(cell: Any) -> bool:
    """Whether a cell has a formula and no result; a text of no characters is one."""
    value = cell.find(f"{_NAME}v")
    return cell.find(f"{_NAME}f") is not None and (
        value is None or (not value.text and cell.get("t") != "str")
    )
