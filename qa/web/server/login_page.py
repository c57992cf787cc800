"""The page to log in on, and where it leads."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from qa.web.markup import text

# Where one may be led to after logging in; never to another site.
_PAGES = ("/", "/library")


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
        f"<style>{_style()}</style></head><body><main><h1>Refdesk</h1>"
        "<p>Answers from the sources, every sentence cited</p>"
        f'<form method="post" action="/login">{problem}'
        f'<input type="hidden" name="then" value="{text(then)}">'
        '<label for="name">Name</label>'
        '<input id="name" name="name" autocomplete="username" autofocus required>'
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" '
        'required><button type="submit">Log in</button></form></main></body></html>'
    )


@cache
def _style() -> str:
    return (files("qa.web") / "static/login.css").read_text(encoding="utf-8")
