"""The command that says who may log in to the chat."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from qa.errors import SettingError


def user(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name to log in with.")],
    auth: Annotated[Path, typer.Option(metavar="FILE", help="The file of the users.")],
    curator: Annotated[
        bool, typer.Option("--curator", help="May also change the library in the chat.")
    ] = False,
    library: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="With --curator: of this library alone, where the chat serves several; may be "
            "given several times.",
        ),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the user out.")] = False,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL",
            show_default=False,
            help="Make a key for a program of the user, and show it once; with --curator for one "
            "that may do more than ask.",
        ),
    ] = None,
    keys: Annotated[bool, typer.Option("--keys", help="List the user's keys.")] = False,
    revoke: Annotated[
        str | None,
        typer.Option(metavar="LABEL", show_default=False, help="End a key of the user."),
    ] = None,
) -> None:
    """Add a user of the chat, or change the password of one; or make, list and end their keys.

    The password is asked for, or read from the first line of stdin. The file holds only hashes of
    passwords (scrypt) and keys; a chat that runs takes the change over at once.
    """
    from qa.cli.libraries import check_name
    from qa.cli.terminal import show_lines
    from qa.passwords import (
        ASK,
        CURATE,
        CURATOR,
        READER,
        add_key,
        keys_of,
        remove_user,
        revoke_key,
        set_password,
    )

    if remove:
        remove_user(auth, name)
        show_lines([("removed", name)])
        return
    if revoke is not None:
        revoke_key(auth, name, revoke)
        show_lines([("revoked", revoke)])
        return
    if keys:
        listed = [(one.label, f"{one.scope}, made {one.day}") for one in keys_of(auth, name)]
        show_lines(listed or [("keys", "none")])
        return
    if key is not None:
        show_lines([("key", add_key(auth, name, key, CURATE if curator else ASK))])
        return
    for one in library or ():
        check_name(one)
        if not curator:
            raise SettingError("--library says what a curator may change; add --curator")
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    role = CURATOR if curator else READER
    set_password(auth, name, password, role, library or ())
    show_lines([(role, name)])
