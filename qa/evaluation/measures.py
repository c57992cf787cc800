"""What a run of `refdesk eval` comes to: its measures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from qa.evaluation.asking import HITS, Outcome, Record
from qa.evaluation.questions import NEAR_MISS, OFF_TOPIC
from qa.evaluation.statistics import (
    area_under_risk,
    auroc,
    calibration_error,
    calibration_error_by_chance,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure, and how many questions (or citations, sentences) it was taken over."""

    name: str
    value: float
    of: int

    def shown(self) -> str:
        """The value for a person: counts as they are, times in milliseconds, shares to 3 places."""
        return shown(self.name, self.value)


def shown(name: str, value: float) -> str:
    """A value of the measure `name` for a person."""
    if name.endswith("seconds"):
        return f"{value * 1000:.1f} ms"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What the questions of a kind, or of a library, got; None where the data do not allow it.

    `right` is the share with gold, of those without an answer the share refused; `first` the share
    with gold in what is said first, `complete` the mean share of the parts of a complete answer,
    `refused` and `related` the shares refused and, of all, refused with something on the topic.
    """

    name: str
    questions: int
    right: float | None
    first: float | None
    complete: float | None
    refused: float
    related: float
    auroc: float | None
    calibration_error: float | None


def by_kind(records: Sequence[Record]) -> list[Group]:
    """The kinds of questions, those without an answer last; none where no question has one."""
    kinds = sorted(
        {one.question.kind for one in records} - {""},
        key=lambda kind: (kind in (NEAR_MISS, OFF_TOPIC), kind),
    )
    return [_group(kind, [one for one in records if one.question.kind == kind]) for kind in kinds]


def by_library(records: Sequence[Record]) -> list[Group]:
    """The libraries that were asked, where there are several."""
    names = dict.fromkeys(one.question.library for one in records)
    if len(names) < 2:
        return []
    return [
        _group(name, [one for one in records if one.question.library == name]) for name in names
    ]


def _group(name: str, records: Sequence[Record]) -> Group:
    answerable = [one.answered for one in records if one.question.answerable]
    others = [one.answered for one in records if not one.question.answerable]
    measures = (
        _mean("right", (one.right for one in records)),
        _mean("first", (one.gold_first for one in answerable)),
        _mean("complete", (one.complete for one in answerable)),
        _auroc("auroc", answerable, others),
        _calibration("calibration_error", judged_pairs(one.answered for one in records)),
    )
    right, first, complete, area, error = (one.value if one else None for one in measures)
    return Group(
        name=name,
        questions=len(records),
        right=right,
        first=first,
        complete=complete,
        refused=float(np.mean([one.answered.abstained for one in records])),
        related=float(np.mean([one.answered.outcome == "related" for one in records])),
        auroc=area,
        calibration_error=error,
    )


def measure(records: Sequence[Record]) -> list[Measure]:
    """The measures that the data allow, in a fixed order."""
    answerable = [one for one in records if one.question.answerable]
    unanswerable = [one.answered for one in records if not one.question.answerable]
    inside = [one.answered for one in answerable]
    near, off_topic = (
        [one.answered for one in records if one.question.kind == kind]
        for kind in (NEAR_MISS, OFF_TOPIC)
    )
    both = [(one.answered, one.off_library) for one in answerable if one.off_library]
    off = [outcome for _, outcome in both]
    everything = [*(one.answered for one in records), *off]
    given = [one.answered for one in records if not one.answered.abstained]
    judged = [(one.confidence, bool(one.gold)) for one in given if one.gold is not None]
    refused = [one.abstained for one in inside]
    related = [one.answered.outcome == "related" for one in records if one.answered.abstained]
    measures = [
        _mean("recall", (one.recall for one in records)),
        _mean("precision", (one.precision for one in records)),
        _mean(f"hits_in_the_{HITS}_best", (one.hit for one in answerable)),
        _mean("answers_that_contain_gold", (one.gold for one in inside)),
        _mean("gold_in_the_first_sentence", (one.gold_first for one in inside)),
        _mean("parts_of_complete_answers", (one.complete for one in inside)),
        _mean("answers_with_the_right_source", (one.right_source for one in inside)),
        _total("wrong_quotes", ((one.wrong_quotes, one.citations) for one in everything)),
        _total("uncited_sentences", ((one.uncited, one.sentences) for one in everything)),
        _mean("false_refusals", refused),
        _mean("refused_when_unanswerable", (one.abstained for one in unanswerable)),
        _mean("refused_near_misses", (one.abstained for one in near)),
        _mean("refused_off_topic", (one.abstained for one in off_topic)),
        _auroc("auroc_within_the_library", inside, unanswerable),
        _auroc("auroc_near_misses", inside, near),
        _mean("refused_off_the_library", (one.abstained for one in off)),
        _mean("refused_with_related", related),
        _auroc("auroc_off_the_library", [outcome for outcome, _ in both], off),
        *_risk(records),
        _calibration("calibration_error", judged),
        *_calibration_of_all(judged_pairs(everything)),
        *_quantiles("answer", [one.answered.seconds for one in records]),
        *_quantiles(
            "search", [one.search_seconds for one in records if one.search_seconds is not None]
        ),
    ]
    return [one for one in measures if one is not None]


def judged_pairs(outcomes: Iterable[Outcome]) -> list[tuple[float, bool]]:
    """Confidence, and whether the answer holds gold, given or not, where that is known."""
    return [
        (one.confidence, one.would_be_right) for one in outcomes if one.would_be_right is not None
    ]


def _risk(records: Sequence[Record]) -> list[Measure | None]:
    """How often an answer is given, and how often one that is given is wrong."""
    asked = [one.answered for one in records if one.answered.gold is not None]
    given = [one for one in asked if not one.abstained]
    pairs = judged_pairs(asked)
    area = area_under_risk(*zip(*pairs, strict=True)) if pairs else 0.0
    return [
        _mean("coverage", (not one.abstained for one in asked)),
        _mean("risk", (not one.gold for one in given)),
        Measure(name="area_under_risk_coverage", value=area, of=len(pairs)) if pairs else None,
    ]


def _mean(name: str, values: Iterable[float | None]) -> Measure | None:
    known = [value for value in values if value is not None]
    return Measure(name=name, value=float(np.mean(known)), of=len(known)) if known else None


def _total(name: str, values: Iterable[tuple[int, int]]) -> Measure:
    faults, counts = zip(*values, strict=True)
    return Measure(name=name, value=sum(faults), of=sum(counts))


def _auroc(name: str, high: Sequence[Outcome], low: Sequence[Outcome]) -> Measure | None:
    if not (high and low):
        return None
    value = auroc([one.confidence for one in high], [one.confidence for one in low])
    return Measure(name=name, value=value, of=len(high) + len(low))


def _calibration(name: str, judged: Sequence[tuple[float, bool]]) -> Measure | None:
    if not judged:
        return None
    confidence, right = zip(*judged, strict=True)
    return Measure(name=name, value=calibration_error(confidence, right), of=len(judged))


def _calibration_of_all(judged: Sequence[tuple[float, bool]]) -> list[Measure | None]:
    chance = None
    if judged:
        value = calibration_error_by_chance([sure for sure, _ in judged])
        chance = Measure(name="calibration_error_by_chance", value=value, of=len(judged))
    return [_calibration("calibration_error_of_all", judged), chance]


def _quantiles(name: str, seconds: Sequence[float]) -> list[Measure]:
    return [
        Measure(
            name=f"{name}_{label}_seconds", value=float(np.quantile(seconds, at)), of=len(seconds)
        )
        for label, at in (("median", 0.5), ("p95", 0.95))
        if seconds
    ]
