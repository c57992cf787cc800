"""Conversations kept in SQLite, each under the name of its user."""

from __future__ import annotations

import json
import secrets
import sqlite3
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from qa.result import Answer
from qa.templates import shortened
from qa.web.chat.conversation import Turn, Turns
from qa.web.chat.from_json import from_json
from qa.web.chat.kept_file import KeptFile
from qa.web.chat.pins import TABLE, Pins
from qa.web.chat.shares import TABLE as SHARED
from qa.web.chat.shares import Shares

_LONGEST_TITLE = 80
_MOST_LISTED = 200
# What is kept of a passage that was considered, and what stands for the rest.
_PLACE = ("source_id", "start", "end", "page", "heading", "score", "sha256")
_NOT_KEPT: dict[str, Any] = {
    "title": "", "publisher": None, "url": None, "published": None, "standing": "", "quote": "",
}  # fmt: skip
# Before the name of its user, where a conversation is deleted; no name holds a line end.
_DELETED = "deleted\n"
_RESTORABLE = timedelta(hours=1)
_LOST = "What was kept of this answer is damaged and cannot be shown; ask again."
# Seconds: a save takes milliseconds, and the person waits to be told.
_WAIT = 2.0
_TABLES = """
CREATE TABLE IF NOT EXISTS conversation (
    id TEXT PRIMARY KEY, user TEXT NOT NULL, title TEXT NOT NULL, updated TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_user ON conversation (user, updated);
CREATE TABLE IF NOT EXISTS turn (
    conversation TEXT NOT NULL REFERENCES conversation ON DELETE CASCADE,
    place INTEGER NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL, turn TEXT NOT NULL,
    PRIMARY KEY (conversation, place)
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A conversation in the list: `updated` is a time in UTC as ISO 8601, `turns` counts them;
    `shared` is its token where it is shared, else ""."""

    id: str
    title: str
    updated: str
    turns: int
    shared: str = ""


