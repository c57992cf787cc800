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
from qa.desk import Desk, open_desk
from qa.errors import QuestionError
from qa.result import Answer
from qa.retrieve.evidence import Evidence
from qa.settings import read_settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


class Ask(TypedDict, total=False):
    """What the chain takes; only `question` is needed."""

    question: str
    history: list[Turn]
    sources: list[str] | None


class Compose(Runnable[Evidence, Answer]):
    """Evidence to Answer; it streams an Answer after each sentence, the last is complete."""

    name = "compose"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def invoke(
        self, input: Evidence, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Answer:
        """The complete answer."""

        def last(found: Evidence) -> Answer:
            *_, answer = self._desk.compose(found)
            return answer

        return self._call_with_config(last, input, config)

    def stream(
        self, input: Evidence, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Answer]:
        """An Answer after each sentence."""

        def each(all_found: Iterator[Evidence]) -> Iterator[Answer]:
            for found in all_found:
                yield from self._desk.compose(found)

        yield from self._transform_stream_with_config(iter((input,)), each, config)

    async def astream(
        self, input: Evidence, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Answer]:
        """An Answer after each sentence; the work is done in a thread."""

        async def only() -> AsyncIterator[Evidence]:
            yield input

        async def each(
            all_found: AsyncIterator[Evidence],
            run_manager: AsyncCallbackManagerForChainRun,
            config: RunnableConfig,
        ) -> AsyncIterator[Answer]:
            async for found in all_found:
                answers = self._desk.compose(found)
                while answer := await run_in_executor(config, next, answers, None):
                    yield answer

        async for answer in self._atransform_stream_with_config(only(), each, config):
            yield answer


def chain(
    *,
    index: str | Path | Index | None = None,
    model: str | BaseChatModel | None = None,
) -> Runnable[Ask, Answer]:
    """A Runnable from {"question", "history", "sources"} to Answer.

    It composes, streams, batches and traces as any other, in two runs named "retrieve" and
    "compose". Arguments and errors as `qa.answer`.
    """
    desk = open_desk(read_settings(), index=index, model=model)

    def find(ask: Ask) -> Evidence:
        if not isinstance(ask, dict) or not isinstance(ask.get("question"), str):
            raise QuestionError('the chain takes a dict: {"question": "...", "history": [...]}')
        return desk.retrieve(ask["question"], ask.get("history") or (), ask.get("sources"))

    return RunnableLambda(find, name="retrieve") | Compose(desk)
