"""Named endpoints for programs: `/ask`, `/search` and `/sources`, also as MCP tools."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import gradio as gr

from index.errors import IndexingError
from index.opened import Index
from qa.desk import Desk
from qa.errors import RefdeskError
from qa.retrieve.evidence import passage

_MOST_PASSAGES = 50


def add_endpoints(index: Index, desk: Desk) -> None:
    """Add the endpoints to the page that is being made."""

    def ask(question: str, sources: list[str] | None = None) -> dict[str, Any]:
        """Answer a question from the library, every sentence cited; or abstain.

        Args:
            question: What to answer.
            sources: Look only in sources whose id matches one of these globs; empty for all.

        Returns:
            The answer: text (Markdown), sentences, citations with quote and offsets, confidence
            (0 to 1), abstained, nearest (the closest passages where it abstained).
        """
        with _told():
            *_, found = desk.compose(desk.retrieve(question, scope=sources or None))
        return found.to_dict()

    def search(query: str, k: int = 5, sources: list[str] | None = None) -> list[dict[str, Any]]:
        """Find the passages of the library that are nearest to a query, best first.

        Args:
            query: What to look for.
            k: How many passages, from 1 to 50.
            sources: Look only in sources whose id matches one of these globs; empty for all.

        Returns:
            Passages with source, title, quote, offsets and score (higher is better).
        """
        with _told():
            generation = index.generation
            most = max(1, min(int(k), _MOST_PASSAGES))
            hits = generation.search(query, most, None, sources or None)
            return [asdict(passage(generation, hit)) for hit in hits]

    def sources() -> list[dict[str, Any]]:
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
        gr.api(function, api_name=function.__name__, concurrency_id="api")  # type: ignore[attr-defined]


class _told:
    """Turns an error that a person can mend into one that the caller is shown."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, RefdeskError | IndexingError):
            raise gr.Error(str(error), print_exception=False) from error
