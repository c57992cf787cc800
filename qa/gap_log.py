"""The log of what was asked and not answered: a small database beside the index.

It holds questions, the scope they were asked in, and how often and when; no answers, no turns
before, and nothing of who asked. It stays on this machine, is bounded, and is not written where
REFDESK_GAPS is off.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from qa.errors import SettingError

LOG = "gaps.db"
# The oldest give way: a curator reads the first few dozen, and a log must not grow for ever.
MOST_GAPS = 1000
# A scope of more sources than this is logged as the whole library.
_LARGEST_SCOPE = 100
# An answer never waits longer than this, in seconds, for another process that writes.
_PATIENCE = 0.2
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A question of the log; `scope` holds ids of sources, None for the whole library.

    Times are ISO 8601 in UTC; `generation` is the one that it was last asked of.
    """

    question: str
    scope: tuple[str, ...] | None
    count: int
    first: str
    last: str
    generation: str


@dataclass(frozen=True, slots=True)
class GapLog:
    """The log beside the index in `folder`."""

    folder: Path

    def note(self, question: str, scope: Sequence[str] | None, generation: str) -> None:
        """Remember that `question` was not answered. Never raises."""
        # A lone surrogate cannot be stored.
        question = " ".join(question.encode(errors="replace").decode().split())
        scope = scope if len(scope or ()) <= _LARGEST_SCOPE else None
        now = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            with self._open(create=True) as database:
                database.execute(
                    "INSERT INTO gap VALUES (?, ?, 1, ?, ?, ?) ON CONFLICT (question, scope) "
                    "DO UPDATE SET count = count + 1, last = excluded.last, "
                    "generation = excluded.generation",
                    (question, json.dumps(scope), now, now, generation),
                )
                database.execute(
                    "DELETE FROM gap WHERE rowid NOT IN "
                    "(SELECT rowid FROM gap ORDER BY last DESC, rowid DESC LIMIT ?)",
                    (MOST_GAPS,),
                )
        except (sqlite3.Error, OSError) as error:  # a log must not cost the answer
            _log.debug("the question is not in the log of gaps: %s", error)

    def read(self) -> list[Unanswered]:
        """What is in the log, most often asked first, then the latest. Raises SettingError."""
        path = self.folder / LOG
        if not path.is_file():
            return []
        try:
            with self._open(create=False) as database:
                made = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'gap'").fetchone()
                rows = database.execute("SELECT * FROM gap").fetchall() if made else []
        except (sqlite3.Error, OSError) as error:
            raise SettingError(
                f"the log of gaps {path} cannot be read ({error}); delete that file"
            ) from error
        found = [
            Unanswered(
                question=question,
                scope=None if (ids := json.loads(scope)) is None else tuple(ids),
                count=count,
                first=first,
                last=last,
                generation=generation,
            )
            for question, scope, count, first, last, generation in rows
        ]
        return sorted(found, key=lambda one: (one.count, one.last), reverse=True)

    def clear(self) -> int:
        """Forget everything; how many questions there were."""
        count = 0
        with suppress(SettingError):  # what cannot be read can be forgotten all the same
            count = len(self.read())
        for path in (self.folder / LOG, self.folder / f"{LOG}-journal"):
            path.unlink(missing_ok=True)
        return count

    @contextmanager
    def _open(self, *, create: bool) -> Iterator[sqlite3.Connection]:
        path = self.folder / LOG
        if create and not path.exists():
            path.touch(mode=0o600)  # it is for the person alone whose index it is
        with closing(sqlite3.connect(path, timeout=_PATIENCE)) as database, database:
            if create:
                database.execute("PRAGMA synchronous = OFF")  # what a crash of the machine may cost
                database.execute("PRAGMA secure_delete = ON")
                database.execute(
                    "CREATE TABLE IF NOT EXISTS gap (question TEXT, scope TEXT, count INTEGER, "
                    "first TEXT, last TEXT, generation TEXT, PRIMARY KEY (question, scope))"
                )
            yield database
