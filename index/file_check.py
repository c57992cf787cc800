"""Whether the files of a generation are those that were built: by their hashes, or by less.

A file that has the size and the time that it had when it was last hashed is taken to be the same.
These stand in `checked.json` beside the files, and are no part of the generation: where they are
missing, damaged or of other files, it is hashed once more.
"""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import file_digest
from pathlib import Path
from typing import Any

from index.errors import IndexDamagedError
from index.generation import Manifest
from sources.whole_file import write_whole

CHECKED = "checked.json"


def hash_files(folder: Path) -> dict[str, str]:
    """The sha256 of every file in the folder of a generation, by relative path."""
    return {
        path.relative_to(folder).as_posix(): hash_file(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / CHECKED
    }


def check_hashes(folder: Path, manifest: Manifest) -> None:
    """Compare every file with its hash. Raises IndexDamagedError; from then on what was found
    damaged is not opened by size and time either."""
    try:
        _check(folder, manifest, {})
    except IndexDamagedError:
        with suppress(OSError):
            (folder / CHECKED).unlink(missing_ok=True)
        raise


def check_files(folder: Path, manifest: Manifest) -> None:
    """Compare those files with their hashes whose size or time is not as it was when they were last
    found right. Raises IndexDamagedError."""
    _check(folder, manifest, _read(folder))


def _check(folder: Path, manifest: Manifest, known: dict[str, Any]) -> None:
    found: dict[str, Any] = {}
    for name, digest in manifest.files.items():
        path = folder / name
        try:
            about = path.stat()  # before it is hashed: what changes meanwhile is hashed again
            found[name] = [digest, about.st_size, about.st_mtime_ns]
            same = known.get(name) == found[name] or hash_file(path) == digest
        except OSError as error:
            raise IndexDamagedError(
                f"{path} cannot be read ({error.strerror}); run `refdesk rollback` or "
                f"`refdesk rebuild`"
            ) from error
        if not same:
            raise IndexDamagedError(
                f"{path} has changed since it was built; run `refdesk rollback` or "
                f"`refdesk rebuild`"
            )
    if found != known:
        _write(folder, found)


def hash_file(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _read(folder: Path) -> dict[str, Any]:
    try:
        known = json.loads((folder / CHECKED).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(folder: Path, found: dict[str, Any]) -> None:
    with suppress(OSError):  # who may only read hashes each time
        write_whole(folder / CHECKED, json.dumps(found))
