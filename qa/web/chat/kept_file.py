"""The SQLite file of the conversations: opened, checked, set aside where it is damaged."""

from __future__ import annotations

import errno
import logging
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from qa.errors import RefdeskError, SettingError

_log = logging.getLogger(__name__)

_HEADER = b"SQLite format 3\0"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# What passes by itself, or as soon as somebody makes room: no reason not to start.
_PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL)
_REASONS = {
    sqlite3.SQLITE_BUSY: "another program holds the file",
    sqlite3.SQLITE_LOCKED: "another program holds the file",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the file is read-only",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; Refdesk sets it aside when it is started again",
    sqlite3.SQLITE_NOTADB: "the file is damaged; Refdesk sets it aside when it is started again",
}


class NotKeptError(RefdeskError):
    """The file of the conversations cannot be read or written now; the message says why."""


class KeptFile:
    """A database in `file`, None for one in memory. Any thread may use it, one at a time."""

    def __init__(self, file: Path | None, tables: str, wait: float) -> None:
        """Open and check it, with `tables` made if need be; `wait` is how many seconds to wait for
        another program that writes. What is damaged is set aside, and a new file is begun. Where
        the disk is full or the file is held, that is logged, and it is opened when it is used.

        Raises SettingError.
        """
        self._file, self._tables, self._wait = file, tables, wait
        self._lock = Lock()
        self._database: sqlite3.Connection | None = None
        self._inodes: dict[str, int] = {}
        try:
            self._database = self._opened()
        except (OSError, sqlite3.Error) as error:
            if not _passes(error):
                raise SettingError(
                    f"the conversations in {file} cannot be opened ({error}); name another file "
                    f"with REFDESK_CONVERSATIONS, or move this one away"
                ) from error
            _log.warning("conversations are not kept for now: %s", _reason(error))

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """The database; what is written to it stays if all goes well. Raises NotKeptError."""
        with self._lock:
            try:
                if self._database is not None and self._is_gone():
                    # What is written to a file that was deleted or replaced is lost unseen.
                    _log.warning("the conversations in %s are another file by now", self._file)
                    self._database.close()
                    self._database = None
                    self._remove_what_is_left()
                if self._database is None:
                    self._database = self._opened()
                with self._database:
                    yield self._database
            except (OSError, sqlite3.Error) as error:
                raise NotKeptError(_reason(error)) from error

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()

    def _is_gone(self) -> bool:
        """Whether the file is not the one that was opened any more."""
        return self._file is not None and _inode(self._file) != self._inodes[""]

    def _remove_what_is_left(self) -> None:
        """Remove what SQLite had beside the file that is gone: it would be read into another."""
        for ending in ("-wal", "-shm"):
            assert self._file
            beside = self._file.with_name(self._file.name + ending)
            if _inode(beside) == self._inodes[ending] != 0:
                beside.unlink()

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            return self._connected()
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file.touch(mode=0o600)
        try:
            return self._connected()
        except sqlite3.Error as error:
            if _code(error) not in _DAMAGED or not _is_ours(self._file):
                raise
            aside = _set_aside(self._file)
            _log.warning(
                "the conversations in %s are damaged (%s): they are set aside as %s, and a new "
                "file is begun", self._file, error, aside,
            )  # fmt: skip
        self._file.touch(mode=0o600)
        return self._connected()

    def _connected(self) -> sqlite3.Connection:
        database = sqlite3.connect(
            self._file or ":memory:", check_same_thread=False, timeout=self._wait
        )
        # Bytes that are no text cost a letter, not the list they stand in.
        database.text_factory = lambda data: data.decode("utf-8", "replace")
        try:
            database.execute("PRAGMA foreign_keys = ON")
            database.execute("PRAGMA journal_mode = WAL")
            with closing(database.execute("PRAGMA quick_check(1)")) as check:
                [(found,)] = check.fetchall()
            if found != "ok":
                damaged = sqlite3.DatabaseError(" ".join(found.split()))
                damaged.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
                raise damaged
            database.executescript(self._tables)
            if self._file:
                name = self._file.name
                self._inodes = {
                    ending: _inode(self._file.with_name(name + ending))
                    for ending in ("", "-wal", "-shm")
                }
        except BaseException:
            database.close()
            raise
        return database


def _inode(file: Path) -> int:
    return file.stat().st_ino if file.exists() else 0


def _is_ours(file: Path) -> bool:
    """Whether it may be moved: nobody's letter that was named by mistake."""
    if file.suffix == ".db":
        return True
    with file.open("rb") as read:
        return read.read(len(_HEADER)) == _HEADER


def _set_aside(file: Path) -> Path:
    """Move a file, with what SQLite has beside it, to a name that is free; the name."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = file.with_name(f"{file.name}.damaged-{stamp}-{secrets.token_hex(3)}")
    for ending in ("-wal", "-shm", ""):
        beside = file.with_name(file.name + ending)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + ending))
    return aside


def _code(error: Exception) -> int:
    """SQLite's code of an error, without what it says in addition; 0 where it has none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _passes(error: Exception) -> bool:
    return _code(error) in _PASSING or getattr(error, "errno", None) == errno.ENOSPC


def _reason(error: Exception) -> str:
    if getattr(error, "errno", None) == errno.ENOSPC:
        return "the disk is full"
    # Of an OSError without the path: whoever asks is told.
    said = getattr(error, "strerror", None) or str(error)
    return _REASONS.get(_code(error)) or " ".join(said.split())
