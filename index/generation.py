"""One generation on disk: where its files are, its manifest, and the pointer to the current one.

<index>/CURRENT                     the name of the generation that is served
<index>/LOCK                        held by the one process that writes
<index>/generations/<name>/
    manifest.json                   written last: settings, counts, the hash of every file
    sources.db                      the sources with their text and metadata
    units.npy windows.npy           spans, as rows of offsets into the text of their source
    unit-words/ window-words/       BM25
    unit-keys.npy window-keys.npy   content hashes, by which a later build finds embeddings
    moments.npz                     mean and covariance of the vectors
    vectors/                        Chroma
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from index.errors import IndexDamagedError, IndexNotFoundError
from sources import Block, Reference, Source

SCHEMA = 1
POINTER = "CURRENT"
# Chroma writes into its SQLite file when it is merely opened, so that its hash does not stay.
_CHANGES_WHEN_READ = "chroma.sqlite3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a generation is: read before anything else of it is opened."""

    schema: int
    generation: str
    created: str
    library: str
    embedding_model: str
    dimension: int
    language: str
    sources: dict[str, str]
    units: int
    windows: int
    files: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the manifest, which makes the generation complete."""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        (folder / "manifest.json").write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest in `folder`. Raises IndexDamagedError."""
        try:
            fields = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            if fields["schema"] != SCHEMA:
                raise IndexDamagedError(
                    f"the index {folder} has schema {fields['schema']}, this Refdesk reads "
                    f"{SCHEMA}; run `refdesk rebuild`"
                )
            return cls(**fields)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexDamagedError(
                f"the manifest of {folder} cannot be read; run `refdesk rollback` or "
                f"`refdesk rebuild`"
            ) from error


def generations_folder(index: Path) -> Path:
    """The folder that holds the generations of an index."""
    return index / "generations"


def current_generation(index: Path) -> Path:
    """The folder of the generation that is served. Raises IndexNotFoundError, IndexDamagedError."""
    try:
        name = (index / POINTER).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise IndexNotFoundError(f"there is no index in {index}; run `refdesk rebuild`") from None
    except (OSError, ValueError) as error:
        raise IndexDamagedError(
            f"{index / POINTER} cannot be read; run `refdesk rebuild`"
        ) from error
    folder = generations_folder(index) / name
    if not name or Path(name).name != name or not folder.is_dir():
        raise IndexDamagedError(
            f"{index / POINTER} names no generation; run `refdesk rollback` or `refdesk rebuild`"
        )
    return folder


def complete_generations(index: Path) -> list[Path]:
    """The generations whose build was finished, oldest first."""
    return sorted(path.parent for path in generations_folder(index).glob("*/manifest.json"))


def set_current(index: Path, name: str) -> None:
    """Make `name` the generation that is served: one atomic replacement, on disk when it returns."""
    temporary = index / f"{POINTER}.new"
    with temporary.open("w", encoding="ascii") as file:
        file.write(name + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(index / POINTER)
    sync_folder(index)


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` reach the disk; a file system that cannot is left to itself."""
    if os.name == "nt":  # Windows has no handle for a folder
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Have every file and name below `folder` reach the disk."""
    for path in [*folder.rglob("*"), folder]:
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())


def hash_files(folder: Path) -> dict[str, str]:
    """The sha256 of every file of a generation that stays as it was built, by relative path."""
    hashes = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in ("manifest.json", _CHANGES_WHEN_READ):
            with path.open("rb") as file:
                digest = sha256()
                while block := file.read(1 << 20):
                    digest.update(block)
            hashes[path.relative_to(folder).as_posix()] = digest.hexdigest()
    return hashes


def check_files(folder: Path, manifest: Manifest) -> None:
    """Compare every file with its hash. Raises IndexDamagedError."""
    found = hash_files(folder)
    for name, digest in manifest.files.items():
        if name not in found:
            raise IndexDamagedError(
                f"{folder / name} is missing; run `refdesk rollback` or `refdesk rebuild`"
            )
        if found[name] != digest:
            raise IndexDamagedError(
                f"{folder / name} has changed since it was built; run `refdesk rollback` or "
                f"`refdesk rebuild`"
            )


class SourceTable:
    """The sources of a generation in SQLite, so that their text is read only when it is shown."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, sources: Iterable[Source]) -> None:
        """Store `sources`; row numbers follow their order."""
        with closing(sqlite3.connect(self._path)) as database, database:
            database.execute(
                "CREATE TABLE source (row INTEGER PRIMARY KEY, id TEXT UNIQUE, "
                "metadata TEXT, blocks TEXT, text TEXT)"
            )
            database.executemany(
                "INSERT INTO source VALUES (?, ?, ?, ?, ?)",
                ((row, *_to_row(source)) for row, source in enumerate(sources)),
            )

    def read(self, row: int) -> Source:
        """The source in `row`."""
        with closing(self._connect()) as database:
            found = database.execute(
                "SELECT metadata, blocks, text FROM source WHERE row = ?", (row,)
            ).fetchone()
        return _from_row(*found)

    def metadata(self) -> Iterator[Source]:
        """Every source in order of row, with empty text and no blocks."""
        with closing(self._connect()) as database:
            for (metadata,) in database.execute("SELECT metadata FROM source ORDER BY row"):
                yield _from_row(metadata, "[]", "")

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _to_row(source: Source) -> tuple[str, str, str, str]:
    fields: dict[str, Any] = {
        name: getattr(source, name)
        for name in Source.__dataclass_fields__
        if not name.startswith("_") and name not in ("text", "blocks", "references")
    }
    fields["references"] = [asdict(reference) for reference in source.references]
    blocks = [[b.start, b.end, b.kind, b.level, b.title] for b in source.blocks]
    return source.id, json.dumps(fields), json.dumps(blocks), source.text


def _from_row(metadata: str, blocks: str, text: str) -> Source:
    fields = json.loads(metadata)
    fields["topics"] = tuple(fields["topics"])
    fields["pages"] = tuple(fields["pages"])
    fields["references"] = tuple(Reference(**reference) for reference in fields["references"])
    return Source(
        **fields,
        text=text,
        blocks=tuple(
            Block(start=start, end=end, kind=kind, level=level, title=title)
            for start, end, kind, level, title in json.loads(blocks)
        ),
    )
