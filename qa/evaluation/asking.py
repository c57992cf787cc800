"""Asking questions whose answers are known: what `refdesk eval` runs.

Every question is asked of the whole library; one that a single source answers is also asked with
that out of scope, where refusing is right. What it is right to say, `qa.evaluation.gold` tells.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from glob import escape
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from index.embedding import Embedder
from index.opened import Index
from index.search import Generation, Hit
from qa.compose.extract import extract
from qa.condense.turns import Turn
from qa.desk import Desk
from qa.errors import RefdeskError, SettingError
from qa.evaluation.gold import contains, counted, parts_of, parts_of_drafts, share_of_parts
from qa.evaluation.questions import Question, Span
from qa.result import Answer
from qa.result import Outcome as Told
from qa.retrieve.evidence import Evidence

HITS = 5
# A search alone is timed on so many of the questions: it is the first part of every answer.
_SEARCHES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a question got: the answer, measured. `gold` is None where no gold is known.

    `shipped_confidence` is that before the calibration of the library, if it has one.
    `would_be_right` judges the answer that is given at any confidence: what was given, or for a
    refusal the extract that was held back. `complete` is the share of the parts of a complete
    answer that it has, `outcome` which of the three it is.
    """

    generation: str
    model: str | None
    abstained: bool
    outcome: Told
    confidence: float
    shipped_confidence: float
    text: str
    gold: bool | None
    gold_first: bool | None
    would_be_right: bool | None
    right_source: bool
    citations: int
    wrong_quotes: int
    sentences: int
    uncited: int
    seconds: float
    complete: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A question and everything that was measured of it; None where the data do not allow it."""

    question: Question
    recall: float | None
    precision: float | None
    hit: bool | None
    answered: Outcome
    off_library: Outcome | None
    search_seconds: float | None

    @property
    def right(self) -> bool | None:
        """Whether the question got what it should: an answer with gold, or a refusal."""
        if not self.question.answerable:
            return self.answered.abstained
        return self.answered.gold


def ask_all(
    desk: Desk,
    questions: Sequence[Question],
    max_chars: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[Record]:
    """Ask every question at the desk; none is logged.

    Each is embedded once: in the answer, which is timed. What is asked besides takes that over.
    Raises SettingError where a question does not fit the library.
    """
    served = desk.index.generation
    relevant = [_relevant(served, question) for question in questions]
    embedder = cast("Embedder", _Remembering(served.embedder))
    index = Index(served.folder.parents[1], embedder=embedder)
    desk = replace(desk, index=index, gap_log=None)
    index.search(questions[0].question)  # what loads on first use is no part of the latency
    every = -(-len(questions) // _SEARCHES)
    records = []
    for done, (question, spans) in enumerate(zip(questions, relevant, strict=True)):
        if progress:
            progress(done, len(questions))
        asked = _Asked(desk, question, max_chars)
        records.append(asked.record(spans, time_search=done % every == 0))
    if progress:
        progress(len(questions), len(questions))
    if index.generation.name != served.name:
        raise RefdeskError("the index was rebuilt while it was measured; run `refdesk eval` again")
    return records


class _Remembering:
    """An embedder that keeps what it made of the last question."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._last: dict[tuple[str, str], Any] = {}

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._embedder, name)
        if not name.startswith("embed_query"):
            return found

        def embed_query(text: str, *arguments: Any) -> Any:
            if (name, text) not in self._last:
                self._last = {(name, text): found(text, *arguments)}
            return self._last[name, text]

        return embed_query

    def forget(self) -> None:
        """Have the next question embedded, also if it is the same."""
        self._last = {}


def overlap(relevant: Sequence[Span], found: Sequence[Span]) -> tuple[int, int, int]:
    """The characters in both, in `relevant`, and in `found`; each character counts once."""
    size = max((end for _, end in (*relevant, *found)), default=0)
    masks: list[NDArray[np.bool_]] = []
    for spans in (relevant, found):
        mask = np.zeros(size, dtype=bool)
        for start, end in spans:
            mask[start:end] = True
        masks.append(mask)
    return int((masks[0] & masks[1]).sum()), int(masks[0].sum()), int(masks[1].sum())


def turns_before(desk: Desk, question: Question) -> list[Turn]:
    """The turns before a question, each asked at the desk. Raises QuestionError, IndexingError."""
    turns: list[Turn] = []
    for earlier in question.history:
        *_, found = desk.compose(desk.retrieve(earlier, turns))
        turns += [("user", earlier), ("assistant", found.text)]
    return turns


