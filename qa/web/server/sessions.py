"""The sessions of those who logged in on the page, and the cookie that carries one."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import stat
import time
from collections import OrderedDict
from dataclasses import astuple, dataclass
from pathlib import Path
from threading import Lock

from qa.passwords import Users
from sources.whole_file import write_whole

COOKIE = "refdesk-session"
# Seconds: a working day.
LASTS = 12 * 3600
_MOST_SESSIONS = 1000
_MOST_BYTES = 1_000_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Session:
    name: str
    version: str
    ends: float  # seconds since 1970, so that another process knows it


class Sessions:
    """Who is logged in, in the memory of the server and in a file. Any thread may use it.

    A session ends after `LASTS`, on logging out, and as soon as the user is removed or has another
    password. The file outlives the server: it holds no secret that opens a session, only its hash,
    and only its owner may read it. Where it cannot be written, sessions end with the server.
    """

    def __init__(self, users: Users, file: Path | None = None) -> None:
        self._users = users
        self._file = file
        self._lock = Lock()
        self._open = _read(file) if file else OrderedDict()

    def start(self, name: str) -> str:
        """A new session of a user whose password was right; the secret to know it by."""
        secret = secrets.token_urlsafe(32)
        version = self._users.version(name) or ""
        with self._lock:
            self._open[_key(secret)] = _Session(name, version, time.time() + LASTS)
            while len(self._open) > _MOST_SESSIONS:
                self._open.popitem(last=False)
            self._write()
        return secret

    def user(self, secret: str) -> str | None:
        """The name of the user whose session `secret` opens."""
        with self._lock:
            session = self._open.get(_key(secret))
        if session is None:
            return None
        if session.ends < time.time() or self._users.version(session.name) != session.version:
            self.end(secret)
            return None
        return session.name

    def end(self, secret: str) -> None:
        """End the session that `secret` opens."""
        with self._lock:
            if self._open.pop(_key(secret), None) is not None:
                self._write()

    def _write(self) -> None:
        if self._file is None:
            return
        now = time.time()
        held = {key: astuple(one) for key, one in self._open.items() if one.ends > now}
        try:
            write_whole(self._file, json.dumps(held), private=True)
        except OSError as error:
            _log.warning("log-ins end with the server: %s (%s)", self._file, error.strerror)


def _key(secret: str) -> str:
    # Neither memory nor file holds a secret that opens a session.
    return hashlib.sha256(secret.encode()).hexdigest()


def _read(file: Path) -> OrderedDict[str, _Session]:
    """The sessions in a file; none where it is missing, damaged, or not its owner's alone."""
    found: OrderedDict[str, _Session] = OrderedDict()
    try:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(file, flags), encoding="utf-8") as opened:
            known = os.fstat(opened.fileno())
            ours = not hasattr(os, "getuid") or (
                known.st_uid == os.getuid() and not known.st_mode & 0o077
            )
            if not (ours and stat.S_ISREG(known.st_mode) and known.st_size <= _MOST_BYTES):
                return found
            for key, (name, version, ends) in json.load(opened).items():
                # None lasts longer than one of today, whatever the file says.
                session = _Session(str(name), str(version), float(ends))
                if time.time() < session.ends <= time.time() + LASTS:
                    found[str(key)] = session
    except (OSError, ValueError, TypeError, AttributeError):
        found.clear()
    return found
