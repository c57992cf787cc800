"""Lines of a list or table in an answer: depth, marker and text of an item, cells of a row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa.result import AnswerSentence, Related

    Said = AnswerSentence | Related

CELL = " | "
_ITEM = re.compile(r"( *)(?:([-*+•]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)])\s+)?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a list: `depth` counts from 0, `marker` is as "-" or "1.", "" where it has none."""

    depth: int
    marker: str
    text: str

    @property
    def number(self) -> str:
        """The marker where it says which item it is; "" for a bullet."""
        return self.marker if any(map(str.isalnum, self.marker)) else ""


def item(line: str) -> Item:
    """A line of a list, two spaces for each step of its depth, taken apart."""
    found = _ITEM.match(line)
    assert found  # it matches any line
    return Item(len(found[1]) // 2, found[2] or "", found[3])


def cells(row: str) -> list[str]:
    """The cells of a row of a table."""
    return row.split(CELL)


@dataclass(frozen=True, slots=True)
class Parted:
    """The lines of a part of an answer: sentences that lead in, names of columns, and the rest:
    what is shown at once, and what opens."""

    lead: list[str]
    header: list[str]
    shown: list[str]
    folded: list[str]


def parted(said: Said) -> Parted:
    """The lines of a list, table or listing by what they are for."""
    lines = said.text.split("\n")
    lead, rest = lines[: said.lead], lines[said.lead :]
    cut = len(rest) - said.more
    header = [line for line in lead if said.kind == "table" and CELL in line]
    if said.kind == "table":
        lead = [line for line in lead if line not in header]
        header, rest = _columns(header, rest)
    return Parted(lead, header, rest[:cut], rest[cut:])


def _columns(header: list[str], rows: list[str]) -> tuple[list[str], list[str]]:
    """A table of rows that name their columns ("Year: 1990 | Ships: 212") with these as header."""
    named = [[cell.partition(": ") for cell in cells(row)] for row in rows]
    widest = max(named, key=len, default=[])
    names = cells(header[-1]) if header else [name for name, *_ in widest]
    if not all(gap and name in names for row in named for name, gap, _ in row):
        return header, rows
    values = [{name: value for name, _, value in row} for row in named]
    return [CELL.join(names)], [CELL.join(row.get(name, "") for name in names) for row in values]
