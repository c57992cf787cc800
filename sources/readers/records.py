"""Rows and records in words: each names its columns, so that it can be read on its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain

from sources.readers.text_builder import TextBuilder

LONG = 200
"""Characters: a longer value is prose, and gets paragraphs of its own."""

_HEADER_CHARS = 100
_NUMBER = re.compile(r"[-+(]?[$€£¥]?\s?[\d.,\s:/%-]*\d[\d.,\s:/%)-]*")
_YEAR = re.compile(r"[12]\d{3}(?:[-/]\d{2,4})?")
_PARAGRAPHS = re.compile(r"\n\s*\n")


def add_record(
    builder: TextBuilder, pairs: Iterable[tuple[str, str]], fields: Sequence[str] = ()
) -> None:
    """Add one record of (label, value) pairs: "Year: 1990 | Ships: 212"; empty values are left out.

    Long values follow as paragraphs. `fields` are the columns of the table that it is a row of;
    else they are the labels that have a value.
    """
    short: list[str] = []
    labels: list[str] = []
    long: list[tuple[str, str]] = []
    for label, value in pairs:
        label = spoken(label)
        if len(value) > LONG:
            long.append((label, value))
        elif value := " ".join(value.split()):
            short.append(f"{label}: {value}" if label else value)
            labels += [label] if label else []
    builder.add("record", " | ".join(short), fields=fields or labels)
    for label, value in long:
        for number, part in enumerate(_PARAGRAPHS.split(value)):
            builder.add("paragraph", f"{label}: {part}" if label and not number else part)


def add_header(builder: TextBuilder, header: Sequence[str]) -> None:
    """Add the names of the columns of a table as its first row."""
    builder.add("row", " | ".join(header), fields=[*map(spoken, header)], marker="header")


def add_row(builder: TextBuilder, header: Sequence[str], cells: Sequence[str]) -> None:
    """Add a row of a table in a document: as a record where the header names its columns."""
    if len(header) == len(cells) and sum(map(bool, header)) >= len(header) - 1:
        fields = [*map(spoken, header)]
        add_record(builder, zip(header, cells, strict=True), fields)
    else:
        builder.add("row", " | ".join(cells).rstrip(" |"))


def add_table(builder: TextBuilder, rows: Iterable[Sequence[str]]) -> None:
    """Add the rows of a table as records, labelled by its header if it has one.

    Lines of a single cell before the header are paragraphs: titles and notes.
    """
    rows = iter(rows)
    before: list[Sequence[str]] = []
    header: Sequence[str] = ()
    for row in rows:
        filled = sum(1 for cell in row if cell.strip())
        if filled > 1 and is_header(row):
            header = row
        elif filled:
            before.append(row)
        if filled > 1:
            break
    if header:
        for row in before:
            builder.add("paragraph", " ".join(row))
        before = []
    add_rows(builder, header, chain(before, rows))


def add_rows(builder: TextBuilder, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Add rows as records, labelled by `header`, which stands alone where there are none."""
    count = len(builder.blocks)
    fields = [*map(spoken, header)]
    for row in rows:
        labels = [*header[: len(row)], *[""] * (len(row) - len(header))]
        add_record(builder, zip(labels, row, strict=True), fields)
    if header and len(builder.blocks) == count:
        add_header(builder, [name for name in map(str.strip, header) if name])


def spoken(label: str) -> str:
    """A label of a program in words: "ship_count" is "ship count"."""
    return " ".join(label.replace("_", " ").split()).removesuffix(":")


def is_header(row: Sequence[str]) -> bool:
    """Whether the cells look like names of columns: short, distinct, no numbers but years."""
    cells = [cell.strip() for cell in row if cell.strip()]
    numbers = [cell for cell in cells if _NUMBER.fullmatch(cell)]
    years = len(numbers) > 1 and all(map(_YEAR.fullmatch, numbers)) and cells[0] not in numbers
    return (
        len(set(cells)) == len(cells)
        and max(map(len, cells)) <= _HEADER_CHARS
        and (not numbers or (years and numbers in (sorted(numbers), sorted(numbers)[::-1])))
    )
