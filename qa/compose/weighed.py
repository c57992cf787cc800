"""How an answer came about, in numbers: what was read and weighed, shown, and left out, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from qa.compose.draft import span_of
from qa.compose.extract import LEAST_SHARE, content_of, says_the_same
from qa.injection import gives_orders
from qa.result import Answer, Citation
from qa.retrieve.candidates import Candidate
from qa.retrieve.evidence import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Of the `compared` sentences of the scope, as many as were `weighed` for what they say; they
    stand in so many `passages` of so many `sources`, of which so many are `shown`. `left_out`
    counts the others, by the reason."""

    compared: int
    weighed: int
    passages: int
    sources: int
    shown: int
    left_out: tuple[tuple[str, int], ...]


def weigh(evidence: Evidence, answer: Answer) -> Weighed:
    """What of the evidence came into the answer, and what did not, and why."""
    shown = [one for one in evidence.candidates if _is_quoted(evidence, one, answer.quoted)]
    said = [content_of(evidence, one) for one in shown]
    left_out = Counter(
        _reason(evidence, one, chance, answer, said)
        for one, chance in zip(evidence.candidates, evidence.chances, strict=True)
        if one not in shown
    )
    return Weighed(
        compared=len(evidence.ranking.rows),
        weighed=len(evidence.rows),
        passages=len(evidence.candidates),
        sources=len({one.source_id for one in evidence.candidates}),
        shown=len(shown),
        left_out=tuple(left_out.most_common()),
    )


def _is_quoted(evidence: Evidence, candidate: Candidate, quoted: Sequence[Citation]) -> bool:
    span = span_of(evidence, candidate.first, candidate.last)
    return any(
        one.source_id == span.source_id and one.start < span.end and one.end > span.start
        for one in quoted
    )


def _reason(
    evidence: Evidence,
    candidate: Candidate,
    chance: float,
    answer: Answer,
    said: Sequence[set[str]],
) -> str:
    span = span_of(evidence, candidate.first, candidate.last)
    if gives_orders(evidence.generation.source(span.source_id), span.start, span.end):
        return "gives orders to a model"
    if says_the_same(evidence, candidate, said):
        return "says what is shown already"
    if answer.abstained:
        return "not likely enough to answer"
    if answer.model is not None:
        return "not used by the language model"
    if chance < LEAST_SHARE * evidence.chances[0]:
        return "much less likely to answer"
    return "less likely to answer, and an answer is kept short"
