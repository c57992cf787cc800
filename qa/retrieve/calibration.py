"""The confidence of a library: a calibration that stands beside its index, read and applied.

Two numbers map the log-odds of the shipped confidence to those of the library, and a threshold says
below which confidence nothing is answered. They survive a rebuild, and are dropped with the index
or by `forget`. `qa.evaluation.fit` makes them.
"""

from __future__ import annotations

import json
import logging
import math
from dataclasses import asdict, dataclass, replace
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.embedding import BUNDLED_MODEL
from qa.confidence_words import not_calibrated
from qa.errors import SettingError
from qa.retrieve.features import sigmoid
from sources.whole_file import write_whole

if TYPE_CHECKING:
    from index.generation import Manifest
    from qa.retrieve.evidence import Evidence

Floats = NDArray[np.float64]

FILE = "calibration.json"
SCHEMA = 1
_AGAIN = "run `refdesk eval QUESTIONS.jsonl --calibrate` again"
_log = logging.getLogger(__name__)


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
        return float(rescaled(np.array([confidence]), self.slope, self.intercept)[0])

    def write(self, index: Path) -> None:
        """Store it beside the generations of `index`. Raises SettingError."""
        path = index / FILE
        try:
            write_whole(path, json.dumps(asdict(self), indent=1) + "\n")
        except OSError as error:
            raise SettingError(
                f"{path} cannot be written ({error.strerror}); name an index of yours with --index"
            ) from error


def calibrated(evidence: Evidence) -> Evidence:
    """The evidence with the confidence and threshold of its library, where there are any; marked
    where there are none and what is shipped was not fitted to its embedding model."""
    manifest = evidence.generation.manifest
    found = in_force(evidence.generation.folder.parents[1], manifest)
    if found is not None and found.weights != weights_digest(evidence.read):
        _warn("the calibration was fitted with or without the reader, and is not used; " + _AGAIN)
        found = None
    if found is None:
        fits = manifest.embedding_model == BUNDLED_MODEL
        return evidence if fits else replace(evidence, calibrated=False)
    if not evidence.rows:
        return evidence
    return replace(
        evidence,
        confidence=found.apply(evidence.confidence),
        threshold=found.threshold,
        shipped_confidence=evidence.confidence,
    )


def calibration_note(index: Path, manifest: Manifest, read: bool) -> str | None:
    """What to tell of the confidence of an index, None where it is calibrated for it; `read` says
    that a model reads the stretches."""
    found = in_force(index, manifest)
    if found is not None and found.weights == weights_digest(read):
        return None
    if manifest.embedding_model != BUNDLED_MODEL:
        return not_calibrated(manifest.embedding_model)
    if found is not None:
        return (
            f"the calibration was fitted {'without' if read else 'with'} the model that reads and "
            f"is not used; {_AGAIN}"
        )
    return None


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
    known = found.weights in (weights_digest(read=True), weights_digest(read=False))
    if not known or found.embedding_model != manifest.embedding_model:
        _warn(f"{path} was fitted to another version of the confidence and is not used; {_AGAIN}")
        return None
    return found


def forget(index: Path) -> bool:
    """Go back to the shipped confidence and threshold; whether there was anything to forget."""
    there = (index / FILE).exists()
    (index / FILE).unlink(missing_ok=True)
    return there


@cache
def weights_digest(read: bool) -> str:
    """What tells one version of the shipped confidence from another, with or without a reader."""
    folder = files("qa.retrieve")
    names = ("weights.json", "answer_weights.json")
    stored = b"".join(folder.joinpath(name).read_bytes() for name in names)
    return sha256(stored + (b"read" if read else b"")).hexdigest()


def rescaled(confidence: Floats, slope: float, intercept: float) -> Floats:
    """Confidences with their log-odds stretched by `slope` and moved by `intercept`."""
    return sigmoid(slope * log_odds(confidence) + intercept)


def log_odds(confidence: Floats) -> Floats:
    """The natural logarithm of the odds, finite also for 0 and 1."""
    clipped = np.clip(confidence, 1e-9, 1 - 1e-9)
    logits: Floats = np.log(clipped / (1 - clipped))
    return logits


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
