"""The page of the library: what is in it."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from index.opened import Index


def add_library_page(app: gr.Blocks, index: Index, library: Path) -> None:
    """Add the page to the app."""
