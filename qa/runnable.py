"""The pipeline as a LangChain Runnable."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from langchain_core.callbacks import AsyncCallbackManagerForChainRun
from langchain_core.runnables import Runnable, RunnableConfig, RunnableSequence
from langchain_core.runnables.config import (
    ensure_config,
    get_callback_manager_for_config,
    patch_config,
    run_in_executor,
)
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from pydantic import BaseModel, Field

from index.errors import IndexingError
from index.opened import Index
from qa.desk import Desk, open_desk
from qa.errors import QuestionError, RefdeskError
from qa.result import Answer
from qa.retrieve.evidence import Evidence
from qa.settings import read_settings

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel

_TOOL = "ask_library"
_TOOL_USE = (
    "Answers a question from a curated library of sources. Every sentence of the answer is cited, "
    "and every citation was checked; where the library does not hold the answer, that is said."
)


class Ask(TypedDict, total=False):
    """What the chain takes; only `question` is needed. `history` is as of `qa.answer`."""

    question: str
    history: Sequence[Any]
    sources: Sequence[str] | None


class AskSchema(BaseModel):
    """A question to the library."""

    question: str = Field(description="What to answer from the sources, in words of its own.")
    history: list[Any] = Field(
        default=[],
        description='Earlier turns, the first first: messages, {"role": "user", "content": text} '
        'or ("user", text).',
    )
    sources: list[str] | None = Field(
        default=None, description="Answer from these sources alone: ids, or globs of them."
    )


class ToolSchema(BaseModel):
    """A question to the library, as a language model puts it."""

    question: str = Field(description="What to answer, so that it stands on its own.")
    sources: list[str] | None = Field(
        default=None, description="Answer from these sources alone: ids, or globs of them."
    )


class Opening:
    """A desk. It is pickled as what it was asked for, and opened again when it is next used: by the
    settings that are in force there."""

    def __init__(
        self,
        index: str | Path | Index | None = None,
        model: str | BaseChatModel | None = None,
        embedding_model: Embeddings | None = None,
    ) -> None:
        if isinstance(index, str | Path):
            index = Path(index).absolute()
        self._asked_for = (index, model, embedding_model)
        self._desk: Desk | None = self._open()

    def __call__(self) -> Desk:
        """The open desk. Raises what `open_desk` does."""
        if self._desk is None:
            self._desk = self._open()
        return self._desk

    def _open(self) -> Desk:
        index, model, embedding_model = self._asked_for
        return open_desk(read_settings(), index=index, model=model, embedding_model=embedding_model)

    def __getstate__(self) -> dict[str, Any]:
        return {"_asked_for": self._asked_for, "_desk": None}


class Retrieve(Runnable[Ask, Evidence]):
    """A question to Evidence."""

    name = "retrieve"

    def __init__(self, desk: Callable[[], Desk]) -> None:
        self._desk = desk

    def invoke(self, input: Ask, config: RunnableConfig | None = None, **kwargs: Any) -> Evidence:
        """What the library holds on the question."""

        def find(ask: Ask) -> Evidence:
            if not isinstance(ask, dict) or not isinstance(ask.get("question"), str):
                raise QuestionError('the chain takes a dict: {"question": "...", "history": [...]}')
            history, scope = ask.get("history") or (), ask.get("sources")
            return self._desk().retrieve(ask["question"], history, scope)

        return self._call_with_config(find, input, config)

    def get_input_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:
        """What the chain takes."""
        return AskSchema


class Compose(Runnable[Evidence, Answer]):
    """Evidence to Answer; it streams an Answer after each sentence, the last is complete."""

    name = "compose"

    def __init__(self, desk: Callable[[], Desk]) -> None:
        self._desk = desk

    def invoke(
        self, input: Evidence, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Answer:
        """The complete answer."""

        def last(found: Evidence) -> Answer:
            *_, answer = self._desk().compose(found)
            return answer

        return self._call_with_config(last, input, config)

    def stream(
        self, input: Evidence, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Answer]:
        """An Answer after each sentence."""

        def each(all_found: Iterator[Evidence]) -> Iterator[Answer]:
            for found in all_found:
                yield from self._desk().compose(found)

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
                answers = self._desk().compose(found)
                while answer := await run_in_executor(config, next, answers, None):
                    yield answer

        async for answer in self._atransform_stream_with_config(only(), each, config):
            yield answer


class AnswerChain(RunnableSequence[Ask, Answer]):
    """A question to Answer."""

    def as_tool(
        self,
        args_schema: type[BaseModel] | None = None,
        *,
        name: str | None = None,
        description: str | None = None,
        arg_types: dict[str, type] | None = None,
    ) -> BaseTool:
        """A tool for a language model: it is told the answer with what it quotes, and that there is
        none; the Answer itself is the artifact. The arguments may be left out.

        `arg_types` is of no use here. What cannot be asked (an empty question, sources that there
        are none of) is told to the model.
        """

        def ask(question: str = "", *, config: RunnableConfig, **asked: Any) -> tuple[str, Answer]:
            try:
                found = self.invoke(Ask(question=question, **asked), config)  # type: ignore[typeddict-item]
            except (RefdeskError, IndexingError) as error:
                raise ToolException(str(error)) from error
            return _told(found), found

        return StructuredTool.from_function(
            ask,
            name=name or _TOOL,
            description=description or _TOOL_USE,
            args_schema=args_schema or ToolSchema,
            response_format="content_and_artifact",
            handle_tool_error=True,
        )


def chain(
    *,
    index: str | Path | Index | None = None,
    model: str | BaseChatModel | None = None,
    embedding_model: Embeddings | None = None,
) -> AnswerChain:
    """A Runnable from {"question", "history", "sources"} to Answer.

    It composes, streams, batches and traces as any other, in two runs named "retrieve" and
    "compose"; `as_tool` makes a tool of it, and it can be pickled as far as what was handed to it
    can be. Arguments and errors as `qa.answer`.
    """
    opening = Opening(index, model, embedding_model)
    return AnswerChain(first=Retrieve(opening), last=Compose(opening))


def traced(
    desk: Desk, ask: Ask, name: str, config: RunnableConfig | None = None
) -> Iterator[tuple[Evidence, Answer]]:
    """The evidence, and each answer that is made of it, in the runs of a chain within one called
    `name`, or as `config` has it."""
    with _run(name, ask, config) as within:
        evidence = Retrieve(lambda: desk).invoke(ask, within)
        for answer in Compose(lambda: desk).stream(evidence, within):
            yield evidence, answer


@contextmanager
def _run(name: str, ask: Ask, config: RunnableConfig | None) -> Iterator[RunnableConfig]:
    """A run that others are part of: their config."""
    config = ensure_config(config)
    manager = get_callback_manager_for_config(config)
    run = manager.on_chain_start(None, ask, name=config.get("run_name") or name)
    try:
        yield patch_config(config, callbacks=run.get_child())
    except BaseException as error:
        run.on_chain_error(error)
        raise
    run.on_chain_end({})


def _told(found: Answer) -> str:
    """An answer as a model is told it: its text, and what it quotes."""
    lines = [found.text, *([found.notice] if found.notice else [])]
    for one in found.quoted:
        about = ", ".join(part for part in (one.publisher, one.published, one.standing) if part)
        lines.append(f"[{one.number}] {one.title} ({about}): {json.dumps(one.quote)}")
    return "\n\n".join(lines)