class Conversations:
    """The conversations in a file; a user sees only their own. Safe to use from several threads.

    Everything but `close` raises NotKeptError where the file cannot be read or written.
    """

    def __init__(self, file: Path | None = None, wait: float = _WAIT) -> None:
        """Open `file`, made if need be; None keeps them while the process runs. `wait` is how many
        seconds another program may write before that is an error.

        Raises SettingError.
        """
        self._file = KeptFile(file, _TABLES + TABLE + SHARED, wait)
        self.pins = Pins(self._file)
        self.shares = Shares(self._file)

    def save(self, user: str, conversation: str | None, turns: Turns) -> str | None:
        """Keep the turns that are complete; the id. None where there is nothing to keep."""
        done = [turn for turn in turns if turn.question and not turn.running]
        if not done:
            return conversation
        with self._file.use() as database:
            if not _owns(database, user, conversation):
                conversation = secrets.token_urlsafe(12)
                title = shortened(" ".join(done[0].question.split()), _LONGEST_TITLE)
                database.execute(
                    "INSERT INTO conversation VALUES (?, ?, ?, ?)",
                    (conversation, user, title, _now()),
                )
            database.execute(
                "UPDATE conversation SET updated = ? WHERE id = ?", (_now(), conversation)
            )
            database.execute("DELETE FROM turn WHERE conversation = ?", (conversation,))
            database.executemany(
                "INSERT INTO turn VALUES (?, ?, ?, ?, ?)",
                (
                    (
                        conversation,
                        place,
                        turn.question,
                        turn.answer.text if turn.answer else "",
                        json.dumps(_to_keep(turn)),
                    )
                    for place, turn in enumerate(done)
                ),
            )
        return conversation

    def load(self, user: str, conversation: str) -> Turns:
        """The turns of a conversation; none where the user has none of that id."""
        with self._file.use() as database:
            if not _owns(database, user, conversation):
                return ()
            rows = database.execute(
                "SELECT question, CAST(turn AS BLOB) FROM turn WHERE conversation = ? "
                "ORDER BY place",
                (conversation,),
            ).fetchall()
        return tuple(_from_kept(str(question), kept) for question, kept in rows)

    def list(self, user: str, search: str = "") -> list[Kept]:
        """The conversations of a user, newest first; those that hold the words of `search`."""
        words = search.split()
        held = " AND ".join(
            "(title LIKE ? ESCAPE '\\' OR EXISTS (SELECT 1 FROM turn WHERE conversation = id AND "
            "(question LIKE ? ESCAPE '\\' OR answer LIKE ? ESCAPE '\\')))"
            for _ in words
        )
        patterns = [
            "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            for word in words
        ]
        with self._file.use() as database:
            rows = database.execute(
                "SELECT id, title, updated, (SELECT count(*) FROM turn WHERE conversation = id), "  # noqa: S608
                "coalesce((SELECT token FROM shared WHERE conversation = id), '') "
                f"FROM conversation WHERE user = ? {f'AND {held}' if held else ''} "
                "ORDER BY updated DESC, rowid DESC LIMIT ?",
                (user, *(pattern for pattern in patterns for _ in range(3)), _MOST_LISTED),
            ).fetchall()
        return [
            Kept(id=name, title=title, updated=updated, turns=turns, shared=shared)
            for name, title, updated, turns, shared in rows
        ]

    def title(self, user: str, conversation: str) -> str:
        """The title of a conversation; "" where the user has none of that id."""
        with self._file.use() as database:
            row = database.execute(
                "SELECT title FROM conversation WHERE id = ? AND user = ?", (conversation, user)
            ).fetchone()
        return str(row[0]) if row else ""

    def rename(self, user: str, conversation: str, title: str) -> None:
        """Give a conversation another title; an empty one changes nothing."""
        title = shortened(" ".join(title.split()), _LONGEST_TITLE)
        if title:
            with self._file.use() as database:
                database.execute(
                    "UPDATE conversation SET title = ? WHERE id = ? AND user = ?",
                    (title, conversation, user),
                )

    def delete(self, user: str, conversation: str) -> None:
        """Delete a conversation: for good as soon as the next is, more than an hour later."""
        with self._file.use() as database:
            before = (datetime.now(UTC) - _RESTORABLE).isoformat(timespec="milliseconds")
            database.execute(
                "DELETE FROM conversation WHERE user LIKE ? AND updated < ?",
                (f"{_DELETED}%", before),
            )
            database.execute(
                "UPDATE conversation SET user = ?, updated = ? WHERE id = ? AND user = ?",
                (_DELETED + user, _now(), conversation, user),
            )

    def restore(self, user: str, conversation: str) -> None:
        """Bring back what the user deleted, as long as it is there."""
        with self._file.use() as database:
            database.execute(
                "UPDATE conversation SET user = ? WHERE id = ? AND user = ?",
                (user, conversation, _DELETED + user),
            )

    def close(self) -> None:
        """Release the file."""
        self._file.close()


def _owns(database: sqlite3.Connection, user: str, conversation: str | None) -> bool:
    found = database.execute(
        "SELECT 1 FROM conversation WHERE id = ? AND user = ?", (conversation, user)
    ).fetchone()
    return found is not None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _to_keep(turn: Turn) -> dict[str, Any]:
    answer = turn.answer
    return {
        "question": turn.question,
        "scope": turn.scope,
        "choice": asdict(turn.choice),
        "answer": answer and answer.to_dict() | {"rejected": answer.rejected},
        "error": turn.error,
        "report": turn.report and turn.report.to_dict(),
        "stopped": turn.stopped,
        # Where they are, for the generation that is served then to fill in what they say.
        "considered": [{name: getattr(one, name) for name in _PLACE} for one in turn.considered],
        "weighed": turn.weighed and asdict(turn.weighed),
        "right": turn.right,
        "note": turn.note,
    }


def _from_kept(question: str, kept: bytes) -> Turn:
    """A turn as it was; where it is damaged, its question, and a word on it."""
    try:
        values = json.loads(kept)
        values["considered"] = [
            _NOT_KEPT | {name: one[name] for name in _PLACE} for one in values.get("considered", ())
        ]
        turn = from_json(Turn, values)
        if turn.answer is not None:
            _check_numbers(turn.answer)
        if turn.report is not None and turn.answer is None:
            raise ValueError("a report without what it says")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Turn(question=question or "?", error=_LOST)
    return turn


def _check_numbers(answer: Answer) -> None:
    """Raises ValueError where something is cited that is not there."""
    numbers = [number for sentence in answer.sentences for number in sentence.citations]
    numbers += [conflict.cited for conflict in answer.conflicts]
    if not all(1 <= number <= len(answer.citations) for number in numbers):
        raise ValueError("a citation is missing")
