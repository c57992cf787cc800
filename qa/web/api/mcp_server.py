"""The Model Context Protocol: tools, the sources as resources, and a prompt; over any transport."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import quote, unquote

from fastapi import FastAPI
from mcp.server.fastmcp import FastMCP
from mcp.server.fastmcp.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import Resource
from pydantic import AnyUrl
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from index.errors import IndexingError
from index.opened import Index
from qa.check.claims import claims_of
from qa.injection import quotable
from qa.web.api.calls import Calls
from qa.web.api.problems import line_of, problem
from qa.web.api.schemas import AnswerOut, ClaimCheckOut, PassageOut, Scope, SourceOut, Text

PATH = "/mcp"
_SOURCE = "refdesk://source/"
_MOST_LISTED = 1000
_MOST_CLAIMS = 50
_INSTRUCTIONS = (
    "Answers from a library of sources, each sentence with its citation, which was checked. Ask "
    "before you answer from memory; keep the citations, and say so where the sources say nothing."
)


class _Server(FastMCP[Any]):
    """A server whose resources are the sources that the index has now."""

    def __init__(self, index: Index) -> None:
        super().__init__(
            "refdesk",
            _INSTRUCTIONS,
            log_level="WARNING",
            streamable_http_path=PATH,
            stateless_http=True,
            json_response=True,
            # The guard of the whole server sees to hosts and origins.
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        self._index = index

    async def list_resources(self) -> list[Resource]:
        """The first of the sources; the tool `sources` lists them all."""
        return [
            Resource(
                uri=AnyUrl(_SOURCE + quote(source.id, safe="")),
                name=source.id,
                title=source.title,
                mimeType="text/plain",
            )
            for source in self._index.sources[:_MOST_LISTED]
        ]


def mcp_server(index: Index, calls: Calls) -> FastMCP[Any]:
    """The server with what it offers."""
    server = _Server(index)

    @server.tool()
    async def ask(question: Text, sources: Scope = None) -> AnswerOut:  # type: ignore[valid-type]
        """Answer a question from the library, every sentence cited; or abstain."""
        with _told():
            return AnswerOut(**(await calls.ask(question, sources=sources)).to_dict())

    @server.tool()
    async def search(query: Text, k: int = 5, sources: Scope = None) -> list[PassageOut]:  # type: ignore[valid-type]
        """Find the passages that are nearest to a query, best first; `k` of them, at most 50."""
        with _told():
            return [PassageOut(**one) for one in await calls.search(query, k, sources=sources)]

    @server.tool()
    async def check(text: Text, sources: Scope = None) -> list[ClaimCheckOut]:  # type: ignore[valid-type]
        """Check each sentence of a text: whether the library says it, where, and if not, why."""
        with _told():
            claims = claims_of(text)[:_MOST_CLAIMS]
            return [
                ClaimCheckOut(**{name: getattr(one, name) for name in ClaimCheckOut.model_fields})
                for one in await calls.check_claims(claims, sources)
            ]

    @server.tool()
    async def sources(first: int = 0, most: int = 100) -> list[SourceOut]:
        """List the sources of the library with their metadata."""
        listed = calls.sources(max(0, first), max(0, min(most, _MOST_LISTED)))
        return [SourceOut(**one) for one in listed]

    @server.resource(_SOURCE + "{name}", mime_type="text/plain")
    async def source(name: str) -> str:
        """The text of a source by its id, with spaces for what gives orders to a model."""
        try:
            found = index.source(unquote(name))
        except IndexingError as error:
            raise ValueError(str(error)) from error
        return quotable(found, 0, len(found.text))

    @server.prompt()
    def from_the_sources(question: str) -> str:
        """Have a question answered from the library alone."""
        return (
            f"Answer this with the tool `ask` alone, keep its citations, and name the sources they "
            f"stand for. Where it abstains, say that the library does not tell.\n\n{question}"
        )

    return server


def add_mcp(app: FastAPI, server: FastMCP[Any]) -> None:
    """Serve it at `/mcp` of an app, for as long as that runs."""
    inner = server.streamable_http_app()
    [route] = [one for one in inner.routes if isinstance(one, Route)]

    async def refused(request: Request) -> Response:
        # It would hold a connection open for what is never sent.
        return problem("Send a POST", 405, {"allow": "POST"})

    app.router.routes[:0] = [
        Route(PATH, route.endpoint, methods=["POST"]),
        Route(PATH, refused, methods=["GET", "DELETE"]),
    ]
    before = app.router.lifespan_context

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[Any]:
        async with server.session_manager.run(), before(app) as state:
            yield state

    app.router.lifespan_context = running


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong as the error of a tool, in one line."""
    try:
        yield
    except Exception as error:
        raise ToolError(line_of(error)) from error
