"""What was asked and not answered: a small log beside the index, for who keeps the library.

It holds questions, the scope they were asked in, and how often and when; no answers, no turns
before, and nothing of who asked. It stays on this machine, is bounded, and is not written where
REFDESK_GAPS is off. What came nearest is looked up when the log is read, in the index of then.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.errors import SettingError
from qa.result import Passage

if TYPE_CHECKING:
    from index.opened import Index
    from qa.retrieve.evidence import Evidence

LOG = "gaps.db"
# The oldest give way: a curator reads the first few dozen, and a log must not grow for ever.
MOST_GAPS = 1000
# A scope of more sources than this is logged as the whole library.
_LARGEST_SCOPE = 100
# An answer never waits longer than this, in seconds, for another process that writes.
_PATIENCE = 0.2
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A question that was not answered, as it was understood, and what comes nearest to it now.

    `confidence` is that of now; `answered` says that the library has changed since and that
    Refdesk would answer now. Times are ISO 8601 in UTC.
    """

    question: str
    scope: tuple[str, ...] | None
    count: int
    first: str
    last: str
    confidence: float
    answered: bool
    nearest: tuple[Passage, ...]

    def to_dict(self) -> dict[str, Any]:
        """The gap ready for JSON."""
        return asdict(self)


def note_gap(evidence: Evidence) -> None:
    """Remember that the question of `evidence` was not answered. Never raises."""
    folder = evidence.generation.folder.parents[1]
    # A lone surrogate cannot be stored.
    question = " ".join(evidence.question.encode(errors="replace").decode().split())
    scope = evidence.sources if len(evidence.sources or ()) <= _LARGEST_SCOPE else None
    now = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        with _open(folder, create=True) as database:
            database.execute(
                "INSERT INTO gap VALUES (?, ?, 1, ?, ?, ?) ON CONFLICT (question, scope) DO UPDATE "
                "SET count = count + 1, last = excluded.last, generation = excluded.generation",
                (question, json.dumps(scope), now, now, evidence.generation.name),
            )
            database.execute(
                "DELETE FROM gap WHERE rowid NOT IN "
                "(SELECT rowid FROM gap ORDER BY last DESC, rowid DESC LIMIT ?)",
                (MOST_GAPS,),
            )
    except (sqlite3.Error, OSError) as error:  # a log must not cost the answer
        _log.debug("the question is not in the log of gaps: %s", error)


def list_gaps(index: Index, *, limit: int | None = None) -> list[Gap]:
    """What was not answered, most often asked first, then the latest. Raises SettingError.

    After `limit` gaps that are still open it ends; those that are answered by now come besides.
    """
    rows = _read(index.folder)
    rows.sort(key=lambda row: (row[2], row[4]), reverse=True)
    found: list[Gap] = []
    still_open = 0
    for row in rows:
        if still_open == limit:
            break
        found.append(_gap(index, *row))
        still_open += not found[-1].answered
    return found


def count_gaps(folder: Path) -> int:
    """How many questions are in the log of the index in `folder`. Raises SettingError."""
    return len(_read(folder))


def clear_gaps(folder: Path) -> int:
    """Forget everything in the log of the index in `folder`; how many questions there were."""
    count = 0
    with suppress(SettingError):  # what cannot be read can be forgotten all the same
        count = count_gaps(folder)
    for path in (folder / LOG, folder / f"{LOG}-journal"):
        path.unlink(missing_ok=True)
    return count


def _gap(
    index: Index, question: str, scope: str, count: int, first: str, last: str, generation: str
) -> Gap:
    from qa.pipeline import NEAREST
    from qa.retrieve.calibration import calibrated
    from qa.retrieve.evidence import gather

    current = index.generation
    asked_of = json.loads(scope)
    present = [escape(name) for name in asked_of or () if name in current.row_of]
    evidence = calibrated(gather(current, question, present or None))
    return Gap(
        question=question,
        scope=None if asked_of is None else tuple(asked_of),
        count=count,
        first=first,
        last=last,
        confidence=evidence.confidence,
        answered=evidence.answerable and generation != current.name,
        nearest=evidence.passages(NEAREST),
    )


def _read(folder: Path) -> list[tuple[str, str, int, str, str, str]]:
    if not (folder / LOG).is_file():
        return []
    try:
        with _open(folder, create=False) as database:
            made = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'gap'").fetchone()
            return database.execute("SELECT * FROM gap").fetchall() if made else []
    except (sqlite3.Error, OSError) as error:
        raise SettingError(
            f"the log of gaps {folder / LOG} cannot be read ({error}); delete that file"
        ) from error


@contextmanager
def _open(folder: Path, *, create: bool) -> Iterator[sqlite3.Connection]:
    path = folder / LOG
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
