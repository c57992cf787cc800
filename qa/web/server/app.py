"""The web app: the page of the chat and that of the library, over one index."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI

from index.opened import Index, open_index
from qa.desk import open_desk
from qa.settings import read_settings
from qa.web.api.calls import Calls
from qa.web.api.completions import completion_routes
from qa.web.api.metrics import timed
from qa.web.api.operations import Readiness, operation_routes
from qa.web.api.rest import rest_routes
from qa.web.api.routes import api_app
from qa.web.chat.conversation import Model
from qa.web.chat.kept import Conversations
from qa.web.chat.page import ChatPage
from qa.web.chat.shared_page import shared_routes
from qa.web.library.adding import Adding
from qa.web.library.curate import Curator
from qa.web.library.page import LibraryPage
from qa.web.library.routes import curating_routes
from qa.web.shared.access import Access
from qa.web.shared.blocks import CheckedBlocks
from qa.web.shared.threads import in_a_loop


def build_app(
    *,
    index: str | Path | Index,
    library: Path,
    model: Model = None,
    conversations: Conversations | None = None,
    keep: bool = True,
    access: Access | None = None,
    curator: Curator | None = None,
    log_questions: bool = False,
) -> CheckedBlocks:
    """The chat over `index`; example questions come from `library`.

    `conversations` is where they are kept, by default in memory; with `keep` False nothing is.
    `access` says who may change the library, by default anybody who has the page; `curator` where.
    With `log_questions` they stand in the log of the server.
    Raises IndexNotFoundError, IndexDamagedError.
    """
    opened = index if isinstance(index, Index) else open_index(index)
    desk = timed(open_desk(read_settings(), index=opened, model=model), log_questions=log_questions)
    kept = (conversations or Conversations()) if keep else None
    access, curator = access or Access(), curator or Curator(library)

    def make() -> CheckedBlocks:
        calls, readiness = Calls(opened, desk), Readiness(opened)
        page = ChatPage(opened, desk, library, kept, access, calls)
        page.renew_after(Adding(page, opened, curator, access).rebuilt)
        LibraryPage(page.app, opened, desk, curator, access)

        def programs() -> FastAPI:
            made = api_app(
                rest_routes(calls),
                completion_routes(calls),
                curating_routes(opened, curator, access),
                operation_routes(readiness, calls, access, page.app._queue),
            )
            made.state.readiness = readiness
            if kept is not None:
                made.include_router(shared_routes(kept, opened))
            if find_spec("mcp") is not None:
                from qa.web.api.mcp_server import add_mcp, mcp_server

                add_mcp(made, mcp_server(opened, calls))
            return made

        page.app.programs = programs
        return page.app

    return in_a_loop(make)
