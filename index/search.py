"""Searching one generation: dense and lexical scores of sentences and of their surroundings.

A sentence is ranked by its own scores and by the mean of those of the windows it stands in. Scores
are standardised over the whole library, not over the few candidates, so that dense and lexical
evidence weigh the same for every question: what no term matches has a BM25 score of 0; for cosine
similarity the mean and deviation over all vectors v of a query q follow from their mean m and
covariance C, as q·m and sqrt(q·C·q), without looking at them. Nothing here passes over all rows: a
search costs what the words of the question match, not what is stored.
"""

from __future__ import annotations

import unicodedata
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from index.bm25 import BM25
from index.chunking import WINDOW_CHARS, Chunk
from index.embedding import Embedder, load_embedder
from index.errors import ModelError, QueryError, ScopeError
from index.generation import MOMENTS, Manifest, SourceTable, check_files, level_file
from index.rows import LEVELS, LevelName
from index.store import open_store
from index.token_vectors import AXES, TOKENS, QueryTokens, TokenVectors
from index.tokens import implied, implying, stem, terms, words
from sources import Source

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
T = TypeVar("T")

LONGEST_QUERY = 4000
# How many nearest neighbours Chroma is asked for; the rest take the similarity of the last one.
# With 256 every figure of `refdesk eval` on chunking and squad is the same, and a search is slower.
_NEIGHBOURS = 128
# How a sentence's score is put together; tuned on the development data (chunking and squad) with
# `refdesk eval`; `python tests/benchmarks/ablation.py` shows what both levels pay.
_SENTENCE_WEIGHT = 0.4
# What a term that is meant but not said adds, against one that is said.
_IMPLIED_WEIGHT = 0.5
_HEADING, _FRAGMENT = 1, 2


_SCOPE_FIELDS = ("publisher", "author", "published", "license", "standing", "language", "format")


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found: `text` is what the chunk spans; a higher `score` is better."""

    chunk: Chunk
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The sentences of the scope that may answer a query, best first; arrays are of one length.

    `rows` are unit rows, `sources` the rows of their sources, `scores` the fused scores;
    `similarity` is the cosine of query and sentence, `window_similarity` that of query and the best
    window around it; `lexical` and `window_lexical` are standardised BM25.
    """

    query_terms: tuple[str, ...]
    query_tokens: QueryTokens
    rows: Rows
    sources: Rows
    scores: Floats
    similarity: Floats
    window_similarity: Floats
    lexical: Floats
    window_lexical: Floats


@dataclass(frozen=True, slots=True)
class UnitWords:
    """The words of a unit, the stem of each, and its content terms, each in order."""

    words: tuple[str, ...]
    stems: tuple[str, ...]
    terms: tuple[str, ...]
    all: frozenset[str]


