"""CSV and TSV: each row with the names of its columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from sources.errors import UnreadableError
from sources.readers.extract import Extract
from sources.readers.records import add_table
from sources.readers.text_builder import TextBuilder

_DELIMITERS = ",;\t|"
_SAMPLE_CHARS = 64 * 1024
_SAMPLE_ROWS = 50
_MOST_COLUMNS = 5_000
_LONGEST_CELL = 10_000_000


def read_csv(text: str) -> Extract:
    """The rows of a table in text; the delimiter is the one that makes the most even rows."""
    csv.field_size_limit(_LONGEST_CELL)
    builder = TextBuilder()
    mark = max(_DELIMITERS, key=lambda mark: _evenness(text, mark))
    add_table(builder, _checked(_rows(text, mark)))
    return builder.extract()


def _checked(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """The rows, of no more columns than a table may have. Raises UnreadableError."""
    for row in rows:
        if len(row) > _MOST_COLUMNS:
            raise UnreadableError(f"a row has more than {_MOST_COLUMNS:,} columns: split it")
        yield row


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    lines = text.splitlines(keepends=True)
    return iter(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))


def _evenness(text: str, delimiter: str) -> float:
    """How many rows of the sample have the usual number of cells, if that is more than one."""
    widths = []
    for row in _rows(text[:_SAMPLE_CHARS], delimiter):
        if any(cell.strip() for cell in row):
            widths.append(len(row))
        if len(widths) == _SAMPLE_ROWS:
            break
    wide = [width for width in widths if width > 1]
    usual = max(wide, key=wide.count, default=0)
    return wide.count(usual) + usual / 1000 if usual else 0.0
