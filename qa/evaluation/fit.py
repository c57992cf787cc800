"""Fitting a calibration: what a curator's own questions say of the shipped confidence.

Two numbers map the log-odds of the shipped confidence to those of the library (Platt scaling, Platt
1999), and a threshold is taken at the share of answerable questions that may be refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qa.errors import SettingError
from qa.evaluation.statistics import calibration_error, log_loss
from qa.retrieve.calibration import Calibration, log_odds, rescaled, weights_digest
from qa.retrieve.confidence import answer_weights
from qa.retrieve.features import sigmoid

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Fit = Callable[[Floats, Bools], tuple[float, float]]
# Figures before and after a fit, by name.
HeldOut = dict[str, dict[str, float]]

# Below these a fit says more of the questions than of the library. A threshold at the share r is
# set by the r * answerable questions of least confidence: by three at the least.
LEAST_ANSWERABLE = 50
LEAST_REFUSED = 3
# Of the right and of the wrong, so that both sides of the curve are seen.
LEAST_OF_A_KIND = 10
# How far slope and intercept stray from (1, 0), the shipped confidence as it is, when few questions
# say so: standard deviations of a normal prior.
_PRIOR = np.array([0.5, 1.0])
_LEAST_SLOPE = 0.05  # a higher confidence stays the higher one
_FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Questions with the shipped confidence of each, arrays of one length.

    `right` says whether the answer holds gold, given or not; `answerable` whether it was asked of
    the whole library and the library answers it; `group` which are held out together.
    """

    confidence: Floats
    right: Bools
    answerable: Bools
    group: Sequence[str]


def fit(
    judged: Judged, false_refusals: float, *, created: str, embedding_model: str, read: bool
) -> Calibration:
    """Fit a calibration to judged questions. `false_refusals` is the share of answerable ones that
    may be refused; `read` says that a model read the stretches.

    Where the fit does worse on questions that it did not see (in `_FOLDS` parts) than what is
    shipped, only the threshold is taken. Raises SettingError where the questions are too few.
    """
    _check_enough(judged, false_refusals)
    shipped = answer_weights(read).threshold
    fit_to = _platt
    held_out = _hold_out(judged, false_refusals, fit_to, shipped)
    if held_out["after"]["log_loss"] > held_out["before"]["log_loss"]:
        fit_to = _as_shipped
        held_out = _hold_out(judged, false_refusals, fit_to, shipped)
    slope, intercept = fit_to(judged.confidence, judged.right)
    sure = rescaled(judged.confidence[judged.answerable], slope, intercept)
    return Calibration(
        slope=round(slope, 5),
        intercept=round(intercept, 5),
        threshold=round(float(np.quantile(sure, false_refusals)), 4),
        false_refusals=false_refusals,
        created=created,
        questions=len(judged.right),
        answerable=int(judged.answerable.sum()),
        weights=weights_digest(read),
        embedding_model=embedding_model,
        held_out=held_out,
    )


def _check_enough(judged: Judged, false_refusals: float) -> None:
    answerable = int(judged.answerable.sum())
    needed = max(LEAST_ANSWERABLE, math.ceil(round(LEAST_REFUSED / false_refusals, 6)))
    if answerable < needed:
        raise SettingError(
            f"{answerable} answerable questions are too few to calibrate on: at a share of "
            f"{false_refusals:g} false refusals it takes {needed}; add questions with 'answers'"
        )
    for kind, count in (("right", judged.right.sum()), ("wrong", (~judged.right).sum())):
        if count < LEAST_OF_A_KIND:
            raise SettingError(
                f"only {count} of the answers are {kind}, {LEAST_OF_A_KIND} are needed to calibrate"
                f"; add questions that the library {'answers' if kind == 'right' else 'lacks'}"
            )


def _hold_out(judged: Judged, false_refusals: float, fit_to: Fit, threshold: float) -> HeldOut:
    """Figures of the shipped confidence and of one that is fitted without what it is tried on."""
    fold = _folds(judged.group)
    return _figures(judged, *_unseen(judged, fold, false_refusals, fit_to), threshold)


