"""What the server writes to its log: a line for each request, as text or JSON, with an id."""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from qa.plain_text import visible
from qa.web.shared.access import KEY_SCOPE, SCOPE_KEY

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEVELS = ("debug", "info", "warning", "error")
_OURS = ("qa", "index", "sources", "uvicorn")
# What a caller may name its request, so that its log and ours can be laid side by side.
_ID = re.compile(rb"[\w.-]{1,64}", re.ASCII)
# What may read a shared conversation is in its address.
_SHARED = re.compile(r"/shared/.*", re.DOTALL)
_LONGEST = 300
_request: ContextVar[str] = ContextVar("request", default="")
_log = logging.getLogger(__name__)


def configure_logs(level: str = "warning", *, as_json: bool = False) -> None:
    """Write our log to stderr from a level of `LEVELS` on; of other packages only warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JSON() if as_json else _Text())
    logging.basicConfig(level="WARNING", handlers=[handler], force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(level.upper())


def _told(record: logging.LogRecord) -> dict[str, object]:
    return getattr(record, "told", {}) | ({"request": _request.get()} if _request.get() else {})


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = "".join(f" {name}={value}" for name, value in _told(record).items())
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        # One line, whatever stands in a path or a question.
        line = visible(f"{at} {record.levelname.lower()} {record.getMessage()}{told}")
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _JSON(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_told(record),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class RequestLog:
    """ASGI middleware: gives each request an id, which its response has, and logs it.

    Of an address only the path is logged: what stands behind it may be a question. The token of a
    shared conversation is not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = dict(scope["headers"]).get(b"x-request-id", b"")
        name = sent.decode() if _ID.fullmatch(sent) else secrets.token_hex(8)
        begun, status = time.perf_counter(), 0
        path, method = scope["path"], scope["method"]  # the guard may change them
        path = _SHARED.sub("/shared/", path)
        token = _request.set(name)

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", name.encode()),
                ]
            await send(message)

        try:
            with suppress(ClientDisconnect):  # who has left is owed nothing
                await self._app(scope, receive, send_noted)
        finally:
            told = {
                "method": method,
                "path": path[:_LONGEST],
                "status": status,
                "ms": round(1000 * (time.perf_counter() - begun)),
            }
            told |= {"user": scope[SCOPE_KEY]} if scope.get(SCOPE_KEY) else {}
            told |= {"key": scope[KEY_SCOPE].label} if scope.get(KEY_SCOPE) else {}
            _log.info("request", extra={"told": told})
            _request.reset(token)
