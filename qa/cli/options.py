"""The options that several commands share, and what they mean where they are left out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from index.errors import IndexDamagedError, IndexNotFoundError
from qa.errors import SettingError
from qa.settings import VARIABLES, read_settings, starter_library

IndexOption = Annotated[
    Path | None,
    typer.Option(
        "--index", metavar="DIR", show_default=False, help=f"The {VARIABLES['REFDESK_INDEX']}."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model", metavar="NAME", show_default=False, help=f"The {VARIABLES['REFDESK_MODEL']}."
    ),
]
ScopeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="GLOB",
        show_default=False,
        help="Look only in sources whose id matches; may be given several times.",
    ),
]
LibraryArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="LIBRARY",
        show_default=False,
        help="A folder of sources, or one file; by default REFDESK_LIBRARY, the library that the "
        "index was built from, or the starter library.",
    ),
]


def index_folder(named: Path | None) -> Path:
    """The folder of the index that is meant."""
    return named or read_settings().index


def library_folder(named: Path | None, index: Path) -> Path:
    """The library that is meant: one that was named, or else the one the index was built from."""
    from index.generation import library_of

    setting = read_settings().library
    if named or setting != starter_library():
        return named or setting
    try:
        return Path(library_of(index))
    except IndexNotFoundError:
        return setting
    except IndexDamagedError as error:  # it may be of any library: do not fill it with another
        raise SettingError(
            f"the index in {index} does not tell which library it is of; name it, as "
            f"`refdesk rebuild LIBRARY`"
        ) from error
