"""How sure an answer is as it is composed, and the weights by which stretches are ranked for it.

`answer_weights.json` holds them; `python tests/benchmarks/fit_stretches.py` makes it anew. There
are two of each: with a reader, a model that has read the likeliest stretches, and without.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.retrieve.features import STRETCH_FEATURES, sigmoid
from qa.retrieve.shape import asked_shape

Floats = NDArray[np.float64]

# A stretch that a reader has read has two features more: that it has not, and what it found.
READ_FEATURES = (*STRETCH_FEATURES, "unread", "reader")
_SHAPES = ("overview", "timeline", "compare", "why", "howto", "list", "definition")
# So many stretches are found for most questions.
_USUAL = 20
_UNLIKELY = 0.02
# Log-odds of a sentence below which a question is mostly off the topic of the library, and what
# each below them takes from those of the answer. On libraries left out, where 0.08 of what they
# answer is refused, 0.95 of what is off their topic is, too, and 0.74 of what only articles out of
# scope tell; with three stretches 0.95 and 0.58. With twice the cost 0.95 and 0.74, 0.95 and 0.61,
# but fewer near misses. The two were chosen on these figures (tests/benchmarks/fit_stretches.py).
_OFF_TOPIC, _OFF_TOPIC_COST = -3.5, 1.0
# Of an answer: the log-odds that one of the best sentences answers, how likely the first of its
# stretches is against all others, and the first three, what is best among these, and the shape.
ANSWER_FEATURES = (
    "sentences",
    "first",
    "three",
    "similarity",
    "coverage",
    *(f"asks_{shape}" for shape in _SHAPES),
)
# What the reader found in the three that it likes best, in all, and in the one that is said first.
ANSWER_READ_FEATURES = (
    *ANSWER_FEATURES,
    "reader_best",
    "reader_second",
    "reader_third",
    "reader_sum",
    "reader_first",
)
_SIMILARITY, _COVERAGE = (STRETCH_FEATURES.index(name) for name in ("similarity", "coverage"))


@dataclass(frozen=True, slots=True)
class AnswerWeights:
    """Weights of the features of stretches and answers, and the `threshold`, a probability, below
    which Refdesk abstains. `probe` turns a state of the reader into log-odds of an answer; empty
    where there is no reader."""

    stretches: Floats
    answer: Floats
    answer_bias: float
    threshold: float
    probe: Floats
    probe_bias: float

    @classmethod
    def from_json(cls, stored: dict[str, Any], read: bool) -> AnswerWeights:
        """The weights with or without a reader, as `answer_weights.json` has them."""
        own = stored["read" if read else "plain"]
        stretch = READ_FEATURES if read else STRETCH_FEATURES
        answer = ANSWER_READ_FEATURES if read else ANSWER_FEATURES
        return cls(
            stretches=np.array([own["stretches"][name] for name in stretch]),
            answer=np.array([own["answer"][name] for name in answer]),
            answer_bias=float(own["answer_bias"]),
            threshold=float(own["threshold"]),
            probe=np.array(own.get("probe", [])),
            probe_bias=float(own.get("probe_bias", 0)),
        )


@cache
def answer_weights(read: bool) -> AnswerWeights:
    """The weights that come with Refdesk, for answers with or without a reader."""
    return AnswerWeights.from_json(stored_weights(), read)


def stored_weights() -> dict[str, Any]:
    """What `answer_weights.json` holds."""
    text = files("qa.retrieve").joinpath("answer_weights.json").read_text(encoding="utf-8")
    stored: dict[str, Any] = json.loads(text)
    return stored


def read_features(features: Floats, found: Floats) -> Floats:
    """The features of stretches, shape (stretches, STRETCH_FEATURES), with what the reader found.

    `found` has the log-odds of each; not a number where it was not read, which counts as the worst.
    """
    unread = np.isnan(found)
    worst = found[~unread].min() if not unread.all() else 0.0
    filled = np.where(unread, worst, found)
    return np.concatenate([features, unread[:, None], filled[:, None]], axis=1)


def off_topic(sentences: float) -> float:
    """What it takes from the log-odds of an answer that its sentences are this unlikely to answer.

    It is fixed, not fitted: natural questions off the topic are too few to fit it on, and in a
    small library all else is relative to the few stretches that there are.
    """
    return _OFF_TOPIC_COST * max(_OFF_TOPIC - sentences, 0.0)


def answer_features(
    question: str,
    sentences: float,
    features: Floats,
    chances: Floats,
    found: Floats | None = None,
) -> Floats:
    """The features of an answer, shape (ANSWER_FEATURES,) or (ANSWER_READ_FEATURES,).

    `sentences` is the log-odds that one of the best sentences answers; `features` and `chances` of
    its stretches, in the order in which they are said, and what the reader `found`, if one did.
    """
    shape = asked_shape(question)
    # Where there are few, as in a narrow scope, unlikely ones stand in for those that are lacking.
    lacking = max(_USUAL - len(chances), 0) * min(chances[-1], _UNLIKELY)
    chances = chances / (1 + lacking)
    values = [
        sentences,
        chances[0],
        chances[:3].sum(),
        features[:3, _SIMILARITY].max(),
        features[:3, _COVERAGE].max(),
        *(shape == one for one in _SHAPES),
    ]
    if found is not None:
        read = found[~np.isnan(found)]
        worst = read.min() if len(read) else 0.0
        best = np.concatenate([np.sort(read)[::-1], np.full(3, worst)])
        first = worst if np.isnan(found[0]) else found[0]
        values += [*best[:3], np.log1p(np.logaddexp(0, best).sum()), first]
    return np.array(values, dtype=np.float64)


def answer_confidence(answer: Floats, weights: AnswerWeights, doubt: float) -> float:
    """How likely an answer is to be right; `doubt` is taken from the log-odds."""
    return float(sigmoid(answer @ weights.answer + weights.answer_bias - doubt))
