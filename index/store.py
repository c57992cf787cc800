"""The vectors of a generation, in Chroma: in files, on a server or in Chroma Cloud.

The only module that imports chromadb, and when vectors are opened: it takes a second. Each vector
has a slot in its collection, a number that is its Chroma id; which row it is of is for the caller
to know. `open_store` opens what a generation says it has: a folder `vectors`, or what `server.json`
names.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from index import chroma_files
from index.chroma_files import TABLES, unseal
from index.errors import IndexDamagedError, IndexingError, StoreError

if TYPE_CHECKING:
    from chromadb.config import Settings

__all__ = [
    "Address",
    "VectorStore",
    "copy_store",
    "create_store",
    "drop_store",
    "open_store",
]

Vectors = NDArray[np.float32]
Slots = NDArray[np.int64]

# The inner product of unit vectors is their cosine; told "cosine", Chroma would rescale what it
# stores. A wider search than Chroma's 100 costs a millisecond and loses no neighbour in practice.
_HNSW = {"space": "ip", "ef_construction": 200, "ef_search": 320, "max_neighbors": 16}
# Chroma Cloud takes and gives no more than 300 records at once, and has another search structure.
_BATCH, _REMOTE_BATCH = 5000, 300

CLOUD = "cloud"
FOLDER, SERVER = "vectors", "server.json"
# Clients of one path share what Chroma opens, and count themselves without a lock. A finalizer may
# close one while the same thread opens another.
_opening = RLock()
_of_parent: list[Any] = []


def _after_fork() -> None:
    """What Chroma has opened in the parent waits for ever in a child, also where it is closed: it
    is kept as it is, and opened anew."""
    global _opening
    _opening = RLock()
    if module := sys.modules.get("chromadb.api.shared_system_client"):
        _of_parent.extend(chroma_files.forget_all(module.SharedSystemClient))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


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
        self._process = os.getpid()
        self._path = path
        self._address = address
        self._writing = writing
        self._prefix = address.prefix if address else ""
        self._batch = _REMOTE_BATCH if address else _BATCH
        self._copy: TemporaryDirectory[str] | None = None
        self._collections: dict[str, Any] = {}

    @classmethod
    def in_files(cls, path: Path, *, writing: bool = False) -> VectorStore:
        """The store in the folder `path`; Chroma would silently make an empty one, so who only
        reads looks first. Raises FileNotFoundError."""
        if not writing and not (path / TABLES).is_file():
            raise FileNotFoundError(path / TABLES)
        copy: TemporaryDirectory[str] | None = None
        if not writing and not all(os.access(part, os.W_OK) for part in (path, path / TABLES)):
            copy = TemporaryDirectory(prefix="refdesk-")
            path = chroma_files.writable_view(path, Path(copy.name))
        with _opening:
            import chromadb
            from chromadb.api.shared_system_client import SharedSystemClient

            try:
                client = chromadb.PersistentClient(str(path), settings=_settings())
            except Exception as error:
                chroma_files.forget(SharedSystemClient, path)
                raise cls(None, path=path, writing=writing)._failure(error) from error
        store = cls(client, path=path, writing=writing)
        store._copy = copy
        return store

    @classmethod
    def on_server(cls, address: Address) -> VectorStore:
        """The store at `address`. Raises StoreError."""
        import chromadb

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
        """Make a collection for so many vectors."""
        configuration: dict[str, Any] = {"hnsw": _HNSW}
        if self._address is None:
            configuration = {"hnsw": _HNSW | chroma_files.limits(rows)}
        elif self._address.url == CLOUD:
            configuration = {"spann": {"space": "ip"}}
        with self._calling():
            self._collections[name] = self._client.create_collection(
                self._prefix + name, embedding_function=None, configuration=configuration
            )

    def expect(self, name: str, records: int) -> None:
        """Say how many vectors of a collection in files will be added, moved or removed at once,
        before the first is."""
        collection = self._collection(name)
        with self._calling():
            collection.modify(configuration={"hnsw": chroma_files.limits(records)})

    def add(self, name: str, slots: Slots, vectors: Vectors, source_ids: Sequence[str]) -> None:
        """Store `vectors`, shape (rows, dimension), in new slots."""
        for batch in self._split(len(slots)):
            with self._calling():
                self._collection(name).add(
                    ids=_ids(slots[batch]),
                    embeddings=vectors[batch],
                    metadatas=[{"source": source_id} for source_id in source_ids[batch]],
                )

    def move(self, name: str, slots: Slots, source_ids: Sequence[str]) -> None:
        """Have the vectors in some slots be of other sources."""
        for batch in self._split(len(slots)):
            with self._calling():
                self._collection(name).update(
                    ids=_ids(slots[batch]),
                    metadatas=[{"source": source_id} for source_id in source_ids[batch]],
                )

    def remove(self, name: str, slots: Slots) -> None:
        """Empty some slots."""
        for batch in self._split(len(slots)):
            with self._calling():
                self._collection(name).delete(ids=_ids(slots[batch]))

    def query(
        self, name: str, vector: Vectors, count: int, source_ids: Sequence[str] | None = None
    ) -> tuple[Slots, Vectors]:
        """The slots nearest to `vector` and their cosine similarities, best first.

        `source_ids` limits the search to the vectors of those sources.
        """
        collection = self._collection(name)
        with self._calling():
            found = collection.query(
                query_embeddings=vector[None, :],
                n_results=count,
                where={"source": {"$in": list(source_ids)}} if source_ids is not None else None,
                include=["distances"],
            )
        slots = np.array(found["ids"][0], dtype=np.int64)
        return slots, 1 - np.array(found["distances"][0], dtype=np.float32)

    def count(self, name: str) -> int:
        """The number of vectors of a collection."""
        collection = self._collection(name)
        with self._calling():
            return int(collection.count())

    def get(self, name: str, slots: Slots) -> Vectors:
        """The vectors in some slots, shape (slots, dimension); fewer where some are empty."""
        collection = self._collection(name)
        parts: list[Vectors] = []
        for batch in self._split(len(slots)):
            wanted = _ids(slots[batch])
            with self._calling():
                found = collection.get(ids=wanted, include=["embeddings"])
            place = {slot: at for at, slot in enumerate(found["ids"])}
            order = [place[slot] for slot in wanted if slot in place]
            parts.append(np.asarray(found["embeddings"], dtype=np.float32)[order])
        return np.concatenate(parts) if parts else np.zeros((0, 0), dtype=np.float32)

    def batches(self, name: str, slots: Slots) -> Iterator[Vectors]:
        """The vectors in `slots`, which must be all that hold one, in no order.

        Raises IndexDamagedError.
        """
        elements = None
        if self._path is not None:
            elements = chroma_files.elements(self._path, str(self._collection(name).id))
        if elements is None:  # on a server, or in a form that is not known here
            for batch in self._split(len(slots)):
                yield self.get(name, slots[batch])
            return
        with self._calling():
            stored = self._collection(name).get(include=[])["ids"]
        if not np.array_equal(np.sort(np.array(stored, dtype=np.int64)), np.sort(slots)):
            raise IndexDamagedError(f"{name}: the vectors that are stored are of other rows")
        for batch in self._split(len(elements)):
            yield chroma_files.vectors_of(elements[batch])

    def drop(self, name: str) -> None:
        """Remove a collection, if it is there."""
        from chromadb.errors import NotFoundError

        self._collections.pop(name, None)
        with self._calling(), suppress(NotFoundError):
            self._client.delete_collection(self._prefix + name)

    def close(self) -> None:
        """Release the files, or the connection; what a parent has opened is the parent's."""
        if self._process != os.getpid():
            return
        self._collections.clear()
        with _opening:
            self._client.close()
        if self._address:
            chroma_files.close_connections(self._client)
        if self._copy:
            self._copy.cleanup()

    def _split(self, count: int) -> Iterator[slice]:
        """Slices of as many records as are sent at once."""
        return (slice(start, start + self._batch) for start in range(0, count, self._batch))

    def _collection(self, name: str) -> Any:
        if self._process != os.getpid():
            raise StoreError("the index was opened before a fork: open it again in each process")
        if name not in self._collections:
            with self._calling():
                self._collections[name] = self._client.get_collection(
                    self._prefix + name, embedding_function=None
                )
        return self._collections[name]

    @contextmanager
    def _calling(self) -> Iterator[None]:
        from chromadb.errors import ChromaError

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
        return VectorStore.in_files(folder / FOLDER, writing=True)
    address = Address(url=url, prefix=f"refdesk-{folder.name}-")
    store = VectorStore.on_server(address)
    address.write(folder)  # before there is a collection, so that none is forgotten
    return store


def copy_store(donor: Path, folder: Path) -> None:
    """Give the generation in `folder` a copy of the vectors in files of another, to be changed."""
    shutil.copytree(donor / FOLDER, folder / FOLDER, copy_function=_copy)
    unseal(folder / FOLDER)


def _copy(source: str, target: str) -> None:
    """Copy a file; where the file system can, both share their blocks until one is changed."""
    try:
        with Path(source).open("rb") as old, Path(target).open("wb") as new:
            while os.copy_file_range(old.fileno(), new.fileno(), 1 << 30):
                pass
    except (AttributeError, OSError):  # not on this system, or not on this file system
        shutil.copyfile(source, target)


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


def _ids(slots: Slots) -> list[str]:
    return [str(slot) for slot in slots.tolist()]


def _settings() -> Settings:
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)
