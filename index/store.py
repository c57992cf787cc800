"""The vectors of a generation, in Chroma: in files, on a server or in Chroma Cloud.

The only module that imports chromadb. Rows are numbered from 0 in each collection; their Chroma ids
are those numbers. `open_store` opens what a generation says it has: a folder `vectors`, or what
`server.json` names.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock
from typing import Any
from urllib.parse import urlsplit

import chromadb
import numpy as np
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError
from numpy.typing import NDArray

from index.errors import IndexDamagedError, IndexingError, StoreError

__all__ = ["Address", "VectorStore", "create_store", "drop_store", "open_store", "seal"]

Vectors = NDArray[np.float32]

# The inner product of unit vectors is their cosine; told "cosine", Chroma would rescale what it
# stores. A wider search than Chroma's 100 costs a millisecond and loses no neighbour in practice.
_HNSW = {"space": "ip", "ef_construction": 200, "ef_search": 320, "max_neighbors": 16}
# Chroma Cloud takes and gives no more than 300 records at once, and has another search structure.
_BATCH, _REMOTE_BATCH = 5000, 300

CLOUD = "cloud"
FOLDER, SERVER = "vectors", "server.json"
_TABLES = "chroma.sqlite3"
# Clients of one path share what Chroma opens, and count themselves without a lock. A finalizer may
# close one while the same thread opens another.
_opening = RLock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the collections of a generation are on a server: `url` is http(s)://host:port, or
    "cloud", and each is called `prefix` and the name of the level."""

    url: str
    prefix: str

    def write(self, folder: Path) -> None:
        """Note the address in the folder of a generation."""
        (folder / SERVER).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Address | None:
        """The address that a generation notes; None for vectors in files. Raises
        IndexDamagedError."""
        try:
            return cls(**json.loads((folder / SERVER).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise IndexDamagedError(
                f"{folder / SERVER} cannot be read; run `refdesk rollback` or `refdesk rebuild`"
            ) from error


class VectorStore:
    """Collections of unit vectors. What fails raises IndexDamagedError, on a server StoreError."""

    def __init__(
        self,
        client: Any,
        *,
        path: Path | None = None,
        address: Address | None = None,
        writing: bool = False,
    ) -> None:
        self._client = client
        self._path = path
        self._address = address
        self._writing = writing
        self._prefix = address.prefix if address else ""
        self._batch = _REMOTE_BATCH if address else _BATCH
        self._copy: TemporaryDirectory[str] | None = None
        self._collections: dict[str, Any] = {}

    @classmethod
    def in_files(cls, path: Path, *, create: bool = False) -> VectorStore:
        """The store in the folder `path`; Chroma would silently make an empty one, so we look
        first. Raises FileNotFoundError."""
        if not create and not (path / _TABLES).is_file():
            raise FileNotFoundError(path / _TABLES)
        copy: TemporaryDirectory[str] | None = None
        if not create and not all(os.access(part, os.W_OK) for part in (path, path / _TABLES)):
            copy = TemporaryDirectory(prefix="refdesk-")
            path = _writable_view(path, Path(copy.name))
        with _opening:
            try:
                client = chromadb.PersistentClient(str(path), settings=_settings())
            except Exception as error:
                # Chroma keeps what did not start, and would hand it out for this path again.
                SharedSystemClient._identifier_to_system.pop(str(path), None)
                raise cls(None, path=path, writing=create)._failure(error) from error
        store = cls(client, path=path, writing=create)
        store._copy = copy
        return store

    @classmethod
    def on_server(cls, address: Address) -> VectorStore:
        """The store at `address`. Raises StoreError."""
        try:
            if address.url == CLOUD:
                # Its key, tenant and database are in Chroma's own variables, CHROMA_API_KEY,
                # CHROMA_TENANT and CHROMA_DATABASE.
                client: Any = chromadb.CloudClient(settings=_settings())
            else:
                parts = urlsplit(address.url)
                if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
                    raise ValueError("it must be http://host:port, https://host:port, or cloud")
                secure = parts.scheme == "https"
                client = chromadb.HttpClient(
                    host=parts.hostname,
                    port=parts.port or (443 if secure else 8000),
                    ssl=secure,
                    settings=_settings(),
                )
        except Exception as error:  # what a server, or the lack of one, does to the client
            raise cls(None, address=address)._failure(error) from error
        return cls(client, address=address)

    def create(self, name: str, rows: int) -> None:
        """Make a collection for so many rows.

        In files, Chroma writes its search structure when `sync_threshold` rows have come, and keeps
        the rest in a log that it works off, changing files, when the store is next opened: with the
        very number of rows, nothing is left over and the files stay as they are hashed.
        """
        configuration: dict[str, Any] = {"hnsw": _HNSW}
        if self._address is None:
            limits = {"sync_threshold": max(rows, 1), "batch_size": max(min(rows, 100), 1)}
            configuration = {"hnsw": _HNSW | limits}
        elif self._address.url == CLOUD:
            configuration = {"spann": {"space": "ip"}}
        with self._calling():
            self._collections[name] = self._client.create_collection(
                self._prefix + name, embedding_function=None, configuration=configuration
            )

    def add(
        self, name: str, vectors: Vectors, source_ids: Sequence[str], *, first: int = 0
    ) -> None:
        """Store `vectors`, shape (rows, dimension), as rows `first`, `first` + 1, ...; rows come
        in order."""
        collection = self._collection(name)
        for start in range(0, len(vectors), self._batch):
            end = min(start + self._batch, len(vectors))
            with self._calling():
                collection.add(
                    ids=[str(row) for row in range(first + start, first + end)],
                    embeddings=vectors[start:end],
                    metadatas=[{"source": source_id} for source_id in source_ids[start:end]],
                )

    def query(
        self, name: str, vector: Vectors, count: int, source_ids: Sequence[str] | None = None
    ) -> tuple[NDArray[np.int64], Vectors]:
        """The rows nearest to `vector` and their cosine similarities, best first.

        `source_ids` limits the search to the rows of those sources.
        """
        collection = self._collection(name)
        with self._calling():
            found = collection.query(
                query_embeddings=vector[None, :],
                n_results=count,
                where={"source": {"$in": list(source_ids)}} if source_ids is not None else None,
                include=["distances"],
            )
        rows = np.array(found["ids"][0], dtype=np.int64)
        return rows, 1 - np.array(found["distances"][0], dtype=np.float32)

    def count(self, name: str) -> int:
        """The number of rows of a collection."""
        collection = self._collection(name)
        with self._calling():
            return int(collection.count())

    def get(self, name: str, rows: Sequence[int]) -> Vectors:
        """The vectors of some rows, shape (rows, dimension); fewer where some are not there."""
        collection = self._collection(name)
        parts: list[Vectors] = []
        for start in range(0, len(rows), self._batch):
            wanted = [str(row) for row in rows[start : start + self._batch]]
            with self._calling():
                found = collection.get(ids=wanted, include=["embeddings"])
            place = {row: at for at, row in enumerate(found["ids"])}
            order = [place[row] for row in wanted if row in place]
            parts.append(np.asarray(found["embeddings"], dtype=np.float32)[order])
        return np.concatenate(parts) if parts else np.zeros((0, 0), dtype=np.float32)

    def batches(self, name: str) -> Iterator[tuple[int, Vectors]]:
        """Each first row and the vectors from there, in the order of rows."""
        total = self.count(name)
        for start in range(0, total, self._batch):
            yield start, self.get(name, range(start, min(start + self._batch, total)))

    def vectors(self, name: str) -> Vectors:
        """All vectors of a collection in the order of their rows, shape (rows, dimension)."""
        return self.get(name, range(self.count(name)))

    def drop(self, name: str) -> None:
        """Remove a collection, if it is there."""
        self._collections.pop(name, None)
        with self._calling(), suppress(NotFoundError):
            self._client.delete_collection(self._prefix + name)

    def close(self) -> None:
        """Release the files, or the connection."""
        self._collections.clear()
        with _opening:
            self._client.close()
        if self._address:  # Chroma leaves its connections open
            for part in (self._client, self._client._admin_client):
                part._server._session.close()
        if self._copy:
            self._copy.cleanup()

    def _collection(self, name: str) -> Any:
        if name not in self._collections:
            with self._calling():
                self._collections[name] = self._client.get_collection(
                    self._prefix + name, embedding_function=None
                )
        return self._collections[name]

    @contextmanager
    def _calling(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if isinstance(error, ChromaError) or self._address:
                raise self._failure(error) from error
            raise

    def _failure(self, error: Exception) -> IndexingError | OSError:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        if self._address is None:
            if self._writing:
                return OSError(said)
            return IndexDamagedError(
                f"the vectors in {self._path} cannot be used ({said}); run `refdesk rollback` or "
                f"`refdesk rebuild`"
            )
        return StoreError(
            f"the vector store {self._address.url} cannot be used ({said}); see that it runs and "
            f"can be reached, or name another with --store"
        )


def create_store(folder: Path, url: str | None) -> VectorStore:
    """A new store for the generation in `folder`: in files, or on the server at `url`.

    Raises StoreError.
    """
    if url is None:
        return VectorStore.in_files(folder / FOLDER, create=True)
    address = Address(url=url, prefix=f"refdesk-{folder.name}-")
    store = VectorStore.on_server(address)
    address.write(folder)  # before there is a collection, so that none is forgotten
    return store


def open_store(folder: Path) -> VectorStore:
    """The store of the generation in `folder`. Raises FileNotFoundError, StoreError."""
    address = Address.read(folder)
    return VectorStore.on_server(address) if address else VectorStore.in_files(folder / FOLDER)


def drop_store(folder: Path, names: Sequence[str]) -> None:
    """Remove what the generation in `folder` has on a server. Raises StoreError."""
    if address := Address.read(folder):
        with closing(VectorStore.on_server(address)) as store:
            for name in names:
                store.drop(name)


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


def _settings() -> Settings:
    return Settings(anonymized_telemetry=False)


def _writable_view(path: Path, view: Path) -> Path:
    """A folder that stands for a store that may only be read: Chroma insists on writing."""
    for part in path.iterdir():
        if part.name == _TABLES:
            shutil.copyfile(part, view / part.name)
        else:
            (view / part.name).symlink_to(part.absolute())
    return view
