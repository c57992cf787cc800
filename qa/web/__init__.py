"""The web chat: answers with their sources beside them."""

from qa.web.server.app import build_app
from qa.web.server.serve import launch

__all__ = ["build_app", "launch"]
