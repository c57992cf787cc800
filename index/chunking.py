"""Cutting a source into sentences, and into overlapping windows of whole sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from index.sentences import sentence_spans
from sources import Source

# Chosen on the development data (chunking and squad) with `refdesk eval` at each size:
# 600 loses recall, 900 costs a third more time for a gain within the noise.
WINDOW_CHARS = 750
# A "sentence" without an end (a table that became one line, a list of names) is cut at a space.
LONGEST_SENTENCE = 1000

UnitKind = Literal["sentence", "heading", "fragment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A span of one source: `start` and `end` are offsets into `Source.text`."""

    source_id: str
    start: int
    end: int
    page: int | None = None
    heading: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest span that is searched: a sentence, list item, table row, heading, or part."""

    start: int
    end: int
    kind: UnitKind


@dataclass(frozen=True, slots=True)
class Window:
    """Units `first` to `last` (inclusive) of a source, about `WINDOW_CHARS` characters together."""

    first: int
    last: int


def split_units(source: Source) -> list[Unit]:
    """The units of `source` in order; nothing that a reader would read is left out."""
    units: list[Unit] = []
    for block in source.blocks:
        if block.kind == "heading":
            units.append(Unit(block.start, block.end, "heading"))
        elif block.kind in ("row", "code", "navigation"):
            units += _cut(source.text, block.start, block.end, "fragment")
        elif block.kind in (
            "record",
            "field",
        ):  # as good as a sentence, but "U.S. | Size: 3" is not two
            units += _cut(source.text, block.start, block.end, "sentence")
        else:
            words = source.text[block.start : block.end]
            for start, end in sentence_spans(words, source.language):
                at = block.start
                units += _cut(source.text, at + start, at + end, "sentence")
    return units


def split_windows(units: list[Unit], size: int = WINDOW_CHARS) -> list[Window]:
    """Windows of whole units, each at most `size` characters (one unit may be longer).

    Each window starts about half a window after the one before, so that most units stand in two
    with different surroundings; their mean score is what ranks it.
    """
    windows: list[Window] = []
    first = 0
    while first < len(units):
        last = first
        while last + 1 < len(units) and units[last + 1].end - units[first].start <= size:
            last += 1
        windows.append(Window(first, last))
        if last == len(units) - 1:
            break
        following = first + 1
        while following <= last and units[following].start - units[first].start < size / 2:
            following += 1
        first = following
    return windows


def _cut(text: str, start: int, end: int, kind: UnitKind) -> Iterator[Unit]:
    """The span without the blanks around it, or fragments cut at spaces where it is too long."""
    start, end = _trim(text, start, end)
    if end - start > LONGEST_SENTENCE:
        kind = "fragment"
    while start < end:
        stop = end
        if end - start > LONGEST_SENTENCE:
            stop = start + LONGEST_SENTENCE
            space = text.rfind(" ", start + LONGEST_SENTENCE // 2, stop)
            stop = space if space > 0 else stop
        yield Unit(start, _trim(text, start, stop)[1], kind)
        start = _trim(text, stop, end)[0]


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
