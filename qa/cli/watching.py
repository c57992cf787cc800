"""The command that keeps an index up to date, also beside the chat."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from index.errors import IndexBusyError, IndexingError
from qa.cli.library import build
from qa.cli.options import IndexOption, LibraryArgument, index_folder, library_folder
from qa.errors import RefdeskError
from sources.errors import SourceError


def watch(library: LibraryArgument = None, index: IndexOption = None) -> None:
    """Rebuild the index whenever files of the library have changed and settled.

    What is served stays until the new index is verified, as with `refdesk rebuild`; a chat that
    runs takes it up with the next question. Ctrl+C ends it.
    """
    folder = index_folder(index)
    with suppress(KeyboardInterrupt):
        keep_up(library_folder(library, folder), folder)


@contextmanager
def watching(library: Path, index: Path) -> Iterator[None]:
    """Keep an index up to date in the background while the context lasts."""
    stop = threading.Event()

    def keep() -> None:
        try:
            keep_up(library, index, stop)
        except SourceError as error:  # the library is gone: the page is served all the same
            sys.stderr.write(f"not watching: {error}\n")

    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)  # a rebuild that is cut off leaves what is served as it is


def keep_up(library: Path, index: Path, stop: threading.Event | None = None) -> None:
    """Rebuild first, and then after each change, until stopped; tell what came of each on stderr.
    Raises LibraryNotFoundError."""
    from index.build.watch import settled

    due = True
    for changed in settled(library, index, stop=stop):
        if due or changed:
            due = _rebuild(library, index)


def _rebuild(library: Path, index: Path) -> bool:
    """Whether it is to be tried again, as another process is at it."""
    from qa.cli.terminal import one_line

    try:
        report = build(library, index)
    except IndexBusyError:
        return True
    except (IndexingError, RefdeskError, SourceError) as error:
        sys.stderr.write(f"not rebuilt: {one_line(str(error))}\n")
        return False
    counts = ", ".join(
        f"{len(ids)} {name}"
        for name in ("added", "updated", "removed", "unchanged")
        if (ids := getattr(report, name))
    )
    skipped = f"; {len(report.skipped)} skipped" if report.skipped else ""
    sys.stderr.write(f"serving {report.generation}: {counts}{skipped}; waiting for changes\n")
    return False
