"""What is relied on of Chroma that it does not document: its own files, its limits, its registry.

Each is named with the version that it was read from; `tests/test_index_chroma_files.py` fails where
another version does otherwise. Nothing else in Refdesk knows of these.
"""

from __future__ import annotations

import shutil
import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# chromadb 1.5.9: a store in files is a database of this name, and a folder for each collection.
TABLES = "chroma.sqlite3"
# chromadb 1.5.9: the collection's folder is called as its segment of scope VECTOR in `segments`.
_SEGMENT = "SELECT id FROM segments WHERE collection = ? AND scope = 'VECTOR'"
# chromadb 1.5.9, as hnswlib 0.8 writes it: header.bin begins with the version, where the lowest
# layer starts, room, count, size of an element, and in it the places of label and vector; the
# elements follow one another in data_level0.bin. A bit of the third byte marks one that is removed.
_HEADER, _GONE = struct.Struct("<i6q"), 1
# chromadb 1.5.9: each opening tries whether it may write by one more row of this table, which
# nothing reads; what is ignored passes for written.
_SEAL = "CREATE TRIGGER sealed BEFORE INSERT ON acquire_write BEGIN SELECT RAISE(IGNORE); END"


def limits(records: int) -> dict[str, int]:
    """Of a collection that so many records will be added to, changed or removed in, at once.

    chromadb 1.5.9 writes its search structure when `sync_threshold` records have come, and keeps
    the rest in a log that it works off, changing files, when the store is next opened: with the
    very number of records, nothing is left over and the files stay as they are hashed.
    """
    return {"sync_threshold": max(records, 1), "batch_size": max(min(records, 100), 1)}


def seal(path: Path) -> None:
    """Have the files of the closed store in `path` stay as they are, also when it is opened.

    chromadb 1.5.9 leaves the space of its log, all vectors once more, in the file.
    """
    with closing(sqlite3.connect(path / TABLES, isolation_level=None)) as database:
        database.execute(_SEAL)
        pages, unused = (
            database.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count")
        )
        if unused * 10 > pages:
            database.execute("VACUUM")


def unseal(path: Path) -> None:
    """Let the files of the closed store in `path` be changed again."""
    with closing(sqlite3.connect(path / TABLES, isolation_level=None)) as database:
        database.execute("DROP TRIGGER sealed")


def elements(path: Path, collection: str) -> NDArray[np.void] | None:
    """The search structure of the collection with an id as it lies in its file, from which vectors
    are read fifty times as fast as Chroma yields them; None where it is in another form."""
    tables = f"{(path / TABLES).absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(tables, uri=True)) as database:
        (segment,) = database.execute(_SEGMENT, (collection,)).fetchone()
    folder = path / segment
    version, start, _, count, size, label, vector = _HEADER.unpack(
        (folder / "header.bin").read_bytes()[: _HEADER.size]
    )
    if (version, start) != (1, 0):
        return None
    fields = {"mark": (2, np.uint8), "vector": (vector, (np.float32, (label - vector) // 4))}
    element = np.dtype(
        {
            "names": list(fields),
            "offsets": [offset for offset, _ in fields.values()],
            "formats": [form for _, form in fields.values()],
            "itemsize": size,
        }
    )
    return np.memmap(folder / "data_level0.bin", element, "r", shape=(count,))


def vectors_of(some: NDArray[np.void]) -> NDArray[np.float32]:
    """The vectors of some elements that are not removed, shape (rows, dimension)."""
    found: NDArray[np.float32] = some["vector"][some["mark"] & _GONE == 0]
    return found


def writable_view(path: Path, view: Path) -> Path:
    """Have the folder `view` stand for a store that may only be read: chromadb 1.5.9 insists on
    writing to its database, and to nothing else."""
    for part in path.iterdir():
        if part.name == TABLES:
            shutil.copyfile(part, view / part.name)
        else:
            (view / part.name).symlink_to(part.absolute())
    return view


def forget(registry: Any, path: Path) -> None:
    """Have what did not start not be handed out again: chromadb 1.5.9 keeps it in its
    SharedSystemClient by its path."""
    registry._identifier_to_system.pop(str(path), None)


def forget_all(registry: Any) -> list[Any]:
    """Have nothing that is open be handed out again; all that was, so that it is not closed."""
    kept = list(registry._identifier_to_system.values())
    registry._identifier_to_system.clear()
    getattr(registry, "_identifier_to_refcount", {}).clear()
    return kept


def close_connections(client: Any) -> None:
    """Close the connections of a closed client of a server: chromadb 1.5.9 leaves them open, its
    own and those of the client that it asks for tenants."""
    for part in (client, client._admin_client):
        part._server._session.close()
