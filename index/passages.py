"""Passages: the best of what was ranked, neighbours joined, none overlapping another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from index.chunking import WINDOW_CHARS, Chunk
from index.ranking import Ranking
from index.reading import HEADING, Reading


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found: `text` is what the chunk spans; a higher `score` is better."""

    chunk: Chunk
    text: str
    score: float


def passages(
    reading: Reading, ranking: Ranking, k: int, before: Mapping[int, float] | None = None
) -> list[Hit]:
    """The `k` best passages of a ranking, none overlapping another; those around the rows `before`
    come first, in their order, with the scores that these have there."""
    return [
        _hit(reading, first, last, score)
        for first, last, score in best_spans(reading, ranking, k, before)
    ]


def _hit(reading: Reading, first: int, last: int, score: float) -> Hit:
    source, start, _ = reading.unit(first)
    end = int(reading.units[last]["end"])
    return Hit(reading.chunk(source, start, end), source.text[start:end], score)


def best_spans(
    reading: Reading, ranking: Ranking, k: int, before: Mapping[int, float] | None = None
) -> list[tuple[int, int, float]]:
    """The first and last units and the scores of the `k` best passages: each best sentence with as
    much of what surrounds it as a window holds and no better passage has taken."""
    taken: set[int] = set()
    best: list[tuple[int, int, float]] = []
    score_of = dict(zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True))
    unranked = min(score_of.values(), default=0.0)
    before = before or {}
    for row in dict.fromkeys([*before, *ranking.rows.tolist()]):
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
                and reading.neighbour(inner, side - inner) is not None
                and _length(reading, min(side, outer), max(side, outer)) <= WINDOW_CHARS
            ]
            if not sides:
                break
            _, side = max(sides)
            first, last = min(first, side), max(last, side)
        while last > row and reading.units["kind"][last] == HEADING:
            last -= 1  # it opens what comes after
        taken.update(range(first, last + 1))
        best.append((first, last, before.get(row, score_of.get(row, unranked))))
    return best


def _length(reading: Reading, first: int, last: int) -> int:
    return int(reading.units[last]["end"] - reading.units[first]["start"])


def fill(reading: Reading, ranking: Ranking, budget: int) -> list[Hit]:
    """The best sentences that fill `budget` characters of distinct text, neighbours joined."""
    score_of: dict[int, float] = {}
    used = 0
    for row, score in zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True):
        cost = _length(reading, row, row)
        # What lies between two neighbours is shown with them, so it is paid for too.
        for inner, outer in ((row, row + 1), (row - 1, row)):
            other = outer if inner == row else inner
            if other in score_of and reading.neighbour(row, other - row) is not None:
                cost += int(reading.units[outer]["start"] - reading.units[inner]["end"])
        if used + cost <= budget:
            score_of[row] = score
            used += cost
        elif budget - used < 40:
            break
    hits: list[Hit] = []
    for first, last in _runs(reading, sorted(score_of)):
        score = max(score_of[row] for row in range(first, last + 1))
        hits.append(_hit(reading, first, last, score))
    if not hits and len(ranking.rows):  # the budget is smaller than any sentence
        source, start, end = reading.unit(int(ranking.rows[0]))
        chunk = reading.chunk(source, start, min(end, start + budget))
        hits = [Hit(chunk, source.text[chunk.start : chunk.end], float(ranking.scores[0]))]
    return sorted(hits, key=lambda hit: -hit.score)


def _runs(reading: Reading, rows: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1 and reading.neighbour(row, -1) is not None:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs
