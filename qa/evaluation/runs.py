"""A run of `refdesk eval`: asked, written to a file, read again, calibrated on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from index.build.rebuild import rebuild
from index.generation import Manifest, current_generation
from qa.desk import Desk, open_desk
from qa.errors import SettingError
from qa.evaluation.asking import Outcome, Record, ask_all
from qa.evaluation.fit import LEAST_OF_A_KIND, HeldOut, Judged, carried_over, fit
from qa.evaluation.measures import Group, Measure, by_kind, by_library, measure
from qa.evaluation.questions import Question, read_questions, spread
from qa.retrieve.calibration import Calibration, in_force, weights_digest
from qa.retrieve.confidence import answer_weights
from qa.settings import Settings
from qa.version import refdesk_version
from sources.walk import QUESTIONS

FORMAT = "refdesk-run"
SCHEMA = 2
Tell = Callable[[str, int, int], None]


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
        for name, groups in self.groups().items():
            fields[name] = [asdict(one) for one in groups]
        return fields | ({"records": [asdict(one) for one in self.records]} if records else {})

    def groups(self) -> dict[str, list[Group]]:
        """What the questions of each kind, and of each library, got, where there are such."""
        found = {"kinds": by_kind(self.records), "libraries": by_library(self.records)}
        return {name: groups for name, groups in found.items() if groups}


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


def run_libraries(
    libraries: Sequence[Path],
    settings: Settings,
    *,
    max_chars: int,
    limit: int | None = None,
    progress: Tell | None = None,
) -> Run:
    """Ask several libraries, each a folder with `QUESTIONS` in it, of an index that is built for
    it and not kept; `limit` questions of each. What is in `documents`, where there is such a
    folder, is the library. Raises SettingError, IndexingError, SourceError.
    """
    names = [folder.resolve().name for folder in libraries]
    if len(set(names)) < len(names):
        raise SettingError("two of the libraries have the same name; rename the folder of one")
    for folder in libraries:
        read_questions(folder / QUESTIONS)  # a fault is better known before the long part
    runs = []
    for name, folder in zip(names, libraries, strict=True):
        documents = folder / "documents"
        with TemporaryDirectory(prefix="refdesk-") as index:
            rebuild(
                documents if documents.is_dir() else folder,
                index=index,
                embedding_model=settings.embedding_model,
                progress=progress and partial(_tell, progress, name),
            )
            run = run_questions(
                open_desk(settings, index=index, log_gaps=False),
                folder / QUESTIONS,
                max_chars=max_chars,
                limit=limit,
                progress=progress and partial(progress, f"{name}: asking"),
            )
        runs.append((name, run))
    records = tuple(
        replace(one, question=replace(one.question, library=name))
        for name, run in runs
        for one in run.records
    )
    about = runs[0][1].about | {
        "questions": len(records),
        "asked_from": ", ".join(names),
        "index": "",
        "generation": "",
    }
    return Run(about=about, measures=tuple(measure(records)), records=records)


def _tell(progress: Tell, name: str, stage: str, done: int, total: int) -> None:
    progress(f"{name}: {stage}", done, total)


def calibrate_on(folder: Path, run: Run, false_refusals: float) -> Calibration:
    """Fit the confidence of the index in `folder` to a run, and store it beside the index.

    What counts is what was asked of the whole library, for so it is asked in use. Where too little
    of that went wrong to learn from, what was asked with its source out of scope stands in for what
    the library lacks. Raises SettingError where the run does not fit the index, or is not enough.
    """
    if any(one.question.library for one in run.records):
        raise SettingError(
            "a calibration is of one library; run `refdesk eval QUESTIONS.jsonl --calibrate` on "
            "the index of it"
        )
    manifest = Manifest.read(current_generation(folder))
    made_with = (run.about.get("embedding_model"), run.about.get("weights"))
    read = made_with[1] == weights_digest(read=True)
    if made_with != (manifest.embedding_model, weights_digest(read)):
        raise SettingError(
            "the run was made with another embedding model or version of Refdesk than the index "
            "is answered with; run `refdesk eval QUESTIONS.jsonl --calibrate` on the questions"
        )
    asked = _asked_of_all(run)
    if sum(not outcome.would_be_right for _, outcome, _ in asked) < LEAST_OF_A_KIND:
        asked += [
            (one.question, one.off_library, False)
            for one in run.records
            # Where another source has the answer too, the library does not lack it.
            if one.off_library and one.off_library.would_be_right is False
        ]
    calibration = fit(
        _judged(asked, [(one.named or (one.question,))[0] for one, *_ in asked]),
        false_refusals,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        embedding_model=manifest.embedding_model,
        read=read,
    )
    calibration.write(folder)
    return calibration


def left_out(run: Run, false_refusals: float) -> dict[str, HeldOut]:
    """Of a run of several libraries, how a confidence that is fitted to the others does on each,
    beside the one that Refdesk came with; nothing where it is of one."""
    asked = _asked_of_all(run)
    if len({question.library for question, *_ in asked}) < 2:
        return {}
    judged = _judged(asked, [question.library for question, *_ in asked])
    read = run.about.get("weights") == weights_digest(read=True)
    return carried_over(judged, false_refusals, read)


Asked = list[tuple[Question, Outcome, bool]]


def _asked_of_all(run: Run) -> Asked:
    """What was asked of whole libraries, where it is known what is right; and what it answers."""
    return [
        (one.question, one.answered, one.question.answerable)
        for one in run.records
        if one.answered.would_be_right is not None
    ]


def _judged(asked: Asked, group: Sequence[str]) -> Judged:
    return Judged(
        confidence=np.array([outcome.shipped_confidence for _, outcome, _ in asked]),
        right=np.array([bool(outcome.would_be_right) for _, outcome, _ in asked]),
        answerable=np.array([answerable for _, _, answerable in asked]),
        group=group,
    )


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
        for name in ("format", "kinds", "libraries"):
            fields.pop(name, None)
        if not records:
            raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SettingError(
            f"{path} was not written by this version of `refdesk eval --out`; run it again"
        ) from error
    return Run(about=fields, measures=measures, records=records)


def _record(fields: dict[str, Any]) -> Record:
    question = fields["question"]
    for name, value in question.items():
        if isinstance(value, list):
            question[name] = tuple(tuple(i) if name == "spans" else i for i in value)
    off = fields["off_library"]
    return Record(
        **fields
        | {
            "question": Question(**question),
            "answered": Outcome(**fields["answered"]),
            "off_library": Outcome(**off) if off else None,
        }
    )
