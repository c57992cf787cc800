"""Two runs of `refdesk eval` compared question by question, with intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.errors import SettingError
from qa.evaluation.asking import HITS, Record
from qa.evaluation.questions import NEAR_MISS, OFF_TOPIC
from qa.evaluation.runs import Run
from qa.evaluation.statistics import area_under_risk, auroc, calibration_error

Floats = NDArray[np.float64]

RESAMPLES = 1000
_SEED = 0
# Of these less is better.
LOWER_IS_BETTER = frozenset(
    "false_refusals area_under_risk_coverage calibration_error answer_median_seconds".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A measure in two runs over the same questions: after less before.

    `low` and `high` are the ends of its 95 % bootstrap interval over questions (`RESAMPLES`
    percentile resamples; Efron and Tibshirani 1993); `won` and `lost` count the questions that
    became right and wrong, None for what is not a property of single questions.
    """

    name: str
    before: float
    after: float
    low: float
    high: float
    of: int
    won: int | None = None
    lost: int | None = None

    @property
    def verdict(self) -> str:
        """In a word: better or worse where the interval leaves out zero."""
        if self.low <= 0 <= self.high:
            return "no clear difference"
        return "better" if (self.low > 0) != (self.name in LOWER_IS_BETTER) else "worse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two runs over the questions that both asked; `won` and `lost` hold those that became right
    and wrong, each as the records before and after."""

    before: dict[str, Any]
    differences: tuple[Difference, ...]
    questions: int
    only_before: int
    only_after: int
    won: tuple[tuple[Record, Record], ...] = field(repr=False)
    lost: tuple[tuple[Record, Record], ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The comparison ready for JSON; won and lost questions by the number of their line."""
        return {
            "before": self.before,
            "questions": self.questions,
            "only_before": self.only_before,
            "only_after": self.only_after,
            "differences": [asdict(one) | {"verdict": one.verdict} for one in self.differences],
            "won": [after.question.line for _, after in self.won],
            "lost": [after.question.line for _, after in self.lost],
        }


def compare(before: Run, after: Run) -> Comparison:
    """Compare two runs over the questions that both asked. Raises SettingError if there is none."""
    pairs = _paired(before.records, after.records)
    if not pairs:
        raise SettingError(
            "the two runs have no question in common; compare runs over the same questions"
        )
    # One weight for each question in each resample: all measures see the same resamples.
    size = len(pairs)
    random = np.random.default_rng(_SEED)
    weights = random.multinomial(size, np.full(size, 1 / size), size=RESAMPLES)
    found = [
        *(_mean_difference(name, value, pairs, weights) for name, value in _BY_QUESTION),
        *(_whole_difference(name, value, pairs, weights) for name, value in _OF_ALL),
    ]
    turned = [(one, other) for one, other in pairs if one.right is not None]
    return Comparison(
        before=before.about,
        differences=tuple(one for one in found if one is not None),
        questions=size,
        only_before=len(before.records) - size,
        only_after=len(after.records) - size,
        won=tuple(pair for pair in turned if pair[1].right and not pair[0].right),
        lost=tuple(pair for pair in turned if pair[0].right and not pair[1].right),
    )


def _paired(before: Iterable[Record], after: Iterable[Record]) -> list[tuple[Record, Record]]:
    """The records of the same question, in the order of `after`; equal questions in their order."""
    known = dict(_keyed(before))
    return [(known[key], record) for key, record in _keyed(after) if key in known]


def _keyed(records: Iterable[Record]) -> list[tuple[tuple[Any, ...], Record]]:
    seen: Counter[tuple[Any, ...]] = Counter()
    keyed = []
    for record in records:
        asked = record.question
        key = (asked.library, asked.history, asked.question, asked.named, asked.answers)
        keyed.append(((*key, seen[key]), record))
        seen[key] += 1
    return keyed


Value = Callable[[Record], float | None]
Pairs = Sequence[tuple[Record, Record]]

