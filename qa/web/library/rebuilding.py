"""A rebuild as the page shows it: how far it is, then its report."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from queue import Empty, Queue
from typing import TypeAlias

from index.build.golden import GoldenAnswer, GoldenChange
from index.build.rebuild import Progress, RebuildReport, rebuild
from index.errors import IndexingError
from qa.desk import confidence_note
from qa.errors import RefdeskError
from qa.evaluation.golden import golden_questions
from qa.settings import read_settings
from qa.web.api.metrics import METRICS, REBUILDS
from qa.web.library.lists import files_read, message
from qa.web.shared.render import render
from qa.webhook import announced
from sources import MetadataError, SourceError

_STAGES = {
    "reading": "Reading the sources",
    "embedding": "Embedding the text",
    "storing": "Storing the vectors",
    "verifying": "Verifying the new generation",
    "asking": "Asking the golden questions",
}
_LISTED = 40
# One of two answers: its words, each with whether they differ, and what it cites.
_Side: TypeAlias = tuple[list[tuple[str, bool]], tuple[str, ...]]


def rebuilt(
    library: Path, index: Path, *, force: bool, progress: Progress | None = None
) -> RebuildReport:
    """Rebuild by the settings, announced and counted. Raises IndexingError, RefdeskError,
    SourceError."""
    outcome = "failed"
    try:
        settings = read_settings()
        report = announced(
            settings.webhook,
            lambda: rebuild(
                library,
                index=index,
                force=force,
                progress=progress,
                embedding_model=settings.embedding_model,
                store=settings.store,
                golden=golden_questions(library, settings),
            ),
        )
        outcome = "done"
        return report
    finally:
        METRICS.count(REBUILDS, outcome)


def rebuilding(library: Path, index: Path, *, force: bool) -> Iterator[str]:
    """HTML whenever the rebuild has got further; the last tells what it did, or why it did not."""
    told: Queue[tuple[str, int, int]] = Queue()
    result: list[RebuildReport | str] = []

    def run() -> None:
        try:
            made = rebuilt(
                library,
                index,
                force=force,
                progress=lambda stage, done, total: told.put((stage, done, total)),
            )
            result.append(made)
        except MetadataError as error:
            result.append(" ".join(error.problems[:10]))
        except (IndexingError, RefdeskError, SourceError) as error:
            result.append(str(error))
        except Exception as error:  # whatever it is, the page must say so, and go on
            result.append(f"unexpected {type(error).__name__}: {error}")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield progress(_STAGES["reading"])
    while thread.is_alive() or not told.empty():
        try:
            stage, done, total = told.get(timeout=0.3)
        except Empty:
            continue
        while not told.empty():  # only the last is worth showing
            stage, done, total = told.get()
        yield progress(_STAGES.get(stage, stage), done, total)
    found = result[0] if result else "the rebuild ended without a word"
    if isinstance(found, str):
        yield message(f"Not rebuilt: {found}", "problem")
        return
    note = confidence_note(index, read_settings())
    beside = message(f"{note[0].upper()}{note[1:]}.", "notice") if note else ""
    yield report(found) + beside


def progress(words: str, done: int = 0, total: int = 0) -> str:
    """How far what takes long is, as HTML; `total` 0 where that is not known."""
    return render("progress.html", words=words, done=done, total=total)


def report(found: RebuildReport) -> str:
    """What a rebuild did, as HTML."""
    told = render("rebuilt.html", report=found, listed=_LISTED, differences=_differences)
    return told + files_read(found.files)


def _differences(change: GoldenChange) -> tuple[_Side, _Side]:
    """The two answers, taken apart into what they have in common and what differs."""
    was, now = _words(change.before), _words(change.after)
    steps = SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
    before = [(" ".join(was[first:last]), kind != "equal") for kind, first, last, _, _ in steps]
    after = [(" ".join(now[first:last]), kind != "equal") for kind, _, _, first, last in steps]
    return _side(before, change.before), _side(after, change.after)


def _side(parts: list[tuple[str, bool]], answer: GoldenAnswer) -> _Side:
    return [part for part in parts if part[0]], answer.citations


def _words(answer: GoldenAnswer) -> list[str]:
    return ["no answer"] if answer.text is None else answer.text.split()
