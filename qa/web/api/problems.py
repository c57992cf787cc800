"""What goes wrong, as JSON in one clear line."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from index.errors import (
    IndexDamagedError,
    IndexingError,
    IndexNotFoundError,
    ModelError,
    StoreError,
)
from qa.errors import RefdeskError
from qa.web.api.calls import BusyError
from qa.web.api.schemas import Problem, Refused
from sources import SourceError

_log = logging.getLogger(__name__)
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_OURS = (IndexNotFoundError, IndexDamagedError, ModelError, StoreError)


def problem(message: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A response that says in one line what is wrong."""
    kind = _TYPES.get(status) or ("server_error" if status >= 500 else "invalid_request_error")
    told = Refused(error=Problem(message=" ".join(message.split()), type=kind, code=status))
    return JSONResponse(told.model_dump(), status, headers)


def as_problem(response: Response) -> Response:
    """What was refused in a line of plain text, as JSON; what leads elsewhere stays."""
    if not response.body:
        return response
    kept = ("www-authenticate", "retry-after", "cache-control")
    headers = {name: response.headers[name] for name in kept if name in response.headers}
    return problem(bytes(response.body).decode(), response.status_code, headers)


def tell_problems(app: FastAPI) -> None:
    """Have an app answer with `problem` whatever is raised."""
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(BusyError, _busy)
    for kind in (RefdeskError, IndexingError, SourceError):
        app.add_exception_handler(kind, _told)
    app.add_exception_handler(Exception, _unexpected)


def line_of(error: Exception) -> str:
    """An error in one line; of one that is not ours only its kind, for it may tell anything."""
    if isinstance(error, RefdeskError | IndexingError | SourceError | BusyError):
        return str(error)
    return f"Something went wrong ({type(error).__name__}); the server's log says more."


async def _not_valid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    posted = request.method == "POST"
    if posted and "json" not in request.headers.get("content-type", ""):
        return problem("Send JSON, with content-type: application/json; see /docs", 422)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    return problem(f"{place or 'The body'}: {first['msg']}; see /docs", 422)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.detail, error.status_code, error.headers)


async def _busy(request: Request, error: Exception) -> Response:
    return problem(str(error), 503, {"retry-after": "5"})


async def _told(request: Request, error: Exception) -> Response:
    return problem(str(error), 503 if isinstance(error, _OURS) else 400)


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("a program's request failed", exc_info=error)
    return problem(line_of(error), 500)
