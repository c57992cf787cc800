"""The web chat: answers with their sources beside them.

Gradio is imported for who wants a page: `refdesk mcp` does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.lazy import loader

if TYPE_CHECKING:
    from qa.web.server.app import build_app
    from qa.web.server.serve import launch

__all__ = ["build_app", "launch"]

__getattr__ = loader(__name__, ("server.app", "server.serve"), __all__)
