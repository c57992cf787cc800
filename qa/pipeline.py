"""The Python door: a question to an answer, through a desk made of the settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.opened import Index
from index.search import Generation, Hit
from qa.desk import Desk, Only, open_desk
from qa.result import Answer
from qa.retrieve.evidence import Evidence
from qa.settings import read_settings
from qa.traces import About, asked_about, spanned

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import RunnableConfig


def answer(
    question: str,
    *,
    history: Iterable[Any] = (),
    sources: Iterable[str] | None = None,
    index: str | Path | Index | None = None,
    model: str | BaseChatModel | None = None,
    embedding_model: Embeddings | None = None,
    config: RunnableConfig | None = None,
) -> Answer:
    """Answer `question` from the index: every sentence cited, every citation checked; or abstain.

    `history` holds the earlier turns, the first first: LangChain messages, dicts as {"role":
    "user", "content": text}, or pairs as ("user", text) and ("assistant", text). `sources` limits
    the search to the sources whose ids match any of the globs. `index` is a folder or an open
    Index, by default the user's. `model` is a name as "ollama:llama3.2", or a LangChain chat
    model; by default what REFDESK_MODEL says, and "" for an extractive answer in any case.
    `embedding_model` is what the index in a folder was built with, where `rebuild` was handed an
    object of LangChain's. `config` is one of LangChain's: its callbacks hear what is run, under its
    run name. Raises RefdeskError, IndexingError.
    """
    *_, last = stream_answer(
        question,
        history=history,
        sources=sources,
        index=index,
        model=model,
        embedding_model=embedding_model,
        config=config,
    )
    return last


def stream_answer(
    question: str,
    *,
    history: Iterable[Any] = (),
    sources: Iterable[str] | None = None,
    index: str | Path | Index | None = None,
    model: str | BaseChatModel | None = None,
    embedding_model: Embeddings | None = None,
    config: RunnableConfig | None = None,
) -> Iterator[Answer]:
    """As `answer`, but an Answer after each sentence that passed the gate; the last is complete."""
    desk = open_desk(read_settings(), index=index, model=model, embedding_model=embedding_model)
    for _, found in asked(desk, question, history, sources, config=config):
        yield found


def search(generation: Generation, query: str, k: int, sources: Iterable[str] | None) -> list[Hit]:
    """The passages that answer a query, as `Index.search` gives them: its entry point is here."""
    desk = open_desk(read_settings(), index=Only(generation), model="", log_gaps=False)
    return desk.search(query, k, sources)


def asked(
    desk: Desk,
    question: str,
    history: Iterable[Any] = (),
    sources: Iterable[str] | None = None,
    *,
    name: str = "refdesk",
    config: RunnableConfig | None = None,
) -> Iterator[tuple[Evidence, Answer]]:
    """The evidence, and each answer made of it. Every door asks through this.

    Where a language model writes, or with a `config`, it is a run of LangChain's called `name`,
    with the runs "retrieve" and "compose" in it, for whoever listens; to load what that takes is a
    quarter of the time that an extract takes from a cold start. Raises as `answer`.
    """
    found = _asked(desk, question, history, sources, name, config)
    about = {"refdesk.door": name, **asked_about(question)}
    yield from spanned("question", found, about, _outcome, first=True)


def _outcome(found: tuple[Evidence, Answer]) -> About:
    answer = found[1]
    return {
        "refdesk.outcome": "small_talk" if answer.small_talk else answer.outcome,
        "refdesk.confidence": answer.confidence,
        "refdesk.generation": answer.generation,
    }


def _asked(
    desk: Desk,
    question: str,
    history: Iterable[Any],
    sources: Iterable[str] | None,
    name: str,
    config: RunnableConfig | None,
) -> Iterator[tuple[Evidence, Answer]]:
    if desk.chat_model is not None or config is not None:
        from qa.runnable import Ask, traced

        scope = None if sources is None else list(sources)
        ask = Ask(question=question, history=list(history), sources=scope)
        yield from traced(desk, ask, name, config)
        return
    evidence = desk.retrieve(question, history, sources)
    for found in desk.compose(evidence):
        yield evidence, found
