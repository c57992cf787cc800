"""The read-only page of a conversation that is shared: plain HTML, without a script."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from index.opened import Index
from qa.retrieve.asked import asks_for_list
from qa.web.chat.conversation import Turns, refreshed
from qa.web.chat.kept import Conversations
from qa.web.chat.kept_file import NotKeptError
from qa.web.shared.render import render

# Beside what the guard allows: no script at all, and nothing is told to who is linked to.
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; font-src 'self'",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
    "cache-control": "no-store",
}


def shared_routes(kept: Conversations, index: Index) -> APIRouter:
    """The route of the pages; who has a link reads what it is of, behind the log-in if any."""
    router = APIRouter()

    @router.get("/shared/{token}", include_in_schema=False)
    def shared(token: str) -> Response:
        try:
            share = kept.shares.find(token)
            turns = kept.load(share.user, share.conversation)[: share.turns] if share else ()
            title = kept.title(share.user, share.conversation) if share else ""
        except NotKeptError as error:
            return HTMLResponse(gone(f"It cannot be read now: {error}."), 503, _HEADERS)
        if share is None or not turns:
            words = "It is not shared any more, or the link is not whole: ask who sent it."
            return HTMLResponse(gone(words), 404, _HEADERS)
        page = shared_page(title, refreshed(turns, index.generation), share.day)
        return HTMLResponse(page, headers=_HEADERS)

    return router


def shared_page(title: str, turns: Turns, day: str) -> str:
    """The page of the answers among `turns`, shared on `day`; without what was said of them."""
    answered = [turn for turn in turns if turn.answer is not None and turn.error is None]
    return render(
        "shared.html",
        title=title,
        turns=answered,
        date=day,
        asks_for_list=asks_for_list,
        still=True,
        words="",
    )


def gone(words: str) -> str:
    """The page in the place of a conversation that cannot be shown."""
    return render(
        "shared.html", title="Nothing is shared here", turns=(), date="", words=words,
        still=True, asks_for_list=asks_for_list,
    )  # fmt: skip
