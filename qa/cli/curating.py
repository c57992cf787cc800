"""Commands for who keeps a library: check, gaps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qa.cli.options import IndexOption, JsonOption, index_folder
from qa.settings import read_settings


def check(
    answers: Annotated[
        list[Path],
        typer.Argument(metavar="ANSWER.json...", help="What `ask --export` or `ask --json` wrote."),
    ],
    library: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            show_default=False,
            help="Check against the files of this library instead of an index.",
        ),
    ] = None,
    as_json: JsonOption = False,
    index: IndexOption = None,
) -> None:
    """Check whether the sources still say what exported answers cite.

    A citation holds if its quote stands at its very place. Otherwise it has moved (here is where
    to), the passage has changed (here is what it says now), or it is gone. A sentence that is
    not what its quotes say was altered. The exit status is then 1.
    """
    from qa.cli.shown import show_checks
    from qa.cli.terminal import show_json
    from qa.export.recheck import check_all, open_texts

    texts = open_texts(index=None if library else index_folder(index), library=library)
    found = check_all(answers, texts)
    if as_json:
        named = zip(answers, found, strict=True)
        show_json([{"file": str(path)} | one.to_dict() for path, one in named])
    else:
        show_checks(answers, found)
    if not all(one.holds for one in found):
        raise typer.Exit(1)


def gaps(
    as_json: JsonOption = False,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many questions.")
    ] = 20,
    clear: Annotated[bool, typer.Option("--clear", help="Forget them all.")] = False,
    index: IndexOption = None,
) -> None:
    """Show what was asked and not answered, with the nearest passages.

    Most often asked first. Questions that the library has come to answer since are left out;
    `--json` has them too. The log is kept on this machine alone; REFDESK_GAPS=off ends it.
    """
    from qa.cli.shown import show_gaps
    from qa.cli.terminal import show_json, show_lines
    from qa.desk import open_desk
    from qa.gap_log import GapLog
    from qa.gaps import list_gaps

    folder = index_folder(index)
    log = GapLog(folder)
    if clear:
        values = {"cleared": log.clear()}
        if as_json:
            show_json(values)
        else:
            show_lines(values.items())
        return
    desk = open_desk(read_settings(), index=folder, model="")  # what is near takes no chat model
    found = list_gaps(log, desk, limit=limit)
    if as_json:
        show_json([gap.to_dict() for gap in found])
    else:
        show_gaps(found, len(log.read()))
