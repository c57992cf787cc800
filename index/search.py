"""Searching one generation: its rows ranked, and the best of them joined into passages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from index.errors import QueryError
from index.passages import Hit, best_spans, fill, passages
from index.ranking import Ranking, rank
from index.reading import Reading, UnitWords

__all__ = ["Generation", "Hit", "Ranking", "UnitWords"]


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

    def passages(self, ranking: Ranking, k: int, before: Sequence[int] = ()) -> list[Hit]:
        """The `k` best passages of a ranking, none overlapping another, those around the rows
        `before` first."""
        return passages(self, ranking, k, before)

    def best_spans(self, ranking: Ranking, k: int) -> list[tuple[int, int, float]]:
        """The first and last rows and the scores of the `k` best passages of a ranking."""
        return best_spans(self, ranking, k)
