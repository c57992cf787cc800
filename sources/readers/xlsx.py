"""Excel workbooks: each row of each sheet with the names of its columns."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl

from sources.readers.archive import CONTENT_TYPES, Archive, transitional
from sources.readers.blocks import TextBuilder, clean
from sources.readers.extract import Extract
from sources.readers.records import add_table

_BLANK_ROWS = 10_000
"""A sheet ends where as many rows in a row are empty: one cell may be a million rows away."""


def read_xlsx(data: bytes) -> Extract:
    """The values of a workbook, as they were last computed; hidden sheets are not read."""
    Archive(data, ".xlsx", CONTENT_TYPES)
    book = openpyxl.load_workbook(io.BytesIO(transitional(data)), read_only=True, data_only=True)
    builder = TextBuilder()
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    for sheet in sheets:
        if len(sheets) > 1:
            builder.add("heading", sheet.title, level=1)
        sheet.reset_dimensions()  # a file may claim more than there is
        add_table(builder, _rows(sheet))
    title = clean(book.properties.title or "")
    return builder.extract(hints={"title": title})


def _rows(sheet: Any) -> Iterator[list[str]]:
    blank = 0
    for row in sheet.iter_rows():
        cells = [_shown(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield cells
        blank = 0 if cells else blank + 1
        if blank > _BLANK_ROWS:
            return


def _shown(cell: Any) -> str:
    """The value much as the program shows it."""
    value = cell.value
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ", "minutes" if not value.second else "seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case int() | float():
            percent = "%" in (cell.number_format or "")
            number = f"{value * 100 if percent else value:.15g}"
            return f"{number} %" if percent else number
    return str(value)
