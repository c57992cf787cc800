"""Plain REST: `/v1/ask`, `/v1/search`, `/v1/sources`, `/v1/check`."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from starlette.responses import StreamingResponse

from qa.check.claims import Claim, claims_of
from qa.result import Answer
from qa.web.api import schemas
from qa.web.api.calls import Calls
from qa.web.api.problems import line_of
from qa.web.api.schemas import AnswerOut, Checked, PassageOut, Question, SourceOut, ToCheck

# What is sought in a whole library takes time: sentences, or quotes that stand no more there.
_MOST_SENTENCES = 50
# Of an exported answer: the fields that each quote has, and each sentence.
_COUNTED = ('"quote"', '"citations"')
_log = logging.getLogger(__name__)


def rest_routes(calls: Calls) -> APIRouter:
    """The routes that ask, search, list and check."""
    router = APIRouter(prefix="/v1")

    @router.post("/ask", response_model=AnswerOut)
    async def ask(asked: Question) -> Any:
        """Answer a question from the library, every sentence cited; or abstain.

        With `stream` these are server-sent events: `partial` with the answer so far, then `answer`
        with the whole, or `error`.
        """
        history = [(turn.role, turn.content) for turn in asked.history]
        if not asked.stream:
            return (await calls.ask(asked.question, history, asked.sources)).to_dict()
        return await streamed(_events(calls.stream(asked.question, history, asked.sources)))

    @router.post("/search", response_model=list[PassageOut])  # type: ignore[valid-type]
    async def search(asked: schemas.Query) -> Any:
        """Find the passages that are nearest to a query, best first."""
        return await calls.search(asked.query, asked.k, asked.max_chars, asked.sources)

    @router.get("/sources", response_model=list[SourceOut])
    async def sources(
        offset: Annotated[int, Query(ge=0, description="How many to pass over.")] = 0,
        limit: Annotated[int, Query(ge=1, le=10_000, description="How many at most.")] = 1000,
    ) -> Any:
        """List the sources of the library with their metadata."""
        return calls.sources(offset, limit)

    @router.post("/check", response_model=Checked)
    async def check(sent: ToCheck) -> Any:
        """Check whether the library says what sentences, or the text of an answer, say; or whether
        it still says what an exported answer cites."""
        if sum(one is not None for one in (sent.sentences, sent.text, sent.answer)) != 1:
            raise HTTPException(422, "Send one of sentences, text and answer; see /docs")
        if sent.answer is not None:
            if any(json.dumps(sent.answer).count(one) > _MOST_SENTENCES for one in _COUNTED):
                raise HTTPException(
                    422, f"Send an answer of at most {_MOST_SENTENCES} quotes and sentences"
                )
            told = (await calls.check_answer(sent.answer)).to_dict()
            return {"holds": told["holds"], "answer": told}
        claims = [
            Claim(text=one.text, quotes=tuple(one.quotes)) for one in sent.sentences or ()
        ] or claims_of(sent.text or "")
        if not 0 < len(claims) <= _MOST_SENTENCES:
            raise HTTPException(422, f"Send from 1 to {_MOST_SENTENCES} sentences")
        found = await calls.check_claims(claims, sent.sources)
        return {"holds": all(one.supported for one in found), "sentences": found}

    return router


async def streamed(events: AsyncIterator[str]) -> StreamingResponse:
    """Server-sent events; raises what the first of them raises, so that it has a status."""
    first = await anext(events)

    async def rest() -> AsyncIterator[str]:
        yield first
        async for event in events:
            yield event

    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(rest(), media_type="text/event-stream", headers=headers)


async def _events(answers: AsyncIterator[Answer]) -> AsyncIterator[str]:
    last = None
    try:
        async for last in answers:
            yield event("partial", last.to_dict())
    except Exception as error:
        if last is None:
            raise
        _log.exception("an answer broke off")
        yield event("error", {"message": line_of(error)})
        return
    assert last is not None
    yield event("answer", last.to_dict())


def event(name: str, data: Any) -> str:
    """A server-sent event; its data is one line of JSON. Without a name it is a plain message."""
    return (f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n"
