"""What open pages hold of the server's memory, against what the server reckons with.

`python tests/benchmarks/page_memory.py [PAGES]` serves the chat over the starter library in this
process. PAGES (by default 40) sessions load the page, ask a question each, then four more each. It
prints the bytes that Python holds more for each page, counted by tracemalloc, beside what
qa/web/server/states.py takes a page for, and how many such pages have room in the bound.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import httpx
from load import events, send

from index import rebuild
from qa.evaluation.questions import read_questions, spread
from qa.settings import starter_library
from qa.web import build_app
from qa.web.server.serve import serving
from qa.web.server.states import MOST_BYTES, BoundedStates

_MORE = 4


async def visit(address: str, people: list[str], questions: list[str]) -> None:
    """Each person loads the page, or, with questions, asks them one after the other."""
    async with httpx.AsyncClient(base_url=address, timeout=600) as client:
        config = (await client.get("config")).json()
        [load] = events(config, "load", 2)
        asking, *_ = events(config, "submit", 8)
        for person in people:
            if not questions:
                await send(client, load, person, [None, ""])
            for question in questions:
                await send(client, asking, person, [question, None, None, [], [], [], "", ""])


def meet(address: str, people: list[str], questions: list[str]) -> None:
    """As `visit`, for a process to call."""
    asyncio.run(visit(address, people, questions))


def held() -> int:
    """Bytes that Python holds."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def main() -> None:
    """Measure, and print."""
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    library = starter_library()
    read = read_questions(library.parent / "questions.jsonl")
    first, *more = [one.question for one in spread(read, 1 + _MORE)]
    people = [f"page{place}" for place in range(pages)]
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        rebuild(library, index=index)
        app = build_app(index=index, library=library)
        with (
            ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere,
            serving(app) as address,
        ):

            def go(who: list[str], questions: list[str]) -> None:
                elsewhere.submit(meet, address, who, questions).result()

            go(["warm"], [])
            go(["warm"], [first, *more])  # what the index remembers is of no page
            [states] = [one for one in gc.get_objects() if isinstance(one, BoundedStates)]
            tracemalloc.start()
            before, reckoned = held(), states.size
            for label, questions in (("loaded", []), ("one question", [first]), ("five", more)):
                go(people, questions)
                grown = (held() - before) / pages
                taken = (states.size - reckoned) / pages
                print(f"{label:<13} {grown:>10,.0f} bytes a page, reckoned {taken:>10,.0f}")
    print(f"{MOST_BYTES / max(grown, 1):,.0f} pages of the last kind in {MOST_BYTES:,} bytes")


if __name__ == "__main__":
    main()
