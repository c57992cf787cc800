"""Late interaction: the vectors of a sentence's tokens, met by those of a question's tokens.

A sentence vector blurs what its words say; here each token of a question looks for its best match
among the tokens of a sentence (Khattab and Zaharia 2020, "ColBERT"). The vectors come from the same
pass of the model as the sentence's own, projected and rounded to bytes: 64 a token.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.mapped_array import map_new

Floats = NDArray[np.float32]
Bytes = NDArray[np.int8]
Rows = NDArray[np.int64]

# 64 loses nothing against the 384 of the bundled model that a fit on squad would show; 32 a little
# of the answers, and a third of the gain in calibration.
TOKEN_DIMENSION = 64
# Where a generation keeps the vectors, and the axes that they are on.
TOKENS, AXES = "unit-tokens", "token-axes.npy"


@dataclass(frozen=True, slots=True)
class QueryTokens:
    """The tokens of a question, projected, shape (tokens, dimension), each of length 1; `content`
    and `interrogative` mark those of content words and of question words, shape (tokens,)."""

    vectors: Floats
    content: NDArray[np.bool_]
    interrogative: NDArray[np.bool_]


class TokenVectors:
    """The token vectors of every unit, in order of rows; memory-mapped when they are opened."""

    def __init__(self, vectors: Bytes, offsets: NDArray[np.int64]) -> None:
        self._vectors = vectors
        self._offsets = offsets

    def unit(self, row: int) -> Bytes:
        """The vectors of one unit, shape (tokens, dimension)."""
        return self._vectors[self._offsets[row] : self._offsets[row + 1]]

    def best_matches(self, query: Floats, rows: Rows) -> Floats:
        """For each unit and each token of the query the cosine of its best match in the unit, shape
        (rows, tokens); 0 where none is alike, or there is no token."""
        spans = [self.unit(row) for row in rows.tolist()]
        sizes = np.array([len(span) for span in spans], dtype=np.int64)
        best = np.zeros((len(spans), len(query)), dtype=np.float32)
        filled = sizes > 0
        if filled.any():
            cosines = unit_length(np.concatenate(spans)) @ query.T
            starts = (np.cumsum(sizes) - sizes)[filled]
            best[filled] = np.maximum(np.maximum.reduceat(cosines, starts, axis=0), 0)
        return best

    def save(self, path: Path) -> None:
        """Write the arrays into the folder `path`."""
        path.mkdir()
        np.save(path / "vectors.npy", self._vectors)
        np.save(path / "offsets.npy", self._offsets)

    @classmethod
    def open(cls, path: Path) -> TokenVectors:
        """Those saved in `path`, memory-mapped."""
        vectors, offsets = (
            np.asarray(np.load(path / f"{name}.npy", mmap_mode="r", allow_pickle=False))
            for name in ("vectors", "offsets")
        )
        return cls(vectors, offsets)


class TokenWriter:
    """Takes the token vectors of texts as they come, and keeps them in a file till all are there:
    those of a large library do not fit into memory."""

    def __init__(self, scratch: Path, texts: int) -> None:
        self._scratch = scratch
        self._file = scratch.open("wb")
        self._written = 0
        # Where those of each text are: in the scratch file, or (1, 2, ...) in what was taken from.
        self._taken: list[Bytes] = []
        self._place = np.zeros(texts, dtype=np.int64)
        self._starts = np.zeros(texts, dtype=np.int64)
        self._sizes = np.zeros(texts, dtype=np.int64)

    def put(self, text: int, vectors: Bytes) -> None:
        """The vectors of one of the texts, shape (tokens, TOKEN_DIMENSION)."""
        self._starts[text], self._sizes[text] = self._written, len(vectors)
        self._file.write(np.ascontiguousarray(vectors).tobytes())
        self._written += len(vectors)

    def take(self, texts: NDArray[np.int64], tokens: TokenVectors, rows: NDArray[np.int64]) -> None:
        """Have texts have the vectors that some rows have elsewhere."""
        self._taken.append(tokens._vectors)
        self._place[texts] = len(self._taken)
        self._starts[texts] = tokens._offsets[rows]
        self._sizes[texts] = tokens._offsets[rows + 1] - tokens._offsets[rows]

    def save(self, path: Path, text_of: NDArray[np.int64]) -> None:
        """Write the vectors of units, each of which has one of the texts, and remove the scratch
        file."""
        self._file.close()
        place, starts, sizes = (
            found[text_of] for found in (self._place, self._starts, self._sizes)
        )
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        path.mkdir()
        np.save(path / "offsets.npy", offsets)
        shape = (int(offsets[-1]), TOKEN_DIMENSION)
        vectors = map_new(path / "vectors.npy", np.int8, shape)
        places: list[Bytes] = [np.zeros((0, TOKEN_DIMENSION), dtype=np.int8), *self._taken]
        if self._written:
            written = (self._written, TOKEN_DIMENSION)
            places[0] = np.memmap(self._scratch, np.int8, "r", shape=written)
        # Neighbours that were neighbours are copied at once.
        joined = (place[1:] == place[:-1]) & (starts[1:] == starts[:-1] + sizes[:-1])
        first = np.concatenate([[0], np.flatnonzero(~joined) + 1, [len(text_of)]])
        for row, end in zip(first[:-1].tolist(), first[1:].tolist(), strict=True):
            begin, size = int(starts[row]), int(offsets[end] - offsets[row])
            vectors[offsets[row] : offsets[end]] = places[place[row]][begin : begin + size]
        vectors.flush()
        del places  # Windows removes no file that is mapped
        self._scratch.unlink()


def principal_axes(vectors: Floats) -> Floats:
    """A projection that keeps most of `vectors`, shape (their dimension, TOKEN_DIMENSION)."""
    scaled = unit_length(vectors)
    _, axes = np.linalg.eigh(scaled.T @ scaled)
    kept = axes[:, ::-1][:, :TOKEN_DIMENSION]
    missing = TOKEN_DIMENSION - kept.shape[1]  # of a model with vectors that short
    return np.ascontiguousarray(np.pad(kept, ((0, 0), (0, missing))), dtype=np.float32)


def to_bytes(vectors: Floats) -> Bytes:
    """Vectors rounded to a byte a dimension; their directions are kept, their lengths are not."""
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=0.0)
    return np.asarray(np.round(vectors * (127 / np.maximum(largest, 1e-9))), dtype=np.int8)


def unit_length(vectors: NDArray[np.generic]) -> Floats:
    """Vectors (rows) of length 1, as float32; a vector of zeros stays one."""
    floats = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(floats, axis=1, keepdims=True)
    return np.asarray(floats / np.maximum(lengths, 1e-9), dtype=np.float32)