class Generation:
    """One generation, open for reading. Safe to use from several threads; never changes."""

    def __init__(self, folder: Path, embedder: Embedder | None = None) -> None:
        """Open the generation in `folder`. Raises IndexDamagedError."""
        self.folder = folder
        self.manifest = Manifest.read(folder)
        check_files(folder, self.manifest)
        self._embedder = embedder
        # Plain arrays over what is mapped: a memmap pays for each single row that is read.
        self._units, self._windows = (
            np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False))
            for name in ("units", "windows")
        )
        # Searched by bisection, for which numpy would copy a column of records each time.
        self._first, self._last = (
            np.ascontiguousarray(self._windows[name]) for name in ("first", "last")
        )
        self._words = {name: BM25.open(folder / level_file(name, "words")) for name in LEVELS}
        self._row_in = {
            name: _inverse(np.load(folder / level_file(name, "slots.npy"), allow_pickle=False))
            for name in LEVELS
        }
        self._tokens = TokenVectors.open(folder / TOKENS)
        self._token_axes = np.load(folder / AXES, allow_pickle=False)
        with np.load(folder / MOMENTS, allow_pickle=False) as moments:
            self._moments = {
                name: _mean_and_covariance(moments, name, rows)
                for name, rows in (("units", len(self._units)), ("windows", len(self._windows)))
            }
        self._store = open_store(folder)
        weakref.finalize(self, self._store.close)
        self._table = SourceTable(folder / "sources.db")
        weakref.finalize(self, self._table.close)
        self.source_ids = tuple(self.manifest.sources)
        self.row_of = {name: row for row, name in enumerate(self.source_ids)}
        self._read_source = lru_cache(maxsize=64)(self._table.read)
        self.unit_words = _cached(self._unit_words)
        self.unit_context = _cached(self._unit_context)

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
                matched = _with_field(self.sources, pattern)
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

    def rank(self, query: str, scope: Sequence[str] | None = None) -> Ranking:
        """The sentences that may answer `query`, best first; `scope` holds ids, not globs.

        Raises QueryError.
        """
        if not query.strip():
            raise QueryError("the question is empty; type a few words")
        if len(query) > LONGEST_QUERY:
            raise QueryError(
                f"the question has {len(query)} characters, {LONGEST_QUERY} are allowed; shorten it"
            )
        query = query.encode(errors="replace").decode()  # a lone surrogate breaks the tokenizer
        if scope is not None and len(scope) == len(self.source_ids):
            scope = None  # the same to us, and faster in Chroma
        query_terms = tuple(dict.fromkeys(terms(query, self.manifest.language)))
        vector, query_tokens = self.embedder.embed_query_with_tokens(query, self._token_axes)
        units = _Level(self, "units", vector, query_terms, scope)
        windows = _Level(self, "windows", vector, query_terms, scope)
        rows = self._candidates(units, windows)

        # The windows around unit u are those with first <= u <= last: a contiguous range.
        low = np.searchsorted(self._last, rows, side="left")
        high = np.searchsorted(self._first, rows, side="right")
        near = _ranges(low, high)  # all windows around candidates; from here on, places in it
        low, high = (np.searchsorted(near, border) for border in (low, high))
        similarity, lexical = units.similarity(rows), units.lexical(rows)
        window_similarity, window_lexical = windows.similarity(near), windows.lexical(near)
        around = _range_mean(windows.standardised(window_similarity) + window_lexical, low, high)
        scores = around + _SENTENCE_WEIGHT * (units.standardised(similarity) + lexical)
        order = np.lexsort((rows, -scores))
        rows, low, high = rows[order], low[order], high[order]
        return Ranking(
            query_terms=query_terms,
            query_tokens=query_tokens,
            rows=rows,
            sources=np.asarray(self._units["source"][rows], dtype=np.int64),
            scores=scores[order].astype(np.float32),
            similarity=similarity[order],
            window_similarity=_range_max(window_similarity, low, high),
            lexical=lexical[order],
            window_lexical=_range_max(window_lexical, low, high),
        )

    def _candidates(self, units: _Level, windows: _Level) -> Rows:
        """The unit rows worth ranking: found themselves, or in a window that was found."""
        found = np.union1d(windows.near, windows.best_lexical)
        rows = _ranges(self._first[found], self._last[found] + 1)
        rows = np.unique(np.concatenate([units.near, units.best_lexical, rows])).astype(np.int64)
        no_heading: Rows = rows[self._units["kind"][rows] != _HEADING]
        return no_heading

    def search(
        self,
        query: str,
        k: int = 5,
        max_chars: int | None = None,
        sources: Iterable[str] | None = None,
    ) -> list[Hit]:
        """The passages that answer `query`, best first, none overlapping another.

        The `k` best passages of about 750 characters; or, with `max_chars`, the best sentences
        that fill a budget of so many characters of distinct source text, neighbours joined.
        """
        if k < 1 or (max_chars is not None and max_chars < 1):
            raise QueryError("k and max_chars must be at least 1")
        ranking = self.rank(query, self.in_scope(sources))
        return self.passages(ranking, k) if max_chars is None else self._fill(ranking, max_chars)

    def passages(self, ranking: Ranking, k: int) -> list[Hit]:
        """The `k` best passages of a ranking, none overlapping another."""
        return [self._hit(first, last, score) for first, last, score in self._best(ranking, k)]

    def best_spans(self, ranking: Ranking, k: int) -> list[tuple[int, int, float]]:
        """The first and last rows and the scores of the `k` best passages of a ranking."""
        return self._best(ranking, k)

    def unit(self, row: int) -> tuple[Source, int, int]:
        """The source of a unit and its offsets."""
        source, start, end, *_ = self._units[row].item()
        return self._read_source(source), start, end

    def unit_text(self, row: int) -> str:
        """The text of a unit."""
        source, start, end = self.unit(row)
        return source.text[start:end]

    def unit_source(self, row: int) -> str:
        """The id of the source of a unit."""
        return self.source_ids[int(self._units[row]["source"])]

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
        units = self._units[rows]
        here = units["source"] == self.row_of[chunk.source_id]
        begun = (units["start"] >= chunk.start) & (units["start"] < chunk.end)
        return np.asarray(here & begun, dtype=np.bool_)

    def is_sentence(self, row: int) -> bool:
        """Whether a unit is a sentence or list item, not a heading or a part of something."""
        return int(self._units[row]["kind"]) == 0

    def neighbour(self, row: int, step: int) -> int | None:
        """The unit `step` before (negative) or after `row` in the same source."""
        other = row + step
        inside = 0 <= other < len(self._units)
        same = inside and self._units[other]["source"] == self._units[row]["source"]
        return other if same else None

    def token_matches(self, query: QueryTokens, rows: Rows) -> tuple[Floats, Floats]:
        """For each token of a question the cosine of its best match in each unit, and that in the
        unit and its neighbours; each of shape (rows, tokens)."""
        source = self._units["source"]
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
        return self._words["units"].idf(term)

    def holds(self, term: str) -> bool:
        """Whether a stemmed term stands anywhere in the library, or what it implies does."""
        held = self._words["units"].holds
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

    def _hit(self, first: int, last: int, score: float) -> Hit:
        source, start, _ = self.unit(first)
        end = int(self._units[last]["end"])
        return Hit(self.chunk(source, start, end), source.text[start:end], score)

    def _best(self, ranking: Ranking, k: int) -> list[tuple[int, int, float]]:
        """The first and last units and the score of the `k` best passages: each best sentence
        with as much of what surrounds it as a window holds and no better passage has taken."""
        taken: set[int] = set()
        best: list[tuple[int, int, float]] = []
        score_of = dict(zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True))
        for row in ranking.rows.tolist():
            if len(best) == k:
                break
            if row in taken:
                continue
            first = last = row
            while True:  # grow towards the better neighbour
                sides = [
                    (score_of.get(side, -np.inf), side)
                    for side, inner, outer in ((first - 1, first, last), (last + 1, last, first))
                    if side not in taken
                    and self.neighbour(inner, side - inner) is not None
                    and self._length(min(side, outer), max(side, outer)) <= WINDOW_CHARS
                ]
                if not sides:
                    break
                _, side = max(sides)
                first, last = min(first, side), max(last, side)
            while last > row and self._units["kind"][last] == _HEADING:
                last -= 1  # it opens what comes after
            taken.update(range(first, last + 1))
            best.append((first, last, score_of[row]))
        return best

    def _length(self, first: int, last: int) -> int:
        return int(self._units[last]["end"] - self._units[first]["start"])

    def _fill(self, ranking: Ranking, budget: int) -> list[Hit]:
        score_of: dict[int, float] = {}
        used = 0
        for row, score in zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True):
            cost = self._length(row, row)
            # What lies between two neighbours is shown with them, so it is paid for too.
            for inner, outer in ((row, row + 1), (row - 1, row)):
                other = outer if inner == row else inner
                if other in score_of and self.neighbour(row, other - row) is not None:
                    cost += int(self._units[outer]["start"] - self._units[inner]["end"])
            if used + cost <= budget:
                score_of[row] = score
                used += cost
            elif budget - used < 40:
                break
        hits: list[Hit] = []
        for first, last in self._runs(sorted(score_of)):
            score = max(score_of[row] for row in range(first, last + 1))
            hits.append(self._hit(first, last, score))
        if not hits and len(ranking.rows):  # the budget is smaller than any sentence
            source, start, end = self.unit(int(ranking.rows[0]))
            chunk = self.chunk(source, start, min(end, start + budget))
            hits = [Hit(chunk, source.text[chunk.start : chunk.end], float(ranking.scores[0]))]
        return sorted(hits, key=lambda hit: -hit.score)

    def _runs(self, rows: Sequence[int]) -> list[tuple[int, int]]:
        runs: list[tuple[int, int]] = []
        for row in rows:
            if runs and runs[-1][1] == row - 1 and self.neighbour(row, -1) is not None:
                runs[-1] = (runs[-1][0], row)
            else:
                runs.append((row, row))
        return runs


