"""The web chat: answers with their sources beside them."""

from qa.web.app import build_app
from qa.web.serve import launch

__all__ = ["build_app", "launch"]
