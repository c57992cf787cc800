"""Several libraries in one server: each below its name, with a guard and a log-in for all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response

from qa.web.api.operations import whether_ready
from qa.web.api.problems import problem
from qa.web.api.routes import METHODS
from qa.web.server.fonts import add_fonts
from qa.web.server.guard import Guard
from qa.web.server.states import BoundedStates
from qa.web.shared.access import Access

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def guarded_sites(
    sites: Mapping[str, FastAPI], hosts: frozenset[str] | None, access: Access, favicon: Path
) -> ASGIApp:
    """The sites of libraries by name, each guarded; one without a name is served alone, at `/`."""
    if "" in sites:
        return Guard(sites[""], hosts, access, _pages_of(sites[""]))
    access = replace(access, libraries=tuple(sites))
    front = Guard(_front_of(sites, favicon), hosts, access)
    guards = {}
    for name, site in sites.items():
        own = replace(access, library=name)
        guards[name] = Guard(_Below(site), hosts, own, _pages_of(site), shares=front)
    return _Libraries(front, guards)


class _Libraries:
    """ASGI: what is below the name of a library goes to its guard, without the name; the rest to
    the front."""

    def __init__(self, front: ASGIApp, guards: Mapping[str, ASGIApp]) -> None:
        self._front = front
        self._guards = guards

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._front
        if scope["type"] == "http":
            name, slash, rest = scope["path"].removeprefix("/").partition("/")
            if name in self._guards:
                app = self._guards[name]
                scope = {**scope, "root_path": f"/{name}", "path": slash + rest}
        await app(scope, receive, send)


class _Below:
    """ASGI: gives a request its whole path again, from which Starlette and Gradio themselves take
    the name; leads from /NAME to /NAME/, which the links of a page are relative to."""

    def __init__(self, site: ASGIApp) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app, root = self._site, scope["root_path"]
        if not scope["path"]:
            app = RedirectResponse(_with_query(f"{root}/", Request(scope)))
        await app({**scope, "path": root + scope["path"]}, receive, send)


def _front_of(sites: Mapping[str, FastAPI], favicon: Path) -> FastAPI:
    """What is of no one library: the way to the first, what all pages look like, and whether the
    server runs. The sites run as long as it does."""

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for site in sites.values():
                await stack.enter_async_context(site.router.lifespan_context(site))
            yield

    front = FastAPI(lifespan=running, openapi_url=None, docs_url=None, redoc_url=None)
    first = next(iter(sites))
    add_fonts(front)

    @front.get("/healthz")
    async def healthz() -> Response:
        return PlainTextResponse("ok\n")

    @front.get("/readyz")
    async def readyz() -> Response:
        return whether_ready(site.state.readiness for site in sites.values())

    @front.get("/")
    @front.get("/library")
    @front.get("/docs")
    async def to_the_first(request: Request) -> Response:
        return RedirectResponse(_with_query(f"/{first}{request.url.path}", request))

    @front.get("/favicon.ico")
    async def icon() -> Response:
        return FileResponse(favicon)

    @front.api_route("/{rest:path}", methods=METHODS)
    async def of_none(rest: str) -> Response:
        named = ", ".join(sites)
        return problem(f"Name a library first, as /{first}/{rest}; there are: {named}", 404)

    return front


def _with_query(path: str, request: Request) -> str:
    return f"{path}?{request.url.query}" if request.url.query else path


def _pages_of(site: FastAPI) -> BoundedStates:
    """What a mounted app remembers of open pages."""
    states: BoundedStates = site.routes[-1].app.state_holder  # type: ignore[attr-defined]
    return states
