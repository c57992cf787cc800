"""All routes for programs, as an app that the pages are mounted in."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from qa.version import refdesk_version
from qa.web.api.problems import problem, tell_problems
from qa.web.api.schemas import Refused

_REFUSALS = {401: "Not logged in", 403: "Not allowed", 429: "Too many requests", 503: "Busy"}
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def api_app(*routers: APIRouter) -> FastAPI:
    """An app with these routes, described at `/openapi.json` and `/docs`."""
    app = FastAPI(
        title="Refdesk",
        version=refdesk_version(),
        description="Answers from a library of sources, every sentence cited, every citation "
        "checked. Log in with a key (`Authorization: Bearer`) or with name and password (Basic).",
        docs_url=None,
        redoc_url=None,
        responses={
            status: {"model": Refused, "description": said} for status, said in _REFUSALS.items()
        },
    )
    tell_problems(app)
    for router in routers:
        app.include_router(router)

    @app.api_route("/v1/{rest:path}", methods=METHODS, include_in_schema=False)
    async def nothing(rest: str) -> Response:
        return problem("There is nothing here that is asked so; see /docs", 404)

    return app
