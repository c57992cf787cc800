"""The command line, `refdesk`. What is heavy is imported by the command that needs it."""

from __future__ import annotations

import os
import shlex
import sys
import traceback
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from index.errors import IndexDamagedError, IndexingError, IndexNotFoundError
from qa.errors import RefdeskError, SettingError
from qa.options import IndexOption, JsonOption, LibraryArgument, ModelOption, ScopeOption
from qa.settings import VARIABLES, read_settings, starter_library
from sources.errors import MetadataError, SourceError

if TYPE_CHECKING:
    from index.build import RebuildReport

ABSTAINED = 3

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
    """Take the options that stand before the command; `run` looks for `--debug` itself."""


@app.command(epilog="Example: refdesk chat --port 7861")
def chat(
    index: IndexOption = None,
    model: ModelOption = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 7860,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Chat with the library in a browser.

    The index is built first if there is none. The page is served to this machine only.
    """
    from index.generation import current_generation
    from qa.web import launch

    folder = _index(index)
    try:
        current_generation(folder)
    except IndexNotFoundError:
        _rebuild(_library(None, folder), folder)
    launch(
        index=folder,
        library=_library(None, folder),
        model=model,
        host="127.0.0.1",
        port=port,
        open_browser=browser,
    )


@app.command(epilog='Example: refdesk ask "Who signed the June 2024 treaty?" --source "russia*"')
def ask(
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="What to answer from the sources.")
    ],
    as_json: JsonOption = False,
    source: ScopeOption = None,
    model: ModelOption = None,
    index: IndexOption = None,
) -> None:
    """Answer a question, with checked citations.

    The exit status is 3 if the sources do not answer it; the nearest passages are shown then.
    """
    from qa.pipeline import answer
    from qa.terminal import show_answer, show_json, stderr

    console = stderr()
    with console.status("Searching the sources") if console.is_terminal else nullcontext():
        found = answer(question, sources=source or None, index=_index(index), model=model)
    if as_json:
        show_json(found.to_dict())
    else:
        show_answer(found)
    if found.abstained:
        raise typer.Exit(ABSTAINED)


@app.command(epilog='Example: refdesk search "arms transfers" -k 3')
def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What to look for.")],
    as_json: JsonOption = False,
    k: Annotated[int, typer.Option("-k", min=1, metavar="N", help="How many passages.")] = 5,
    max_chars: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            show_default=False,
            help="Fill a budget of N characters with the best sentences, instead of -k.",
        ),
    ] = None,
    source: ScopeOption = None,
    index: IndexOption = None,
) -> None:
    """Show the passages that are nearest to a query, best first."""
    from dataclasses import asdict

    from index.opened import open_index
    from qa.evidence import passage
    from qa.terminal import show_json, show_passage

    generation = open_index(_index(index)).generation
    hits = generation.search(query, k, max_chars, source or None)
    passages = [passage(generation, hit) for hit in hits]
    if as_json:
        show_json([asdict(found) for found in passages])
    else:
        for number, found in enumerate(passages, start=1):
            show_passage(found, f"{number}.")


@app.command(epilog="Example: refdesk rebuild my-library/")
def rebuild(
    library: LibraryArgument = None,
    full: Annotated[
        bool, typer.Option("--full", help="Embed everything anew, also text that is unchanged.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Go on although most of the sources are gone.")
    ] = False,
    as_json: JsonOption = False,
    index: IndexOption = None,
) -> None:
    """Build the index anew from the library.

    The old one serves until the new one is verified; text that has not changed is not embedded
    again.
    """
    from qa.terminal import show_json, show_report

    folder = _index(index)
    report = _rebuild(_library(library, folder), folder, full=full, force=force)
    if as_json:
        show_json(report.to_dict())
    else:
        show_report(report)


@app.command(epilog="Example: refdesk status --json")
def status(as_json: JsonOption = False, index: IndexOption = None) -> None:
    """Show what is served: generation, library, model, counts."""
    from rich.filesize import decimal

    from index.generation import Manifest, complete_generations, current_generation
    from qa.terminal import listed, show_json, show_lines

    folder = _index(index)
    manifest = Manifest.read(current_generation(folder))
    older = [path.name for path in complete_generations(folder) if path.name < manifest.generation]
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    values = {
        "index": str(folder),
        "generation": manifest.generation,
        "created": manifest.created,
        "library": manifest.library,
        "embedding_model": manifest.embedding_model,
        "language": manifest.language,
        "sources": len(manifest.sources),
        "sentences": manifest.units,
        "chunks": manifest.windows,
        "bytes": size,
        "older": older,
    }
    if as_json:
        show_json(values)
        return
    shown = values | {"bytes": decimal(size), "older": listed(older) or "none"}
    show_lines((name.replace("_", " "), value) for name, value in shown.items())


@app.command(epilog="Example: refdesk verify")
def verify(as_json: JsonOption = False, index: IndexOption = None) -> None:
    """Check every file, count and vector of the index."""
    from index.build import verify_current
    from qa.terminal import show_json, show_lines

    manifest = verify_current(_index(index))
    values = {
        "verified": manifest.generation,
        "files": len(manifest.files),
        "sources": len(manifest.sources),
        "sentences": manifest.units,
        "chunks": manifest.windows,
    }
    if as_json:
        show_json(values)
    else:
        show_lines(values.items())


@app.command(epilog="Example: refdesk rollback")
def rollback(as_json: JsonOption = False, index: IndexOption = None) -> None:
    """Serve the generation before the current one again."""
    from index.build import rollback as roll_back
    from qa.terminal import show_json, show_lines

    values = {"generation": roll_back(_index(index))}
    if as_json:
        show_json(values)
    else:
        show_lines(values.items())


@app.command(epilog="Example: refdesk sources my-library/")
def sources(library: LibraryArgument = None, index: IndexOption = None) -> None:
    """List the sources of a library and check their metadata."""
    from qa.terminal import one_line, show_table
    from sources.load import load_sources

    folder = _library(library, _index(index))
    skips: list[str] = []
    try:
        found = load_sources(folder, on_skip=lambda path, why: skips.append(f"{path}: {why}"))
    except MetadataError as error:
        for problem in error.problems:
            sys.stderr.write(one_line(problem) + "\n")
        count = len(error.problems)
        raise SettingError(
            f"{count} problem{'s' if count > 1 else ''} in the metadata of {folder}; mend what is "
            f"listed above, then run `refdesk sources {shlex.quote(str(folder))}` again"
        ) from error
    show_table(
        ("id", "title", "standing", "publisher", "published"),
        [(s.id, s.title, s.standing, s.publisher or "-", s.published or "-") for s in found],
    )
    for skip in skips:
        sys.stderr.write(f"skipped {one_line(skip)}\n")


@app.command("eval", epilog="Example: refdesk eval sources/questions.jsonl --limit 50")
def evaluate(
    questions: Annotated[
        Path,
        typer.Argument(
            metavar="QUESTIONS.jsonl",
            help="Lines of JSON: question, source, answers, quote, spans.",
        ),
    ],
    as_json: JsonOption = False,
    max_chars: Annotated[
        int, typer.Option(min=1, metavar="N", help="Budget of recall and precision, in characters.")
    ] = 3750,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            show_default=False,
            help="Ask only N of the questions, spread evenly over the file.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Write the measures and what became of each question here, as JSON.",
        ),
    ] = None,
    index: IndexOption = None,
) -> None:
    """Measure answers, citations and abstention on questions.

    A line of QUESTIONS.jsonl holds `question`, `source`, and what is known of the answer:
    `answers` (a list of texts; empty where the library does not answer), `quote` (a passage of the
    source), `spans` (pairs of offsets into its text). What cannot be measured without a field is
    left out.
    """
    from index.opened import open_index
    from qa.evaluate import ask_all, measure, write_record
    from qa.questions import read_questions, spread
    from qa.terminal import show_json, show_table, telling_progress

    asked = spread(read_questions(questions), limit)
    opened = open_index(_index(index))
    if out:  # that it cannot be written is better known before the long part
        write_record(out, {}, [])
    with telling_progress() as tell:
        records = ask_all(opened, asked, max_chars, lambda done, total: tell("asking", done, total))
    measures = measure(records)
    values = {
        "questions": len(records),
        "index": str(opened.folder),
        "generation": records[0].answered.generation,
        "model": records[0].answered.model,
        "max_chars": max_chars,
        "measures": {one.name: {"value": one.value, "of": one.of} for one in measures},
    }
    if out:
        write_record(out, values, records)
    if as_json:
        show_json(values)
    else:
        rows = [(one.name.replace("_", " "), one.shown(), one.of) for one in measures]
        show_table(("measure", "value", "of"), rows, right=2)


def main() -> None:
    """Run the command line, and leave with its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a narrow encoding must not cost the answer
            stream.reconfigure(errors="replace")
    raise SystemExit(run(sys.argv[1:]))


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
        _complain(
            f"unexpected {said}; put --debug before the command to see where it arose",
            error if "--debug" in arguments else None,
        )
        return 1
    if result == 130:  # what a keyboard interrupt becomes
        _complain("interrupted; nothing half-done is kept, run the command again when you like")
        return 1
    return int(result or 0)


def _complain(message: str, error: Exception | None = None) -> None:
    from qa.terminal import one_line

    if error:
        traceback.print_exception(error)
    sys.stderr.write(f"refdesk: error: {one_line(message)}\n")


def _index(named: Path | None) -> Path:
    return named or read_settings().index


def _library(named: Path | None, index: Path) -> Path:
    """The library that is meant: one that was named, or else the one the index was built from."""
    from index.generation import Manifest, current_generation

    setting = read_settings().library
    if named or setting != starter_library():
        return named or setting
    try:
        return Path(Manifest.read(current_generation(index)).library)
    except IndexNotFoundError:
        return setting
    except IndexDamagedError as error:  # it may be of any library: do not fill it with another
        raise SettingError(
            f"the index in {index} does not tell which library it is of; name it, as "
            f"`refdesk rebuild LIBRARY`"
        ) from error


def _rebuild(
    library: Path, index: Path, *, full: bool = False, force: bool = False
) -> RebuildReport:
    from index.build import rebuild as build
    from qa.terminal import telling_progress

    with telling_progress() as tell:
        return build(
            library,
            index=index,
            progress=tell,
            full=full,
            force=force,
            embedding_model=read_settings().embedding_model,
        )
