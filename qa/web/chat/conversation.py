"""A conversation: its turns, and what asking adds to them. Nothing here knows of a page."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from index.errors import IndexingError
from qa.compose.weighed import Weighed, weigh
from qa.desk import Desk
from qa.errors import RefdeskError
from qa.export.report import Report
from qa.pipeline import asked
from qa.result import Answer, Outcome, Passage
from qa.web.chat.excerpt import Excerpt, excerpt
from qa.web.chat.reports import report_topic, write_report
from qa.web.chat.scope import EVERYTHING, Choice, Scope
from sources import SourceError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from index.search import Generation
    from qa.reporting import Progress

_log = logging.getLogger(__name__)
# Passages that "every passage considered" lists.
_CONSIDERED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A question with what it got: an answer that may still grow, or an error; `scope` in words.

    `choice` is the scope as it was chosen. `excerpts` are the contexts of `passages`, `considered`
    the best passages that were found, `weighed` how the answer came about, and `outdated` the ids
    of cited sources whose text is another by now. `right` is what the person says of the answer,
    None where nothing was said, with a `note`. Where a `report` was asked for, the answer is all
    that it says, and `progress` tells which part is being written. A turn without a question is a
    notice to the person.
    """

    question: str
    scope: str = ""
    choice: Choice = EVERYTHING
    answer: Answer | None = None
    excerpts: tuple[Excerpt, ...] = ()
    considered: tuple[Passage, ...] = ()
    weighed: Weighed | None = None
    outdated: frozenset[str] = frozenset()
    error: str | None = None
    report: Report | None = None
    progress: str = ""
    running: bool = False
    stopped: bool = False
    right: bool | None = None
    note: str = ""

    @property
    def outcome(self) -> Outcome:
        """That of the answer; "none" where there is no answer."""
        return "none" if self.answer is None else self.answer.outcome

    @property
    def passages(self) -> tuple[Passage, ...]:
        """What the answer cites, or what is related; if there is neither, what came nearest."""
        if self.answer is None:
            return ()
        return self.answer.nearest if self.answer.outcome == "none" else self.answer.quoted


Turns = tuple[Turn, ...]
# What `stream_answer` takes.
Model: TypeAlias = "str | BaseChatModel | None"


def ask(question: str, turns: Sequence[Turn], scope: Scope, *, desk: Desk) -> Iterator[Turns]:
    """The conversation with `question` added, again whenever the answer has grown."""
    earlier = tuple(turn for turn in turns if turn.question)
    # Half a character, as JSON can name it, can be neither shown nor kept.
    question = question.encode("utf-8", "replace").decode().strip()
    turn = Turn(question=question, scope=scope.words, choice=scope.choice, running=True)
    yield (*earlier, turn)
    try:
        topic = report_topic(question)
        if topic:
            for written, answer in write_report(desk, question, topic, scope.patterns):
                turn = _reported(turn, written, answer, desk)
                yield (*earlier, turn)
            yield (*earlier, replace(turn, running=False, progress=""))
            return
        asking = asked(desk, question, history(earlier), scope.patterns, name="refdesk chat")
        for evidence, answer in asking:
            turn = replace(turn, answer=answer)
            turn = replace(turn, excerpts=_excerpts(turn.passages, evidence.generation))
            yield (*earlier, turn)
        turn = replace(turn, considered=evidence.passages(_CONSIDERED))
        if turn.answer is not None and not turn.answer.small_talk:
            turn = replace(turn, weighed=weigh(evidence, turn.answer))
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


def _reported(turn: Turn, written: Progress, answer: Answer | None, desk: Desk) -> Turn:
    """A turn with its report as far as it is written."""
    place = f"part {written.done + 1} of {written.total}"
    turn = replace(
        turn,
        answer=answer,
        report=written.report if written.report.parts else None,
        progress=f"Writing {place}: {written.next}" if written.next else "",
    )
    return replace(turn, excerpts=_excerpts(turn.passages, desk.index.generation))


def stop(turns: Sequence[Turn]) -> Turns:
    """The conversation with what was being answered left as it is."""
    return tuple(
        replace(turn, running=False, stopped=True, answer=_as_it_is(turn.answer))
        if turn.running
        else turn
        for turn in turns
    )


def _as_it_is(answer: Answer | None) -> Answer | None:
    """An answer that no other takes the place of any more."""
    return replace(answer, draft=False, notice=None) if answer and answer.draft else answer


def history(turns: Sequence[Turn]) -> list[tuple[str, str]]:
    """The turns that got an answer, as `stream_answer` takes them."""
    return [
        entry
        for turn in turns
        if turn.answer is not None and turn.error is None and not turn.answer.small_talk
        for entry in (("user", turn.question), ("assistant", turn.answer.text))
    ]


def refreshed(turns: Sequence[Turn], generation: Generation) -> Turns:
    """Turns that were kept, with their contexts, and with what has changed since in `outdated`.

    Of what was considered, the sources that are another text by now are left out.
    """
    return tuple(
        replace(
            turn,
            excerpts=_excerpts(turn.passages, generation),
            considered=tuple(_found_again(turn.considered, generation)),
            outdated=frozenset(
                passage.source_id
                for passage in turn.passages
                if passage.source_id not in generation.row_of
                or generation.source(passage.source_id).sha256 != passage.sha256
            ),
        )
        for turn in turns
    )


def _found_again(passages: Sequence[Passage], generation: Generation) -> Iterator[Passage]:
    for passage in passages:
        if passage.source_id in generation.row_of:
            source = generation.source(passage.source_id)
            if source.sha256 == passage.sha256:
                yield replace(
                    passage,
                    title=source.title,
                    publisher=source.publisher,
                    url=source.url,
                    published=source.published,
                    standing=source.standing,
                    quote=source.text[passage.start : passage.end],
                )


def _excerpts(passages: Sequence[Passage], generation: Generation) -> tuple[Excerpt, ...]:
    return tuple(
        excerpt(passage, generation.source(passage.source_id))
        if passage.source_id in generation.row_of
        else Excerpt()
        for passage in passages
    )


def _sentence(message: str) -> str:
    message = " ".join(message.split())
    return message[:1].upper() + message[1:] + ("" if message.endswith((".", "!", "?")) else ".")
