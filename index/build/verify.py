"""Verifying a generation: `python -m index.build.verify FOLDER`, apart from what serves it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamagedError, IndexingError
from index.file_check import check_hashes
from index.generation import Manifest, current_generation, level_file
from index.rows import LEVELS
from index.source_table import SourceTable
from index.store import VectorStore, open_store


def verify_current(index: str | Path) -> Manifest:
    """Verify what is served, in a process of its own; its manifest. Raises IndexingError."""
    folder = current_generation(Path(index))
    verify_apart(folder)
    return Manifest.read(folder)


def verify_apart(folder: Path) -> None:
    """Verify a generation in a process of its own: a damaged vector file can kill the one that
    opens it. Raises IndexDamagedError."""
    # -P: a folder called "index" where the user stands must not be taken for this package.
    command = [sys.executable, "-P", "-m", "index.build.verify", str(folder)]
    ours = str(Path(__file__).absolute().parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([ours, *filter(None, sys.path)])}
    result = subprocess.run(  # noqa: S603  our own interpreter and module
        command, capture_output=True, text=True, check=False, env=environment
    )
    if result.returncode:
        lines = (result.stdout + result.stderr).strip().splitlines()
        raise IndexDamagedError(
            f"{folder.name} does not verify ({lines[-1] if lines else 'it crashed'}); "
            f"run `refdesk rebuild --full`"
        )


def verify_generation(folder: Path) -> Manifest:
    """Check every file, count and vector of a generation. Raises IndexDamagedError."""
    manifest = Manifest.read(folder)
    check_hashes(folder, manifest)
    with closing(SourceTable(folder / "sources.db")) as table:
        stored = {source.id for source in table.metadata()}
    if stored != manifest.sources.keys():
        raise IndexDamagedError("sources.db does not hold the sources of the manifest")
    with closing(open_store(folder)) as store:
        for name in LEVELS:
            _verify_vectors(store, name, np.load(folder / level_file(name, "slots.npy")), manifest)
    return manifest


def _verify_vectors(
    store: VectorStore, name: str, slots: NDArray[np.int64], manifest: Manifest
) -> None:
    rows = {"units": manifest.units, "windows": manifest.windows}[name]
    if store.count(name) != rows:
        raise IndexDamagedError(f"{name}: {store.count(name)} vectors are stored, not {rows}")
    # The search structure is another file than the vectors: for a sample of them it must find
    # neighbours nearly as near as there are. It is not exact, least where many texts are the same.
    sample = np.linspace(0, rows - 1, num=min(rows, 16), dtype=int)
    count = min(rows, 10)
    picked = store.get(name, slots[sample])
    best = np.zeros((len(sample), 0), dtype=np.float32)
    read = 0
    for vectors in store.batches(name, slots):
        if vectors.shape[1:] != (manifest.dimension,):
            raise IndexDamagedError(f"{name}: vectors of shape {vectors.shape} are stored")
        if not np.all(np.abs(np.linalg.norm(vectors, axis=1) - 1) < 1e-5):  # NaN fails too
            raise IndexDamagedError(f"{name}: a vector is not of length 1")
        best = np.sort(np.hstack([best, picked @ vectors.T]), axis=1)[:, -count:]
        read += len(vectors)
    if read != rows:
        raise IndexDamagedError(f"{name}: {read} of {rows} vectors can be read")
    missed = 0.0
    for vector, nearest in zip(picked, best, strict=True):
        similarity = np.zeros(count, dtype=np.float32)
        _, found = store.query(name, vector, count)
        similarity[: len(found)] = found
        missed += float(np.mean(nearest - similarity[::-1]))
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
