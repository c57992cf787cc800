"""The documents of a folder, each with what its front matter or sidecar says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sources.errors import SnapshotError
from sources.load import list_files


def files_of(folder: Path, library: Path) -> Iterator[tuple[Path, str, str]]:
    """Each file as (file, path in the folder, ""), or with why it is left. Raises SnapshotError
    for a folder that the library lies in, or that lies in the library."""
    here, there = folder.resolve(), library.resolve()
    if here.is_relative_to(there) or there.is_relative_to(here):
        raise SnapshotError(f"{folder} and the library {library} lie in one another: move one")
    left: list[tuple[Path, str, str]] = []
    paths = list_files(folder, on_skip=lambda path, why: left.append((folder / path, path, why)))
    yield from ((folder / path, path, "") for path in paths)
    yield from left