def _relevant(generation: Generation, question: Question) -> tuple[Span, ...]:
    """What of its source a question is about. Raises SettingError where it does not fit it."""
    where = f"the question on line {question.line}"
    for name in question.named:
        if name not in generation.manifest.sources:
            raise SettingError(
                f"{where} is about the source {name!r}, which is not in the index; run `refdesk "
                f"rebuild` on the library of the questions, or name its index with --index"
            )
    if question.source is None or not (question.spans or question.quote):
        return ()
    text = generation.source(question.source).text
    if question.spans:
        if any(end > len(text) for _, end in question.spans):
            raise SettingError(
                f"{where} has a span behind the end of {question.source!r}, which has {len(text)} "
                f"characters; are they of another version of it?"
            )
        return question.spans
    quote = question.quote or ""
    start = text.find(quote)
    if start < 0:
        raise SettingError(
            f"{where} has a quote that is not in {question.source!r}; mend the quote, or run "
            f"`refdesk rebuild` if the source has changed"
        )
    return ((start, start + len(quote)),)


class _Asked:
    """A question that is asked of a generation."""

    def __init__(self, desk: Desk, question: Question, max_chars: int) -> None:
        self._desk = desk
        self._generation = desk.index.generation
        self._question = question
        self._max_chars = max_chars

    def record(self, relevant: Sequence[Span], *, time_search: bool) -> Record:
        """Ask it, and measure all that the data allow."""
        generation, question = self._generation, self._question
        cast("_Remembering", generation.embedder).forget()
        search_seconds = None
        if time_search:
            began = time.perf_counter()
            self._desk.search(question.question, HITS)
            search_seconds = time.perf_counter() - began
            cast("_Remembering", generation.embedder).forget()
        turns = turns_before(self._desk, question)
        cast("_Remembering", generation.embedder).forget()
        answered, evidence = self._outcome(None, turns)
        best = evidence.hits(HITS)
        recall = precision = None
        if relevant:
            filled = generation.search(question.question, max_chars=self._max_chars)
            here = [(hit.chunk.start, hit.chunk.end) for hit in filled if self._is_of(hit)]
            both, wanted, _ = overlap(relevant, here)
            recall = both / wanted
            precision = both / max(sum(len(hit.text) for hit in filled), 1)
        others = [escape(name) for name in generation.source_ids if name != question.source]
        off = question.answerable and question.source is not None and bool(others)
        return Record(
            question=question,
            recall=recall,
            precision=precision,
            hit=any(self._is_of(hit) and contains(hit.text, question.answers) for hit in best)
            if question.answers
            else None,
            answered=answered,
            off_library=self._outcome(others, turns)[0] if off else None,
            search_seconds=search_seconds,
        )

    def _is_of(self, hit: Hit) -> bool:
        return hit.chunk.source_id in self._question.named

    def _outcome(
        self, scope: Sequence[str] | None, turns: Sequence[Turn]
    ) -> tuple[Outcome, Evidence]:
        """What `answer` does, step by step, and what came of it."""
        question = self._question
        began = time.perf_counter()
        evidence = self._desk.retrieve(question.question, turns, scope)
        *_, found = self._desk.compose(evidence)
        seconds = time.perf_counter() - began
        shipped = evidence.shipped_confidence
        parts, gold = parts_of(question, found), question.answers
        right = None if gold is None else contains(counted(question, parts), gold)
        would_be_right = right
        if gold and found.abstained and evidence.rows:
            held_back = parts_of_drafts(question, self._generation, extract(evidence))
            would_be_right = contains(counted(question, held_back), gold)
        return Outcome(
            generation=found.generation,
            model=found.model,
            abstained=found.abstained,
            outcome=found.outcome,
            confidence=found.confidence,
            shipped_confidence=found.confidence if shipped is None else shipped,
            text=" ".join(sentence.text for sentence in found.sentences),
            gold=right,
            gold_first=None if gold is None else contains(counted(question, parts[:1]), gold),
            complete=share_of_parts(question, parts),
            would_be_right=would_be_right,
            right_source=any(one.source_id in question.named for one in found.citations),
            citations=len(found.citations),
            wrong_quotes=self._wrong_quotes(found),
            sentences=len(found.sentences),
            uncited=sum(not sentence.citations for sentence in found.sentences),
            seconds=seconds,
        ), evidence

    def _wrong_quotes(self, found: Answer) -> int:
        """How many citations do not quote what their source says at their offsets."""
        return sum(
            self._generation.source(one.source_id).text[one.start : one.end] != one.quote
            for one in found.citations
        )
