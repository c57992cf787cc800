"""Who is let in: by name and password with each request (HTTP Basic), or once, on a page."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

import anyio
import anyio.to_thread

from qa.passwords import Users
from qa.web.server.login_page import login_page, page_after
from qa.web.server.respond import HTML, refuse, respond
from qa.web.server.sessions import Sessions, set_cookie

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

Headers = dict[bytes, bytes]

_ASK = (b"www-authenticate", b'Basic realm="Refdesk", charset="UTF-8"')
# A password takes 16 MiB and 50 ms to check: so many at once, and the others wait.
_CHECKED_AT_ONCE = 2
_LONGEST_FORM = 4096


class Login:
    """The users of a server, and those of them who are logged in."""

    def __init__(self, users: Users) -> None:
        self._users = users
        self._sessions = Sessions(users)
        self._limiter: anyio.CapacityLimiter | None = None  # it belongs to the loop of the server

    async def user(self, headers: Headers) -> str | None:
        """The name of who sends a request; None for a stranger."""
        kind, _, sent = headers.get(b"authorization", b"").partition(b" ")
        if kind.lower() != b"basic":
            return self._sessions.user(_cookies(headers))
        try:
            name, _, password = base64.b64decode(sent, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return await self._checked(name, password)

    async def answer(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> bool:
        """Answer a request to log in or out; whether it was one."""
        path, posted = scope["path"], scope["method"] == "POST"
        secure = b"https" in (scope.get("scheme", "").encode(), headers.get(b"x-forwarded-proto"))
        if path == "/logout" and posted:
            self._sessions.end(_cookies(headers))
            await _lead(send, "/login", set_cookie("", secure=secure))
        elif path == "/login" and posted:
            form = await _form(receive)
            then = page_after(form.get("then", ""))
            name = await self._checked(form.get("name", ""), form.get("password", ""))
            if name is None:
                await respond(send, 403, login_page(then, wrong=True).encode(), HTML)
            else:
                secret = self._sessions.start(name)
                await _lead(send, then, set_cookie(secret, secure=secure))
        elif path == "/login":
            asked = parse_qs(scope.get("query_string", b"").decode("latin-1"))
            then = page_after("".join(asked.get("then", ())[:1]))
            await respond(send, 200, login_page(then, wrong=False).encode(), HTML)
        else:
            return False
        return True

    async def refuse(self, scope: Scope, headers: Headers, send: Send) -> None:
        """Lead a person to the page to log in on; tell a program that a password is wanted."""
        person = b"text/html" in headers.get(b"accept", b"") and b"authorization" not in headers
        if person and scope["method"] == "GET":
            query = scope.get("query_string", b"").decode("latin-1")
            then = page_after(scope["path"] + (f"?{query}" if query else ""))
            await _lead(send, "/login" if then == "/" else f"/login?then={quote(then, safe='')}")
            return
        # A browser that is asked on behalf of a page would open a dialog of its own.
        ask = () if b"sec-fetch-mode" in headers else (_ASK,)
        await refuse(send, 401, b"Name and password, please.", *ask)

    async def _checked(self, name: str, password: str) -> str | None:
        # In a thread, for a password is slow to check, on purpose.
        self._limiter = self._limiter or anyio.CapacityLimiter(_CHECKED_AT_ONCE)
        user = await anyio.to_thread.run_sync(
            self._users.check, name, password, limiter=self._limiter
        )
        return user.name if user else None


def _cookies(headers: Headers) -> str:
    return headers.get(b"cookie", b"").decode("latin-1")


async def _form(receive: Receive) -> dict[str, str]:
    """The fields of a form; nothing of one that is too long."""
    body = b""
    while len(body) <= _LONGEST_FORM:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    if len(body) > _LONGEST_FORM:
        return {}
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


async def _lead(send: Send, place: str, cookie: str = "") -> None:
    headers = [(b"location", place.encode("latin-1", "replace"))]
    headers += [(b"set-cookie", cookie.encode())] if cookie else []
    await respond(send, 303, b"", *headers)
