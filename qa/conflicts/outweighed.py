"""What one source of low standing says against several is not said first."""

from __future__ import annotations

from dataclasses import replace

from index.tokens import words
from qa.conflicts.asked_slot import AskedSlot, asked_slot
from qa.conflicts.replies import Reply, reply_at
from qa.conflicts.rivals import rival
from qa.injection import gives_orders
from qa.retrieve.candidates import Candidate
from qa.retrieve.evidence import Evidence

# Standings by how much they weigh where one source stands against one.
_HIGH = frozenset(("primary", "government", "academic", "reference"))
_LOW = frozenset(("other", "state-media"))
# Of the best sentences so many are compared, and so many stretches may have to give way.
_ROWS, _STRETCHES = 24, 4
# Of a stretch so many sentences.
_PARTS = 8
# A longer sentence, in characters, says several things; it is compared with none.
_LONGEST = 400


def outweighed(evidence: Evidence) -> Evidence:
    """The evidence with a stretch first that several sources, or a better one, bear out.

    A stretch gives way where its source alone gives its answer, is of low standing, and at least
    two others, or one of high standing, give another to the same question. What says the same word
    for word counts once.
    """
    generation = evidence.generation
    asked = asked_slot(evidence.question) if evidence.candidates else None
    if asked is None or not generation.manifest.language.startswith("en"):
        return evidence
    read: dict[int, Reply] = {}
    candidates = list(evidence.candidates)
    for _ in range(_STRETCHES):
        first = candidates[0]
        if generation.source(first.source_id).standing not in _LOW:
            break
        own = _replies(evidence, asked, first)
        if not own:
            break
        read = read or {
            row: said
            for row in evidence.rows[:_ROWS]
            if _is_short(evidence, row)
            and (said := reply_at(generation, asked, row)).replies
            and not gives_orders(*generation.unit(row))
        }
        others = {row: it for row, it in read.items() if _source(evidence, row) != first.source_id}
        against = {
            row: said for row, said in others.items() if any(rival(one, said) for one in own)
        }
        told = {tuple(words(one.own)) for one in own}
        beside = [
            said
            for row, said in others.items()
            if row not in against and any(_agree(one, said) for one in own)
        ]
        if any(tuple(words(said.own)) not in told for said in beside):
            break
        sources = {_source(evidence, row) for row in against}
        texts = {tuple(words(said.own)) for said in against.values()}
        better = any(generation.source(name).standing in _HIGH for name in sources)
        if not (better or min(len(sources), len(texts)) > 1):
            break
        holding = (
            place
            for place, one in enumerate(candidates)
            if not against.keys().isdisjoint(range(one.first, one.last + 1))
        )
        place = next(holding, None)
        if place is None:
            break
        candidates.insert(0, candidates.pop(place))
    return replace(evidence, candidates=tuple(candidates))


def _replies(evidence: Evidence, asked: AskedSlot, stretch: Candidate) -> list[Reply]:
    """What a stretch says to the question, wherever in it: what ranks best may only repeat it."""
    rows = [stretch.best, *range(stretch.first, min(stretch.last, stretch.first + _PARTS) + 1)]
    said = (
        reply_at(evidence.generation, asked, row)
        for row in dict.fromkeys(rows)
        if _is_short(evidence, row)
    )
    return [one for one in said if one.replies]


def _is_short(evidence: Evidence, row: int) -> bool:
    """Whether a row is a sentence that can be compared."""
    _, start, end = evidence.generation.unit(row)
    return evidence.generation.is_sentence(row) and end - start <= _LONGEST


def _source(evidence: Evidence, row: int) -> str:
    return evidence.generation.unit_source(row)


def _agree(one: Reply, other: Reply) -> bool:
    """Whether two answers share what the question does not say."""
    return not set(one.rest).isdisjoint(other.rest)
