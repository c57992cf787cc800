"""What blocks is read from an event loop: in order, without what was overtaken."""

from __future__ import annotations

import asyncio
from threading import Event

import pytest

from qa.web.shared.threads import each


def test_the_first_and_the_last_come_and_what_was_overtaken_does_not():
    made = Event()

    def items():
        yield from range(100)
        made.set()

    async def read():
        got = []
        async for item in each(items()):
            made.wait(10)  # the loop is busy meanwhile, as with many people
            got.append(item)
        return got

    got = asyncio.run(read())
    assert got[0] == 0 and got[-1] == 99
    assert got == sorted(set(got)) and len(got) <= 3


def test_a_reader_that_keeps_up_gets_every_item():
    steps = [Event() for _ in range(4)]

    def items():
        for place, step in enumerate(steps):
            step.wait(10)
            yield place

    async def read():
        steps[0].set()
        got = []
        async for item in each(items()):
            got.append(item)
            if item + 1 < len(steps):
                steps[item + 1].set()
        return got

    assert asyncio.run(read()) == [0, 1, 2, 3]


def test_an_error_comes_after_what_was_made_before_it():
    def items():
        yield "first"
        raise ValueError("broken")

    async def read(got):
        async for item in each(items()):
            got.append(item)

    got = []
    with pytest.raises(ValueError, match="broken"):
        asyncio.run(read(got))
    assert got == ["first"]


def test_a_reader_that_leaves_ends_the_making():
    ended, go_on = Event(), Event()

    def items():
        try:
            yield 1
            go_on.wait(10)
            yield 2
            yield 3
        finally:
            ended.set()

    async def read():
        reading = each(items())
        assert await anext(reading) == 1
        await reading.aclose()
        go_on.set()

    asyncio.run(read())
    assert ended.wait(10)


def test_nothing_to_read_is_no_item():
    async def read():
        return [item async for item in each(iter(()))]

    assert asyncio.run(read()) == []
