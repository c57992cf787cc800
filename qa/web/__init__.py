"""The web chat: answers with their sources beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.web.server.app import build_app
    from qa.web.server.serve import launch

__all__ = ["build_app", "launch"]


def __getattr__(name: str) -> Any:
    """Gradio is imported for who wants a page: `refdesk mcp` does not."""
    if name == "build_app":
        from qa.web.server.app import build_app

        return build_app
    if name == "launch":
        from qa.web.server.serve import launch

        return launch
    raise AttributeError(name)
