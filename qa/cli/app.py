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

from index.errors import AnswersLostError, IndexingError, IndexNotFoundError
from qa.cli import add, curating, user
from qa.cli.options import (
    IndexOption,
    JsonOption,
    LibraryArgument,
    ModelOption,
    ScopeOption,
    index_folder,
    library_folder,
)
from qa.errors import RefdeskError, SettingError
from qa.settings import VARIABLES, read_settings
from sources.errors import MetadataError, SourceError

if TYPE_CHECKING:
    from index.build.rebuild import RebuildReport

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
    host: Annotated[
        str, typer.Option(metavar="HOST", help="Address to serve on; others need --auth.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 7860,
    auth: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", show_default=False, help="Let in only these users; see `refdesk user`."
        ),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Let everybody ask who reaches HOST; nothing is kept.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Chat with the library in a browser.

    The index is built first if there is none. The page is served to this machine only, unless HOST
    is another address; then --auth FILE says who may log in.
    """
    from index.generation import current_generation
    from qa.web import launch

    folder = index_folder(index)
    try:
        current_generation(folder)
    except IndexNotFoundError:
        # There is nothing to lose yet.
        _rebuild(library_folder(None, folder), folder, golden=False)
    launch(
        index=folder,
        library=library_folder(None, folder),
        model=model,
        host=host,
        port=port,
        open_browser=browser,
        conversations=read_settings().conversations,
        auth=auth,
        public=public,
    )


@app.command(epilog='Example: refdesk ask "Who signed the June 2024 treaty?" --source "russia*"')
def ask(
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="What to answer from the sources.")
    ],
    as_json: JsonOption = False,
    source: ScopeOption = None,
    model: ModelOption = None,
    export: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Write the answer with its citations to a file as well: .md, .bib, .csl.json, or "
            ".json for the evidence that `refdesk check` reads; may be given several times.",
        ),
    ] = None,
    index: IndexOption = None,
) -> None:
    """Answer a question, with checked citations.

    The exit status is 3 if the sources do not answer it; the nearest passages are shown then.
    """
    from qa.cli.shown import show_answer, show_json, stderr
    from qa.export.answers import format_of, write_export
    from qa.pipeline import answer

    for file in export or ():  # a name that says no format is better known before the long part
        format_of(file)
    console = stderr()
    with console.status("Searching the sources") if console.is_terminal else nullcontext():
        found = answer(question, sources=source or None, index=index_folder(index), model=model)
    if as_json:
        show_json(found.to_dict())
    else:
        show_answer(found)
    for file in export or ():
        write_export(file, found, index=index_folder(index))
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
    from qa.cli.shown import show_json, show_passage
    from qa.retrieve.evidence import passage

    generation = open_index(index_folder(index)).generation
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
        bool,
        typer.Option(
            "--force", help="Go on although most of the sources or golden answers are lost."
        ),
    ] = False,
    store: Annotated[
        str | None,
        typer.Option(metavar="URL", show_default=False, help=f"The {VARIABLES['REFDESK_STORE']}."),
    ] = None,
    as_json: JsonOption = False,
    index: IndexOption = None,
) -> None:
    """Build the index anew from the library.

    The old one serves until the new one is verified; text that has not changed is not embedded
    again. The questions in `questions.jsonl` of the library are asked of both, and the report tells
    which answers changed.
    """
    from qa.cli.shown import show_golden, show_json, show_report

    folder = index_folder(index)
    try:
        report = _rebuild(
            library_folder(library, folder), folder, full=full, force=force, store=store
        )
    except AnswersLostError as error:
        if error.report and not as_json:
            show_golden(error.report)
        raise
    if as_json:
        show_json(report.to_dict())
    else:
        show_report(report)


@app.command(epilog="Example: refdesk status --json")
def status(as_json: JsonOption = False, index: IndexOption = None) -> None:
    """Show what is served: generation, library, model, counts."""
    from dataclasses import asdict

    from rich.filesize import decimal

    from index.generation import Manifest, complete_generations, current_generation
    from qa.cli.shown import listed, show_json, show_lines
    from qa.retrieve.calibration import in_force

    folder = index_folder(index)
    manifest = Manifest.read(current_generation(folder))
    older = [path.name for path in complete_generations(folder) if path.name < manifest.generation]
    calibration = in_force(folder, manifest)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    values = {
        "index": str(folder),
        "generation": manifest.generation,
        "created": manifest.created,
        "library": manifest.library,
        "embedding_model": manifest.embedding_model,
        "store": manifest.store or "files",
        "language": manifest.language,
        "sources": len(manifest.sources),
        "sentences": manifest.units,
        "chunks": manifest.windows,
        "bytes": size,
        "older": older,
        "calibration": calibration and asdict(calibration),
    }
    if as_json:
        show_json(values)
        return
    shown = values | {
        "bytes": decimal(size),
        "older": listed(older) or "none",
        "calibration": f"of {calibration.created}, threshold {calibration.threshold:.3f}"
        if calibration
        else "none",
    }
    show_lines((name.replace("_", " "), value) for name, value in shown.items())


@app.command(epilog="Example: refdesk verify")
def verify(as_json: JsonOption = False, index: IndexOption = None) -> None:
    """Check every file, count and vector of the index."""
    from index.build.verify import verify_current
    from qa.cli.shown import show_json, show_lines

    manifest = verify_current(index_folder(index))
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
    from index.build.rebuild import rollback as roll_back
    from qa.cli.shown import show_json, show_lines

    values = {"generation": roll_back(index_folder(index))}
    if as_json:
        show_json(values)
    else:
        show_lines(values.items())


@app.command(epilog="Example: refdesk sources my-library/")
def sources(
    library: LibraryArgument = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail on metadata that does not hold up.")
    ] = False,
    index: IndexOption = None,
) -> None:
    """List the sources of a library and check their metadata."""
    from qa.cli.shown import one_line, show_table
    from sources.load import load_sources

    folder = library_folder(library, index_folder(index))
    skips: list[str] = []
    notes: list[str] = []
    try:
        found = load_sources(
            folder,
            on_skip=lambda path, why: skips.append(f"{path}: {why}"),
            on_note=lambda place, said: notes.append(f"{place}: {said}"),
            strict=strict,
        )
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
    for note in notes:
        sys.stderr.write(f"note: {one_line(note)}\n")
    for source in found:
        if source.invisible:
            said = f"{source.path} holds {source.invisible} invisible characters"
            sys.stderr.write(f"note: {one_line(said)}, which are neither indexed nor shown\n")


app.command(epilog="Example: refdesk add https://example.org/report.pdf --standing government")(
    add.add
)
app.command("eval", epilog="Example: refdesk eval sources/questions.jsonl --limit 50")(
    curating.evaluate
)
app.command(epilog="Example: refdesk check answer.json")(curating.check)
app.command(epilog="Example: refdesk gaps --limit 5")(curating.gaps)
app.command(epilog="Example: refdesk user ada --auth users.txt --curator")(user.user)


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
    from qa.cli.shown import one_line

    if error:
        traceback.print_exception(error)
    sys.stderr.write(f"refdesk: error: {one_line(message)}\n")


def _rebuild(
    library: Path,
    index: Path,
    *,
    full: bool = False,
    force: bool = False,
    store: str | None = None,
    golden: bool = True,
) -> RebuildReport:
    from index.build.rebuild import rebuild as build
    from qa.cli.shown import telling_progress
    from qa.evaluation.golden import golden_questions

    settings = read_settings()
    with telling_progress() as tell:
        return build(
            library,
            index=index,
            progress=tell,
            full=full,
            force=force,
            embedding_model=settings.embedding_model,
            store=store or settings.store,
            golden=golden_questions(library, settings) if golden else None,
        )
