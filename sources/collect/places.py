"""Where what is added goes in a library, and what of an address is there already."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from sources.errors import SourceError
from sources.load import list_files
from sources.names import slugs
from sources.snapshot import known_of


class Places:
    """The addresses that the sources of a library came from, and names that are free in it."""

    def __init__(self, library: Path) -> None:
        self._library = library
        self._taken: set[str] = set()
        self.of: dict[str, str] = {}
        """The path in the library of each address that something came from."""
        if library.is_dir():
            for path in list_files(library, on_skip=lambda _, reason: None):
                self._taken.add(_without_suffix(path))
                with suppress(SourceError):
                    if url := known_of(library / path).get("url"):
                        self.of.setdefault(str(url), path)

    def free(self, name: str) -> str:
        """The name, with a number behind it where something has it already."""
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name}-{number}"
        self._taken.add(found)
        return found


def name_below(folder: str, path: str, url: str) -> str:
    """A name in a folder for an address, by what follows the path that the folder stands for."""
    parts = urlsplit(url)
    below = slugs(parts.path.removeprefix(path))
    if parts.query:
        below = [*below[:-1], "-".join(filter(None, [*below[-1:], *slugs(parts.query)]))]
    return "/".join([folder, *(filter(None, below))]) if any(below) else f"{folder}/index"


def _without_suffix(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(""))
