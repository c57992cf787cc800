"""What the server lets through: the few paths that the page needs, and nothing out of the page."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gradio also serves files, uploads, a proxy and an editor; this app uses none of them.
_NEEDED = re.compile(
    r"/(config/?|theme\.css|favicon\.ico|manifest\.json|robots\.txt|(assets|static)/.*"
    r"|gradio_api/(info|app_id|startup-events|cancel|reset|queue/(join|data)|heartbeat/[^/]+"
    r"|call/(v2/)?(ask|search|sources)(/[0-9a-f]+)?)/?)?"
)
# Gradio compiles its templates and starts from inline scripts, hence the two "unsafe"; what counts
# is that nothing, whoever wrote it, can reach another host.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


class Guard:
    """ASGI middleware: refuses other paths and foreign Host headers, adds the security headers.

    A page of another site can reach a loopback server under a name of its own (DNS rebinding);
    `hosts` are the names that the server answers to, None for any.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        if self._hosts is not None and _host(scope) not in self._hosts:
            await _refuse(send_guarded, 403, b"This server does not answer to that name.")
        elif not _NEEDED.fullmatch(scope["path"]):
            await _refuse(send_guarded, 404, b"Not found.")
        else:
            await self._app(scope, receive, send_guarded)


def names_of(host: str) -> frozenset[str] | None:
    """The Host names that a server bound to `host` answers to; None for any."""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return frozenset({host, "localhost", "127.0.0.1", "::1"}) if loopback else None


def _host(scope: Scope) -> str:
    """The name in the Host header, without port and brackets."""
    value = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    return re.sub(r":\d+$", "", value).strip("[]").lower()


async def _refuse(send: Send, status: int, reason: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": reason})
