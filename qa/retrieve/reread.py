"""What was found, with its likeliest stretches read by a model before one of them is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from qa.models.reader import Reader
from qa.retrieve.candidates import ranked, read_text
from qa.retrieve.confidence import (
    AnswerWeights,
    answer_confidence,
    answer_features,
    answer_weights,
    read_features,
)
from qa.retrieve.evidence import Evidence, with_parts
from qa.retrieve.features import Floats
from qa.traces import span

# Of the likeliest stretches so many are read by a model that reads as have this share of what is
# likely before, but not fewer or more than so many; of a part of a question fewer. On five
# libraries of natural questions, each left out, the gold then stands in the first of 0.64, in one
# of the first three of 0.84, and near misses are told by AUROC 0.857; where eight are read, in 0.63
# and 0.84, and by 0.849; unread in 0.56 and 0.76, and by 0.761 (fit_stretches.py).
_READ_SHARE, _LEAST_READ, MOST_READ, _PART_READ = 0.95, 4, 12, 4


def read_count(chances: Sequence[float] | Floats, most: int = MOST_READ) -> int:
    """How many stretches are read where they are this likely, likeliest first."""
    enough = int(np.searchsorted(np.cumsum(chances), _READ_SHARE)) + 1
    return min(max(enough, _LEAST_READ), most, len(chances))


@span("read")
def reread(evidence: Evidence, reader: Reader, weights: AnswerWeights | None = None) -> Evidence:
    """The evidence with its likeliest stretches read by a model: in a better order, more surely."""
    weights = weights or answer_weights(read=True)
    whole = _reread(evidence, reader, weights, MOST_READ)
    if not evidence.parts:
        return whole
    return with_parts(
        whole, tuple(_reread(part, reader, weights, _PART_READ) for part in evidence.parts)
    )


def _reread(evidence: Evidence, reader: Reader, weights: AnswerWeights, most: int) -> Evidence:
    if not evidence.candidates:
        return replace(evidence, read=True)
    candidates = evidence.candidates
    count = read_count(evidence.chances, most)
    texts = [read_text(evidence.generation, one) for one in candidates[:count]]
    found = np.full(len(candidates), np.nan)
    states = reader.states(evidence.question, texts)
    found[: len(texts)] = states @ weights.probe + weights.probe_bias
    features = np.array([one.features for one in candidates])
    order, chances = ranked(
        candidates, read_features(features, found) @ weights.stretches, evidence.lost
    )
    answer = answer_features(
        evidence.question, evidence.log_odds, features[order], chances, found[order]
    )
    return replace(
        evidence,
        candidates=tuple(candidates[place] for place in order),
        chances=tuple(chances.tolist()),
        confidence=answer_confidence(answer, weights, evidence.doubt),
        read=True,
    )
