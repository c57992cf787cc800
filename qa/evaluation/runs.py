"""A run of `refdesk eval`: asked, written to a file, read again, calibrated on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from index.generation import Manifest, current_generation
from qa.desk import Desk
from qa.errors import SettingError
from qa.evaluation.asking import Outcome, Record, ask_all
from qa.evaluation.fit import LEAST_OF_A_KIND, Judged, fit
from qa.evaluation.measures import Measure, measure
from qa.evaluation.questions import Question, read_questions, spread
from qa.retrieve.calibration import Calibration, in_force, weights_digest
from qa.retrieve.confidence import answer_weights
from qa.version import refdesk_version

FORMAT = "refdesk-run"
SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was asked and what came of it; `about` holds what it was asked of, and when."""

    about: dict[str, Any]
    measures: tuple[Measure, ...]
    records: tuple[Record, ...]

    def to_dict(self, *, records: bool = True) -> dict[str, Any]:
        """The run ready for JSON."""
        measures = {one.name: {"value": one.value, "of": one.of} for one in self.measures}
        fields = {"format": FORMAT, "schema": SCHEMA, **self.about, "measures": measures}
        return fields | ({"records": [asdict(one) for one in self.records]} if records else {})


def run_questions(
    desk: Desk,
    questions: Path,
    *,
    max_chars: int,
    limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Ask the questions in a file at a desk; `limit` of them, spread evenly.

    Raises SettingError, IndexingError.
    """
    asked = spread(read_questions(questions), limit)
    generation = desk.index.generation
    folder, manifest = generation.folder.parents[1], generation.manifest
    calibration = in_force(folder, manifest)
    read = desk.reader is not None
    records = ask_all(desk, asked, max_chars, progress)
    about = {
        "questions": len(records),
        "asked_from": questions.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "refdesk": refdesk_version(),
        "index": str(folder),
        "generation": records[0].answered.generation,
        "model": records[0].answered.model,
        "embedding_model": manifest.embedding_model,
        "weights": weights_digest(read),
        "calibration": calibration and calibration.created,
        "threshold": calibration.threshold if calibration else answer_weights(read).threshold,
        "max_chars": max_chars,
    }
    return Run(about=about, measures=tuple(measure(records)), records=tuple(records))


def calibrate_on(folder: Path, run: Run, false_refusals: float) -> Calibration:
    """Fit the confidence of the index in `folder` to a run, and store it beside the index.

    What counts is what was asked of the whole library, for so it is asked in use. Where too little
    of that went wrong to learn from, what was asked with its source out of scope stands in for what
    the library lacks. Raises SettingError where the run does not fit the index, or is not enough.
    """
    manifest = Manifest.read(current_generation(folder))
    made_with = (run.about.get("embedding_model"), run.about.get("weights"))
    read = made_with[1] == weights_digest(read=True)
    if made_with != (manifest.embedding_model, weights_digest(read)):
        raise SettingError(
            "the run was made with another embedding model or version of Refdesk than the index "
            "is answered with; run `refdesk eval QUESTIONS.jsonl --calibrate` on the questions"
        )
    asked = [
        (one.question, one.answered, one.question.answerable)
        for one in run.records
        if one.answered.would_be_right is not None
    ]
    if sum(not outcome.would_be_right for _, outcome, _ in asked) < LEAST_OF_A_KIND:
        asked += [
            (one.question, one.off_library, False)
            for one in run.records
            # Where another source has the answer too, the library does not lack it.
            if one.off_library and one.off_library.would_be_right is False
        ]
    judged = Judged(
        confidence=np.array([outcome.shipped_confidence for _, outcome, _ in asked]),
        right=np.array([bool(outcome.would_be_right) for _, outcome, _ in asked]),
        answerable=np.array([answerable for _, _, answerable in asked]),
        group=[question.source or question.question for question, _, _ in asked],
    )
    calibration = fit(
        judged,
        false_refusals,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        embedding_model=manifest.embedding_model,
        read=read,
    )
    calibration.write(folder)
    return calibration


def check_writable(path: Path, option: str) -> None:
    """See that a file which an option named can be written. Raises SettingError."""
    write_text(path, "", option, mode="a")


def write_text(path: Path, text: str, option: str, mode: str = "w") -> None:
    """Write a file that an option named. Raises SettingError."""
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise SettingError(
            f"{path} cannot be written ({error.strerror}); name another file with {option}"
        ) from error


def read_earlier(path: Path) -> Run:
    """The run in a file that must be one. Raises SettingError."""
    run = read_run(path)
    if run is None:
        raise SettingError(f"{path} is no run; name a file that `refdesk eval --out` wrote")
    return run


def read_run(path: Path) -> Run | None:
    """The run in a file; None where the file is not one, but perhaps questions. Raises SettingError
    where it is a run that cannot be used."""
    try:
        with path.open(encoding="utf-8") as file:
            if file.read(200).split('"')[1:4:2] != ["format", FORMAT]:
                return None
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    try:
        if fields.pop("schema") != SCHEMA:
            raise ValueError
        records = tuple(_record(one) for one in fields.pop("records"))
        measures = tuple(
            Measure(name=name, value=one["value"], of=one["of"])
            for name, one in fields.pop("measures").items()
        )
        fields.pop("format")
        if not records:
            raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SettingError(
            f"{path} was not written by this version of `refdesk eval --out`; run it again"
        ) from error
    return Run(about=fields, measures=measures, records=records)


def _record(fields: dict[str, Any]) -> Record:
    question = fields["question"]
    for name in ("answers", "spans"):
        if question[name] is not None:
            question[name] = tuple(tuple(i) if name == "spans" else i for i in question[name])
    off = fields["off_library"]
    return Record(
        **fields
        | {
            "question": Question(**question),
            "answered": Outcome(**fields["answered"]),
            "off_library": Outcome(**off) if off else None,
        }
    )
