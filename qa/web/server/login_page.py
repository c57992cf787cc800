"""The page to log in on, and where it leads."""

from __future__ import annotations

import re
from collections.abc import Iterable

from qa.web.shared.render import render

# Where one may be led to after logging in; never to another site.
_PAGES = re.compile(r"/(library|shared/[\w-]+)?")


def page_after(wanted: str, libraries: Iterable[str] = ()) -> str:
    """The page to lead to after logging in: one of ours, with its query; `libraries` are those of a
    server with several."""
    path, mark, query = wanted.partition("?")
    library, _, rest = path[1:].partition("/")
    page = f"/{rest}" if library in libraries else path
    return f"{path}{mark}{query}" if _PAGES.fullmatch(page) and wanted.isprintable() else "/"


def login_page(then: str, *, wrong: bool) -> str:
    """The page to log in on, which leads to `then`; `wrong` says that it was tried before."""
    return render("login.html", then=then, wrong=wrong)
