"""What every door for programs leads to: asking, searching, listing and checking, a few at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any, TypeVar

import anyio
import anyio.to_thread

from index.opened import Index
from index.search import search
from qa.check.claims import Claim, ClaimCheck, check_claim
from qa.desk import Desk
from qa.export.recheck import AnswerCheck, check_all
from qa.export.source_texts import Texts
from qa.pipeline import asked
from qa.result import Answer
from qa.retrieve.evidence import passage, quotable_hits
from qa.web.shared.threads import each

T = TypeVar("T")

MOST_PASSAGES = 50
# At once, of all programs together; so many more wait.
_CALLS_AT_ONCE = 2
_MOST_WAITING = 20


class BusyError(Exception):
    """More programs ask than may wait."""


class Calls:
    """What programs may ask of a library; each call is made in a thread."""

    def __init__(self, index: Index, desk: Desk) -> None:
        self._index = index
        self._desk = desk
        self._limiter = anyio.CapacityLimiter(_CALLS_AT_ONCE)

    @property
    def waiting(self) -> int:
        """How many calls wait for their turn."""
        return self._limiter.statistics().tasks_waiting

    async def ask(
        self,
        question: str,
        history: Sequence[tuple[str, str]] = (),
        sources: Sequence[str] | None = None,
    ) -> Answer:
        """The answer to a question. Raises QuestionError, IndexingError, BusyError."""

        def last() -> Answer:
            *_, found = self._answers(question, history, sources)
            return found

        return await self._apart(last)

    async def stream(
        self,
        question: str,
        history: Sequence[tuple[str, str]] = (),
        sources: Sequence[str] | None = None,
    ) -> AsyncIterator[Answer]:
        """As `ask`, but the answer as it grows; the last is complete."""
        async with self._turn():
            async for answer in each(self._answers(question, history, sources)):
                yield answer

    async def search(
        self,
        query: str,
        k: int = 5,
        max_chars: int | None = None,
        sources: Sequence[str] | None = None,
    ) -> list[dict[str, Any]]:
        """The nearest passages, best first. Raises IndexingError, BusyError."""

        def nearest() -> list[dict[str, Any]]:
            generation = self._index.generation
            most = max(1, min(int(k), MOST_PASSAGES))
            hits = search(generation, query, most, max_chars, sources or None)
            shown = quotable_hits(generation, hits)
            return [asdict(passage(generation, hit)) for hit in shown]

        return await self._apart(nearest)

    def sources(self, first: int = 0, most: int | None = None) -> list[dict[str, Any]]:
        """The sources with what a reader needs to judge them, from the `first` on."""
        listed = self._index.sources[first : None if most is None else first + most]
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
            for source in listed
        ]

    async def check_claims(
        self, claims: Sequence[Claim], sources: Sequence[str] | None = None
    ) -> list[ClaimCheck]:
        """Whether the library supports what somebody else says. Raises IndexingError, BusyError."""

        def checked() -> list[ClaimCheck]:
            generation, desk = self._index.generation, self._desk
            return [
                check_claim(generation, claim, sources or None, desk.judge, desk.check)
                for claim in claims
            ]

        return await self._apart(checked)

    async def check_answer(self, exported: dict[str, Any]) -> AnswerCheck:
        """What `refdesk check` tells of an exported answer. Raises SettingError, BusyError."""

        def checked() -> AnswerCheck:
            return check_all([exported], Texts.of_index(self._index.folder))[0]

        return await self._apart(checked)

    def _answers(
        self, question: str, history: Sequence[tuple[str, str]], sources: Sequence[str] | None
    ) -> Iterator[Answer]:
        for _, found in asked(self._desk, question, history, sources or None, name="refdesk API"):
            yield found

    async def _apart(self, call: Callable[[], T]) -> T:
        async with self._turn():
            return await anyio.to_thread.run_sync(call)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self.waiting >= _MOST_WAITING:
            raise BusyError("Too many ask at once; try again in 5 s.")
        borrower = object()  # who leaves in the middle may be let go by another task
        await self._limiter.acquire_on_behalf_of(borrower)
        try:
            yield
        finally:
            self._limiter.release_on_behalf_of(borrower)
