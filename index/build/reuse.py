"""Embedding the rows of a level, but for what an older generation embedded of the same text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.build.earlier import Donor
from index.embedding import Embedder, Vectors
from index.mapped_array import map_new
from index.rows import Level, Rows
from index.token_vectors import TOKENS, Floats, TokenWriter


@dataclass(frozen=True, slots=True)
class EmbeddedRows:
    """The vectors of some rows of a level, in their order. A text that stands in several rows has
    one vector in `unique`, which is mapped from a file, so that it need not fit into memory;
    `embedded` counts the new ones."""

    unique: Vectors
    rows: Rows
    place_of: Rows
    embedded: int

    def of(self, rows: Rows) -> Vectors:
        """The vectors of some of the rows, shape (rows, dimension)."""
        return np.asarray(self.unique[self.place_of[np.searchsorted(self.rows, rows)]])


def embed_rows(
    level: Level,
    rows: Rows,
    embedder: Embedder,
    donors: Sequence[Donor],
    scratch: Path,
    axes: Floats,
    progress: Callable[[int], None],
) -> EmbeddedRows:
    """Embed some rows of a level into the new file `scratch`; `progress` hears how many rows of the
    level have a vector. All others were taken over from the first donor.

    Of units the token vectors of all rows, on `axes`, are written beside it, into the folder
    `TOKENS`.
    """
    keys, first, place_of = np.unique(level.keys[rows], return_index=True, return_inverse=True)
    # Without a row there is no file that could be mapped.
    shape = (max(len(keys), 1), embedder.dimension)
    vectors = map_new(scratch, np.float32, shape)
    others = np.setdiff1d(np.arange(len(level)), rows, assume_unique=True)
    tokens = None
    if level.name == "units":
        tokens = TokenWriter(scratch.with_name("tokens"), len(keys) + len(others))
    missing = np.arange(len(keys))
    for donor in donors:
        if len(missing):
            missing = missing[~donor.lend(level.name, keys[missing], missing, vectors, tokens)]
    done = len(level) - len(missing)
    progress(done)
    texts = rows[first[missing]]
    lengths = level.offsets[texts, 1] - level.offsets[texts, 0]
    for places, slab, own in embedder.embed_each(
        lengths,
        lambda place: level.embedded_text(texts[place]),
        lambda place: level.lead(texts[place]),
        axes if tokens else None,
    ):
        vectors[missing[places]] = slab
        if tokens:
            for place, token_vectors in zip(missing[places].tolist(), own, strict=True):
                tokens.put(place, token_vectors)
        done += len(places)
        progress(done)
    if tokens:
        text_of = np.zeros(len(level), dtype=np.int64)
        text_of[rows] = place_of
        if len(others):
            text_of[others] = len(keys) + np.arange(len(others))
            tokens.take(text_of[others], donors[0].tokens, level.origin[others])
        tokens.save(scratch.with_name(TOKENS), text_of)
    return EmbeddedRows(vectors, rows, place_of, len(missing))
