"""Between Gradio's event loops and what blocks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

import anyio.to_thread

T = TypeVar("T")


async def each(blocking: Iterator[T]) -> AsyncIterator[T]:
    """The items of `blocking`, each made in a thread.

    A cancelled reader leaves at once, and the thread behind to finish its item. (Gradio would wait
    for it, with a lock that keeps everybody else waiting too.)
    """
    end = object()
    while True:
        item = await anyio.to_thread.run_sync(next, blocking, end, abandon_on_cancel=True)
        if item is end:
            return
        yield item  # type: ignore[misc]  # it is not `end`


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
