"""A conversation: its turns, and what asking adds to them. Nothing here knows of a page."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from index.errors import IndexingError
from index.opened import Index
from qa.errors import RefdeskError
from qa.pipeline import stream_answer
from qa.result import Answer, Passage
from qa.web.excerpt import Excerpt, excerpt
from qa.web.scope import Scope
from sources import SourceError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A question with what it got: an answer that may still grow, or an error; `scope` in words.

    `excerpts` are the contexts of `passages`. A turn without a question is a notice to the person.
    """

    question: str
    scope: str = ""
    answer: Answer | None = None
    excerpts: tuple[Excerpt, ...] = ()
    error: str | None = None
    running: bool = False
    stopped: bool = False

    @property
    def passages(self) -> tuple[Passage, ...]:
        """What the answer cites; for an abstention, what came nearest."""
        if self.answer is None:
            return ()
        return self.answer.nearest if self.answer.abstained else self.answer.citations


Turns = tuple[Turn, ...]
# What `stream_answer` takes.
Model: TypeAlias = "str | BaseChatModel | None"


def ask(
    question: str, turns: Sequence[Turn], scope: Scope, *, index: Index, model: Model = None
) -> Iterator[Turns]:
    """The conversation with `question` added, again whenever the answer has grown."""
    earlier = tuple(turn for turn in turns if turn.question)
    question = question.strip()
    if not question:
        yield (*earlier, Turn(question="", error="The question is empty; type a few words."))
        return
    turn = Turn(question=question, scope=scope.words, running=True)
    yield (*earlier, turn)
    try:
        growing = stream_answer(
            question, history=history(earlier), sources=scope.patterns, index=index, model=model
        )
        for answer in growing:
            turn = replace(turn, answer=answer)
            turn = replace(turn, excerpts=_excerpts(turn.passages, index))
            yield (*earlier, turn)
    except (RefdeskError, IndexingError, SourceError) as error:
        turn = replace(turn, error=_sentence(str(error)))
    except Exception as error:  # whatever it is, the conversation must go on
        _log.exception("a question could not be answered")
        turn = replace(
            turn,
            error=f"Something went wrong ({type(error).__name__}); the terminal that runs "
            f"Refdesk says more. Ask again, or ask something else.",
        )
    yield (*earlier, replace(turn, running=False))


def stop(turns: Sequence[Turn]) -> Turns:
    """The conversation with what was being answered left as it is."""
    return tuple(
        replace(turn, running=False, stopped=True) if turn.running else turn for turn in turns
    )


def history(turns: Sequence[Turn]) -> list[tuple[str, str]]:
    """The turns that got an answer, as `stream_answer` takes them."""
    return [
        entry
        for turn in turns
        if turn.answer is not None and turn.error is None
        for entry in (("user", turn.question), ("assistant", turn.answer.text))
    ]


def _excerpts(passages: Sequence[Passage], index: Index) -> tuple[Excerpt, ...]:
    generation = index.generation
    known = set(generation.source_ids)
    return tuple(
        excerpt(passage, generation.source(passage.source_id))
        if passage.source_id in known
        else Excerpt()
        for passage in passages
    )


def _sentence(message: str) -> str:
    message = " ".join(message.split())
    return message[:1].upper() + message[1:] + ("" if message.endswith((".", "!", "?")) else ".")
