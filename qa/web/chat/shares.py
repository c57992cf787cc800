"""Conversations that are shared: a token for each, in the file of the conversations."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from qa.web.chat.kept_file import KeptFile

TABLE = """
CREATE TABLE IF NOT EXISTS shared (
    token TEXT PRIMARY KEY,
    conversation TEXT NOT NULL UNIQUE REFERENCES conversation ON DELETE CASCADE,
    turns INTEGER NOT NULL, day TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a token opens: the first `turns` of a conversation of `user`, shared on `day`."""

    user: str
    conversation: str
    turns: int
    day: str


class Shares:
    """The tokens in a file. Who has one may read; only the owner of the conversation makes and ends
    it. Safe to use from several threads.

    Everything raises NotKeptError where the file cannot be read or written.
    """

    def __init__(self, file: KeptFile) -> None:
        self._file = file

    def begin(self, user: str, conversation: str) -> None:
        """Share a conversation of the user as it stands now; what is asked later is not shown."""
        with self._file.use() as database:
            database.execute(
                "INSERT OR IGNORE INTO shared SELECT ?, id, "
                "(SELECT count(*) FROM turn WHERE conversation = id), ? "
                "FROM conversation WHERE id = ? AND user = ?",
                (
                    secrets.token_urlsafe(24),
                    datetime.now(UTC).date().isoformat(),
                    conversation,
                    user,
                ),
            )

    def end(self, user: str, conversation: str) -> None:
        """End sharing it: what was the link leads nowhere any more."""
        with self._file.use() as database:
            database.execute(
                "DELETE FROM shared WHERE conversation IN "
                "(SELECT id FROM conversation WHERE id = ? AND user = ?)",
                (conversation, user),
            )

    def find(self, token: str) -> Share | None:
        """What a token opens; None where it opens nothing, or the conversation is deleted."""
        with self._file.use() as database:
            # Before the name of its user, a line end tells that a conversation is deleted.
            row = database.execute(
                "SELECT user, conversation, turns, day FROM shared JOIN conversation "
                "ON conversation.id = shared.conversation "
                "WHERE token = ? AND instr(user, char(10)) = 0",
                (token,),
            ).fetchone()
        return Share(user=row[0], conversation=row[1], turns=row[2], day=row[3]) if row else None
