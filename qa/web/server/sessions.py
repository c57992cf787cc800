"""The sessions of those who logged in on the page, and the cookie that carries one."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from qa.passwords import Users

COOKIE = "refdesk-session"
# Seconds: a working day.
LASTS = 12 * 3600
_MOST_SESSIONS = 1000


@dataclass(frozen=True, slots=True)
class _Session:
    name: str
    version: str
    ends: float


class Sessions:
    """Who is logged in, in the memory of the server. Any thread may use it.

    A session ends after `LASTS`, on logging out, with the server, and as soon as the user is
    removed or has another password.
    """

    def __init__(self, users: Users) -> None:
        self._users = users
        self._lock = Lock()
        self._open: OrderedDict[bytes, _Session] = OrderedDict()

    def start(self, name: str) -> str:
        """A new session of a user whose password was right; the secret to know it by."""
        secret = secrets.token_urlsafe(32)
        version = self._users.version(name) or ""
        with self._lock:
            self._open[_key(secret)] = _Session(name, version, time.monotonic() + LASTS)
            while len(self._open) > _MOST_SESSIONS:
                self._open.popitem(last=False)
        return secret

    def user(self, secret: str) -> str | None:
        """The name of the user whose session `secret` opens."""
        with self._lock:
            session = self._open.get(_key(secret))
        if session is None:
            return None
        if session.ends < time.monotonic() or self._users.version(session.name) != session.version:
            self.end(secret)
            return None
        return session.name

    def end(self, secret: str) -> None:
        """End the session that `secret` opens."""
        with self._lock:
            self._open.pop(_key(secret), None)


def _key(secret: str) -> bytes:
    # The memory of the server holds no secret that opens a session.
    return hashlib.sha256(secret.encode()).digest()
