"""One generation on disk: where its files are, its manifest, and the pointer to the current one.

<index>/CURRENT                     the name of the generation that is served
<index>/LOCK                        held by the one process that writes
<index>/extracts/                   what was read of files, which need not be parsed again
<index>/generations/<name>/
    candidate.json                  written last: settings, counts, the hash of every file
    manifest.json                   the same, renamed when the generation was found fit to serve
    sources.db                      the sources with their text and metadata
    files.json                      what was read of each file, and what was not
    units.npy windows.npy           spans, as rows of offsets into the text of their source
    unit-words/ window-words/       BM25
    unit-keys.npy window-keys.npy   content hashes, by which a later build finds embeddings
    unit-slots.npy window-slots.npy which of the vectors is that of each row
    unit-tokens/ token-axes.npy     token vectors of units, and the axes that they are on
    moments.npz                     sum of the vectors, and sum of their outer products
    vectors/                        Chroma, or
    server.json                     where the vectors are on a Chroma server
    checked.json                    of which size and time the files were when they were hashed
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from index.errors import IndexDamagedError, IndexNotFoundError

SCHEMA = 5
POINTER = "CURRENT"
MANIFEST, CANDIDATE = "manifest.json", "candidate.json"
MOMENTS = "moments.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a generation is: read before anything else of it is opened.

    `fingerprint` changes with the library and with the code that reads it, and, behind a space,
    with what answered its golden questions, if they were asked; `code` with the code alone, `probe`
    is a vector by which the embedding model is known again, `sources` has a hash of each, `skipped`
    holds (path, reason), `notes` (place, what is said), `invisible` the number of such characters
    of a source, `languages` the language of each source that has one, and `store` is the address of
    the server with the vectors, None for files. `slots` counts those that vectors of each level
    were ever put into, now empty ones too.
    """

    schema: int
    generation: str
    created: str
    library: str
    embedding_model: str
    dimension: int
    probe: list[float]
    language: str
    store: str | None
    fingerprint: str
    code: str
    sources: dict[str, str]
    skipped: list[list[str]]
    invisible: dict[str, int]
    units: int
    windows: int
    slots: dict[str, int]
    files: dict[str, str] = field(default_factory=dict)
    notes: list[list[str]] = field(default_factory=list)
    languages: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the manifest of a generation whose other files are there."""
        fields = asdict(self)
        fields["sha256"] = _digest(fields)
        (folder / CANDIDATE).write_text(json.dumps(fields, indent=1), encoding="ascii")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest in `folder`, also of a candidate. Raises IndexDamagedError."""
        fields = _manifest_fields(folder)
        if fields["schema"] != SCHEMA:
            raise IndexDamagedError(
                f"the index {folder} has schema {fields['schema']}, this Refdesk reads {SCHEMA}; "
                f"run `refdesk rebuild`"
            )
        try:
            return cls(**fields)
        except TypeError as error:
            raise _unreadable(folder) from error


def library_of(index: Path) -> str:
    """The library of an index, also of one of another schema. Raises IndexingError."""
    return str(_manifest_fields(current_generation(index))["library"])


def _manifest_fields(folder: Path) -> dict[str, Any]:
    for name in (MANIFEST, CANDIDATE):
        try:
            fields: dict[str, Any] = json.loads((folder / name).read_text(encoding="ascii"))
            if (
                fields.pop("sha256") != _digest(fields)
                or not {"schema", "library"} <= fields.keys()
            ):
                raise ValueError("the manifest has changed")
            return fields
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _unreadable(folder) from error
    raise _unreadable(folder)


def _unreadable(folder: Path) -> IndexDamagedError:
    return IndexDamagedError(
        f"the manifest of {folder} cannot be read; run `refdesk rollback` or `refdesk rebuild`"
    )


def _digest(fields: dict[str, Any]) -> str:
    return sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def generations_folder(index: Path) -> Path:
    """The folder that holds the generations of an index."""
    return index / "generations"


def current_generation(index: Path) -> Path:
    """The folder of the generation that is served. Raises IndexNotFoundError, IndexDamagedError."""
    try:
        name = (index / POINTER).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        if complete_generations(index):
            raise IndexDamagedError(
                f"{index / POINTER} is gone; run `refdesk rollback` or `refdesk rebuild`"
            ) from None
        raise IndexNotFoundError(f"there is no index in {index}; run `refdesk rebuild`") from None
    except (OSError, ValueError) as error:
        raise IndexDamagedError(
            f"{index / POINTER} cannot be read; run `refdesk rebuild`"
        ) from error
    folder = generations_folder(index) / name
    if not name or Path(name).name != name or not (folder / MANIFEST).is_file():
        raise IndexDamagedError(
            f"{index / POINTER} names no generation; run `refdesk rollback` or `refdesk rebuild`"
        )
    return folder


def complete_generations(index: Path) -> list[Path]:
    """The generations that were found fit to serve, oldest first."""
    return sorted(path.parent for path in generations_folder(index).glob(f"*/{MANIFEST}"))


def candidates(index: Path) -> list[Path]:
    """The generations that were built but are not to be served, oldest first."""
    found = (path.parent for path in generations_folder(index).glob(f"*/{CANDIDATE}"))
    return sorted(folder for folder in found if not (folder / MANIFEST).exists())


def level_file(level: str, part: str) -> str:
    """The name of a file, or folder, with a part of a level, as unit-keys.npy."""
    return f"{level.removesuffix('s')}-{part}"


def set_current(index: Path, name: str) -> None:
    """Make `name` the one that is served: one atomic replacement, on disk when it returns."""
    folder = generations_folder(index) / name
    if (folder / CANDIDATE).exists():
        (folder / CANDIDATE).replace(folder / MANIFEST)
        sync_folder(folder)
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
            with path.open("r+b") as file:  # Windows syncs only what may be written
                os.fsync(file.fileno())
