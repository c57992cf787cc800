"""Gradio's import without its type stubs, which take more than half of it, and a lighter start."""

from __future__ import annotations

import contextlib
import gc
import inspect
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any


@contextlib.contextmanager
def without_pauses() -> Iterator[None]:
    """Looks for no garbage meanwhile: what a start makes stays, and to go through all of it time
    and again is a tenth of the start."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def import_gradio() -> None:
    """Imports Gradio, if nothing has, without the stubs for editors.

    For each of its components it parses the source of the class twice and writes a file beside it
    (`component_meta.create_or_modify_pyi`, read in Gradio 6.31). It passes over a class that is of
    no file, so here none is of one to that function. Where it is called otherwise, nothing changes.
    """
    found = inspect.getfile

    def getfile(object: Any) -> str:
        caller: FrameType = sys._getframe(1)
        if caller.f_code.co_name == "create_or_modify_pyi":
            raise OSError("no stub is wanted")
        return found(object)

    inspect.getfile = getfile
    try:
        with without_pauses():
            import gradio  # noqa: F401
    finally:
        inspect.getfile = found
