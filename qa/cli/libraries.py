"""The libraries that the chat serves: one, or several by name, each with a place of its own."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from index.errors import IndexNotFoundError
from qa.cli.library import build
from qa.cli.options import index_folder, library_folder
from qa.errors import SettingError
from qa.settings import read_settings
from qa.web.shared.served import ServedLibrary

_NAME = re.compile(r"[a-z0-9][\w-]{0,39}", re.ASCII | re.IGNORECASE)
# Where the server has something else, or has it where one library is served alone.
_TAKEN = frozenset(
    "assets config docs fonts gradio_api healthz library login logout mcp metrics readyz static v1"
    .split()
)  # fmt: skip


def served_libraries(named: Sequence[str] | None, index: Path | None) -> list[ServedLibrary]:
    """The libraries that are meant, each with an index, which is built if there is none: those of
    `named`, as NAME=FOLDER, or else the one of the settings, without a name.

    Raises SettingError, IndexingError, SourceError.
    """
    from index.generation import current_generation

    folder = index_folder(index)
    if not named:
        try:
            current_generation(folder)
        except IndexNotFoundError:
            # There is nothing to lose yet.
            build(library_folder(None, folder), folder, golden=False)
        conversations = read_settings().conversations
        library = library_folder(None, folder)
        return [ServedLibrary(folder=library, index=folder, conversations=conversations)]
    home = folder.absolute().parent / "libraries"
    if index is not None:
        raise SettingError(f"with --library each index is in {home}; leave out --index")
    found: dict[str, ServedLibrary] = {}
    for one in named:
        name, _, place = one.partition("=")
        check_name(name)
        library = Path(place).expanduser().absolute()
        if not place or not library.exists():
            raise SettingError(
                f"there is no folder {place!r} for the library {name}; name one that is there, as "
                f"--library {name}=FOLDER"
            )
        # Two names that differ in case alone would be one folder on some disks.
        if name.lower() in found:
            raise SettingError(f"two libraries are called {name}; give each a name of its own")
        found[name.lower()] = ServedLibrary(
            name=name,
            folder=library,
            index=home / name / "index",
            conversations=home / name / "conversations.db",
        )
    return [_with_index(library) for library in found.values()]


def check_name(name: str) -> None:
    """Raises SettingError for a name that no library can have in addresses and paths."""
    if not _NAME.fullmatch(name) or name.lower() in _TAKEN:
        raise SettingError(
            f"no library can be called {name!r}; take up to 40 letters, digits, - and _, and no "
            f"word that the server has an address of"
        )


def _with_index(library: ServedLibrary) -> ServedLibrary:
    """The library, once it has an index; its folder may be the copy that a curator's first change
    of the starter library makes."""
    from index.generation import library_of

    try:
        of = Path(library_of(library.index))
    except IndexNotFoundError:
        sys.stderr.write(f"building the index of {library.name}\n")
        build(library.folder, library.index, golden=False)
        return library
    if of.resolve() == library.folder.resolve() or of == library.index.parent / "library":
        return replace(library, folder=of)
    again = shlex.join(["refdesk", "rebuild", str(library.folder), "--index", str(library.index)])
    raise SettingError(f"the index of {library.name} is of {of}; name that, or run `{again}`")
