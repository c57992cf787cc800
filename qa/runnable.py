"""The pipeline as a LangChain Runnable."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from langchain_core.callbacks import AsyncCallbackManagerForChainRun
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from langchain_core.runnables.config import run_in_executor

from index.opened import Index
from qa.condense.readings import Turn
from qa.errors import QuestionError
from qa.pipeline import compose, resolve_index, retrieve
from qa.result import Answer
from qa.retrieve.evidence import Evidence

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


class Ask(TypedDict, total=False):
    """What the chain takes; only `question` is needed."""

    question: str
    history: list[Turn]
    sources: list[str] | None


class Found(TypedDict):
    """The question as it was asked, and what was found for it."""

    question: str
    evidence: Evidence


class Compose(Runnable[Found, Answer]):
    """Evidence to Answer; it streams an Answer after each sentence, the last is complete."""

    name = "compose"

    def __init__(self, model: str | BaseChatModel | None) -> None:
        self._model = model

    def invoke(self, input: Found, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:
        """The complete answer."""

        def last(found: Found) -> Answer:
            *_, answer = self._compose(found)
            return answer

        return self._call_with_config(last, input, config)

    def stream(
        self, input: Found, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Answer]:
        """An Answer after each sentence."""

        def each(founds: Iterator[Found]) -> Iterator[Answer]:
            for found in founds:
                yield from self._compose(found)

        yield from self._transform_stream_with_config(iter((input,)), each, config)

    async def astream(
        self, input: Found, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Answer]:
        """An Answer after each sentence; the work is done in a thread."""

        async def only() -> AsyncIterator[Found]:
            yield input

        async def each(
            founds: AsyncIterator[Found],
            run_manager: AsyncCallbackManagerForChainRun,
            config: RunnableConfig,
        ) -> AsyncIterator[Answer]:
            async for found in founds:
                answers = self._compose(found)
                while answer := await run_in_executor(config, next, answers, None):
                    yield answer

        async for answer in self._atransform_stream_with_config(only(), each, config):
            yield answer

    def _compose(self, found: Found) -> Iterator[Answer]:
        return compose(found["question"], found["evidence"], model=self._model)


def chain(
    *,
    index: str | Path | Index | None = None,
    model: str | BaseChatModel | None = None,
) -> Runnable[Ask, Answer]:
    """A Runnable from {"question", "history", "sources"} to Answer.

    It composes, streams, batches and traces as any other, in two runs named "retrieve" and
    "compose". Arguments and errors as `qa.answer`.
    """
    opened = resolve_index(index)

    def find(ask: Ask) -> Found:
        if not isinstance(ask, dict) or not isinstance(ask.get("question"), str):
            raise QuestionError('the chain takes a dict: {"question": "...", "history": [...]}')
        evidence = retrieve(
            ask["question"],
            history=ask.get("history") or (),
            sources=ask.get("sources"),
            index=opened,
            model=model,
        )
        return {"question": ask["question"], "evidence": evidence}

    return RunnableLambda(find, name="retrieve") | Compose(model)
