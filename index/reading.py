"""Reading one generation: its rows, their words, the text and the metadata of their sources.

Opening costs the same whatever is stored: arrays are mapped, and what is made of them is made when
it is first asked for. The files are known by size and time; see `index.file_check`.
"""

from __future__ import annotations

import unicodedata
import weakref
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.bm25 import BM25
from index.chunking import Chunk
from index.embedding import Embedder, load_embedder
from index.errors import IndexDamagedError, ModelError, ScopeError
from index.file_check import check_files
from index.generation import MOMENTS, Manifest, level_file
from index.rows import LEVELS, LevelName
from index.source_table import SourceTable, with_field
from index.store import open_store
from index.token_vectors import AXES, TOKENS, QueryTokens, TokenVectors
from index.tokens import implied, implying, stem, terms, words
from sources import Source

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
T = TypeVar("T")

HEADING = 1


@dataclass(frozen=True, slots=True)
class UnitWords:
    """The words of a unit, the stem of each, and its content terms, each in order."""

    words: tuple[str, ...]
    stems: tuple[str, ...]
    terms: tuple[str, ...]
    all: frozenset[str]


class Reading:
    """One generation, open for reading. Safe to use from several threads; never changes."""

    def __init__(self, folder: Path, embedder: Embedder | None = None) -> None:
        """Open the generation in `folder`. Raises IndexDamagedError."""
        self.folder = folder
        self.manifest = Manifest.read(folder)
        check_files(folder, self.manifest)
        self._embedder = embedder
        self.units, self.windows = (_mapped(folder / f"{name}.npy") for name in LEVELS)
        self._slots = {name: _mapped(folder / level_file(name, "slots.npy")) for name in LEVELS}
        self.words = {name: BM25.open(folder / level_file(name, "words")) for name in LEVELS}
        self._tokens = TokenVectors.open(folder / TOKENS)
        self.token_axes = np.load(folder / AXES, allow_pickle=False)
        with np.load(folder / MOMENTS, allow_pickle=False) as moments:
            self.moments = {
                name: _mean_and_covariance(moments, name, rows)
                for name, rows in (("units", len(self.units)), ("windows", len(self.windows)))
            }
        self.store = open_store(folder)
        weakref.finalize(self, self.store.close)
        self._table = SourceTable(folder / "sources.db")
        weakref.finalize(self, self._table.close)
        self.source_ids = tuple(self.manifest.sources)
        self.row_of = {name: row for row, name in enumerate(self.source_ids)}
        self._read_source = lru_cache(maxsize=64)(self._table.read)
        self.unit_words = _cached(self._unit_words)
        self.unit_context = _cached(self._unit_context)

    @cached_property
    def window_borders(self) -> tuple[Rows, Rows]:
        """The first and the last unit of each window, each of shape (windows,)."""
        # Searched by bisection, for which numpy would copy a column of records each time.
        first, last = (np.ascontiguousarray(self.windows[name]) for name in ("first", "last"))
        return first, last

    @cached_property
    def row_in(self) -> dict[LevelName, NDArray[np.int32]]:
        """For each level the row that has its vector in a slot; -1 where there is none."""
        return {name: _inverse(slots) for name, slots in self._slots.items()}

    def vectors(self, level: LevelName, rows: Rows) -> Floats:
        """The vectors of some rows, shape (rows, dimension). Raises IndexDamagedError."""
        found = self.store.get(level, self._slots[level][rows])
        if len(found) != len(rows):
            raise IndexDamagedError(f"{self.folder} lacks {level}; run `refdesk rebuild`")
        return found

    @property
    def name(self) -> str:
        """The name of the generation."""
        return self.manifest.generation

    @cached_property
    def embedder(self) -> Embedder:
        """The model that built the generation; loaded on first use. Raises ModelError."""
        built = self.manifest
        found = self._embedder or load_embedder(built.embedding_model)
        if (found.name, found.dimension) != (built.embedding_model, built.dimension):
            raise ModelError(
                f"the index was built with {built.embedding_model!r} ({built.dimension} dimensions)"
                f", not with {found.name!r} ({found.dimension}); run `refdesk rebuild`"
            )
        if not found.made(built.probe):
            raise ModelError(
                f"{found.name!r} is another model than the one of that name that built the index; "
                f"run `refdesk rebuild --full`"
            )
        return found

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The sources with their metadata, without their text."""
        return tuple(self._table.metadata())

    def source(self, source_id: str) -> Source:
        """The source called `source_id`, with its text. Raises ScopeError."""
        if source_id not in self.row_of:
            raise ScopeError(f"there is no source {source_id!r}; `refdesk sources` lists them")
        return self._read_source(self.row_of[source_id])

    def in_scope(self, patterns: Iterable[str] | None) -> tuple[str, ...] | None:
        """The ids that match any of the globs; None for no scope. Raises ScopeError.

        "key=glob" matches a field, also one that is none of ours, as "sidebar=guide*".
        """
        if patterns is None:
            return None
        patterns = (patterns,) if isinstance(patterns, str) else tuple(patterns)
        chosen: set[str] = set()
        for pattern in patterns:
            pattern = unicodedata.normalize("NFC", pattern)  # as ids are
            if "=" in pattern and pattern not in self.row_of:
                matched = with_field(self.sources, pattern)
            elif set("*?[").isdisjoint(pattern):  # of many names each is looked up, not tried
                matched = [pattern] if pattern in self.row_of else []
            else:
                # An id may hold "[" itself: what is named exactly is meant.
                matched = [
                    name
                    for name in self.source_ids
                    if name == pattern or fnmatchcase(name, pattern)
                ]
            if not matched:
                some = ", ".join(self.source_ids[:3])
                raise ScopeError(
                    f"the scope {pattern!r} matches no source; the library has {some}"
                    f"{' ...' if len(self.source_ids) > 3 else ''} (`refdesk sources` lists them)"
                )
            chosen.update(matched)
        if not chosen:
            raise ScopeError("the scope is empty; name a source or leave the scope out")
        return tuple(name for name in self.source_ids if name in chosen)

    def unit(self, row: int) -> tuple[Source, int, int]:
        """The source of a unit and its offsets."""
        source, start, end, *_ = self.units[row].item()
        return self._read_source(source), start, end

    def unit_text(self, row: int) -> str:
        """The text of a unit."""
        source, start, end = self.unit(row)
        return source.text[start:end]

    def unit_source(self, row: int) -> str:
        """The id of the source of a unit."""
        return self.source_ids[int(self.units[row]["source"])]

    def _unit_words(self, row: int) -> UnitWords:
        """The words of a unit."""
        text = self.unit_text(row)
        found = words(text)
        content = terms(text, self.manifest.language)
        stems = stem(found, self.manifest.language)
        held = frozenset((*found, *content))
        held |= implying(held, self.manifest.language)
        return UnitWords(tuple(found), tuple(stems), tuple(content), held)

    def _unit_context(self, row: int) -> frozenset[str]:
        """The words and terms of the title, the heading and the unit before."""
        source, start, _ = self.unit(row)
        above = f"{source.title} {source.heading_at(start) or ''}"
        held = frozenset((*words(above), *terms(above, self.manifest.language)))
        held |= implying(held, self.manifest.language)
        before = self.neighbour(row, -1)
        return held | self.unit_words(before).all if before is not None else held

    def stand_in(self, chunk: Chunk, rows: Rows) -> NDArray[np.bool_]:
        """Which of the units in `rows` begin in a chunk, shape (rows,)."""
        units = self.units[rows]
        here = units["source"] == self.row_of[chunk.source_id]
        begun = (units["start"] >= chunk.start) & (units["start"] < chunk.end)
        return np.asarray(here & begun, dtype=np.bool_)

    def is_sentence(self, row: int) -> bool:
        """Whether a unit is a sentence or list item, not a heading or a part of something."""
        return int(self.units[row]["kind"]) == 0

    def neighbour(self, row: int, step: int) -> int | None:
        """The unit `step` before (negative) or after `row` in the same source."""
        other = row + step
        inside = 0 <= other < len(self.units)
        same = inside and self.units[other]["source"] == self.units[row]["source"]
        return other if same else None

    def heading_row(self, row: int) -> int | None:
        """The row of the heading that a unit stands under; None where it stands under none."""
        number, start, *_ = self.units[row].item()
        heading = self._read_source(number).heading_start(start)
        if heading is None:
            return None
        units = self.units
        return bisect_left(range(row), (number, heading), key=lambda at: units[at].item()[:2])

    def token_matches(self, query: QueryTokens, rows: Rows) -> tuple[Floats, Floats]:
        """For each token of a question the cosine of its best match in each unit, and that in the
        unit and its neighbours; each of shape (rows, tokens)."""
        source = self.units["source"]
        sides = [np.clip(rows + step, 0, len(source) - 1) for step in (-1, 0, 1)]
        near = np.unique(np.concatenate(sides))
        best = self._tokens.best_matches(query.vectors, near)
        before, own, after = (
            np.where(
                (source[side] == source[rows])[:, None], best[np.searchsorted(near, side)], 0
            ).astype(np.float32)
            for side in sides
        )
        return own, np.maximum(np.maximum(before, own), after)

    def idf(self, term: str) -> float:
        """How rare a stemmed term is in the library."""
        return self.words["units"].idf(term)

    def holds(self, term: str) -> bool:
        """Whether a stemmed term stands anywhere in the library, or what it implies does."""
        held = self.words["units"].holds
        meant = implied([term], self.manifest.language)
        return held(term) or (bool(meant) and all(map(held, meant)))

    def chunk(self, source: Source, start: int, end: int) -> Chunk:
        """The chunk at `start` to `end` of `source`, with its page and heading."""
        return Chunk(
            source_id=source.id,
            start=start,
            end=end,
            page=source.page_at(start),
            heading=source.heading_at(start),
        )


def _mapped(path: Path) -> NDArray[Any]:
    """A plain array over what is mapped: a memmap pays for each single row that is read."""
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _inverse(slots: Rows) -> NDArray[np.int32]:
    """The row that has its vector in a slot."""
    rows = np.full(int(slots.max(initial=-1)) + 1, -1, dtype=np.int32)
    rows[slots] = np.arange(len(slots), dtype=np.int32)
    return rows


def _mean_and_covariance(
    moments: Mapping[str, NDArray[np.float64]], name: str, rows: int
) -> tuple[Floats, Floats]:
    mean = moments[f"{name}_sum"] / rows
    covariance = moments[f"{name}_products"] / rows - np.outer(mean, mean)
    return mean.astype(np.float32), covariance.astype(np.float32)


def _cached(method: Callable[[int], T]) -> Callable[[int], T]:
    """Remember what `method` returns, but do not keep its object alive, and so its files open."""
    weak = weakref.WeakMethod(method)

    @lru_cache(maxsize=10_000)
    def cached(row: int) -> T:
        alive = weak()
        assert alive is not None
        return alive(row)

    return cached
