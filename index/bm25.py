"""BM25 over arrays that are memory-mapped, so that a large index costs no Python objects.

The formula is Lucene's (Kamphuis et al. 2020, "Which BM25 do you mean?"): the score of a document
is the sum over query terms of idf · tf / (tf + k1 · (1 - b + b · length / mean length)), with
idf = ln(1 + (N - n + 0.5) / (n + 0.5)).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75
_ARRAYS = ("keys", "offsets", "rows", "counts", "lengths")


class BM25:
    """A lexical index: for each term, the rows that hold it and how often; the length of each row.

    All is counts of one row, so that rows can be taken over into another index.
    """

    def __init__(
        self,
        keys: NDArray[np.uint64],
        offsets: NDArray[np.int64],
        rows: NDArray[np.int32],
        counts: NDArray[np.uint16],
        lengths: NDArray[np.int32],
    ) -> None:
        self._keys = keys
        self._offsets = offsets
        self._rows = rows
        self._counts = counts
        self._lengths = lengths
        self._size = len(lengths)

    @classmethod
    def build(cls, documents: Iterable[Sequence[str]]) -> BM25:
        """An index over documents given as lists of terms."""
        seen: dict[str, int] = {}
        lengths = array("i")  # compact: a list of numbers would be five times as large
        distinct, numbers, counts = array("i"), array("i"), array("H")
        for document in documents:
            counted = Counter(document)
            lengths.append(len(document))
            distinct.append(len(counted))
            numbers.extend(seen.setdefault(term, len(seen)) for term in counted)
            counts.extend(min(count, 0xFFFF) for count in counted.values())
        size = len(lengths)
        keys = np.array([term_key(term) for term in seen], dtype=np.uint64)
        rows = np.repeat(np.arange(size, dtype=np.int32), np.array(distinct, dtype=np.int32))
        return cls._sorted(
            keys,
            np.array(numbers, dtype=np.int32),
            rows,
            np.array(counts, dtype=np.uint16),
            np.array(lengths, dtype=np.int32),
        )

    @classmethod
    def merge(cls, parts: Sequence[tuple[BM25, NDArray[np.int64]]], size: int) -> BM25:
        """An index of `size` rows that are in others. With each part come the places of its rows in
        the new index; -1 leaves a row out."""
        keys = np.unique(np.concatenate([part._keys for part, _ in parts]))
        terms, rows, counts = [], [], []
        lengths = np.zeros(size, dtype=np.int32)
        for part, places in parts:
            place = places.astype(np.int32)[part._rows]
            kept = place >= 0
            number = np.searchsorted(keys, part._keys).astype(np.int32)
            terms.append(np.repeat(number, np.diff(part._offsets))[kept])
            rows.append(place[kept])
            counts.append(part._counts[kept])
            lengths[places[places >= 0]] = part._lengths[places >= 0]
        return cls._sorted(
            keys, np.concatenate(terms), np.concatenate(rows), np.concatenate(counts), lengths
        )

    @classmethod
    def _sorted(
        cls,
        keys: NDArray[np.uint64],
        terms: NDArray[np.int32],
        rows: NDArray[np.int32],
        counts: NDArray[np.uint16],
        lengths: NDArray[np.int32],
    ) -> BM25:
        """An index from entries in any order: which of `keys` stands in which row, how often."""
        matches = np.bincount(terms, minlength=len(keys))
        used = np.flatnonzero(matches)
        used = used[np.argsort(keys[used])]
        rank = np.zeros(len(keys), dtype=np.int64)
        rank[used] = np.arange(len(used))
        # By the term's key, then by row; of entries that are mostly in order this is fast.
        order = np.argsort(rank[terms] << 32 | rows, kind="stable")
        offsets = np.concatenate([[0], np.cumsum(matches[used])]).astype(np.int64)
        return cls(keys[used], offsets, rows[order], counts[order], lengths)

    def __len__(self) -> int:
        return self._size

    @cached_property
    def _norm(self) -> NDArray[np.float32]:
        """What a count is set against in each row; of all rows, so not made on opening."""
        mean = float(self._lengths.mean(dtype=np.float64)) if self._size else 0.0
        relative = self._lengths.astype(np.float32) / np.float32(mean or 1.0)
        return np.float32(K1) * (np.float32(1 - B) + np.float32(B) * relative)

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
            count = self._counts[start:end].astype(np.float32)
            most = np.float32(factor * self.idf(term))
            # A row stands once in a term's list, so that no addition is lost.
            scores[rows] = found + most * count / (count + self._norm[rows])
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
        for name in _ARRAYS:
            np.save(path / f"{name}.npy", getattr(self, f"_{name}"))

    @classmethod
    def open(cls, path: Path) -> BM25:
        """The index saved in `path`, memory-mapped."""
        return cls(
            *(
                np.asarray(np.load(path / f"{name}.npy", mmap_mode="r", allow_pickle=False))
                for name in _ARRAYS
            )
        )

    def _span(self, term: str) -> tuple[int, int]:
        key = np.uint64(term_key(term))
        place = int(np.searchsorted(self._keys, key))
        if place == len(self._keys) or self._keys[place] != key:
            return 0, 0
        return int(self._offsets[place]), int(self._offsets[place + 1])


def term_key(term: str) -> int:
    """64 bits of a hash of `term`: a sorted array of them is searched without a dictionary."""
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest())
