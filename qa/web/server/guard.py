"""What the server lets through: whom, the few paths that are needed, nothing out of the page."""

from __future__ import annotations

import ipaddress
import json
import re
from collections import OrderedDict, defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from qa.passwords import Key
from qa.web.api.metrics import METRICS, REQUESTS
from qa.web.api.problems import as_problem
from qa.web.server.login import Login
from qa.web.server.pages import MCP_PATH, bind_session
from qa.web.server.rates import Rates
from qa.web.server.states import BoundedStates
from qa.web.shared.access import KEY_SCOPE, LOCAL, SCOPE_KEY, Access
from qa.web.shared.blocks import UPLOADS_KEY

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gradio also serves files, a proxy and an editor; this app uses none of them.
_NEEDED = re.compile(
    r"/(v1/.*|mcp|docs|openapi\.json|metrics|config/?|library/?|theme\.css|favicon\.ico|manifest\.json|robots\.txt|shared/[\w-]+|(assets|static)/.*"
    r"|gradio_api/(info|app_id|startup-events|cancel|reset|queue/(join|data)|heartbeat/[^/]+"
    r"|call/(ask|search|sources)(/[0-9a-f]+)?)/?)?"
)
_MOST_UPLOADS = 1000
_UPLOAD = re.compile(r"/gradio_api/upload(_progress)?/?")
# Whoever sees to it that the server runs asks these without a name.
_PROBES = frozenset(("/healthz", "/readyz"))
# What a key opens, and of it what is counted: the page itself has a queue.
_PROGRAMS = re.compile(r"/(v1/.*|mcp|docs|openapi\.json|metrics|gradio_api/(info|call/.*))")
_COUNTED = re.compile(r"/v1/.*|/mcp|/gradio_api/call/.*")
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
    r"/fonts/[\w-]+\.(ttf|woff2)|/static/fonts/\w+/[\w-]+\.woff2"
)  # the page to log in on has them


class Guard:
    """ASGI middleware: refuses strangers, other paths, requests of other sites and foreign Host
    headers; adds the security headers.

    A page of another site can reach a loopback server under a name of its own (DNS rebinding);
    `hosts` are the names that the server answers to, None for any. Where `access` names users, a
    request must be of one who is logged in; only curators may send files. `pages` knows which
    pages the server has forgotten, and whose the questions are that it answers. Of several
    libraries each has a guard of its own; who logged in at the one that it `shares` with is let in
    at all, and what programs send is counted together.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: frozenset[str] | None,
        access: Access | None = None,
        pages: BoundedStates | None = None,
        *,
        shares: Guard | None = None,
    ) -> None:
        self._pages = pages
        self._app = app
        self._access = access or Access()
        self._login: Login | None = None
        self._rates: Rates | None = None
        if shares is not None:
            self._login, self._rates = shares._login, shares._rates
        elif self._access.users is not None:
            self._login = Login(self._access.users, self._access.libraries)
        if shares is None and (self._access.public or self._login):
            self._rates = Rates(self._access.rate)
        names = ["*"] if hosts is None else sorted(hosts)
        self._trusted = TrustedHostMiddleware(self._answer, names, www_redirect=False)
        self._uploads: defaultdict[str, OrderedDict[str, None]] = defaultdict(OrderedDict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        if scope["type"] != "http":
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                METRICS.count(REQUESTS, str(message["status"]))
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        await self._trusted(dict(scope), receive, send_guarded)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        refused = await self._refusal(request)
        user = scope.get(SCOPE_KEY, LOCAL)
        upload = _UPLOAD.fullmatch(scope["path"]) is not None
        if refused is None and not upload:
            known = (self._pages.let_go, self._pages.is_anothers) if self._pages else ()
            receive, refused = await bind_session(request, user, *known)
        if refused is not None:
            if scope["path"].startswith("/v1/") or scope["path"] == MCP_PATH:
                refused = as_problem(refused)
            await refused(scope, receive, send)
            return
        scope[UPLOADS_KEY] = self._uploads.get(user, ())
        await self._app(scope, receive, self._noting(user, send) if upload else send)

    async def _refusal(self, request: Request) -> Response | None:
        """What is answered in place of the page; None for what may pass."""
        scope, path = request.scope, request.scope["path"]
        if not _same_site(request):
            return PlainTextResponse("This server does not answer to other sites.", 403)
        if path in _PROBES:
            return None
        if self._login is not None and not _FONT.fullmatch(path):
            answer = await self._login.answer(request)
            user = answer or await self._login.user(request)
            if not isinstance(user, str):
                return user or self._login.refuse(request)
            scope[SCOPE_KEY] = user
            if scope.get(KEY_SCOPE) and not _PROGRAMS.fullmatch(path):
                return PlainTextResponse("A key opens what is for programs alone; see /docs", 403)
        if seconds := self._seconds_to_wait(request):
            return PlainTextResponse(
                f"Too many requests: wait {seconds} s, then try again.",
                429,
                {"retry-after": str(seconds)},
            )
        if _UPLOAD.fullmatch(path):
            passes = self._access.may_curate(scope.get(SCOPE_KEY, LOCAL))
        else:
            passes = bool(not path or _NEEDED.fullmatch(path) or _FONT.fullmatch(path))
        return None if passes else PlainTextResponse("Not found.", 404)

    def _seconds_to_wait(self, request: Request) -> int:
        """Count what a program asks; 0, or how long it must wait."""
        scope = request.scope
        if self._rates is None or not _COUNTED.fullmatch(scope["path"]):
            return 0
        if scope["path"].startswith("/gradio_api/") and request.method != "POST":
            return 0  # the second half of a call
        key: Key | None = scope.get(KEY_SCOPE)
        label = f"{key.label}@" if key else ""
        address = request.client.host if request.client else ""
        return self._rates.wait(f"{label}{scope.get(SCOPE_KEY) or address}")

    def _noting(self, user: str, send: Send) -> Send:
        """Remember the files that Gradio says it took from `user`."""
        told = b""

        async def send_noting(message: Message) -> None:
            nonlocal told
            told += message.get("body", b"")
            if message["type"] == "http.response.body" and not message.get("more_body"):
                with suppress(ValueError):
                    taken = json.loads(told)
                    mine = self._uploads[user]
                    mine.update((path, None) for path in taken if isinstance(taken, list))
                    while len(mine) > _MOST_UPLOADS:
                        mine.popitem(last=False)
            await send(message)

        return send_noting


def names_of(host: str) -> frozenset[str] | None:
    """The Host names that a server bound to `host` answers to; None for any."""
    name = f"[{host}]" if ":" in host else host
    return frozenset({name, "localhost", "127.0.0.1", "[::1]"}) if is_loopback(host) else None


def is_loopback(host: str) -> bool:
    """Whether what listens on `host` is reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _same_site(request: Request) -> bool:
    """Whether a request comes from a page of this server, or from no page at all.

    A browser sends the password along with whatever a page of another site asks for.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return True
    return origin.lower().partition("://")[2] == request.headers.get("host", "").lower()
