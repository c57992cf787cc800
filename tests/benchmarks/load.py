"""How long people wait when many ask at once, against one person who asks alone.

`python tests/benchmarks/load.py [PEOPLE] [INDEX]` serves the chat over the starter library. PEOPLE
(by default 50) sessions load the page, then ask one question each at the same moment, over HTTP, as
the page does. It prints errors, and the 50th and 95th percentile of the seconds until the first
sentence and until the whole answer; then the ratio to one person alone, how fair the waiting was,
and the seconds of the processor that the server took for loading and answering. The people are in
a process of their own.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import httpx
import numpy as np

from index import rebuild
from qa.evaluation.questions import read_questions, spread
from qa.settings import starter_library
from qa.web import build_app
from qa.web.server.serve import serving


async def send(client: httpx.AsyncClient, event: int, person: str, data: list):
    """Seconds to the first sentence and to the whole answer; None in place of both on an error."""
    started = time.perf_counter()
    body = {"data": data, "fn_index": event, "session_hash": person, "event_data": None}
    (await client.post("gradio_api/queue/join", json=body)).raise_for_status()
    first = None
    url = f"gradio_api/queue/data?session_hash={person}"
    async with client.stream("GET", url) as stream:
        async for line in stream.aiter_lines():
            if not line.startswith("data:"):
                continue
            told = json.loads(line.removeprefix("data:"))
            if told["msg"] == "process_generating" and first is None:
                if "sentence" in json.dumps(told["output"]) or "abstention" in json.dumps(told):
                    first = time.perf_counter() - started
            elif told["msg"] == "process_completed":
                whole = time.perf_counter() - started
                return (first or whole, whole) if told["success"] else None
    return None


def events(config: dict, name: str, inputs: int) -> list[int]:
    """The events of that name that take so many inputs."""
    return [
        one["id"]
        for one in config["dependencies"]
        if len(one["inputs"]) == inputs and any(target == name for _, target in one["targets"])
    ]


async def crowd(address: str, questions: list[str]):
    """What each of as many people as there are questions had to wait."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, timeout=600, limits=limits) as client:
        config = (await client.get("config")).json()
        [load] = events(config, "load", 2)
        asking, *_ = events(config, "submit", 8)
        people = [f"p{place}x{time.time_ns()}" for place in range(len(questions))]
        for person in people:
            await send(client, load, person, [None, ""])
        waits = (
            send(client, asking, person, [question, None, None, [], [], [], "", ""])
            for person, question in zip(people, questions, strict=True)
        )
        return await asyncio.gather(*waits, return_exceptions=True)


def meet(address: str, questions: list[str]):
    """As `crowd`, for a process to call."""
    return asyncio.run(crowd(address, questions))


def show(label: str, waits) -> np.ndarray:
    """Print the percentiles, and return the seconds as rows of (first, whole)."""
    good = np.array([wait for wait in waits if isinstance(wait, tuple)])
    errors = len(waits) - len(good)
    p50, p95 = np.percentile(good, (50, 95), axis=0)
    print(f"{label}: {len(waits)} asked, {errors} errors")
    print(f"  first sentence  p50 {p50[0]:6.2f} s   p95 {p95[0]:6.2f} s")
    print(f"  whole answer    p50 {p50[1]:6.2f} s   p95 {p95[1]:6.2f} s")
    return good


def main() -> None:
    """Measure, and print."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    library = starter_library()
    with tempfile.TemporaryDirectory() as temporary:
        index = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(temporary) / "index"
        if len(sys.argv) < 3:
            rebuild(library, index=index)
        read = read_questions(library.parent / "questions.jsonl")
        questions = [one.question for one in spread(read, people)]
        with (
            ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere,
            serving(build_app(index=index, library=library)) as address,
        ):

            def ask_all(asked: list[str]):
                return elsewhere.submit(meet, address, asked).result()

            ask_all(questions[:2])  # warm
            one = show("one person alone", [ask_all([one])[0] for one in questions[:10]])
            busy = time.process_time()
            many = show(f"{people} people at once", ask_all(questions))
            busy = time.process_time() - busy
    print(f"the server took {busy:.2f} s of the processor, {busy / people * 1000:.0f} ms a person")
    ratio = np.median(many[:, 1]) / np.median(one[:, 1])
    print(f"the median wait is {ratio:.1f} times that of one person, with {people} asking")
    print(f"fair: the last waited {many[:, 1].max() / many[:, 1].mean():.1f} times the mean")


if __name__ == "__main__":
    main()