class _Level:
    """The scores of the rows of one level (units or windows) for one query."""

    def __init__(
        self,
        generation: Generation,
        name: LevelName,
        vector: Floats,
        query_terms: Sequence[str],
        scope: Sequence[str] | None,
    ) -> None:
        spans = generation._units if name == "units" else generation._windows
        slots, similarity = generation._store.query(
            name, vector, min(_NEIGHBOURS, len(spans)), scope
        )
        near = generation._row_in[name][slots].astype(np.int64)
        order = np.argsort(near)
        self.near, self._similarity = near[order], similarity[order]
        # What is not among the neighbours is taken to be as near as the last of them.
        self._floor = similarity[-1] if len(similarity) else np.float32(0)
        mean, covariance = generation._moments[name]
        self._mean = float(vector @ mean)
        self._deviation = float(np.sqrt(max(float(vector @ covariance @ vector), 1e-8)))

        meant = implied(query_terms, generation.manifest.language)
        weight = dict.fromkeys(meant, _IMPLIED_WEIGHT) | dict.fromkeys(query_terms, 1.0)
        self._lexical, matched = generation._words[name].scores(weight)
        values = self._lexical[matched].astype(np.float64)
        self._lexical_mean = float(values.sum() / len(spans))
        variance = float((values**2).sum() / len(spans)) - self._lexical_mean**2
        self._lexical_deviation = max(float(np.sqrt(max(variance, 0))), 1e-6)
        if scope is not None:
            inside = [generation.row_of[source_id] for source_id in scope]
            matched = matched[np.isin(spans["source"][matched], inside)]
        self.best_lexical = _largest(self._lexical, matched, _NEIGHBOURS)

    def similarity(self, rows: Rows) -> Floats:
        """The cosine of the query and each of `rows`."""
        found = np.full(len(rows), self._floor, dtype=np.float32)
        if len(self.near):
            place = np.minimum(np.searchsorted(self.near, rows), len(self.near) - 1)
            known = self.near[place] == rows
            found[known] = self._similarity[place[known]]
        return found

    def standardised(self, similarity: Floats) -> Floats:
        """Cosines in deviations from the mean of the library."""
        return (similarity - self._mean) / self._deviation

    def lexical(self, rows: Rows) -> Floats:
        """The standardised BM25 score of each of `rows`."""
        return (self._lexical[rows] - self._lexical_mean) / self._lexical_deviation


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


