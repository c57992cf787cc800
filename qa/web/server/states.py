"""What the server remembers of open pages, within bounds of memory."""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from typing import Any

from gradio.queueing import Queue
from gradio.state_holder import SessionState, StateHolder

# Bytes that all pages together may take.
MOST_BYTES = 200_000_000
# Of a page without a question (133 KB were measured once), and of a message that it has not
# fetched; the latter and the next one are estimates that nothing has measured yet.
_PAGE = 160_000
_MESSAGE = 100_000
# What Python takes for a character of what a page shows, with what the answer itself takes.
_PER_CHARACTER = 6
_GROUP, _OWN = 16, 40
_MOST_LET_GO = 10_000


def bound(session: str, user: str) -> str:
    """The name under which the page `session` of a user is kept; of another user's it tells nothing
    and opens nothing. Its group, up to the "-", is one for all pages of a user."""
    group = hashlib.sha256(f"user {user}".encode()).hexdigest()[:_GROUP]
    # Half a character, as JSON can name it, is a name like any.
    page = f"page {user}\0{session}".encode("utf-8", "surrogatepass")
    own = hashlib.sha256(page).hexdigest()[:_OWN]
    return f"{group}-{own}"


class BoundedStates(StateHolder):
    """Gradio's memory of pages, by session. Where there is too much of it, what goes is the page
    longest unused of the user whose pages take most; a page that waits for an answer stays."""

    def __init__(self, queue: Queue, most: int = MOST_BYTES) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._queue = queue
        self._most = most
        self._bytes: dict[str, int] = {}
        self.let_go: OrderedDict[str, None] = OrderedDict()
        """Pages that were forgotten of late: who asks on one is told so."""

    @property
    def size(self) -> int:
        """Bytes that all pages take, as estimated."""
        return sum(self._bytes.values())

    def is_anothers(self, event_id: str, user: str) -> bool:
        """Whether an event that is known here was asked on a page of another user."""
        event = self._queue.event_ids_to_events.get(event_id)
        # What is answered is known until its page has fetched it
        sessions = [event.session_hash] if event is not None else []
        sessions += [
            session
            for session, events in list(self._queue.pending_event_ids_session.items())
            if event_id in events
        ]
        own = _group(bound("", user))
        return any(session is None or _group(session) != own for session in sessions)

    def update(self, session_id: str) -> None:
        """Note that a page was used, and let others go where there is no room."""
        with self.lock:
            if session_id in self.session_data:
                self.session_data.move_to_end(session_id)
                self._bytes[session_id] = self._size(session_id)
            for name in self._bytes.keys() - self.session_data.keys():
                del self._bytes[name]
            while self.size > self._most and self._let_go(session_id):
                pass

    def _size(self, session_id: str) -> int:
        waiting = self._queue.pending_messages_per_session.get(session_id)
        return (
            _PAGE
            + (waiting.qsize() * _MESSAGE if waiting is not None else 0)
            + _PER_CHARACTER * _shown(self.session_data[session_id])
        )

    def _let_go(self, used: str) -> bool:
        """Forget one page, never that of now; whether there was one to forget."""
        by_group: Counter[str] = Counter()
        for name, size in self._bytes.items():
            by_group[_group(name)] += size
        for group, _ in by_group.most_common():
            for name in self.session_data:
                if name != used and _group(name) == group and not self._awaited(name):
                    del self.session_data[name]
                    del self._bytes[name]
                    self.let_go[name] = None
                    while len(self.let_go) > _MOST_LET_GO:
                        self.let_go.popitem(last=False)
                    self.time_last_used.pop(name, None)
                    self._queue.pending_messages_per_session.pop(name, None)
                    self._queue.pending_event_ids_session.pop(name, None)
                    return True
        return False

    def _awaited(self, session_id: str) -> bool:
        events = self._queue.pending_event_ids_session.get(session_id, ())
        return any(event in self._queue.event_ids_to_events for event in events)


def _group(session_id: str) -> str:
    return session_id.partition("-")[0] if "-" in session_id else ""


def _shown(state: SessionState) -> int:
    """Characters of all texts that a page shows."""
    values: list[Any] = [
        config.get("props", {}).get("value") for config in state.config_values.values() if config
    ]
    return sum(len(value) for value in values if isinstance(value, str))