_BY_QUESTION: tuple[tuple[str, Value], ...] = (
    ("recall", lambda one: one.recall),
    ("precision", lambda one: one.precision),
    (f"hits_in_the_{HITS}_best", lambda one: one.hit),
    ("answers_that_contain_gold", lambda one: _if(one.question.answerable, one.answered.gold)),
    (
        "gold_in_the_first_sentence",
        lambda one: _if(one.question.answerable, one.answered.gold_first),
    ),
    ("parts_of_complete_answers", lambda one: one.answered.complete),
    (
        "answers_with_the_right_source",
        lambda one: _if(one.question.answerable, one.answered.right_source),
    ),
    ("false_refusals", lambda one: _if(one.question.answerable, one.answered.abstained)),
    (
        "refused_when_unanswerable",
        lambda one: _if(not one.question.answerable, one.answered.abstained),
    ),
    (
        "refused_near_misses",
        lambda one: _if(one.question.kind == NEAR_MISS, one.answered.abstained),
    ),
    ("refused_off_topic", lambda one: _if(one.question.kind == OFF_TOPIC, one.answered.abstained)),
    ("refused_off_the_library", lambda one: one.off_library.abstained if one.off_library else None),
)


def _if(condition: bool, value: bool | None) -> float | None:
    return value if condition else None


def _mean_difference(name: str, value: Value, pairs: Pairs, weights: Any) -> Difference | None:
    """A measure that is a mean over questions."""
    values = np.array(
        [[np.nan if (v := value(one)) is None else float(v) for one in pair] for pair in pairs]
    )
    known = ~np.isnan(values).any(axis=1)
    if not known.any():
        return None
    values = values[known]
    change = values[:, 1] - values[:, 0]
    drawn = weights[:, known]
    count = drawn.sum(axis=1)
    resampled = (drawn @ change)[count > 0] / count[count > 0]
    low, high = np.quantile(resampled, (0.025, 0.975))
    gain = -change if name in LOWER_IS_BETTER else change
    return Difference(
        name=name,
        before=float(values[:, 0].mean()),
        after=float(values[:, 1].mean()),
        low=float(low),
        high=float(high),
        of=len(values),
        won=int((gain > 0).sum()),
        lost=int((gain < 0).sum()),
    )


Columns = dict[str, Floats]


def _columns(records: Sequence[Record]) -> Columns:
    """What the measures of all questions together are made of, an array each; NaN for unknown."""
    outcomes = [one.answered for one in records]
    values: dict[str, list[float | None]] = {
        "confidence": [one.confidence for one in outcomes],
        "off": [one.off_library.confidence if one.off_library else None for one in records],
        "answerable": [one.question.answerable for one in records],
        "abstained": [one.abstained for one in outcomes],
        "right": [one.would_be_right for one in outcomes],
        "seconds": [one.seconds for one in outcomes],
    }
    return {
        name: np.array([np.nan if value is None else value for value in column], dtype=np.float64)
        for name, column in values.items()
    }


def _off(of: Columns) -> float | None:
    both = ~np.isnan(of["off"])
    return auroc(of["confidence"][both], of["off"][both]) if both.any() else None


def _within(of: Columns) -> float | None:
    answerable = of["answerable"] == 1
    if answerable.all() or not answerable.any():
        return None
    return auroc(of["confidence"][answerable], of["confidence"][~answerable])


def _calibration(of: Columns) -> float | None:
    judged = ~np.isnan(of["right"]) & (of["abstained"] == 0)
    if not judged.any():
        return None
    return calibration_error(of["confidence"][judged], of["right"][judged])


def _area(of: Columns) -> float | None:
    judged = ~np.isnan(of["right"])
    return area_under_risk(of["confidence"][judged], of["right"][judged]) if judged.any() else None


def _median(of: Columns) -> float | None:
    return float(np.median(of["seconds"]))


_OF_ALL: tuple[tuple[str, Callable[[Columns], float | None]], ...] = (
    ("auroc_within_the_library", _within),
    ("auroc_off_the_library", _off),
    ("area_under_risk_coverage", _area),
    ("calibration_error", _calibration),
    ("answer_median_seconds", _median),
)


def _whole_difference(
    name: str, value: Callable[[Columns], float | None], pairs: Pairs, weights: Any
) -> Difference | None:
    """A measure of all questions together, computed anew for every resample."""
    before = _columns([one for one, _ in pairs])
    after = _columns([other for _, other in pairs])

    def change(places: Any) -> float | None:
        found = [value({n: column[places] for n, column in of.items()}) for of in (before, after)]
        return None if found[0] is None or found[1] is None else found[1] - found[0]

    old, new = value(before), value(after)
    if old is None or new is None:
        return None
    drawn = (change(np.repeat(np.arange(len(pairs)), row)) for row in weights)
    low, high = np.quantile([one for one in drawn if one is not None], (0.025, 0.975))
    return Difference(
        name=name, before=old, after=new, low=float(low), high=float(high), of=len(pairs)
    )
