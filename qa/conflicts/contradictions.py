"""Where sources contradict each other: on a number, a date, a yes or no, or in what they answer.

Two statements contradict each other only if they speak of the same thing at the same time and
cannot both be true. A contradiction that is none is worse than one that is missed, so every doubt
speaks against one: another name on each side, another year, another verb, a plan against what came
of it, a bound that holds both. `python tests/benchmarks/differ.py` measures it. English only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from index.search import Hit
from index.tokens import terms
from qa.conflicts.asked_slot import Slot, asked_slot
from qa.conflicts.replies import Reply, reply_at
from qa.conflicts.rivals import rival
from qa.conflicts.statement import DATE, NOT_BUT, ONCE, Number, Statement
from qa.injection import quotable
from qa.result import Citation, Conflict
from qa.retrieve.evidence import Evidence, passage

# "opened a new wing", "signed an agreement": there may be another.
_ONE_OF_MANY = re.compile(
    r"\b(?:adopted|approved|began|built|closed|completed|discovered|established|founded|invented"
    r"|joined|launched|opened|released|saw|signed|took|unveiled)\s+(?:an?|another|new)\s"
)
# A longer sentence, in characters, says several things; it is compared with none.
_LONGEST = 400
# Two sentences that share fewer terms are not about the same.
_LEAST_SHARED = 2
_DENYING = re.compile(r"\b(?:den(?:y|ied|ies)|refus\w+|reject\w+|fail\w+ to)\b", re.IGNORECASE)
# What makes a statement one of what was meant to be, not of what is.
_UNREAL = re.compile(
    r"\b(?:would|could|should|(?-i:may)|might|will|shall|plan\w*|expect\w*|aim\w*|propos\w*|intend\w*|"
    r"hop(?:e|ed|es)|due|target\w*|if|unless|forecast\w*|predict\w*|scheduled|set to|supposed)\b",
    re.IGNORECASE,
)
_AGAIN = re.compile(r"\b(?:again|re-\w+|another|once more|a second time)\b", re.IGNORECASE)
_SUPERLATIVE = re.compile(r"\b(?:first|last|second|third|final|earliest|latest)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Difference:
    """How two statements contradict each other: what each of them says of it."""

    kind: Slot
    values: tuple[str, str]


def difference(one: Statement, other: Statement) -> Difference | None:
    """How two statements contradict each other; None where they do not, or may not."""
    if any(_UNREAL.search(side.own) or _DENYING.search(side.own) for side in (one, other)):
        return None
    if not _same_subject(one, other):
        return None
    mine, theirs = one.content - other.names, other.content - one.names
    if not mine & theirs or not (mine <= theirs or theirs <= mine):
        return None
    if bool(_AGAIN.search(one.own)) != bool(_AGAIN.search(other.own)):
        return None
    if one.denied != other.denied:
        return _denial(one, other)
    if one.denied:
        return None
    return _of_dates(one, other) or _of_numbers(one, other)


def _same_subject(one: Statement, other: Statement) -> bool:
    """Whether both speak of the same names; what names none is about what stands above it."""
    # "Parliament" that opens a sentence and "parliament" inside another are one word.
    here, there = one.names - other.content, other.names - one.content
    if _fuller(one, here - there, there) or _fuller(other, there - here, here):
        return False  # "Barker" need not be "Dorothy Barker"
    here = here or frozenset(terms(one.above) if one.above else ())
    there = there or frozenset(terms(other.above) if other.above else ())
    return bool(here & there) and (here <= there or there <= here)


def _fuller(side: Statement, extra: frozenset[str], shared: frozenset[str]) -> bool:
    """Whether a name that only one side has stands right before one that both have."""
    found = [frozenset(terms(word)) for word in side.own.split()]
    return any(a & extra and b & shared for a, b in pairwise(found))


def _of_dates(one: Statement, other: Statement) -> Difference | None:
    if len(one.dates) != 1 or len(other.dates) != 1:
        return None
    pair = one.dates[0], other.dates[0]
    if not any(a != b for a, b in zip(*pair, strict=True) if a and b):
        return None
    if one.happened not in ONCE or one.happened != other.happened:
        return None
    if any(_ONE_OF_MANY.search(side.own) for side in (one, other)):
        return None
    if bool(_SUPERLATIVE.search(one.own)) != bool(_SUPERLATIVE.search(other.own)):
        return None
    if any(a.low > b.high or b.low > a.high for a, b in _alike(one, other)):
        return None  # "12 ships in May", "15 ships in June": two events
    said = [match.group() for side in (one, other) if (match := DATE.search(side.own))]
    return Difference("date", (said[0], said[1]))


def _of_numbers(one: Statement, other: Statement) -> Difference | None:
    if bool(one.dates) != bool(other.dates):  # a number of one year is not one of another
        return None
    for mine in one.dates:
        if not any(_may_agree(mine, theirs) for theirs in other.dates):
            return None
    for a, b in _alike(one, other):
        # "1,200 patients" and "600 patients with diabetes" are of two groups.
        beside = one.beside(a) ^ other.beside(b)
        if (a.low > b.high or b.low > a.high) and not beside & (one.content ^ other.content):
            return Difference("number", (a.said, b.said))
    return None


def _denial(one: Statement, other: Statement) -> Difference | None:
    if len(one.content ^ other.content) > 1 or one.names != other.names:
        return None
    if any(NOT_BUT.search(side.own) for side in (one, other)):
        return None
    if one.dates and other.dates and set(one.dates) != set(other.dates):
        return None
    if {n.said for n in one.numbers} != {n.said for n in other.numbers}:
        return None
    values = tuple("no" if side.denied else "yes" for side in (one, other))
    return Difference("denial", (values[0], values[1]))


def _alike(one: Statement, other: Statement) -> Iterator[tuple[Number, Number]]:
    """The numbers of one unit, where each of the two has a single one of it."""
    for unit in {number.unit for number in one.numbers}:
        here = [number for number in one.numbers if number.unit == unit]
        there = [number for number in other.numbers if number.unit == unit]
        if len(here) == len(there) == 1:
            (a,), (b,) = here, there
            if a.more <= b.more or b.more <= a.more:
                yield a, b


def _may_agree(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return all(a == b for a, b in zip(one, other, strict=True) if a and b)


class Contradictions:
    """Finds what other sources in the evidence say against what is cited, as an answer grows."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._english = evidence.generation.manifest.language.startswith("en")
        self._asked = asked_slot(evidence.question) if self._english else None
        self._looked: set[int] = set()
        self._told: set[frozenset[tuple[str, int]]] = set()  # where both are cited, once is enough
        self._found: list[Conflict] = []

    def of(self, citations: Sequence[Citation]) -> tuple[Conflict, ...]:
        """The contradictions of all that is cited, of each source one for each citation."""
        for citation in citations:
            if self._english and citation.number not in self._looked:
                self._looked.add(citation.number)
                self._found += self._against(citation)
        return tuple(self._found)

    def _against(self, citation: Citation) -> Iterator[Conflict]:
        generation = self._evidence.generation
        cited = self._cited(citation)
        differing: set[str] = set()
        for row in self._evidence.rows:
            name = generation.unit_source(row)
            if name == citation.source_id or name in differing or not generation.is_sentence(row):
                continue
            held = generation.unit_words(row).terms
            near = [one for one in cited if len(one.said.intersection(held)) >= _LEAST_SHARED]
            if not near:
                continue
            source, start, end = generation.unit(row)
            text = source.text[start:end]
            if len(text) > _LONGEST:
                continue
            stated = _statement(text, f"{source.title} {source.heading_at(start) or ''}")
            for one in near:
                differs = self._rivals(one, row) or difference(one.statement, stated)
                if differs is not None:
                    break
            else:
                continue
            pair = frozenset(((citation.source_id, one.start), (source.id, start)))
            if pair in self._told:
                continue
            if quotable(source, start, end) != text:
                continue
            self._told.add(pair)
            differing.add(name)
            chunk = generation.chunk(source, start, end)
            hit = Hit(chunk, text, self._evidence.score_of(chunk))
            yield Conflict(
                kind=differs.kind,
                cited=citation.number,
                other=passage(generation, hit),
                values=differs.values,
            )

    def _rivals(self, cited: _Cited, row: int) -> Difference | None:
        """How a sentence answers the question otherwise than one that is cited."""
        if self._asked is None or cited.reply is None:
            return None
        found = rival(cited.reply, reply_at(self._evidence.generation, self._asked, row))
        return Difference(*found) if found else None

    def _reply(self, row: int | None) -> Reply | None:
        if self._asked is None or row is None:
            return None
        found = reply_at(self._evidence.generation, self._asked, row)
        return found if found.replies else None

    def _cited(self, citation: Citation) -> list[_Cited]:
        """The sentences of a quote that were found for the question; the quote, where none was."""
        generation = self._evidence.generation
        source = generation.source(citation.source_id)
        chunk = generation.chunk(source, citation.start, citation.end)
        rows = self._evidence.ranking.rows
        inside = np.sort(rows[generation.stand_in(chunk, rows)]).tolist()
        spans = [(row, *generation.unit(row)[1:]) for row in inside]
        above = f"{citation.title} {citation.heading or ''}"
        texts = [
            (row, start, source.text[start:end])
            for row, start, end in spans or [(None, citation.start, citation.end)]
        ]
        return [
            _Cited(self._reply(row), start, _statement(text, above), frozenset(terms(text)))
            for row, start, text in texts
            if len(text) <= _LONGEST
        ]


@dataclass(frozen=True, slots=True)
class _Cited:
    """A sentence of a quote: itself as an answer, if it is one, where it starts, what it states,
    and its terms."""

    reply: Reply | None
    start: int
    statement: Statement
    said: frozenset[str]


@lru_cache(maxsize=4096)
def _statement(text: str, above: str) -> Statement:
    return Statement(" ".join(text.split()), above)
