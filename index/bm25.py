"""BM25 over arrays that are memory-mapped, so that a large index costs no Python objects.

The formula is Lucene's (Kamphuis et al. 2020, "Which BM25 do you mean?"): the score of a document
is the sum over query terms of idf · tf / (tf + k1 · (1 - b + b · length / mean length)), with
idf = ln(1 + (N - n + 0.5) / (n + 0.5)).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75


class BM25:
    """A lexical index: for each term, the rows that hold it and what it adds to their score."""

    def __init__(
        self,
        keys: NDArray[np.uint64],
        offsets: NDArray[np.int64],
        rows: NDArray[np.int32],
        weights: NDArray[np.float32],
        size: int,
    ) -> None:
        self._keys = keys
        self._offsets = offsets
        self._rows = rows
        self._weights = weights
        self._size = size

    @classmethod
    def build(cls, documents: Iterable[Sequence[str]]) -> BM25:
        """An index over documents given as lists of terms."""
        seen: dict[str, int] = {}
        lengths = array("i")  # compact: a list of numbers would be five times as large
        distinct, numbers, counts = array("i"), array("i"), array("i")
        for document in documents:
            counted = Counter(document)
            lengths.append(len(document))
            distinct.append(len(counted))
            numbers.extend(seen.setdefault(term, len(seen)) for term in counted)
            counts.extend(counted.values())
        size = len(lengths)
        length = np.array(lengths, dtype=np.float32)
        keys = np.array([term_key(term) for term in seen], dtype=np.uint64)
        by_key = np.argsort(keys, kind="stable")
        rank = np.empty(len(keys), dtype=np.int32)
        rank[by_key] = np.arange(len(keys), dtype=np.int32)
        # One entry for each (term, row): sorted by the term's key, then by row.
        rank_of = rank[np.array(numbers, dtype=np.int32)]
        del numbers
        order = np.argsort(rank_of, kind="stable")
        matches = np.bincount(rank_of, minlength=len(keys))
        offsets = np.concatenate([[0], np.cumsum(matches)])
        rows = np.repeat(np.arange(size, dtype=np.int32), np.array(distinct, dtype=np.int32))[order]
        count = np.array(counts, dtype=np.float32)[order]
        del order, rank_of, counts
        idf = np.log1p((size - matches + 0.5) / (matches + 0.5)).astype(np.float32)
        mean = float(length.mean(dtype=np.float64)) if size else 0.0
        norm = np.float32(K1) * (np.float32(1 - B) + np.float32(B) * length / (mean or 1.0))
        weights = np.repeat(idf, matches) * count / (count + norm[rows])
        return cls(keys[by_key], offsets.astype(np.int64), rows, weights.astype(np.float32), size)

    def scores(self, weight: Mapping[str, float]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The score of every row for weighted terms, shape (rows,), and the rows that match any.

        What does not match is 0, and costs nothing: the memory of the array is only taken where a
        score is written.
        """
        scores = np.zeros(self._size, dtype=np.float32)
        matched = [np.zeros(0, dtype=np.int64)]
        for term, factor in weight.items():
            start, end = self._span(term)
            rows = self._rows[start:end]
            found = scores[rows]
            matched.append(rows[found == 0].astype(np.int64))
            # A row stands once in a term's list, so that no addition is lost.
            scores[rows] = found + np.float32(factor) * self._weights[start:end]
        return scores, np.concatenate(matched)

    def idf(self, term: str) -> float:
        """How rare `term` is; a term that no row holds is as rare as can be."""
        start, end = self._span(term)
        count = end - start
        return float(np.log1p((self._size - count + 0.5) / (count + 0.5)))

    def holds(self, term: str) -> bool:
        """Whether some row holds `term`."""
        start, end = self._span(term)
        return end > start

    def save(self, path: Path) -> None:
        """Write the arrays into the folder `path`."""
        path.mkdir()
        np.save(path / "keys.npy", self._keys)
        np.save(path / "offsets.npy", self._offsets)
        np.save(path / "rows.npy", self._rows)
        np.save(path / "weights.npy", self._weights)

    @classmethod
    def open(cls, path: Path, size: int) -> BM25:
        """The index saved in `path`, memory-mapped; `size` is its number of rows."""
        keys, offsets, rows, weights = (
            np.asarray(np.load(path / f"{name}.npy", mmap_mode="r", allow_pickle=False))
            for name in ("keys", "offsets", "rows", "weights")
        )
        return cls(keys, offsets, rows, weights, size)

    def _span(self, term: str) -> tuple[int, int]:
        key = np.uint64(term_key(term))
        place = int(np.searchsorted(self._keys, key))
        if place == len(self._keys) or self._keys[place] != key:
            return 0, 0
        return int(self._offsets[place]), int(self._offsets[place + 1])


def term_key(term: str) -> int:
    """64 bits of a hash of `term`: a sorted array of them is searched without a dictionary."""
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest())
