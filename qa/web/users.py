"""Who is using the page."""

from __future__ import annotations

import gradio as gr

# The one person at a machine that serves only itself.
LOCAL = "local"


def user_of(request: gr.Request | None) -> str:
    """The name that a person logged in with, or that of the only person."""
    return getattr(request, "username", None) or LOCAL
