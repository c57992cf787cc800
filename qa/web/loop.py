"""Building Gradio's parts without leaking event loops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def in_a_loop(make: Callable[[], T]) -> T:
    """What `make` returns, called while an event loop runs.

    Outside of one, Gradio opens a loop for each of its locks and never closes it.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:

        async def run() -> T:
            return make()

        return asyncio.run(run())
    return make()
