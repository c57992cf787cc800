"""Between Gradio's event loops and what blocks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from threading import Event
from typing import TypeVar

import anyio.to_thread

T = TypeVar("T")


async def each(blocking: Iterator[T]) -> AsyncIterator[T]:
    """The items of `blocking`, made in a thread: the first, the last, and of the others those that
    nothing newer has overtaken when the reader is ready for the next.

    Sending an item to the page costs about as much as making it, so when many ask, what is
    overtaken is not sent. A cancelled reader leaves at once, and the thread behind to finish its
    item. (Gradio would wait for it, with a lock that keeps everybody else waiting too.)
    """
    loop = asyncio.get_running_loop()
    made: list[T] = []
    some, left = asyncio.Event(), Event()

    def put(item: T) -> None:
        made.append(item)
        some.set()

    def make() -> None:
        for item in blocking:
            if left.is_set():
                return
            loop.call_soon_threadsafe(put, item)

    task = asyncio.ensure_future(anyio.to_thread.run_sync(make, abandon_on_cancel=True))
    task.add_done_callback(lambda _: some.set())
    first = True
    try:
        while True:
            await some.wait()
            some.clear()
            items, made[:] = made[:], []
            if first and len(items) > 1:
                yield items[0]
            if items:
                first = False
                yield items[-1]
            if task.done() and not made:
                task.result()
                return
    finally:
        left.set()
        task.cancel()


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
