"""What the server lets through: whom, the few paths that are needed, nothing out of the page."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from qa.web.server.login import Login
from qa.web.server.respond import refuse
from qa.web.shared.access import SCOPE_KEY, Access

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gradio also serves files, a proxy and an editor; this app uses none of them.
_NEEDED = re.compile(
    r"/(config/?|library/?|theme\.css|favicon\.ico|manifest\.json|robots\.txt|(assets|static)/.*"
    r"|gradio_api/(info|app_id|startup-events|cancel|reset|queue/(join|data)|heartbeat/[^/]+"
    r"|call/(v2/)?(ask|search|sources)(/[0-9a-f]+)?|mcp|mcp/(http|schema|sse|messages)?)/?)?"
)
_UPLOAD = re.compile(r"/gradio_api/upload(_progress)?/?")
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
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    # Nothing to other sites; and our own forms say where they come from.
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
)
_FONT = re.compile(
    r"/fonts/[\w-]+\.ttf|/static/fonts/\w+/[\w-]+\.woff2"
)  # the page to log in on has them


class Guard:
    """ASGI middleware: refuses strangers, other paths, requests of other sites and foreign Host
    headers; adds the security headers.

    A page of another site can reach a loopback server under a name of its own (DNS rebinding);
    `hosts` are the names that the server answers to, None for any. Where `access` names users, a
    request must be of one who is logged in; only curators may send files.
    """

    def __init__(
        self, app: ASGIApp, hosts: frozenset[str] | None, access: Access | None = None
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._access = access or Access()
        self._login = Login(self._access.users) if self._access.users else None

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

        headers = dict(scope["headers"])
        if self._hosts is not None and _host(headers) not in self._hosts:
            await refuse(send_guarded, 403, b"This server does not answer to that name.")
            return
        if not _same_site(headers):
            await refuse(send_guarded, 403, b"This server does not answer to other sites.")
            return
        scope = dict(scope)
        if self._login is not None and not _FONT.fullmatch(scope["path"]):
            if await self._login.answer(scope, headers, receive, send_guarded):
                return
            user = await self._login.user(headers)
            if user is None:
                await self._login.refuse(scope, headers, send_guarded)
                return
            scope[SCOPE_KEY] = user
        upload = _UPLOAD.fullmatch(scope["path"]) is not None
        if upload and self._access.may_curate(scope.get(SCOPE_KEY, "")):
            await self._app(scope, receive, send_guarded)
        elif upload or not (_NEEDED.fullmatch(scope["path"]) or _FONT.fullmatch(scope["path"])):
            await refuse(send_guarded, 404, b"Not found.")
        else:
            await self._app(scope, receive, send_guarded)


def names_of(host: str) -> frozenset[str] | None:
    """The Host names that a server bound to `host` answers to; None for any."""
    return frozenset({host, "localhost", "127.0.0.1", "::1"}) if is_loopback(host) else None


def is_loopback(host: str) -> bool:
    """Whether what listens on `host` is reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _host(headers: dict[bytes, bytes]) -> str:
    """The name in the Host header, without port and brackets."""
    value = headers.get(b"host", b"").decode("latin-1")
    return re.sub(r":\d+$", "", value).strip("[]").lower()


def _same_site(headers: dict[bytes, bytes]) -> bool:
    """Whether a request comes from a page of this server, or from no page at all.

    A browser sends the password along with whatever a page of another site asks for.
    """
    origin = headers.get(b"origin")
    if origin is None:
        return True
    return origin.lower().partition(b"://")[2] == headers.get(b"host", b"").lower()
