"""Verifying a generation: `python -m index.verify FOLDER`, run apart from whatever serves it."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import numpy as np

from index.errors import IndexDamagedError, IndexingError
from index.generation import Manifest, SourceTable, check_files
from index.store import VectorStore


def verify_generation(folder: Path) -> Manifest:
    """Check every file, count and vector of a generation. Raises IndexDamagedError."""
    manifest = Manifest.read(folder)
    check_files(folder, manifest)
    with closing(SourceTable(folder / "sources.db")) as table:
        stored = {source.id for source in table.metadata()}
    if stored != manifest.sources.keys():
        raise IndexDamagedError("sources.db does not hold the sources of the manifest")
    with closing(VectorStore(folder / "vectors")) as store:
        for name, rows in (("units", manifest.units), ("windows", manifest.windows)):
            _verify_vectors(store, name, rows, manifest.dimension)
    return manifest


def _verify_vectors(store: VectorStore, name: str, rows: int, dimension: int) -> None:
    if store.count(name) != rows:
        raise IndexDamagedError(f"{name}: {store.count(name)} vectors are stored, not {rows}")
    vectors = store.vectors(name)
    if vectors.shape != (rows, dimension):
        raise IndexDamagedError(f"{name}: vectors of shape {vectors.shape} are stored")
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.all(np.abs(lengths - 1) < 1e-5):  # NaN fails too
        raise IndexDamagedError(f"{name}: a vector is not of length 1")
    # The search structure is another file than the vectors: for a sample of them it must find
    # neighbours nearly as near as there are. It is not exact, least where many texts are the same.
    sample = np.linspace(0, rows - 1, num=min(rows, 16), dtype=int)
    missed = 0.0
    for row in sample:
        similarity = np.zeros(min(rows, 10), dtype=np.float32)
        _, found = store.query(name, vectors[row], len(similarity))
        similarity[: len(found)] = found
        missed += float(
            np.mean(np.sort(vectors @ vectors[row])[-len(similarity) :] - similarity[::-1])
        )
    if not missed / len(sample) < 0.1:
        raise IndexDamagedError(f"{name}: the search does not find the nearest vectors")


def main() -> int:
    """Verify the generation named on the command line; 1 and a line where it fails."""
    try:
        verify_generation(Path(sys.argv[1]))
    except IndexingError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
