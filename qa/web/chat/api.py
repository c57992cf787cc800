"""Named endpoints for programs: `/ask`, `/search` and `/sources`, also as MCP tools."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import gradio as gr

from index.errors import IndexingError
from index.opened import Index
from qa.desk import Desk
from qa.errors import RefdeskError
from qa.result import Answer
from qa.retrieve.evidence import passage, quotable_hits

T = TypeVar("T")

_MOST_PASSAGES = 50
# At once, of all programs together; the others wait.
_CALLS_AT_ONCE = 2


def add_endpoints(index: Index, desk: Desk) -> None:
    """Add the endpoints to the page that is being made.

    They are not queued: what is, Gradio lets MCP clients call by way of a second request, without
    their credentials, to whatever host the first one named.
    """
    limiter = anyio.CapacityLimiter(_CALLS_AT_ONCE)

    async def apart(call: Callable[[], T]) -> T:
        with _told():
            return await anyio.to_thread.run_sync(call, limiter=limiter)

    async def ask(question: str, sources: list[str] | None = None) -> dict[str, Any]:
        """Answer a question from the library, every sentence cited; or abstain.

        Args:
            question: What to answer.
            sources: Look only in sources whose id matches one of these globs; empty for all.

        Returns:
            The answer: text (Markdown), sentences, citations with quote and offsets, confidence
            (0 to 1), abstained, nearest (the closest passages where it abstained), outcome
            ("answered", "related" or "none"), related (what the sources say on the topic of a
            question that they do not answer).
        """

        def last() -> Answer:
            *_, found = desk.compose(desk.retrieve(question, scope=sources or None))
            return found

        found = await apart(last)
        return found.to_dict()

    async def search(
        query: str, k: int = 5, sources: list[str] | None = None
    ) -> list[dict[str, Any]]:
        """Find the passages of the library that are nearest to a query, best first.

        Args:
            query: What to look for.
            k: How many passages, from 1 to 50.
            sources: Look only in sources whose id matches one of these globs; empty for all.

        Returns:
            Passages with source, title, quote, offsets and score (higher is better).
        """

        def nearest() -> list[dict[str, Any]]:
            generation = index.generation
            most = max(1, min(int(k), _MOST_PASSAGES))
            hits = generation.search(query, most, None, sources or None)
            shown = quotable_hits(generation, hits)
            return [asdict(passage(generation, hit)) for hit in shown]

        return await apart(nearest)

    async def sources() -> list[dict[str, Any]]:
        """List the sources of the library with their metadata.

        Returns:
            For each source: id, title, publisher, author, published, standing, topics, url.
        """
        return [
            {
                "id": source.id,
                "title": source.title,
                "publisher": source.publisher,
                "author": source.author,
                "published": source.published,
                "standing": source.standing,
                "topics": list(source.topics),
                "url": source.url,
            }
            for source in index.sources
        ]

    for function in (ask, search, sources):
        gr.api(function, api_name=function.__name__, queue=False)  # type: ignore[attr-defined]


class _told:
    """Turns an error that a person can mend into one that the caller is shown."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, RefdeskError | IndexingError):
            raise gr.Error(str(error), print_exception=False) from error
