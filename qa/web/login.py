"""Logging in by a page: its HTML, and the sessions of those who did."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from threading import Lock

from qa.users import Users
from qa.web.markup import text

COOKIE = "refdesk-session"
# Seconds: a working day.
LASTS = 12 * 3600
_MOST_SESSIONS = 1000
# Where one may be led to after logging in; never to another site.
_PAGES = ("/", "/library")


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

    def user(self, cookies: str) -> str | None:
        """The name of the user whose session a Cookie header carries."""
        key = _key(_secret(cookies))
        with self._lock:
            session = self._open.get(key)
        if session is None:
            return None
        if session.ends < time.monotonic() or self._users.version(session.name) != session.version:
            self.end(cookies)
            return None
        return session.name

    def end(self, cookies: str) -> None:
        """End the session that a Cookie header carries."""
        with self._lock:
            self._open.pop(_key(_secret(cookies)), None)


def set_cookie(secret: str, *, secure: bool) -> str:
    """The Set-Cookie header that hands a session to a browser; an empty secret takes it back."""
    lasts = LASTS if secret else 0
    flags = "HttpOnly; SameSite=Strict; Path=/" + ("; Secure" if secure else "")
    return f"{COOKIE}={secret}; Max-Age={lasts}; {flags}"


def page_after(wanted: str) -> str:
    """The page to lead to after logging in: one of ours, with its query."""
    path, mark, query = wanted.partition("?")
    return f"{path}{mark}{query}" if path in _PAGES and wanted.isprintable() else "/"


def login_page(then: str, *, wrong: bool) -> str:
    """The page to log in on, which leads to `then`; `wrong` says that it was tried before."""
    problem = (
        '<p class="problem" role="alert">Name or password is wrong. Ask who keeps the library.</p>'
        if wrong
        else ""
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Refdesk: log in</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main><h1>Refdesk</h1>"
        "<p>Answers from the sources, every sentence cited</p>"
        f'<form method="post" action="/login">{problem}'
        f'<input type="hidden" name="then" value="{text(then)}">'
        '<label for="name">Name</label>'
        '<input id="name" name="name" autocomplete="username" autofocus required>'
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" '
        'required><button type="submit">Log in</button></form></main></body></html>'
    )


_STYLE = """
@font-face { font-family: "Desk Serif"; font-weight: 600;
  src: url("/fonts/SourceSerifPro-Semibold.ttf"); }
@font-face { font-family: "Desk Sans";
  src: url("/static/fonts/SourceSansPro/SourceSansPro-Regular.woff2"); }
:root { color-scheme: light dark; --paper: #faf8f3; --sheet: #fffefb; --ink: #22201b;
  --soft: #625c51; --edge: #938b7b; --accent: #12545f; --on: #fff; --red: #9b2226;
  --pink: #fbeae8; }
@media (prefers-color-scheme: dark) { :root { --paper: #171614; --sheet: #1e1d1a; --ink: #ebe6db;
  --soft: #b0a899; --edge: #7d7566; --accent: #7fc4c9; --on: #0c2226; --red: #f2a29b;
  --pink: #3a1d1b; } }
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; background: var(--paper);
  color: var(--ink); font: 1.05rem/1.5 "Desk Sans", system-ui, sans-serif; }
main { width: min(21rem, 88vw); padding-bottom: 8vh; }
h1 { margin: 0; font: 600 2.1rem/1.2 "Desk Serif", Charter, Cambria, serif; }
h1 + p { margin: 0.2rem 0 2rem; color: var(--soft); }
label { display: block; margin: 0 0 0.3rem; color: var(--soft); }
input { width: 100%; box-sizing: border-box; margin: 0 0 1.1rem; padding: 0.65rem 0.8rem;
  font: inherit; color: inherit; background: var(--sheet); border: 1px solid var(--edge);
  border-radius: 8px; }
:is(input, button):focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
button { width: 100%; margin-top: 0.4rem; padding: 0.7rem; font: inherit; font-weight: 600;
  color: var(--on); background: var(--accent);
  border: 0; border-radius: 8px;
  cursor: pointer; }
.problem { margin: 0 0 1.2rem; padding: 0.6rem 0.9rem; color: var(--red); background: var(--pink);
  border-radius: 8px; }
"""


def _secret(cookies: str) -> str:
    try:
        found = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _key(secret: str) -> bytes:
    # The memory of the server holds no secret that opens a session.
    return hashlib.sha256(secret.encode()).digest()
