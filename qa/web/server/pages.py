"""What a page sends, before Gradio has it: so long at most, and its session that of its user."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Container
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import PlainTextResponse, Response

from qa.web.server.states import bound

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Message, Receive

# Bytes of what is sent, but for uploads.
LONGEST_BODY = 1_000_000
MCP_PATH = "/mcp"
_LET_GO = "The server has closed this page, which was long unused, to save memory: reload it."
# How deep that may be nested: those who read it after us call themselves for each level.
_DEEPEST = 100
_WITH_SESSION = re.compile(r"/gradio_api/(queue/join|cancel|call/\w+)/?")
_BY_EVENT = re.compile(r"/gradio_api/(?:cancel|reset)/?")
_EVENT = re.compile(r"/gradio_api/call/\w+/([0-9a-f]+)/?")
_HEARTBEAT = re.compile(r"(/gradio_api/heartbeat/)([^/]+)/?")


async def bind_session(
    request: Request,
    user: str,
    let_go: Container[str] = (),
    is_anothers: Callable[[str, str], bool] = lambda event, user: False,
) -> tuple[Receive, Response | None]:
    """How Gradio is to receive a request of `user`, or why it is refused.

    The session that it names becomes one that only this user can name; one that was `let_go` is
    refused, for what its page shows is forgotten. So is an event (a question that is being
    answered) of another user, as `is_anothers` knows it. Changes the request's scope.
    """
    scope = request.scope
    event = _EVENT.fullmatch(scope["path"])
    if event and is_anothers(event[1], user):
        return request.receive, PlainTextResponse("Not found.", 404)
    if found := _HEARTBEAT.fullmatch(scope["path"]):
        scope["path"] = found[1] + bound(found[2], user)
        scope["raw_path"] = scope["path"].encode("ascii")
    if "session_hash" in request.query_params:
        query = [
            (name, bound(value, user) if name == "session_hash" else value)
            for name, value in request.query_params.multi_items()
        ]
        scope["query_string"] = urlencode(query).encode("ascii")
    if request.method != "POST":
        return request.receive, None
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_BODY:
            return request.receive, PlainTextResponse("That is too long.", 413)
    with_session = _WITH_SESSION.fullmatch(scope["path"])
    by_event = _BY_EVENT.fullmatch(scope["path"])
    if with_session or by_event or scope["path"] == MCP_PATH:
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            return request.receive, PlainTextResponse("That is no JSON.", 400)
        if _is_deep(told):
            return request.receive, PlainTextResponse("That is nested too deep.", 400)
        if scope["path"] == MCP_PATH:
            return _once(body, request.receive), None
        if not isinstance(told, dict):
            return request.receive, PlainTextResponse("That is no object of JSON.", 400)
        if is_anothers(str(told.get("event_id")), user):
            return request.receive, PlainTextResponse("Not found.", 404)
        if not with_session:
            return _once(body, request.receive), None
        told = _bound_body(told, user)
        if told["session_hash"] in let_go:
            return request.receive, PlainTextResponse(_LET_GO, 410)
        body = json.dumps(told).encode("ascii")
        scope["headers"] = [
            *((name, value) for name, value in scope["headers"] if name != b"content-length"),
            (b"content-length", str(len(body)).encode("ascii")),
        ]
    return _once(body, request.receive), None


def _bound_body(told: dict[str, Any], user: str) -> dict[str, Any]:
    # A program that names no session gets one of its own.
    session = told.get("session_hash") or secrets.token_urlsafe(16)
    # Requests in batches, which no function here takes, would come without their user.
    rest = {name: value for name, value in told.items() if name != "batched"}
    return {**rest, "session_hash": bound(str(session), user)}


def _is_deep(told: Any) -> bool:
    level = [told] if isinstance(told, dict | list) else []
    for _ in range(_DEEPEST):
        inside = (one.values() if isinstance(one, dict) else one for one in level)
        level = [child for one in inside for child in one if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _once(body: bytes, rest: Receive) -> Receive:
    """Receives `body`, then what else there is: that the sender has gone."""
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return await rest()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
