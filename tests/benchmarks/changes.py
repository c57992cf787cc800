"""What a store that was changed finds, and how fast, beside one that is new.

    python tests/benchmarks/changes.py [ROWS]

Vectors lie around 2,000 random centres. A share of them is removed and as many are added; then each
store is asked for the 256 nearest of 300 vectors. Seconds are those of the processor.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.chroma_files import seal
from index.store import FOLDER, VectorStore, copy_store

DIMENSION = 384
RANDOM = np.random.default_rng(0)
CENTRES = RANDOM.normal(size=(2000, DIMENSION))


def draw(count: int) -> NDArray[np.float32]:
    near = CENTRES[RANDOM.integers(len(CENTRES), size=count)]
    found = (near + RANDOM.normal(size=near.shape)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def make(folder: Path, vectors: NDArray[np.float32]) -> None:
    with closing(VectorStore.in_files(folder / FOLDER, writing=True)) as store:
        store.create("units", len(vectors))
        store.add("units", np.arange(len(vectors)), vectors, ["s"] * len(vectors))
    seal(folder / FOLDER)


def change(old: Path, folder: Path, count: int, vectors: NDArray[np.float32]) -> None:
    """Remove the first `count` vectors, and add the last of `vectors`."""
    copy_store(old, folder)
    rows = len(vectors)
    with closing(VectorStore.in_files(folder / FOLDER, writing=True)) as store:
        store.expect("units", 2 * count)
        store.remove("units", np.arange(count))
        added = np.arange(rows, rows + count)
        store.add("units", added, vectors[rows - count :], ["s"] * count)
    seal(folder / FOLDER)


def ask(folder: Path, first: int, vectors: NDArray[np.float32]) -> tuple[float, float]:
    """Milliseconds of a query, and the share of the 50 nearest that it finds."""
    times, shares = [], []
    with closing(VectorStore.in_files(folder / FOLDER)) as store:
        for query in QUERIES:
            started = time.process_time()
            found, _ = store.query("units", query, 256)
            times.append(time.process_time() - started)
            nearest = np.argpartition(-(vectors @ query), 50)[:50] + first
            shares.append(len(np.intersect1d(found[:50], nearest)) / 50)
    return float(np.mean(times)) * 1000, float(np.mean(shares))


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    old, more = draw(rows), draw(rows)
    with tempfile.TemporaryDirectory() as name:
        base = Path(name, "base")
        base.mkdir()
        make(base, old)
        for share in (0.1, 0.2, 0.5):
            count = int(rows * share)
            vectors = np.concatenate([old[count:], more[:count]])
            for kind in ("changed", "new"):
                folder = Path(name, f"{kind} {share}")
                folder.mkdir()
                started = time.process_time()
                if kind == "changed":
                    change(base, folder, count, vectors)
                else:
                    make(folder, vectors)
                spent = time.process_time() - started
                milliseconds, found = ask(folder, count if kind == "changed" else 0, vectors)
                print(f"{share:.0%} {kind}: made in {spent:.1f} s, finds {found:.3f} of the 50 "
                      f"nearest in {milliseconds:.2f} ms", flush=True)  # fmt: skip


QUERIES = draw(300)

if __name__ == "__main__":
    main()
