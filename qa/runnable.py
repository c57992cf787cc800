"""The pipeline as a LangChain Runnable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from index.opened import Index
from qa.condense import Turn
from qa.evidence import Evidence
from qa.pipeline import compose, resolve_index, retrieve
from qa.result import Answer

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


class Ask(TypedDict, total=False):
    """What the chain takes; only `question` is needed."""

    question: str
    history: list[Turn]
    sources: list[str] | None


class _Found(TypedDict):
    question: str
    evidence: Evidence


class Compose(Runnable[_Found, Answer]):
    """Evidence to Answer; it streams an Answer after each sentence, the last is complete."""

    name = "compose"

    def __init__(self, model: str | BaseChatModel | None) -> None:
        self._model = model

    def invoke(self, input: _Found, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:
        """The complete answer."""

        def last(found: _Found) -> Answer:
            *_, answer = compose(found["question"], found["evidence"], model=self._model)
            return answer

        return self._call_with_config(last, input, config)

    def stream(
        self, input: _Found, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Answer]:
        """An Answer after each sentence."""
        yield from compose(input["question"], input["evidence"], model=self._model)


def chain(
    *,
    index: str | Path | Index | None = None,
    model: str | BaseChatModel | None = None,
) -> Runnable[Ask, Answer]:
    """A Runnable from {"question", "history", "sources"} to Answer.

    It composes, streams, batches and traces as any other. Arguments and errors as `qa.answer`.
    """

    def find(ask: Ask) -> _Found:
        evidence = retrieve(
            ask["question"],
            history=ask.get("history") or (),
            sources=ask.get("sources"),
            index=opened,
        )
        return {"question": ask["question"], "evidence": evidence}

    opened = resolve_index(index)
    return RunnableLambda(find).with_config(run_name="retrieve") | Compose(model)
