"""Cutting a source into sentences, and into overlapping windows of whole sentences."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

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


class TextSplitter(Protocol):
    """What cuts a text into the pieces that are searched, as LangChain's text splitters do."""

    def split_text(self, text: str) -> list[str]:
        """The pieces, in order; each is a part of the text."""


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


def windows_of_pieces(source: Source, units: list[Unit], pieces: Sequence[str]) -> list[Window]:
    """Windows of the units that each of the pieces of a text holds, wholly or in part.

    The pieces are in order and may overlap; each stands in the text as it is, but for blanks
    around it. What none of them holds comes to the window before. Raises ValueError.
    """
    windows: list[Window] = []
    ends = [unit.end for unit in units]
    starts = [unit.start for unit in units]
    searched = 0
    for piece in filter(None, (piece.strip() for piece in pieces)):
        start = source.text.find(piece, searched)
        if start < 0:
            raise ValueError(f"a piece of {source.id} is not in its text as it stands")
        searched = start + 1
        first = bisect_right(ends, start)
        last = bisect_left(starts, start + len(piece)) - 1
        if first > last:  # between units
            continue
        if windows and first > windows[-1].last + 1:
            windows[-1] = replace(windows[-1], last=first - 1)
        last = max(last, windows[-1].last) if windows else last
        windows.append(Window(first if windows else 0, last))
    if not windows:
        return split_windows(units)
    windows[-1] = replace(windows[-1], last=len(units) - 1)
    return list(dict.fromkeys(windows))


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
