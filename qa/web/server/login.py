"""Who is let in: by name and password with each request (HTTP Basic), or once, on a page."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Iterable
from urllib.parse import parse_qs, quote

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from qa.passwords import User, Users
from qa.web.server.login_page import login_page, page_after
from qa.web.server.sessions import COOKIE, LASTS, Sessions
from qa.web.server.throttle import Throttle
from qa.web.shared.access import KEY_SCOPE

_ASK = {"www-authenticate": 'Basic realm="Refdesk", charset="UTF-8"'}
_NO_STORE = {"cache-control": "no-store"}
# A password takes 16 MiB and 50 ms to check: so many at once, and the others wait.
_CHECKED_AT_ONCE = 2
_LONGEST_FORM = 4096


class Login:
    """The users of a server, and those of them who are logged in; `libraries` are those of a server
    with several."""

    def __init__(self, users: Users, libraries: Iterable[str] = ()) -> None:
        self._users = users
        self._libraries = tuple(libraries)
        self._sessions = Sessions(users, users.file.with_name(users.file.name + ".sessions"))
        self._throttle = Throttle()
        # Both belong to the loop of the server.
        self._limiter: anyio.CapacityLimiter | None = None
        self._checking: dict[tuple[str, str], asyncio.Future[User | None]] = {}

    async def user(self, request: Request) -> str | Response | None:
        """The name of who sends a request; None for a stranger; or a response to who guesses."""
        kind, _, sent = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            key = self._users.key(sent.strip())
            request.scope[KEY_SCOPE] = key
            return key.user if key else None
        if kind.lower() != "basic":
            return self._sessions.user(request.cookies.get(COOKIE, ""))
        try:
            name, _, password = base64.b64decode(sent, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        return await self._checked(request, name, password)

    async def answer(self, request: Request) -> Response | None:
        """The answer to a request to log in or out; None where it is another."""
        path, posted = _path(request), request.method == "POST"
        if path == "/logout" and posted:
            self._sessions.end(request.cookies.get(COOKIE, ""))
            return _lead("/login", request, "")
        if path != "/login":
            return None
        if not posted:
            return _page(self._after(request.query_params.get("then", "")), wrong=False)
        form = await _form(request)
        then = self._after(form.get("then", ""))
        name = await self._checked(request, form.get("name", ""), form.get("password", ""))
        if isinstance(name, Response):
            return name
        if name is None:
            return _page(then, wrong=True)
        return _lead(then, request, self._sessions.start(name))

    def refuse(self, request: Request) -> Response:
        """Lead a person to the page to log in on; tell a program that a password is wanted."""
        headers = request.headers
        person = "text/html" in headers.get("accept", "") and "authorization" not in headers
        if person and request.method == "GET":
            query = f"?{request.url.query}" if request.url.query else ""
            then = self._after(_path(request) + query)
            return _lead("/login" if then == "/" else f"/login?then={quote(then, safe='')}")
        # A browser that is asked on behalf of a page would open a dialog of its own.
        ask = {} if "sec-fetch-mode" in headers else _ASK
        return PlainTextResponse("Name and password, or a key, please.", 401, {**_NO_STORE, **ask})

    def _after(self, wanted: str) -> str:
        return page_after(wanted, self._libraries)

    async def _checked(self, request: Request, name: str, password: str) -> str | Response | None:
        if known := self._users.known(name, password):
            return known.name
        # What a browser sends with many requests at once is one try.
        secret = name, password
        if secret in self._checking:
            user = await asyncio.shield(self._checking[secret])
            return user.name if user else None
        address = request.client.host if request.client else ""
        if seconds := self._throttle.begin(name, address):
            return PlainTextResponse(
                f"Too many tries: wait {seconds} s, then try again.",
                429,
                {**_NO_STORE, "retry-after": str(seconds)},
            )
        self._checking[secret] = asyncio.ensure_future(self._hashed(name, password))
        try:
            user = await asyncio.shield(self._checking[secret])
        finally:
            self._checking.pop(secret, None)
        if user is None:
            return None
        self._throttle.right(name, address)
        return user.name

    async def _hashed(self, name: str, password: str) -> User | None:
        # In a thread, for a password is slow to check, on purpose.
        self._limiter = self._limiter or anyio.CapacityLimiter(_CHECKED_AT_ONCE)
        return await anyio.to_thread.run_sync(
            self._users.check, name, password, limiter=self._limiter
        )


def _path(request: Request) -> str:
    """The path of a request, with the name of the library that it is below."""
    return f"{request.scope.get('root_path', '')}{request.url.path}"


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; nothing of one that is too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_FORM:
            return {}
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


def _page(then: str, *, wrong: bool) -> Response:
    return HTMLResponse(login_page(then, wrong=wrong), 403 if wrong else 200, _NO_STORE)


def _lead(place: str, request: Request | None = None, secret: str | None = None) -> Response:
    """To another page; with `secret`, a session is handed to the browser, or, empty, taken back."""
    response = RedirectResponse(place, 303, _NO_STORE)
    if request is not None and secret is not None:
        secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
        response.set_cookie(
            COOKIE,
            secret,
            max_age=LASTS if secret else 0,
            secure=secure,
            httponly=True,
            samesite="strict",
        )
    return response
