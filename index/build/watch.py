"""Watching a library: when what changed in it has settled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import watchfiles

from sources.load import list_files
from sources.walk import SIDECAR, passed_over

QUIET_MS = 1_000
"""Nothing may change for so long before a change counts as settled..."""
LONGEST_MS = 60_000
"""...but what changes without end is taken up after so long."""


def settled(
    library: Path, index: Path, *, stop: Event | None = None, quiet_ms: int = QUIET_MS
) -> Iterator[bool]:
    """Yields at once, and then about once a second: whether something changed, and has settled.

    What changes while the caller is at work is told with the next. Hidden files and the `index`
    count for nothing. Ends when `stop` is set. Raises LibraryNotFoundError.
    """
    list_files(library, on_skip=lambda path, reason: None)
    library, index = library.resolve(), index.resolve()
    found = watchfiles.watch(
        library if library.is_dir() else library.parent,
        watch_filter=lambda _, path: concerns(Path(path), library, index),
        debounce=LONGEST_MS,
        step=quiet_ms,
        stop_event=stop,
        rust_timeout=quiet_ms,
        yield_on_timeout=True,
        raise_interrupt=True,  # else it is logged
        recursive=library.is_dir(),
    )
    return (bool(changes) for changes in found)


def concerns(path: Path, library: Path, index: Path) -> bool:
    """Whether a changed path can be part of what is built from a library."""
    if path.is_relative_to(index):
        return False
    if not path.is_relative_to(library):  # a library of one file has a sidecar beside it
        return path == library.with_name(library.name + SIDECAR)
    return not any(passed_over(part) for part in path.relative_to(library).parts)
