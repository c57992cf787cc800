"""Questions that the sources answer: those of the library and its headings, each tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from pathlib import Path

from index.errors import IndexingError
from index.search import Generation
from index.tokens import terms
from qa.condense.readings import points_back
from qa.desk import Desk, Only
from qa.errors import RefdeskError
from qa.injection import gives_orders
from qa.result import Passage
from qa.web.chat.conversation import Turn
from qa.web.chat.examples import LONGEST, example_questions, golden, spread
from qa.web.chat.scope import Scope
from sources import Source

# Questions that are offered, and those that are tried for it.
MOST, _FIRST, _TRIED = 3, 4, 8
# A question is on the topic of another if it has so much of what is asked, by how rare it is.
_ALIKE = 0.3


@dataclass(frozen=True, slots=True)
class Offered:
    """A question that the source is to answer, with what does, as offsets into its text; `made` of
    a heading where it is not somebody's own."""

    question: str
    source_id: str
    start: int
    end: int
    made: bool = False


class Answerable:
    """What a desk answers, by what it decides without a language model. Any thread may use it.

    What came of a trial is remembered as long as the generation is served.
    """

    def __init__(self, desk: Desk, library: Path) -> None:
        # As it decides itself, but no trial is counted or logged.
        plain = {one.name: getattr(desk, one.name) for one in fields(Desk)}
        self._desk = Desk(**plain | {"chat_model": None, "gap_log": None})
        self._library = library
        self._name = ""
        self._golden: list[Offered] = []
        self._headings: dict[str, list[Offered]] = {}
        self._tried: dict[tuple[str, tuple[str, ...] | None], str | None] = {}

    def answers(self, question: str, patterns: tuple[str, ...] | None = None) -> str | None:
        """The id of the source that answers a question best in a scope; None where none does."""
        generation = self._served()
        key = question, patterns
        if key not in self._tried:
            self._tried[key] = self._try(generation, question, patterns)
        return self._tried[key]

    def near(self, turns: Sequence[Turn], scope: Scope) -> list[str]:
        """Up to three questions that the sources of the scope answer, and nobody asked: near what
        the last turn cites; where it is not answered, first those that are most like it."""
        turn, generation = turns[-1], self._served()
        answered = turn.outcome == "answered"
        asked = {one.question.casefold() for one in turns}
        passages = [one for one in turn.passages if one.source_id in generation.row_of]
        cited = dict.fromkeys(one.source_id for one in passages)
        among = [*self._golden, *(one for name in cited for one in self._of(name))]
        # A golden question may be a heading, too.
        by_question = {one.question.casefold(): one for one in among}
        among = [one for question, one in by_question.items() if question not in asked]
        if answered:
            among = [one for one in among if not _is_said(one, passages)]
        ordered = sorted(
            (one for one in among if one.source_id in cited),
            key=lambda one: _distance(one, passages),
        )
        if not answered:
            alike = _alike(generation, turn.question, among)
            ordered = alike + [one for one in ordered if one not in alike]
        return list(islice(self._tried_of(ordered, scope.patterns), MOST))

    def first(self, sources: Sequence[Source]) -> list[str]:
        """Up to four questions to begin with, of several sources."""
        generation = self._served()
        found = [
            one
            for one in example_questions(self._library, sources)
            if self.answers(one) is not None
        ]
        for source in spread(sources, _TRIED):
            if len(found) < _FIRST and source.id in generation.row_of:
                shortest = sorted(self._of(source.id), key=lambda one: len(one.question))[:2]
                tried = (one for one in self._tried_of(shortest, None) if one not in found)
                found += islice(tried, 1)
        return found

    def _served(self) -> Generation:
        generation = self._desk.index.generation
        if generation.name != self._name:
            asked = list(_golden(generation, self._library))
            self._name, self._golden, self._headings, self._tried = generation.name, asked, {}, {}
        return generation

    def _of(self, source_id: str) -> list[Offered]:
        """A question for each heading of a source that can be one."""
        if source_id not in self._headings:
            generation = self._desk.index.generation
            source = generation.source(source_id)
            made = [
                Offered(question, source_id, start, end, made=question != title)
                for start, end, title in _sections(source)
                if (question := _asked_of(title, source, generation.manifest.language))
            ]
            self._headings[source_id] = made
        return self._headings[source_id]

    def _tried_of(
        self, ordered: Sequence[Offered], patterns: tuple[str, ...] | None
    ) -> Iterator[str]:
        for one in ordered[:_TRIED]:
            if self.answers(one.question, patterns) == one.source_id:
                yield one.question

    def _try(
        self, generation: Generation, question: str, patterns: tuple[str, ...] | None
    ) -> str | None:
        try:
            desk = replace(self._desk, index=Only(generation))
            evidence = desk.retrieve(question, (), patterns)
        except (RefdeskError, IndexingError):
            return None
        if not evidence.answerable or evidence.small_talk or not evidence.candidates:
            return None
        return evidence.candidates[0].source_id


def _golden(generation: Generation, library: Path) -> Iterator[Offered]:
    """The golden questions of the library that stand alone."""
    for question, source_id, quote in golden(library):
        if source_id in generation.row_of and not points_back(question):
            start = max(0, generation.source(source_id).text.find(quote))
            yield Offered(question, source_id, start, start + len(quote))


def _sections(source: Source) -> Iterator[tuple[int, int, str]]:
    """The headings of a source, with where the text below each begins and ends."""
    headings = [block for block in source.blocks if block.kind == "heading"]
    ends = [*(block.start for block in headings[1:]), len(source.text)]
    for block, end in zip(headings, ends, strict=False):
        if not gives_orders(source, block.start, block.end):
            yield block.end, end, block.title.strip()


def _asked_of(heading: str, source: Source, language: str | None) -> str | None:
    """A heading as a question; None for one that tells of nothing apart from its title."""
    if heading.endswith("?"):
        question = heading
    elif language != "en" or heading.casefold() in ("", source.title.casefold()):
        return None
    else:
        question = f"Tell me about “{heading}” in “{source.title}”"
    return None if len(question) > LONGEST or points_back(question) else question


def _is_said(offered: Offered, passages: Sequence[Passage]) -> bool:
    """Whether what is shown says what answers a question, or most of it."""
    said = sum(
        max(0, min(offered.end, one.end) - max(offered.start, one.start))
        for one in passages
        if one.source_id == offered.source_id
    )
    return 2 * said >= offered.end - offered.start


def _distance(offered: Offered, passages: Sequence[Passage]) -> tuple[bool, int, int]:
    """How far a question is from what is cited: by the first citation of its source, one's own
    questions first."""
    place, passage = next(
        (place, one) for place, one in enumerate(passages) if one.source_id == offered.source_id
    )
    return offered.made, place, abs(offered.start - passage.start)


def _alike(generation: Generation, question: str, among: Sequence[Offered]) -> list[Offered]:
    """The questions that have most of what is asked, by how rare it is."""
    language = generation.manifest.language
    asked = set(terms(question, language))
    total = sum(map(generation.idf, asked)) or 1.0
    found = [
        (sum(map(generation.idf, asked.intersection(terms(one.question, language)))), one)
        for one in among
    ]
    near = [(held, one) for held, one in found if held >= _ALIKE * total]
    return [one for _, one in sorted(near, key=lambda item: -item[0])]
