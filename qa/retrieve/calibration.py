"""Confidence fitted to a library: what a curator's own questions say of the shipped one.

Two numbers map the log-odds of the shipped confidence to those of the library (Platt scaling, Platt
1999), and a threshold is taken at the share of answerable questions that may be refused. They stand
beside the index, so that they survive a rebuild, and are dropped with it or by `forget`.
"""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qa.errors import SettingError

if TYPE_CHECKING:
    from index.generation import Manifest
    from qa.retrieve.evidence import Evidence

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Fit = Callable[[Floats, Bools], tuple[float, float]]

FILE = "calibration.json"
SCHEMA = 1
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
_log = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What was fitted, on what, and how it did on questions that were held out."""

    slope: float
    intercept: float
    threshold: float
    false_refusals: float
    created: str
    questions: int
    answerable: int
    weights: str
    embedding_model: str
    held_out: dict[str, dict[str, float]]
    schema: int = SCHEMA

    def apply(self, confidence: float) -> float:
        """The calibrated confidence for a shipped one."""
        return float(_apply(np.array([confidence]), self.slope, self.intercept)[0])

    def write(self, index: Path) -> None:
        """Store it beside the generations of `index`. Raises SettingError."""
        path = index / FILE
        temporary = index / f".{FILE}.{os.getpid()}.new"
        try:
            temporary.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="ascii")
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise SettingError(
                f"{path} cannot be written ({error.strerror}); name an index of yours with --index"
            ) from error


def calibrated(evidence: Evidence) -> Evidence:
    """The evidence with the confidence and threshold of its library, where there are any."""
    found = in_force(evidence.generation.folder.parents[1], evidence.generation.manifest)
    if found is None or not evidence.rows:
        return evidence
    return replace(
        evidence,
        confidence=found.apply(evidence.confidence),
        threshold=found.threshold,
        shipped_confidence=evidence.confidence,
    )


def in_force(index: Path, manifest: Manifest) -> Calibration | None:
    """The calibration of an index; None where there is none, or it was fitted to another model or
    other weights, which is logged once."""
    path = index / FILE
    try:
        status = path.stat()
    except OSError:
        return None
    found = _read(path, status.st_mtime_ns, status.st_size)
    if found is None:
        return None
    if (found.weights, found.embedding_model) != (weights_digest(), manifest.embedding_model):
        _warn(
            f"{path} was fitted to another version of the confidence and is not used; run "
            f"`refdesk eval QUESTIONS.jsonl --calibrate` again"
        )
        return None
    return found


def forget(index: Path) -> bool:
    """Go back to the shipped confidence and threshold; whether there was anything to forget."""
    there = (index / FILE).exists()
    (index / FILE).unlink(missing_ok=True)
    return there


def fit(
    judged: Judged, false_refusals: float, *, created: str, embedding_model: str
) -> Calibration:
    """Fit a calibration to judged questions. `false_refusals` is the share of answerable ones that
    may be refused.

    Where the fit does worse on questions that it did not see (in `_FOLDS` parts) than what is
    shipped, only the threshold is taken. Raises SettingError where the questions are too few.
    """
    _check_enough(judged, false_refusals)
    fit_to = _platt
    held_out = _hold_out(judged, false_refusals, fit_to)
    if held_out["after"]["log_loss"] > held_out["before"]["log_loss"]:
        fit_to = _as_shipped
        held_out = _hold_out(judged, false_refusals, fit_to)
    slope, intercept = fit_to(judged.confidence, judged.right)
    sure = _apply(judged.confidence[judged.answerable], slope, intercept)
    return Calibration(
        slope=round(slope, 5),
        intercept=round(intercept, 5),
        threshold=round(float(np.quantile(sure, false_refusals)), 4),
        false_refusals=false_refusals,
        created=created,
        questions=len(judged.right),
        answerable=int(judged.answerable.sum()),
        weights=weights_digest(),
        embedding_model=embedding_model,
        held_out=held_out,
    )


@cache
def weights_digest() -> str:
    """What tells one version of the shipped confidence from another."""
    return sha256(files("qa.retrieve").joinpath("weights.json").read_bytes()).hexdigest()


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


def _hold_out(judged: Judged, false_refusals: float, fit_to: Fit) -> dict[str, dict[str, float]]:
    """Figures of the shipped confidence and of one that is fitted without what it is tried on."""
    from qa.evaluation.measures import calibration_error
    from qa.retrieve.features import shipped_weights

    fold = _folds(judged.group)
    sure = np.zeros(len(fold))
    refused = np.zeros(len(fold), dtype=bool)
    for held in np.unique(fold):
        out = fold == held
        fitted = fit_to(judged.confidence[~out], judged.right[~out])
        sure[out] = _apply(judged.confidence[out], *fitted)
        seen = _apply(judged.confidence[~out & judged.answerable], *fitted)
        refused[out] = sure[out] < np.quantile(seen, false_refusals)
    shipped = judged.confidence < shipped_weights().threshold
    return {
        name: {
            "log_loss": _log_loss(confidence, judged.right),
            "calibration_error": calibration_error(confidence.tolist(), judged.right.tolist()),
            "false_refusals": float(abstained[judged.answerable].mean()),
            "wrong_answers_refused": float(abstained[~judged.right].mean()),
        }
        for name, confidence, abstained in (
            ("before", judged.confidence, shipped),
            ("after", sure, refused),
        )
    }


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
    inputs = np.column_stack([_logit(confidence), np.ones(len(confidence))])
    centre, precision = np.array([1.0, 0.0]), np.diag(_PRIOR**-2)

    def cost(at: Floats) -> float:
        logits = inputs @ at
        misfit = np.logaddexp(0, np.where(right, -logits, logits)).sum()
        return float(misfit + (at - centre) @ precision @ (at - centre) / 2)

    at = centre
    for _ in range(50):
        chance = _sigmoid(inputs @ at)
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


def _apply(confidence: Floats, slope: float, intercept: float) -> Floats:
    return _sigmoid(slope * _logit(confidence) + intercept)


def _logit(confidence: Floats) -> Floats:
    clipped = np.clip(confidence, 1e-9, 1 - 1e-9)
    logits: Floats = np.log(clipped / (1 - clipped))
    return logits


def _sigmoid(logits: Floats) -> Floats:
    return (1 + np.tanh(logits / 2)) / 2  # does not overflow, as the exponential does


def _log_loss(confidence: Floats, right: Bools) -> float:
    chance = np.clip(np.where(right, confidence, 1 - confidence), 1e-9, None)
    return float(-np.log(chance).mean())


@lru_cache(maxsize=8)
def _read(path: Path, modified: int, size: int) -> Calibration | None:
    """The calibration in a file; `modified` and `size` have it read anew when it has changed."""
    try:
        fields = json.loads(path.read_text(encoding="ascii"))
        found = Calibration(**fields)
        numbers = (found.slope, found.intercept, found.threshold)
        if found.schema != SCHEMA or not all(map(math.isfinite, numbers)) or found.slope <= 0:
            raise ValueError
    except (OSError, ValueError, TypeError, RecursionError):
        _warn(f"{path} cannot be read and is not used; run `refdesk eval --reset-calibration`")
        return None
    return found


@cache
def _warn(message: str) -> None:
    _log.warning("%s", message)
