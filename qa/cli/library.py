"""Commands for a library and its index: rebuild, status, verify, rollback, sources."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import AnswersLostError
from qa.cli.options import IndexOption, JsonOption, LibraryArgument, index_folder, library_folder
from qa.errors import SettingError
from qa.settings import VARIABLES, read_settings
from sources.errors import MetadataError

if TYPE_CHECKING:
    from index.build.rebuild import RebuildReport


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
    files: Annotated[
        bool,
        typer.Option("--files", help="Tell of each file what was read and what was left out."),
    ] = False,
    as_json: JsonOption = False,
    index: IndexOption = None,
) -> None:
    """Build the index anew from the library.

    The old one serves until the new one is verified; text that has not changed is not embedded
    again. The questions in `questions.jsonl` of the library are asked of both, and the report tells
    which answers changed.
    """
    from qa.cli.shown_rebuild import show_golden, show_report
    from qa.cli.terminal import show_json, show_lines
    from qa.desk import confidence_note

    folder = index_folder(index)
    try:
        report = build(library_folder(library, folder), folder, full=full, force=force, store=store)
    except AnswersLostError as error:
        if error.report and not as_json:
            show_golden(error.report)
        raise
    note = confidence_note(folder, read_settings())
    if as_json:
        show_json(report.to_dict() | {"calibration_note": note})
    else:
        show_report(report, files=files)
        if note:
            show_lines([("note", note)])


def status(as_json: JsonOption = False, index: IndexOption = None) -> None:
    """Show what is served: generation, library, model, counts."""
    from dataclasses import asdict

    from rich.filesize import decimal

    from index.generation import Manifest, complete_generations, current_generation
    from qa.cli.terminal import listed, show_json, show_lines
    from qa.desk import confidence_note
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
        "calibration_note": confidence_note(folder, read_settings()),
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
    if not shown["calibration_note"]:
        del shown["calibration_note"]
    show_lines((name.replace("_", " "), value) for name, value in shown.items())


def verify(as_json: JsonOption = False, index: IndexOption = None) -> None:
    """Check every file, count and vector of the index."""
    from index.build.verify import verify_current
    from qa.cli.terminal import show_json, show_lines

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


def rollback(as_json: JsonOption = False, index: IndexOption = None) -> None:
    """Serve the generation before the current one again."""
    from index.build.rebuild import rollback as roll_back
    from qa.cli.terminal import show_json, show_lines

    values = {"generation": roll_back(index_folder(index))}
    if as_json:
        show_json(values)
    else:
        show_lines(values.items())


def sources(
    library: LibraryArgument = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail on metadata that does not hold up.")
    ] = False,
    index: IndexOption = None,
) -> None:
    """List the sources of a library and check their metadata."""
    from qa.cli.terminal import one_line, show_table
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


def build(
    library: Path,
    index: Path,
    *,
    full: bool = False,
    force: bool = False,
    store: str | None = None,
    golden: bool = True,
) -> RebuildReport:
    """Rebuild the index of `library` by the settings, telling how far it is. Raises IndexingError,
    SourceError, RefdeskError."""
    from index.build.rebuild import rebuild as make
    from qa.cli.terminal import telling_progress
    from qa.evaluation.golden import golden_questions
    from qa.traces import start_traces
    from qa.webhook import announced

    settings = read_settings()
    if settings.traces:
        start_traces()
    with telling_progress() as tell:
        return announced(
            settings.webhook,
            lambda: make(
                library,
                index=index,
                progress=tell,
                full=full,
                force=force,
                embedding_model=settings.embedding_model,
                store=store or settings.store,
                golden=golden_questions(library, settings) if golden else None,
            ),
        )
