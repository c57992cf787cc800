"""Commands for who runs Refdesk for others: backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qa.cli.options import IndexOption, index_folder
from qa.settings import read_settings, set_variables

_FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The archive.")]
_AuthOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", show_default=False, help="The file of the users, if there is one."
    ),
]


def backup(file: _FileArgument, auth: _AuthOption = None, index: IndexOption = None) -> None:
    """Write index, conversations, users and settings into one archive, and check it.

    The chat may run meanwhile. The archive holds all that the index holds, readable by who has the
    file; the files of the library are not in it.
    """
    from qa.backup import Places, back_up
    from qa.cli.terminal import show_lines

    places = Places(
        index=index_folder(index), conversations=read_settings().conversations, users=auth
    )
    made = back_up(file, places, set_variables())
    show_lines([("backup", file), ("generation", made.generation), ("files", len(made.members))])


def restore(file: _FileArgument, auth: _AuthOption = None, index: IndexOption = None) -> None:
    """Put back what `refdesk backup` wrote; end the chat first.

    All is verified before anything is touched. What stood there is kept beside it.
    """
    from qa.backup import Places, restore
    from qa.cli.terminal import show_lines

    places = Places(
        index=index_folder(index), conversations=read_settings().conversations, users=auth
    )
    found, kept = restore(file, places)
    now = set_variables()
    other = [f"{name}={value}" for name, value in found.settings.items() if now.get(name) != value]
    show_lines(
        [
            ("restored", found.created),
            ("generation", found.generation),
            ("files", len(found.members)),
            *(("before", path) for path in kept),
            *(("setting", one) for one in other),
        ]
    )
