"""The command that writes a report."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from qa.cli.options import IndexOption, JsonOption, ModelOption, ScopeOption, index_folder

NOT_COVERED = 3


def report(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="What to report on.")],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Write it there: as Markdown, or for Word where it ends in .docx.",
        ),
    ] = None,
    as_json: JsonOption = False,
    source: ScopeOption = None,
    model: ModelOption = None,
    index: IndexOption = None,
) -> None:
    """Write what the sources say on a topic as one cited document.

    An overview and a part for each section of the sources that is on it. The exit status is 3 if
    the sources do not cover it.
    """
    from qa.cli.terminal import one_line, show_json, stderr
    from qa.reporting import report as make
    from qa.reporting import write_report

    console = stderr()
    with console.status("Writing the report") if console.is_terminal else nullcontext():
        found = make(topic, sources=source or None, index=index_folder(index), model=model)
    if out is not None:
        write_report(out, found)
    if as_json:
        show_json(found.to_dict())
    elif out is None:
        typer.echo(found.to_markdown(), nl=False)
    if not found.parts:
        stderr().print(one_line("The sources do not cover this topic."))
        raise typer.Exit(NOT_COVERED)
