"""The command that says who may log in to the chat."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def user(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name to log in with.")],
    auth: Annotated[Path, typer.Option(metavar="FILE", help="The file of the users.")],
    curator: Annotated[
        bool, typer.Option("--curator", help="May also change the library in the chat.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take the user out.")] = False,
) -> None:
    """Add a user of the chat, or change the password of one.

    The password is asked for, or read from the first line of stdin. The file holds only hashes of
    passwords (scrypt); a chat that runs takes the change over at once.
    """
    from qa.cli.shown import show_lines
    from qa.passwords import CURATOR, READER, remove_user, set_password

    if remove:
        remove_user(auth, name)
        show_lines([("removed", name)])
        return
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    role = CURATOR if curator else READER
    set_password(auth, name, password, role)
    show_lines([(role, name)])
