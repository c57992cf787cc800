"""Who changed what: each act of a curator as a line of JSON, in a file that only grows."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

AUDIT = "audit.jsonl"
_log = logging.getLogger(__name__)


class Audit:
    """The file, in the folder of an index. Any thread may use it."""

    def __init__(self, index: Path) -> None:
        self._file = index / AUDIT

    def note(self, user: str, act: str, **what: object) -> None:
        """Write down that a user did something; where that fails, the log of the server says so."""
        told = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "user": user, "act": act}
        line = json.dumps(told | what) + "\n"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        try:
            with os.fdopen(os.open(self._file, flags, 0o600), "a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            _log.warning("%s cannot be written (%s): %s", self._file, error.strerror, line.strip())
