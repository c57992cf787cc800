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
    # The search structure is another file than the vectors: a sample must find itself, or a text
    # that is the same.
    for row in np.linspace(0, rows - 1, num=min(rows, 8), dtype=int):
        _, similarity = store.query(name, vectors[row], 1)
        if not len(similarity) or similarity[0] < 0.99:
            raise IndexDamagedError(f"{name}: the search does not find row {row}")


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
