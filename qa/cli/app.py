"""The command line, `refdesk`. What is heavy is imported by the command that needs it."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from index.errors import IndexingError
from qa.cli import add, asking, backup, curating, library, mcp, measuring, reporting, user, watching
from qa.errors import RefdeskError
from qa.settings import VARIABLES, read_libreoffice
from sources.converter import use_converter
from sources.errors import SourceError

app = typer.Typer(
    name="refdesk",
    help="Answers from a curated library of sources, every sentence cited and every citation "
    "checked.",
    epilog="Settings come from variables: " + ", ".join(VARIABLES) + ".",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def common(
    debug: Annotated[
        bool, typer.Option("--debug", help="On an error show where in the program it arose.")
    ] = False,
) -> None:
    """Take what holds for every command; `run` looks for `--debug` itself."""
    use_converter(read_libreoffice())


app.command(epilog="Example: refdesk chat --port 7861")(asking.chat)
app.command(epilog='Example: refdesk ask "Who signed the June 2024 treaty?" --source "russia*"')(
    asking.ask
)
app.command(epilog='Example: refdesk report "the June 2024 treaty" --out treaty.docx')(
    reporting.report
)
app.command(epilog='Example: refdesk search "arms transfers" -k 3')(asking.search)
app.command(epilog="Example: refdesk rebuild my-library/")(library.rebuild)
app.command(epilog="Example: refdesk watch my-library/")(watching.watch)
app.command(epilog="Example: refdesk status --json")(library.status)
app.command(epilog="Example: refdesk verify")(library.verify)
app.command(epilog="Example: refdesk rollback")(library.rollback)
app.command(epilog="Example: refdesk sources my-library/")(library.sources)
app.command(epilog="Example: refdesk add https://example.org/report.pdf --standing government")(
    add.add
)
app.command("eval", epilog="Example: refdesk eval sources/questions.jsonl --limit 50")(
    measuring.evaluate
)
app.command(epilog="Example: refdesk check answer.json")(curating.check)
app.command(epilog="Example: refdesk gaps --limit 5")(curating.gaps)
app.command(epilog="Example: refdesk mcp --index my-index/")(mcp.mcp)
app.command(epilog="Example: refdesk backup refdesk.zip --auth users.txt")(backup.backup)
app.command(epilog="Example: refdesk restore refdesk.zip --auth users.txt")(backup.restore)
app.command(epilog="Example: refdesk user ada --auth users.txt --curator")(user.user)


def main() -> None:
    """Run the command line, and leave with its exit status."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a narrow encoding must not cost the answer
            stream.reconfigure(errors="replace")
    raise SystemExit(run(sys.argv[1:]))


def _open_what_is_closed() -> None:
    """Lead to nowhere those of the standard streams that a person closed, as by `>&-`: else the
    next file that is opened would be in their place, and be written over."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit status. What goes wrong is one line on stderr."""
    try:
        command = typer.main.get_command(app)
        result = command.main(
            list(arguments) or ["--help"], prog_name="refdesk", standalone_mode=False
        )
        sys.stdout.flush()
    except TyperException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "refdesk"
        _complain(f"{error.format_message().rstrip('.')}; `{path} --help` tells the usage")
        return error.exit_code
    except BrokenPipeError:  # whoever read our output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (RefdeskError, IndexingError, SourceError) as error:
        _complain(str(error), error if "--debug" in arguments else None)
        return 1
    except Exception as error:
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        said = f"unexpected {said}; put --debug before the command to see where it arose"
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            said = "no space is left where this is written: make room, or write it elsewhere"
        _complain(said, error if "--debug" in arguments else None)
        return 1
    if result == 130:  # what a keyboard interrupt becomes
        _complain("interrupted; nothing half-done is kept, run the command again when you like")
        return 1
    return int(result or 0)


def _complain(message: str, error: Exception | None = None) -> None:
    from qa.cli.terminal import one_line

    if error:
        traceback.print_exception(error)
    sys.stderr.write(f"refdesk: error: {one_line(message)}\n")
