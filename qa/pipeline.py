"""The Python door: a question to an answer, through a desk made of the settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from index.opened import Index
from qa.condense.readings import Turn
from qa.desk import open_desk
from qa.result import Answer
from qa.settings import read_settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


def answer(
    question: str,
    *,
    history: Sequence[Turn] = (),
    sources: Iterable[str] | None = None,
    index: str | Path | Index | None = None,
    model: str | BaseChatModel | None = None,
) -> Answer:
    """Answer `question` from the index: every sentence cited, every citation checked; or abstain.

    `history` holds the earlier turns as (role, text) with roles "user" and "assistant". `sources`
    limits the search to the sources whose ids match any of the globs. `index` is a folder or an
    open Index, by default the user's. `model` is a name as "ollama:llama3.2", or a LangChain chat
    model; by default what REFDESK_MODEL says, and "" for an extractive answer in any case.
    Raises RefdeskError, IndexingError.
    """
    *_, last = stream_answer(question, history=history, sources=sources, index=index, model=model)
    return last


def stream_answer(
    question: str,
    *,
    history: Sequence[Turn] = (),
    sources: Iterable[str] | None = None,
    index: str | Path | Index | None = None,
    model: str | BaseChatModel | None = None,
) -> Iterator[Answer]:
    """As `answer`, but an Answer after each sentence that passed the gate; the last is complete."""
    desk = open_desk(read_settings(), index=index, model=model)
    yield from desk.compose(desk.retrieve(question, history, sources))
