"""Ranking: dense and lexical scores of sentences and of their surroundings.

A sentence is ranked by its own scores and by the mean of those of the windows it stands in. Scores
are standardised over the whole library, not over the few candidates, so that dense and lexical
evidence weigh the same for every question: what no term matches has a BM25 score of 0; for cosine
similarity the mean and deviation over all vectors v of a query q follow from their mean m and
covariance C, as q·m and sqrt(q·C·q), without looking at them. Nothing here passes over all rows: a
search costs what the words of the question match, not what is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.errors import QueryError
from index.reading import HEADING, Floats, Reading, Rows
from index.rows import LevelName
from index.token_vectors import QueryTokens
from index.tokens import implied, terms

LONGEST_QUERY = 4000
# How many nearest neighbours Chroma is asked for; the rest take the similarity of the last one.
# With 256 every figure of `refdesk eval` on chunking and squad is the same, and a search is slower.
_NEIGHBOURS = 128
# How a sentence's score is put together; tuned on the development data (chunking and squad) with
# `refdesk eval`; `python tests/benchmarks/ablation.py` shows what both levels pay.
_SENTENCE_WEIGHT = 0.4
# What a term that is meant but not said adds, against one that is said.
_IMPLIED_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Ranking:
    """The sentences of the scope that may answer a query, best first; arrays are of one length.

    `rows` are unit rows, `sources` the rows of their sources, `scores` the fused scores;
    `similarity` is the cosine of query and sentence, `window_similarity` that of query and the best
    window around it; `lexical` and `window_lexical` are standardised BM25. `sections` are the
    rows of the headings whose sections were found, with their scores, best first.
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
    sections: dict[int, float]


def rank(reading: Reading, query: str, scope: Sequence[str] | None = None) -> Ranking:
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
    if scope is not None and len(scope) == len(reading.source_ids):
        scope = None  # the same to us, and faster in Chroma
    query_terms = tuple(dict.fromkeys(terms(query, reading.manifest.language)))
    vector, query_tokens = reading.embedder.embed_query_with_tokens(query, reading.token_axes)
    units = _Level(reading, "units", vector, query_terms, scope)
    sections = _sections(reading, units)
    windows = _Level(reading, "windows", vector, query_terms, scope)
    rows = _candidates(reading, units, windows)

    # The windows around unit u are those with first <= u <= last: a contiguous range.
    first, last = reading.window_borders
    low = np.searchsorted(last, rows, side="left")
    high = np.searchsorted(first, rows, side="right")
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
        sources=np.asarray(reading.units["source"][rows], dtype=np.int64),
        scores=scores[order].astype(np.float32),
        similarity=similarity[order],
        window_similarity=_range_max(window_similarity, low, high),
        lexical=lexical[order],
        window_lexical=_range_max(window_lexical, low, high),
        sections=sections,
    )


def _sections(reading: Reading, units: _Level) -> dict[int, float]:
    """The scores of the headings that were found, best first."""
    rows = np.union1d(units.near, units.best_lexical)
    rows = rows[reading.units["kind"][rows] == HEADING]
    scores = units.standardised(units.similarity(rows)) + units.lexical(rows)
    order = np.lexsort((rows, -scores))
    return dict(zip(rows[order].tolist(), scores[order].tolist(), strict=True))


def _candidates(reading: Reading, units: _Level, windows: _Level) -> Rows:
    """The unit rows worth ranking: found themselves, or in a window that was found."""
    first, last = reading.window_borders
    found = np.union1d(windows.near, windows.best_lexical)
    rows = _ranges(first[found], last[found] + 1)
    rows = np.unique(np.concatenate([units.near, units.best_lexical, rows])).astype(np.int64)
    no_heading: Rows = rows[reading.units["kind"][rows] != HEADING]
    return no_heading


class _Level:
    """The scores of the rows of one level (units or windows) for one query."""

    def __init__(
        self,
        reading: Reading,
        name: LevelName,
        vector: Floats,
        query_terms: Sequence[str],
        scope: Sequence[str] | None,
    ) -> None:
        spans = reading.units if name == "units" else reading.windows
        slots, similarity = reading.store.query(name, vector, min(_NEIGHBOURS, len(spans)), scope)
        near = reading.row_in[name][slots].astype(np.int64)
        # What is not among the neighbours is taken to be as near as the last of them.
        self._floor = similarity[-1] if len(similarity) else np.float32(0)
        mean, covariance = reading.moments[name]
        self._mean = float(vector @ mean)
        self._deviation = float(np.sqrt(max(float(vector @ covariance @ vector), 1e-8)))

        meant = implied(query_terms, reading.manifest.language)
        weight = dict.fromkeys(meant, _IMPLIED_WEIGHT) | dict.fromkeys(query_terms, 1.0)
        self._lexical, matched = reading.words[name].scores(weight)
        values = self._lexical[matched].astype(np.float64)
        self._lexical_mean = float(values.sum() / len(spans))
        variance = float((values**2).sum() / len(spans)) - self._lexical_mean**2
        self._lexical_deviation = max(float(np.sqrt(max(variance, 0))), 1e-6)
        if scope is not None:
            inside = [reading.row_of[source_id] for source_id in scope]
            matched = matched[np.isin(spans["source"][matched], inside)]
        self.best_lexical = _largest(self._lexical, matched, _NEIGHBOURS)
        # The graph is approximate: among thousands of alike vectors it can lose the nearest. What
        # words find has its similarity from its vector.
        missed = np.setdiff1d(self.best_lexical, near)
        if len(missed):
            near = np.concatenate([near, missed])
            exact = reading.vectors(name, missed) @ vector
            similarity = np.concatenate([similarity, exact.astype(np.float32)])
        order = np.argsort(near)
        self.near, self._similarity = near[order], similarity[order]

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


def _range_mean(values: Floats, low: Rows, high: Rows) -> Floats:
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    mean: Floats = ((sums[high] - sums[low]) / np.maximum(high - low, 1)).astype(np.float32)
    return mean


def _range_max(values: Floats, low: Rows, high: Rows) -> Floats:
    best = values[low].copy()
    for step in range(1, int((high - low).max(initial=0))):
        best = np.maximum(best, values[np.minimum(low + step, high - 1)])
    return best
