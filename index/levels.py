"""The rows of an index: its units and its windows, what is embedded of each, and their words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from index.chunking import split_units, split_windows
from index.tokens import terms
from sources import Source, strip_invisible

LevelName = Literal["units", "windows"]
LEVELS: tuple[LevelName, LevelName] = ("units", "windows")

_UNIT = np.dtype([("source", "<i4"), ("start", "<i8"), ("end", "<i8"), ("kind", "<i1")])
_WINDOW = np.dtype([("source", "<i4"), ("first", "<i8"), ("last", "<i8")])
_KINDS = ("sentence", "heading", "fragment")
_KEY = "S16"


@dataclass(frozen=True, slots=True)
class Level:
    """All units or all windows. Texts are cut from the sources when they are asked for.

    `spans` are the records that the index keeps, `offsets` the start and end of each in the text of
    its source, shape (rows, 2); `keys` are hashes of what is embedded.
    """

    name: LevelName
    sources: Sequence[Source]
    spans: NDArray[np.void]
    offsets: NDArray[np.int64]
    keys: NDArray[np.bytes_]

    def __len__(self) -> int:
        return len(self.spans)

    def embedded_text(self, row: int) -> str:
        """What is embedded of a row: its text, under the headings that it stands under.

        The title is left to the words: embedding it too finds no more (on squad, the right passage
        is among the best 5 for 98.1 % of the questions without it and for 98.0 % with it), and a
        title that is mended would have all of its source embedded again.
        """
        source, start, end = self._span(row)
        return _embedded_text(source, start, end)

    def lead(self, row: int) -> str:
        """What comes before its own text in what is embedded of a row."""
        source, start, _ = self._span(row)
        return _lead(source, start)

    def terms(self, language: str) -> Iterator[list[str]]:
        """The terms of each row in order, with those of the title and the headings above it."""
        for row in range(len(self)):
            source, start, end = self._span(row)
            heading = source.heading_at(start) or ""
            title = "" if heading.startswith(source.title) else source.title + "\n"
            yield terms(title + _embedded_text(source, start, end), language)

    def source_ids(self, start: int, end: int) -> list[str]:
        """The ids of the sources of the rows `start` to `end`."""
        return [self.sources[row].id for row in self.spans["source"][start:end].tolist()]

    def _span(self, row: int) -> tuple[Source, int, int]:
        start, end = self.offsets[row].tolist()
        return self.sources[int(self.spans["source"][row])], start, end


def split_levels(sources: Sequence[Source]) -> tuple[Level, Level]:
    """The units and the windows of all sources."""
    rows: dict[LevelName, list[tuple[int, ...]]] = {"units": [], "windows": []}
    offsets: dict[LevelName, list[tuple[int, int]]] = {"units": [], "windows": []}
    keys: dict[LevelName, list[bytes]] = {"units": [], "windows": []}

    def add(name: LevelName, source: Source, start: int, end: int, *fields: int) -> None:
        rows[name].append(fields)
        offsets[name].append((start, end))
        text = _embedded_text(source, start, end)
        keys[name].append(blake2b(text.encode(), digest_size=16).digest())

    for row, source in enumerate(sources):
        base = len(rows["units"])
        units = split_units(source)
        for unit in units:
            kind = _KINDS.index(unit.kind)
            add("units", source, unit.start, unit.end, row, unit.start, unit.end, kind)
        for window in split_windows(units):
            start, end = units[window.first].start, units[window.last].end
            add("windows", source, start, end, row, base + window.first, base + window.last)

    def level(name: LevelName, dtype: np.dtype[np.void]) -> Level:
        spans = np.array(rows[name], dtype=dtype)
        places = np.array(offsets[name], dtype=np.int64).reshape(-1, 2)
        # numpy strips trailing zero bytes; a key is only ever compared as numpy has it
        return Level(name, sources, spans, places, np.array(keys[name], dtype=_KEY))

    return level("units", _UNIT), level("windows", _WINDOW)


def _embedded_text(source: Source, start: int, end: int) -> str:
    return _lead(source, start) + strip_invisible(source.text[start:end])


def _lead(source: Source, start: int) -> str:
    heading = source.heading_at(start)
    return strip_invisible(f"{heading}\n") if heading else ""
