"""Searching one generation: its rows ranked, and the best of them joined into passages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from typing import TypeAlias, cast

from index.errors import QueryError
from index.passages import Hit, best_spans, fill, passages
from index.ranking import Ranking, rank
from index.reading import Reading, UnitWords

__all__ = ["Generation", "Hit", "Ranking", "UnitWords"]

# The entry point of this distribution under which stands who reads passages with the query in mind.
_READS = "refdesk.search"


class Generation(Reading):
    """One generation, open to be searched. Safe to use from several threads; never changes."""

    def rank(self, query: str, scope: Sequence[str] | None = None) -> Ranking:
        """The sentences that may answer `query`, best first; `scope` holds ids, not globs.

        Raises QueryError.
        """
        return rank(self, query, scope)

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
        return self.passages(ranking, k) if max_chars is None else fill(self, ranking, max_chars)

    def passages(
        self, ranking: Ranking, k: int, before: Mapping[int, float] | None = None
    ) -> list[Hit]:
        """The `k` best passages of a ranking, none overlapping another, those around the rows
        `before` first, with the scores that these have there."""
        return passages(self, ranking, k, before)

    def best_spans(self, ranking: Ranking, k: int) -> list[tuple[int, int, float]]:
        """The first and last rows and the scores of the `k` best passages of a ranking."""
        return best_spans(self, ranking, k)


# A generation, a query, how many passages, and globs of source ids.
Reads: TypeAlias = Callable[[Generation, str, int, Iterable[str] | None], list[Hit]]


def search(
    generation: Generation,
    query: str,
    k: int,
    max_chars: int | None,
    sources: Iterable[str] | None,
) -> list[Hit]:
    """As `Generation.search`; the `k` best passages are read with the query in mind, where what
    reads is installed. Raises QueryError, ScopeError."""
    reads = _reads()
    if reads is None or max_chars is not None or k < 1:
        return generation.search(query, k, max_chars, sources)
    return reads(generation, query, k, sources)


@cache
def _reads() -> Reads | None:
    """Who reads passages: found by its entry point, since nothing here knows of who answers."""
    try:
        points = distribution("refdesk").entry_points
    except PackageNotFoundError:
        return None
    found = [point for point in points if point.group == _READS]
    return cast("Reads", found[0].load()) if found else None
