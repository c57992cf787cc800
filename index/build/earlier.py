"""An older generation, from which a new one takes over what has not changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.bm25 import BM25
from index.build.fingerprint import code_fingerprint
from index.embedding import Embedder, Vectors
from index.errors import IndexDamagedError
from index.file_check import check_hashes
from index.generation import MOMENTS, Manifest, level_file
from index.rows import LEVELS, LevelName, Rows, Split
from index.store import open_store
from index.token_vectors import AXES, TOKENS, Floats, TokenVectors, TokenWriter

_BATCH = 5000


@dataclass(frozen=True, slots=True)
class Donor:
    """A generation whose vectors may be taken over: it is whole, and of the same model."""

    folder: Path
    manifest: Manifest

    @classmethod
    def find(cls, folders: Iterable[Path], embedder: Embedder) -> list[Donor]:
        """Those of the generations in `folders` that can lend vectors of `embedder`."""
        donors = []
        for folder in folders:
            try:
                manifest = Manifest.read(folder)
                if manifest.embedding_model == embedder.name and embedder.made(manifest.probe):
                    check_hashes(folder, manifest)
                    donors.append(cls(folder, manifest))
            except IndexDamagedError:
                continue
        return donors

    @property
    def would_be_same(self) -> bool:
        """Whether the code would make the same of the same sources today."""
        return self.manifest.code == code_fingerprint()

    def split(self, hashes: Mapping[str, str]) -> Split:
        """The spans and keys, to be taken over for sources that have the same of `hashes`."""
        sources = enumerate(self.manifest.sources.items())
        return Split(
            spans={name: self._array(f"{name}.npy") for name in LEVELS},
            keys={name: self.keys(name) for name in LEVELS},
            numbers={key: number for number, (key, had) in sources if hashes.get(key) == had},
        )

    def keys(self, name: LevelName) -> NDArray[np.bytes_]:
        """The content key of each row of a level."""
        return self._array(level_file(name, "keys.npy"))

    def slots(self, name: LevelName) -> Rows:
        """The slot of each row of a level."""
        return self._array(level_file(name, "slots.npy"))

    def source_ids(self, name: LevelName, rows: Rows) -> list[str]:
        """The ids of the sources of some rows."""
        ids = list(self.manifest.sources)
        return [ids[number] for number in self._array(f"{name}.npy")["source"][rows].tolist()]

    def words(self, name: LevelName) -> BM25:
        """The words of a level."""
        return BM25.open(self.folder / level_file(name, "words"))

    def sums(self, name: LevelName) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The sum of the vectors of a level, and that of their outer products, as float64."""
        with np.load(self.folder / MOMENTS, allow_pickle=False) as sums:
            return sums[f"{name}_sum"], sums[f"{name}_products"]

    @property
    def tokens(self) -> TokenVectors:
        """The token vectors of its units."""
        return TokenVectors.open(self.folder / TOKENS)

    @property
    def axes(self) -> Floats:
        """The axes that its token vectors are on."""
        return self._array(AXES)

    def lend(
        self,
        name: LevelName,
        wanted: NDArray[np.bytes_],
        places: Rows,
        vectors: Vectors,
        tokens: TokenWriter | None,
    ) -> NDArray[np.bool_]:
        """Copy what is there of `wanted`, which are sorted keys, to the `places` of `vectors`, and
        the token vectors to those of `tokens`. Returns which of `wanted` were there.
        """
        lent = np.zeros(len(wanted), dtype=bool)
        keys = self.keys(name)
        text_of = np.minimum(np.searchsorted(wanted, keys), len(wanted) - 1)
        rows = np.flatnonzero(wanted[text_of] == keys)
        texts, first = np.unique(text_of[rows], return_index=True)
        rows, places = rows[first], places[texts]
        lent[texts] = True
        if tokens:
            tokens.take(places, self.tokens, rows)
        if len(rows):
            slots = self.slots(name)[rows]
            with closing(open_store(self.folder)) as store:
                for start in range(0, len(rows), _BATCH):
                    batch = slice(start, start + _BATCH)
                    vectors[places[batch]] = store.get(name, slots[batch])
        return lent

    def _array(self, name: str) -> NDArray[Any]:
        return np.asarray(np.load(self.folder / name, allow_pickle=False))