def carried_over(judged: Judged, false_refusals: float, read: bool) -> dict[str, HeldOut]:
    """For each group, a library, how the shipped confidence does there, and how one that is fitted
    to all the others."""
    names = sorted(set(judged.group))
    place = np.array([names.index(name) for name in judged.group])
    sure, refused = _unseen(judged, place, false_refusals, _platt)
    found = {}
    for at, name in enumerate(names):
        own = place == at
        alone = Judged(
            confidence=judged.confidence[own],
            right=judged.right[own],
            answerable=judged.answerable[own],
            group=[name] * int(own.sum()),
        )
        found[name] = _figures(alone, sure[own], refused[own], answer_weights(read).threshold)
    return found


def _unseen(
    judged: Judged, fold: NDArray[np.int64], false_refusals: float, fit_to: Fit
) -> tuple[Floats, Bools]:
    """The confidence of each question fitted without its fold, and whether it is then refused."""
    sure = np.zeros(len(fold))
    refused = np.zeros(len(fold), dtype=bool)
    for held in np.unique(fold):
        out = fold == held
        fitted = fit_to(judged.confidence[~out], judged.right[~out])
        sure[out] = rescaled(judged.confidence[out], *fitted)
        seen = rescaled(judged.confidence[~out & judged.answerable], *fitted)
        refused[out] = sure[out] < np.quantile(seen, false_refusals)
    return sure, refused


def _figures(judged: Judged, sure: Floats, refused: Bools, threshold: float) -> HeldOut:
    shipped = judged.confidence < threshold
    return {
        name: {
            "log_loss": log_loss(confidence, judged.right),
            "calibration_error": calibration_error(confidence.tolist(), judged.right.tolist()),
            "false_refusals": _share(abstained[judged.answerable]),
            "wrong_answers_refused": _share(abstained[~judged.right]),
        }
        for name, confidence, abstained in (
            ("before", judged.confidence, shipped),
            ("after", sure, refused),
        )
    }


def _share(of: Bools) -> float:
    return float(of.mean()) if len(of) else 0.0


def _folds(groups: Sequence[str]) -> NDArray[np.int64]:
    """The fold of each question: whole groups where there are enough of them."""
    names = sorted(set(groups))
    random = np.random.default_rng(0)
    if len(names) < _FOLDS:
        return random.permutation(np.arange(len(groups)) % _FOLDS)
    place = {name: at % _FOLDS for at, name in enumerate(random.permutation(names).tolist())}
    return np.array([place[name] for name in groups])


def _platt(confidence: Floats, right: Bools) -> tuple[float, float]:
    """Slope and intercept of greatest posterior density, by Newton's method with shorter steps
    where a whole one overshoots."""
    inputs = np.column_stack([log_odds(confidence), np.ones(len(confidence))])
    centre, precision = np.array([1.0, 0.0]), np.diag(_PRIOR**-2)

    def cost(at: Floats) -> float:
        logits = inputs @ at
        misfit = np.logaddexp(0, np.where(right, -logits, logits)).sum()
        return float(misfit + (at - centre) @ precision @ (at - centre) / 2)

    at = centre
    for _ in range(50):
        chance = sigmoid(inputs @ at)
        gradient = inputs.T @ (chance - right) + precision @ (at - centre)
        curvature = (inputs.T * (chance * (1 - chance))) @ inputs + precision
        step = np.linalg.solve(curvature, gradient)
        while cost(at - step) > cost(at) and np.abs(step).max() > 1e-8:
            step /= 2
        at = at - step
        if np.abs(step).max() <= 1e-8:
            break
    return max(float(at[0]), _LEAST_SLOPE), float(at[1])


def _as_shipped(confidence: Floats, right: Bools) -> tuple[float, float]:
    return 1.0, 0.0
