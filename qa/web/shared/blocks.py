"""The page as Gradio runs it, with what Gradio checks only for an app that it launched itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.routes import App

# Where the guard leaves the files that the sender uploaded, in the scope of a request.
UPLOADS_KEY = "refdesk.uploads"
_DEEPEST = 40


class CheckedBlocks(gr.Blocks):
    """Blocks whose functions open no file but what their caller uploaded for them.

    Gradio reads the file that an object `{"path": ...}` names wherever it stands in what is sent,
    and whatever the function takes; its check of allowed paths returns early where `has_launched`
    is not set, which mounting leaves out. Every way to a function (queue, named endpoint, MCP)
    leads through `process_api`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.has_launched = True
        self.programs: Callable[[], FastAPI] = FastAPI
        """Makes what programs call, which the page is mounted in."""

    async def process_api(
        self, block_fn: Any, inputs: list[Any], *args: Any, **more: Any
    ) -> dict[str, Any]:
        """As Gradio's own. Raises gradio.Error where a file is sent that is none of the caller's,
        or where none is wanted."""
        function = self.fns[block_fn] if isinstance(block_fn, int) else block_fn
        uploads = _uploads(more.get("request"))
        for place, sent in enumerate(inputs):
            wants = place < len(function.inputs) and isinstance(function.inputs[place], gr.File)
            _check(sent, uploads.__contains__ if wants else _none)
        event = more.get("event_data")
        _check(getattr(event, "_data", None), _none)
        return await super().process_api(block_fn, inputs, *args, **more)


def _only_mounted(create: Callable[..., App]) -> Callable[..., App | None]:
    """`App.create_app` without the apps of a page that is being made.

    Gradio makes one with all its routes whenever such a page is left, and when it gets its queue,
    and throws them away: a tenth of the start. Mounting names an `auth_dependency`.
    """

    def made(blocks: gr.Blocks, *args: Any, **options: Any) -> App | None:
        if isinstance(blocks, CheckedBlocks) and "auth_dependency" not in options:
            return None
        return create(blocks, *args, **options)

    return made


App.create_app = staticmethod(_only_mounted(App.create_app))  # type: ignore[method-assign,assignment]


def _none(path: str) -> bool:
    return False


def _uploads(request: Any) -> frozenset[str]:
    # Gradio wraps the request of a page; that of an MCP client it passes on as it is.
    scope = getattr(getattr(request, "request", request), "scope", None) or {}
    return frozenset(scope.get(UPLOADS_KEY, ()))


def _check(sent: Any, allowed: Callable[[str], bool], depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise gr.Error("What was sent is nested too deep.", print_exception=False)
    if isinstance(sent, Mapping):
        if not sent.keys().isdisjoint(("path", "url", "meta")):
            path = sent.get("path")
            if not (isinstance(path, str) and allowed(path) and Path(path).is_file()):
                raise gr.Error(
                    "A file was sent where none is wanted, or one that was not uploaded here.",
                    print_exception=False,
                )
            return
        sent = [*sent.values()]
    if isinstance(sent, list | tuple):
        for one in sent:
            _check(one, allowed, depth + 1)
