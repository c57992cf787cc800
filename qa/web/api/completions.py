"""The protocol of OpenAI: `/v1/chat/completions` and `/v1/models`, for programs that speak it."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from qa.export.cited import page_of
from qa.plain_text import escape
from qa.result import Answer, Citation, Conflict
from qa.web.api.calls import Calls
from qa.web.api.problems import line_of
from qa.web.api.rest import event, streamed
from sources.metadata_fields import check_url

MODEL = "refdesk"
_SOURCES = "\n\nSources:\n"
# Marks stand behind a sentence, list, table or listing; what a listing itself holds is none.
_MARKS = re.compile(r"(?<!\\)\[(\d{1,3})\]")
_LISTING = re.compile(r"^([ \t]*`{3,})[^\n]*\n.*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_log = logging.getLogger(__name__)


class Part(BaseModel):
    """A part of a message; only text is read."""

    type: str
    text: Annotated[str, Field(max_length=50_000)] = ""


class Message(BaseModel):
    """A message; those of a system give no orders here, and are passed over."""

    role: str
    content: Annotated[str, Field(max_length=50_000)] | list[Part] | None = None

    @property
    def text(self) -> str:
        """What it says."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class Completion(BaseModel):
    """What clients of OpenAI send; whatever else they send is passed over."""

    model: str = MODEL
    messages: list[Message] = Field(min_length=1, max_length=400)
    stream: bool = False
    stream_options: dict[str, Any] | None = None
    sources: list[str] | None = Field(
        default=None, max_length=1000, description="As for `/v1/ask`: the scope, by globs."
    )


def completion_routes(calls: Calls) -> APIRouter:
    """The routes of the protocol."""
    router = APIRouter(prefix="/v1")
    made = int(time.time())
    described = {"id": MODEL, "object": "model", "created": made, "owned_by": MODEL}

    @router.get("/models")
    async def models() -> dict[str, Any]:
        """The one model there is, which answers from the library."""
        return {"object": "list", "data": [described]}

    @router.get("/models/{name}")
    async def model(name: str) -> dict[str, Any]:
        """That model."""
        _known(name)
        return described

    @router.post("/chat/completions")
    async def complete(sent: Completion) -> Any:
        """Answer the last message from the library, as clients of OpenAI's protocol expect it.

        The text has its citations as [1], with a list of the sources below; `annotations` say the
        same for programs, and `refdesk` is the answer as `/v1/ask` gives it.
        """
        _known(sent.model)
        question, history = _asked(sent.messages)
        if sent.stream:
            answers = calls.stream(question, history, sent.sources)
            usage = bool((sent.stream_options or {}).get("include_usage"))
            return await streamed(_chunks(answers, usage))
        answer = await calls.ask(question, history, sent.sources)
        text = _text(answer)
        message = {
            "role": "assistant",
            "content": text,
            "refusal": None,
            "annotations": list(_annotations(answer, text)),
        }
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        about = _about("chat.completion") | {"choices": [choice], "usage": _usage(answer)}
        return about | {"refdesk": answer.to_dict()}

    return router


def _usage(answer: Answer) -> dict[str, int]:
    """The tokens of the language model that is set; clients add them up, so that none is 0."""
    read, written = (answer.tokens.read, answer.tokens.written) if answer.tokens else (0, 0)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _known(name: str) -> None:
    if name != MODEL:
        raise HTTPException(404, f"There is no model {name!r}; name {MODEL}")


def _asked(messages: Sequence[Message]) -> tuple[str, list[tuple[str, str]]]:
    """The question that comes last, and the turns before it."""
    talk = [(one.role, one.text) for one in messages if one.role in ("user", "assistant")]
    if not talk or talk[-1][0] != "user":
        raise HTTPException(400, "The last message must be one of the user")
    *before, (_, question) = talk
    # What we listed below an answer was not said in it.
    return question, [(role, said.split(_SOURCES)[0]) for role, said in before]


def _text(answer: Answer) -> str:
    """The answer in Markdown, with the sources that it cites below."""
    text = answer.text
    for note in (answer.notice, answer.withheld_note, *map(_differing, answer.conflicts)):
        text += f"\n\n*{escape(note)}*" if note else ""
    return text + (_SOURCES + "\n".join(map(_listed, answer.quoted)) if answer.quoted else "")


def _differing(conflict: Conflict) -> str:
    here, there = conflict.values
    who = conflict.other.publisher or conflict.other.title
    return f"Sources differ: {here} ({conflict.cited}); {there} ({who}, {conflict.other.standing})."


def _listed(cited: Citation) -> str:
    about = (cited.title, cited.publisher, cited.published, cited.standing, page_of(cited))
    line = " · ".join(escape(part) for part in about if part)
    address = f" · <{_address(cited)}>" if _address(cited) else ""
    return f"- \\[{cited.number}\\] {line}{address}"


def _address(cited: Citation) -> str | None:
    return cited.url if cited.url and check_url(cited.url) else None


def _annotations(answer: Answer, text: str) -> Iterator[dict[str, Any]]:
    """Where the marks of the citations stand in the text, and what each cites."""
    by_number = {one.number: one for one in answer.quoted}
    said = _LISTING.sub(lambda found: " " * len(found[0]), text.split(_SOURCES)[0])
    for mark in _MARKS.finditer(said):
        if cited := by_number.get(int(mark[1])):
            yield {
                "type": "url_citation",
                "url_citation": {
                    "start_index": mark.start(),
                    "end_index": mark.end(),
                    "title": cited.title,
                    "url": _address(cited) or f"refdesk:{quote(cited.source_id)}",
                    "number": cited.number,
                },
            }


async def _chunks(answers: AsyncIterator[Answer], usage: bool) -> AsyncIterator[str]:
    about = _about("chat.completion.chunk")

    def chunk(delta: dict[str, Any], end: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": end, "logprobs": None}
        return event("", about | {"choices": [choice]} | more)

    sent, last, begun = "", None, False
    try:
        async for answer in answers:
            if not begun:
                yield chunk({"role": "assistant", "content": ""})
                begun = True
            if answer.draft:  # what was sent cannot be taken back
                continue
            # One sentence late: a second makes a list of the first where a list was asked for.
            if last and answer.text.startswith(last.text) and last.text.startswith(sent):
                yield chunk({"content": last.text[len(sent) :]})
                sent = last.text
            last = answer
    except Exception as error:
        if not begun:
            raise
        _log.exception("an answer broke off")
        yield event("", {"error": {"message": line_of(error), "type": "server_error"}})
        return
    assert last is not None
    text = _text(last)
    if not text.startswith(sent):  # what was sent was taken back; what is so now follows in full
        text = f"{sent}\n\n{text}"
    yield chunk({"content": text[len(sent) :], "annotations": list(_annotations(last, text))})
    yield chunk({}, "stop", refdesk=last.to_dict())
    if usage:
        yield event("", about | {"choices": [], "usage": _usage(last)})
    yield "data: [DONE]\n\n"


def _about(kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": kind,
        "created": int(time.time()),
        "model": MODEL,
    }
