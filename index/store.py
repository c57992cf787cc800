"""The vectors of a generation, in Chroma. The only module that imports chromadb.

Rows are numbered from 0 in each collection; their Chroma ids are those numbers.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock
from typing import Any

import chromadb
import numpy as np
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings
from chromadb.errors import ChromaError as StoreError
from numpy.typing import NDArray

from index.errors import IndexDamagedError

__all__ = ["StoreError", "VectorStore", "seal"]

Vectors = NDArray[np.float32]

# The inner product of unit vectors is their cosine; told "cosine", Chroma would rescale what it
# stores. A wider search than Chroma's 100 costs a millisecond and loses no neighbour in practice.
_HNSW = {"space": "ip", "ef_construction": 200, "ef_search": 320, "max_neighbors": 16}


_TABLES = "chroma.sqlite3"
# Clients of one path share what Chroma opens, and count themselves without a lock. A finalizer may
# close one while the same thread opens another.
_opening = RLock()


class VectorStore:
    """Collections of unit vectors in a folder of their own."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open the store in `path`; Chroma would silently make an empty one, so we look first."""
        if not create and not (path / _TABLES).is_file():
            raise FileNotFoundError(path / _TABLES)
        self._copy: TemporaryDirectory[str] | None = None
        if not create and not all(os.access(part, os.W_OK) for part in (path, path / _TABLES)):
            self._copy = TemporaryDirectory(prefix="refdesk-")
            path = _writable_view(path, Path(self._copy.name))
        with _opening:
            try:
                self._client: Any = chromadb.PersistentClient(
                    str(path), settings=Settings(anonymized_telemetry=False)
                )
            except Exception:
                # Chroma keeps what did not start, and would hand it out for this path again.
                SharedSystemClient._identifier_to_system.pop(str(path), None)
                raise
        self._collections: dict[str, Any] = {}

    def create(self, name: str, rows: int) -> None:
        """Make a collection for so many rows.

        Chroma writes its search structure when `sync_threshold` rows have come, and keeps the rest
        in a log that it works off, changing files, when the store is next opened: with the very
        number of rows, nothing is left over and the files stay as they are hashed.
        """
        limits = {"sync_threshold": max(rows, 1), "batch_size": max(min(rows, 100), 1)}
        self._collections[name] = self._client.create_collection(
            name, embedding_function=None, configuration={"hnsw": _HNSW | limits}
        )

    def add(
        self,
        name: str,
        vectors: Vectors,
        source_ids: Sequence[str],
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Store `vectors`, shape (rows, dimension), as rows 0, 1, 2 ... of the collection."""
        collection = self._collection(name)
        batch = min(1000, self._client.get_max_batch_size())
        for start in range(0, len(vectors), batch):
            end = min(start + batch, len(vectors))
            collection.add(
                ids=[str(row) for row in range(start, end)],
                embeddings=vectors[start:end],
                metadatas=[{"source": source_id} for source_id in source_ids[start:end]],
            )
            if progress:
                progress(end)

    def query(
        self, name: str, vector: Vectors, count: int, source_ids: Sequence[str] | None = None
    ) -> tuple[NDArray[np.int64], Vectors]:
        """The rows nearest to `vector` and their cosine similarities, best first.

        `source_ids` limits the search to the rows of those sources. Raises IndexDamagedError.
        """
        try:
            found = self._collection(name).query(
                query_embeddings=vector[None, :],
                n_results=count,
                where={"source": {"$in": list(source_ids)}} if source_ids is not None else None,
                include=["distances"],
            )
        except StoreError as error:
            raise IndexDamagedError(
                f"the vectors cannot be searched ({error}); run `refdesk rebuild`"
            ) from error
        rows = np.array(found["ids"][0], dtype=np.int64)
        return rows, 1 - np.array(found["distances"][0], dtype=np.float32)

    def count(self, name: str) -> int:
        """The number of rows of a collection."""
        return int(self._collection(name).count())

    def vectors(self, name: str) -> Vectors:
        """All vectors of a collection in the order of their rows, shape (rows, dimension)."""
        collection = self._collection(name)
        parts: list[Vectors] = []
        total = self.count(name)
        for start in range(0, total, 5000):
            ids = [str(row) for row in range(start, min(start + 5000, total))]
            found = collection.get(ids=ids, include=["embeddings"])
            order = np.argsort(np.array(found["ids"], dtype=np.int64))
            parts.append(np.asarray(found["embeddings"], dtype=np.float32)[order])
        return np.concatenate(parts) if parts else np.zeros((0, 0), dtype=np.float32)

    def close(self) -> None:
        """Release the files."""
        self._collections.clear()
        with _opening:
            self._client.close()
        if self._copy:
            self._copy.cleanup()

    def _collection(self, name: str) -> Any:
        if name not in self._collections:
            self._collections[name] = self._client.get_collection(name, embedding_function=None)
        return self._collections[name]


def seal(path: Path) -> None:
    """Have the files of the closed store in `path` stay as they are, also when it is opened.

    Chroma tries with each opening whether it may write, by one more row in a table that nothing
    reads; and it leaves the space of its log, all vectors once more, in the file.
    """
    with closing(sqlite3.connect(path / _TABLES, isolation_level=None)) as database:
        database.execute(
            "CREATE TRIGGER sealed BEFORE INSERT ON acquire_write BEGIN SELECT RAISE(IGNORE); END"
        )
        database.execute("VACUUM")


def _writable_view(path: Path, view: Path) -> Path:
    """A folder that stands for a store that may only be read: Chroma insists on writing."""
    for part in path.iterdir():
        if part.name == _TABLES:
            shutil.copyfile(part, view / part.name)
        else:
            (view / part.name).symlink_to(part.absolute())
    return view
