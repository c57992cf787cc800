"""The statistics behind the measures: of confidences, and of what was right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Numbers = Sequence[float] | Floats

BINS = 10


def auroc(positive: Numbers, negative: Numbers) -> float:
    """The chance that a positive is above a negative, ties counting half. Neither may be empty."""
    _, place, count = np.unique(
        np.concatenate([positive, negative]), return_inverse=True, return_counts=True
    )
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    above = ranks[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2
    return float(above / (len(positive) * len(negative)))


def calibration_error(confidence: Numbers, right: Numbers) -> float:
    """Expected calibration error: how far confidence is from the share that is right, on average
    over `BINS` bins of equal width, weighted by what is in them."""
    sure = np.asarray(confidence, dtype=np.float64)
    correct = np.asarray(right, dtype=np.float64)
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    gap = np.bincount(place, weights=sure - correct, minlength=BINS)
    return float(np.abs(gap).sum() / len(sure))


def calibration_error_by_chance(confidence: Numbers) -> float:
    """The calibration error that is to be expected of so many questions if each is right with just
    the probability that was told: of a normal sum with variance v its size, sqrt(2 v / pi)."""
    sure = np.asarray(confidence, dtype=np.float64)
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    variance = np.bincount(place, weights=sure * (1 - sure), minlength=BINS)
    return float(np.sqrt(2 * variance / np.pi).sum() / len(sure))


def risk_coverage(confidence: Numbers, right: Numbers) -> tuple[Floats, Floats, Floats]:
    """For each confidence as a threshold, highest first: that threshold, coverage (the share of the
    questions that is answered) and risk (the share of those answers that is wrong).

    El-Yaniv and Wiener, On the foundations of noise-free selective classification, 2010.
    """
    sure = np.asarray(confidence, dtype=np.float64)
    order = np.argsort(-sure, kind="stable")
    wrong = np.cumsum(~np.asarray(right, dtype=bool)[order])
    count = np.arange(1, len(order) + 1)
    last = np.append(np.diff(sure[order]) != 0, True)  # of equal ones all are answered, or none
    return sure[order][last], (count / len(order))[last], (wrong / count)[last]


def area_under_risk(confidence: Numbers, right: Numbers) -> float:
    """The mean risk over all coverages; lower is better."""
    _, coverage, risk = risk_coverage(confidence, right)
    return float(risk @ np.diff(coverage, prepend=0.0))


def log_loss(confidence: Floats, right: Bools) -> float:
    """The mean of -log of the probability that was given to what came true; lower is better."""
    chance = np.clip(np.where(right, confidence, 1 - confidence), 1e-9, None)
    return float(-np.log(chance).mean())
