"""What opening a generation costs, by the number of its rows: seconds, and bytes that are read.

    python tests/benchmarks/opening.py [--rows 10000 100000 1000000]

A library of synthetic text (see `scale.py`) is indexed, and what was made of it is repeated until
there are so many rows: spans, words, token vectors, sources, and as many vectors in Chroma, with a
light search structure. Each generation is opened in a process of its own that has opened another
one before, when what the system keeps of its files in memory was let go; then it is searched for
the first time. Bytes come from the disk, with what the system reads ahead; beside them stand those
of the manifest, which names each source with a hash, and is all that grows.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from scale import DIMENSION, Synthetic, write_synthetic

from index import rebuild
from index.bm25 import BM25
from index.chroma_files import seal
from index.file_check import check_files, hash_files
from index.generation import (
    MANIFEST,
    MOMENTS,
    Manifest,
    current_generation,
    level_file,
    set_current,
)
from index.rows import LEVELS
from index.search import Generation
from index.source_table import SourceTable, write_sources
from index.store import FOLDER, VectorStore
from index.token_vectors import AXES, TOKENS

BASE = 10_000
LIGHT = {"space": "ip", "ef_construction": 8, "ef_search": 16, "max_neighbors": 4}
BATCH = 5000


def enlarge(base: Path, index: Path, times: int) -> Path:
    """A new index whose generation repeats the rows of the generation `base`; its folder."""
    manifest = Manifest.read(base)
    folder = index / "generations" / base.name
    folder.mkdir(parents=True)
    with closing(SourceTable(base / "sources.db")) as table:
        read = [table.read(row) for row in range(len(manifest.sources))]
    sources = [replace(one, id=f"{copy}/{one.id}") for copy in range(times) for one in read]
    write_sources(folder / "sources.db", sources)
    more = {"source": len(read), "first": manifest.units, "last": manifest.units}
    for name in LEVELS:
        spans = repeat(np.load(base / f"{name}.npy"), times, more)
        np.save(folder / f"{name}.npy", spans)
        keys = level_file(name, "keys.npy")
        np.save(folder / keys, np.tile(np.load(base / keys), times))
        np.save(folder / level_file(name, "slots.npy"), np.arange(len(spans)))
        words = BM25.open(base / level_file(name, "words"))
        places = np.arange(len(words))
        parts = [(words, places + copy * len(words)) for copy in range(times)]
        BM25.merge(parts, len(spans)).save(folder / level_file(name, "words"))
        store(folder / FOLDER, name, [sources[row].id for row in spans["source"].tolist()])
    seal(folder / FOLDER)
    write_tokens(base / TOKENS, folder / TOKENS, times)
    shutil.copy(base / AXES, folder / AXES)
    with np.load(base / MOMENTS) as moments:
        np.savez(folder / MOMENTS, **{name: moments[name] * times for name in moments})
    replace(
        manifest,
        sources={source.id: "0" * 32 for source in sources},
        units=manifest.units * times,
        windows=manifest.windows * times,
        files=hash_files(folder),
    ).write(folder)
    check_files(folder, Manifest.read(folder))  # as a rebuild does: sizes and times are noted
    set_current(index, folder.name)
    return folder


def repeat(spans: NDArray[Any], times: int, more: dict[str, int]) -> NDArray[Any]:
    """Records so many times over, with `more` of a field in each further copy."""
    found = np.tile(spans, times)
    for field in more.keys() & set(spans.dtype.names or ()):
        found[field] += np.repeat(np.arange(times) * more[field], len(spans)).astype(
            spans.dtype[field]
        )
    return found


def store(path: Path, name: str, source_ids: Sequence[str]) -> None:
    """A collection of random vectors."""
    random = np.random.default_rng(5)
    with (
        mock.patch("index.store._HNSW", LIGHT),
        closing(VectorStore.in_files(path, writing=True)) as opened,
    ):
        opened.create(name, len(source_ids))
        for start in range(0, len(source_ids), BATCH):
            ids = source_ids[start : start + BATCH]
            vectors = random.normal(size=(len(ids), DIMENSION)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            opened.add(name, np.arange(start, start + len(ids)), vectors, ids)


def write_tokens(base: Path, folder: Path, times: int) -> None:
    """The token vectors of `base` so many times over."""
    folder.mkdir()
    offsets, vectors = np.load(base / "offsets.npy"), np.load(base / "vectors.npy")
    ends = offsets[1:] + np.arange(times)[:, None] * len(vectors)
    np.save(folder / "offsets.npy", np.concatenate([[0], ends.ravel()]))
    shape = (len(vectors) * times, vectors.shape[1])
    file = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.int8, shape)
    for copy in range(times):
        file[copy * len(vectors) : (copy + 1) * len(vectors)] = vectors
    file.flush()


def let_go(folder: Path) -> None:
    """Have the system keep nothing of the files below `folder` in memory."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def cost(run: Callable[[], object]) -> tuple[float, int]:
    """Seconds, and bytes that were read from the disk."""

    def read() -> int:
        lines = Path("/proc/self/io").read_text().splitlines()
        return int(dict(line.split(": ") for line in lines)["read_bytes"])

    before, started = read(), time.perf_counter()
    run()
    return time.perf_counter() - started, read() - before


def opened(base: Path, folder: Path) -> None:
    """In a process of its own: what opening and a first search cost, as JSON."""
    Generation(base, Synthetic()).search("kakakakaka")
    found: list[Generation] = []
    opening = cost(lambda: found.append(Generation(folder, Synthetic())))
    searching = cost(lambda: found[0].search("kakakakaka"))
    print(json.dumps([*opening, *searching]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--opened", type=Path, nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.opened:
        opened(*arguments.opened)
        return
    print("| rows | on disk | opened in | bytes read | manifest | first search | bytes read |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory(prefix="refdesk-opening-") as name:
        here = Path(name)
        write_synthetic(here / "library", BASE)
        with mock.patch("index.build.rebuild.load_embedder", lambda _: Synthetic()):
            rebuild(here / "library", index=here / "index", embedding_model="synthetic")
        base = current_generation(here / "index")
        for rows in arguments.rows:
            index = here / str(rows)
            folder = enlarge(base, index, max(1, rows // BASE))
            let_go(folder)
            command = [sys.executable, __file__, "--opened", str(base), str(folder)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            seconds, read, first, first_read = json.loads(done.stdout)
            manifest = Manifest.read(folder)
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            print(
                f"| {manifest.units + manifest.windows:,} | {size / 1e6:,.0f} MB | {seconds:.3f} s "
                f"| {read / 1e6:.2f} MB | {(folder / MANIFEST).stat().st_size / 1e6:.2f} MB "
                f"| {first:.2f} s | {first_read / 1e6:,.1f} MB |",
                flush=True,
            )
            shutil.rmtree(index)


if __name__ == "__main__":
    main()