def _with_field(sources: Iterable[Source], pattern: str) -> list[str]:
    """The ids of sources with a value of "key=glob": of front matter, or of our own fields."""
    key, glob = pattern.split("=", 1)
    found = []
    for source in sources:
        own = [(name, getattr(source, name) or "") for name in _SCOPE_FIELDS]
        values = [*source.extra, *own, *(("topics", topic) for topic in source.topics)]
        if any(name == key and fnmatchcase(value, glob) for name, value in values):
            found.append(source.id)
    return found


def _largest(values: Floats, rows: Rows, count: int) -> Rows:
    """The `count` of `rows` with the largest values, best first; of equals, the first rows."""
    found = values[rows]
    if len(rows) > 32 * count:
        # Of very many, a sample tells what about twice as many as are wanted reach.
        likely = found >= np.partition(found[::16], -count // 8)[-count // 8]
        if likely.sum() >= count:
            rows, found = rows[likely], found[likely]
    if len(rows) > count:
        rows = rows[found >= np.partition(found, -count)[-count]]
    order = np.lexsort((rows, -values[rows]))
    return rows[order[:count]]


def _ranges(low: Rows, high: Rows) -> Rows:
    """Every number in any of the ranges `low` to `high` (exclusive), sorted."""
    sizes = high - low
    starts = np.cumsum(sizes) - sizes
    return np.unique(np.repeat(low - starts, sizes) + np.arange(sizes.sum()))


def _cached(method: Callable[[int], T]) -> Callable[[int], T]:
    """Remember what `method` returns, but do not keep its object alive, and so its files open."""
    weak = weakref.WeakMethod(method)

    @lru_cache(maxsize=10_000)
    def cached(row: int) -> T:
        alive = weak()
        assert alive is not None
        return alive(row)

    return cached


def _range_mean(values: Floats, low: Rows, high: Rows) -> Floats:
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    mean: Floats = ((sums[high] - sums[low]) / np.maximum(high - low, 1)).astype(np.float32)
    return mean


def _range_max(values: Floats, low: Rows, high: Rows) -> Floats:
    best = values[low].copy()
    for step in range(1, int((high - low).max(initial=0))):
        best = np.maximum(best, values[np.minimum(low + step, high - 1)])
    return best
