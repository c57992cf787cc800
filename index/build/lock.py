"""The one process that writes an index: its lock, what a dead one left, and what is kept."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from index.errors import IndexBusyError, IndexingError, IndexNotFoundError, StoreError
from index.generation import (
    CANDIDATE,
    MANIFEST,
    candidates,
    complete_generations,
    current_generation,
    generations_folder,
)
from index.rows import LEVELS
from index.store import drop_store

# The one that is served, and those that `rollback` can go back to.
KEPT_GENERATIONS = 3

HOLDER = "LOCK.pid"

_log = logging.getLogger(__name__)


@contextmanager
def writing(index: Path, *, must_exist: bool = False) -> Iterator[None]:
    """Be the one process that writes the index; what a dead one left is removed.

    The operating system frees the lock of a process that ends in any way. Raises IndexBusyError
    with the process that is at it, and IndexingError where the index cannot be written.
    """
    if must_exist and not index.is_dir():
        raise IndexNotFoundError(f"there is no index in {index}; run `refdesk rebuild`")
    holder = index / HOLDER
    try:
        generations_folder(index).mkdir(parents=True, exist_ok=True)
        with FileLock(index / "LOCK", timeout=0):
            holder.write_text(f"{os.getpid()}\n")
            demote_newer(index)
            built = {*complete_generations(index), *candidates(index)[-1:]}
            for folder in set(generations_folder(index).iterdir()) - built:
                remove_generation(folder)
            try:
                yield
            finally:
                with suppress(OSError):
                    holder.unlink()
    except Timeout:
        pid = holder.read_text().strip() if holder.is_file() else "?"
        raise IndexBusyError(
            f"another rebuild of {index} is running (process {pid}); wait for it to end"
        ) from None
    except (OSError, sqlite3.Error) as error:
        said = (error.strerror if isinstance(error, OSError) else None) or error
        raise IndexingError(
            f"the index in {index} cannot be written ({said}); make room or name another folder "
            f"with --index, then run `refdesk rebuild` again"
        ) from error


def clean(index: Path) -> None:
    """Remove what a writer that died left, if one did. Raises IndexingError."""
    if (index / HOLDER).exists():
        with writing(index):
            prune(index)


def next_name(index: Path) -> str:
    """A new name, which sorts after those of all generations whatever the clock says."""
    numbers = [folder.name.split("-")[0] for folder in generations_folder(index).iterdir()]
    number = 1 + max((int(number) for number in numbers if number.isdecimal()), default=0)
    return f"{number:06d}-{secrets.token_hex(6)}"


def prune(index: Path) -> None:
    """Remove all but the newest generations that may be served."""
    kept = complete_generations(index)[-KEPT_GENERATIONS:]
    for folder in set(generations_folder(index).iterdir()) - set(kept):
        remove_generation(folder)


def demote_newer(index: Path) -> None:
    """Have what is newer than the current generation be a candidate again: it was rolled back from,
    or its rebuild was killed before the swap. Its vectors can still be taken over."""
    with suppress(IndexingError):
        current = current_generation(index).name
        for folder in complete_generations(index):
            if folder.name > current:
                (folder / MANIFEST).replace(folder / CANDIDATE)


def remove_generation(folder: Path) -> None:
    """Remove a generation, or what there is of one, from the disk and from its server."""
    # The manifest goes first: a folder without one is not a generation.
    for name in (MANIFEST, CANDIDATE):
        with suppress(OSError):
            (folder / name).unlink()
    try:
        drop_store(folder, LEVELS)
    except StoreError as error:  # the folder stays, to be tried again with the next rebuild
        _log.warning("what %s has on its server is not removed: %s", folder.name, error)
        return
    except IndexingError:
        pass
    shutil.rmtree(folder, ignore_errors=True)
