"""Embedding the rows of a level, but for what an older generation embedded of the same text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embedding import Embedder, Vectors
from index.errors import IndexDamagedError
from index.generation import Manifest, check_files, keys_file
from index.late import AXES, TOKENS, Floats, TokenVectors, TokenWriter
from index.levels import Level, LevelName
from index.store import open_store


@dataclass(frozen=True, slots=True)
class Donor:
    """A generation whose vectors may be taken over: it is whole, and of the same model."""

    folder: Path

    @classmethod
    def find(cls, folders: Iterable[Path], embedder: Embedder) -> list[Donor]:
        """Those of the generations in `folders` that can lend vectors of `embedder`."""
        donors = []
        for folder in folders:
            try:
                manifest = Manifest.read(folder)
                if manifest.embedding_model == embedder.name and embedder.made(manifest.probe):
                    check_files(folder, manifest)
                    donors.append(cls(folder))
            except IndexDamagedError:
                continue
        return donors

    def lend(
        self,
        name: LevelName,
        wanted: NDArray[np.bytes_],
        rows: NDArray[np.int64],
        vectors: Vectors,
        tokens: TokenWriter | None,
    ) -> NDArray[np.bool_]:
        """Copy what is there of `wanted`, which are sorted keys, to the `rows` of `vectors`, and
        the token vectors to those of `tokens`. Returns which of `wanted` were there.
        """
        filled = np.zeros(len(wanted), dtype=bool)
        keys = np.load(self.folder / keys_file(name), allow_pickle=False)
        if not np.isin(wanted, keys).any():
            return filled
        with closing(open_store(self.folder)) as store:
            for start, batch in store.batches(name):
                here = keys[start : start + len(batch)]
                places = np.minimum(np.searchsorted(wanted, here), len(wanted) - 1)
                same = wanted[places] == here
                vectors[rows[places[same]]] = batch[same]
                if tokens:
                    for place, row in zip(places[same], start + np.flatnonzero(same), strict=True):
                        if not filled[place]:
                            tokens.put(int(rows[place]), self.tokens.unit(int(row)))
                            filled[place] = True
                filled[places[same]] = True
        return filled

    @property
    def tokens(self) -> TokenVectors:
        """The token vectors of its units."""
        return TokenVectors.open(self.folder / TOKENS)

    @property
    def axes(self) -> Floats:
        """The axes that its token vectors are on."""
        return np.asarray(np.load(self.folder / AXES, allow_pickle=False))


@dataclass(frozen=True, slots=True)
class EmbeddedLevel:
    """The vectors of a level. A text that stands in several rows has one vector in `unique`, which
    is mapped from a file, so that it need not fit into memory; `embedded` counts the new ones."""

    unique: Vectors
    place_of: NDArray[np.int64]
    embedded: int

    def __len__(self) -> int:
        return len(self.place_of)

    def batches(self, size: int) -> Iterator[tuple[int, Vectors]]:
        """Each first row, and the vectors of the `size` rows from there."""
        for start in range(0, len(self), size):
            yield start, np.asarray(self.unique[self.place_of[start : start + size]])


def embed_level(
    level: Level,
    embedder: Embedder,
    donors: Iterable[Donor],
    scratch: Path,
    axes: Floats,
    progress: Callable[[int], None],
) -> EmbeddedLevel:
    """Embed a level into the new file `scratch`; `progress` hears how many rows have a vector.

    Of units the token vectors on `axes` are written beside it, into the folder `TOKENS`.
    """
    keys, first, place_of = np.unique(level.keys, return_index=True, return_inverse=True)
    vectors = np.lib.format.open_memmap(
        scratch, mode="w+", dtype=np.float32, shape=(len(keys), embedder.dimension)
    )
    tokens = TokenWriter(scratch.with_name("tokens"), len(keys)) if level.name == "units" else None
    missing = np.arange(len(keys))
    for donor in donors:
        if len(missing):
            missing = missing[~donor.lend(level.name, keys[missing], missing, vectors, tokens)]
    done = len(level) - len(missing)
    progress(done)
    rows = first[missing]
    lengths = level.offsets[rows, 1] - level.offsets[rows, 0]
    for places, slab, own in embedder.embed_each(
        lengths,
        lambda place: level.embedded_text(rows[place]),
        lambda place: level.lead(rows[place]),
        axes if tokens else None,
    ):
        vectors[missing[places]] = slab
        if tokens:
            for place, token_vectors in zip(missing[places].tolist(), own, strict=True):
                tokens.put(place, token_vectors)
        done += len(places)
        progress(done)
    if tokens:
        tokens.save(scratch.with_name(TOKENS), place_of)
    return EmbeddedLevel(vectors, place_of, len(missing))
