"""`/ask`, `/search` and `/sources` for Gradio's clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from index.errors import IndexingError
from qa.errors import RefdeskError
from qa.web.api.calls import BusyError, Calls


def add_endpoints(calls: Calls) -> None:
    """Add the endpoints to the page that is being made.

    They are not queued: that is for those who wait at the page.
    """

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
        with _told():
            return (await calls.ask(question, sources=sources)).to_dict()

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
        with _told():
            return await calls.search(query, k, sources=sources)

    async def sources() -> list[dict[str, Any]]:
        """List the sources of the library with their metadata.

        Returns:
            For each source: id, title, publisher, author, published, standing, topics, url.
        """
        return calls.sources()

    for function in (ask, search, sources):
        gr.api(function, api_name=function.__name__, queue=False)  # type: ignore[attr-defined]


@contextmanager
def _told() -> Iterator[None]:
    """Turns an error that a person can mend into one that the caller is shown."""
    try:
        yield
    except (RefdeskError, IndexingError, BusyError) as error:
        raise gr.Error(str(error), print_exception=False) from error
