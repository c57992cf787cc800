"""For who runs the server: `/healthz`, `/readyz`, `/metrics`; and `/docs` for who calls it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sized
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from index.opened import Index
from qa.web.api.calls import Calls
from qa.web.api.metrics import METRICS
from qa.web.api.problems import problem
from qa.web.shared.access import Access, may_curate
from qa.web.shared.render import render

_log = logging.getLogger(__name__)


class Readiness:
    """Whether the index is open and its model loaded; which a thread sees to."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._lock = threading.Lock()
        self._begun = False
        self._problem: str | None = "the model is being loaded"

    @property
    def index(self) -> Index:
        """The index that is meant."""
        return self._index

    @property
    def problem(self) -> str | None:
        """What is lacking; None where questions can be answered."""
        return self._problem

    def begin(self) -> None:
        """Load the model, before the first question; where it fails, again when asked again."""
        with self._lock:
            if not self._begun:
                self._begun = True
                threading.Thread(target=self._load, daemon=True).start()

    def _load(self) -> None:
        try:
            self._index.search("warm", k=1)
            self._problem = None
        except Exception as error:  # the first question will be told
            _log.warning("not ready: %s", error)
            self._problem = "the index or its model cannot be used; the server's log says more"
            self._begun = False


def whether_ready(all_of: Iterable[Readiness]) -> Response:
    """Whether all are ready; else 503 and what is lacking. What is not begun is begun."""
    lacking = None
    for one in all_of:
        one.begin()
        lacking = lacking or one.problem
    return PlainTextResponse(f"{lacking or 'ok'}\n", 503 if lacking else 200)


def operation_routes(readiness: Readiness, calls: Calls, access: Access, queue: Sized) -> APIRouter:
    """The routes; `queue` holds the questions of the page that wait."""
    router = APIRouter()

    @router.get("/healthz", response_class=PlainTextResponse)
    async def healthz() -> str:
        """Whether the server runs."""
        return "ok\n"

    @router.get("/readyz", response_class=PlainTextResponse)
    async def readyz() -> Response:
        """Whether it can answer: the index is open and the model loaded; else 503 and why."""
        return whether_ready([readiness])

    @router.get("/metrics", response_class=PlainTextResponse)
    async def metrics(request: Request) -> Response:
        """Counts and times for Prometheus; for curators alone."""
        if not may_curate(access, request.scope):
            return problem("Only a curator may do this", 403)
        readiness.begin()
        gauges = {
            "sources": ("Sources that are served.", len(readiness.index.sources)),
            "waiting": ("Questions that wait for their turn.", calls.waiting + len(queue)),
            "ready": ("Whether questions can be answered.", int(readiness.problem is None)),
        }
        return PlainTextResponse(METRICS.text(gauges), media_type="text/plain; version=0.0.4")

    @router.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        app: FastAPI = request.app
        return HTMLResponse(
            render(
                "docs.html",
                told=app.openapi(),
                library=access.library,
                schema=_schema,
                type=_type,
            )
        )

    return router


def _schema(told: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """The schema of what is sent or got; of a list that of what is in it."""
    schema: dict[str, Any] = next(iter(content.values()))["schema"]
    schema = schema.get("items", schema)
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = told["components"]["schemas"][name] if name else schema
    return found


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2].rpartition("__")[2]
    if "items" in schema:
        return f"list of {_type(schema['items'])}"
    kind = str(schema.get("type", "any"))
    return " or ".join(map(str, schema["enum"])) if "enum" in schema else kind
