"""What was found, with its likeliest stretches read by a model before one of them is said."""

from __future__ import annotations

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

# So many of the likeliest stretches are read by a model that reads, of each part of a question
# fewer. On five libraries of natural questions, each left out, the gold then stands in the first of
# 0.63, in one of the first three of 0.83; unread in that of 0.55, and 0.75 (fit_stretches.py).
STRETCHES_READ = 8
_PART_READ = 4


def reread(evidence: Evidence, reader: Reader, weights: AnswerWeights | None = None) -> Evidence:
    """The evidence with its likeliest stretches read by a model: in a better order, more surely."""
    weights = weights or answer_weights(read=True)
    whole = _reread(evidence, reader, weights, STRETCHES_READ)
    if not evidence.parts:
        return whole
    return with_parts(
        whole, tuple(_reread(part, reader, weights, _PART_READ) for part in evidence.parts)
    )


def _reread(evidence: Evidence, reader: Reader, weights: AnswerWeights, count: int) -> Evidence:
    if not evidence.candidates:
        return replace(evidence, read=True)
    candidates = evidence.candidates
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
