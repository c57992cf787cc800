"""The report of a run of `refdesk eval`: one HTML file, with its plots, that needs nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from qa.evaluation.asking import Outcome, Record
from qa.evaluation.compare import Comparison
from qa.evaluation.curves import curves
from qa.evaluation.measures import Group, by_kind, by_library, shown
from qa.evaluation.runs import Run
from qa.templates import environment

# How many questions, and sources, of a kind are listed; the file that `--out` writes has all.
_LISTED = 100
_LONGEST = 600
_TEMPLATES = environment(Path(str(files("qa.evaluation"))) / "templates")

GROUPS: dict[str, dict[str, str]] = {
    "Retrieval": {
        "recall": "of the relevant characters, the share among those retrieved",
        "precision": "of the characters retrieved, the share that is relevant",
        "hits_in_the_5_best": "one of the 5 best passages, from the right source, holds gold",
        "search_median_seconds": "a search alone: half of them are faster",
        "search_p95_seconds": "95 of 100 are faster",
    },
    "Answers": {
        "answers_that_contain_gold": "of the answerable, the share answered with gold",
        "gold_in_the_first_sentence": "the share whose first sentence holds it",
        "parts_of_complete_answers": "of what a complete answer covers, the share in the answer",
        "answers_with_the_right_source": "the share that cites the source of the question",
        "answer_median_seconds": "a whole answer: half of them are faster",
        "answer_p95_seconds": "95 of 100 are faster",
    },
    "Citations": {
        "wrong_quotes": "citations whose quote is not at its offsets; must be 0",
        "uncited_sentences": "sentences without a citation; must be 0",
    },
    "Abstention": {
        "false_refusals": "of the answerable, the share refused",
        "refused_when_unanswerable": "of those that the library does not answer, the share refused",
        "refused_near_misses": "of those on a topic of the library that it does not say, the "
        "share refused",
        "refused_off_topic": "of questions off the topic, the share refused",
        "refused_with_related": "of all refusals, the share that tells what is on the topic",
        "auroc_within_the_library": "the chance that an answerable question has more confidence "
        "than one that the library does not answer",
        "auroc_near_misses": "the same against near misses alone",
        "refused_off_the_library": "refused when the source of the answer is out of scope",
        "auroc_off_the_library": "the chance that a question has more confidence with its source "
        "in scope than one without",
        "coverage": "the share of all questions that is answered",
        "risk": "of the answers given, the share without gold",
        "area_under_risk_coverage": "the risk, averaged over every coverage; less is better",
    },
    "Calibration": {
        "calibration_error": "of the answers given: how far confidence is from the share right",
        "calibration_error_of_all": "the same over all that was asked, held back or not, with the "
        "right source in scope and out of it",
        "calibration_error_by_chance": "what of that error so few questions would show of a "
        "confidence that is just right",
    },
}


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: `names` of its columns, places of those with `numbers`; with a title it opens and
    closes, and of `count` rows those that are listed are there."""

    names: Sequence[str]
    rows: Sequence[Sequence[object]]
    numbers: Sequence[int] = ()
    title: str = ""
    count: int = 0


def html_report(run: Run, comparison: Comparison | None = None) -> str:
    """The report as an HTML page. Nothing of a question, an answer or a source is markup in it."""
    return _TEMPLATES.get_template("report.html").render(
        about=Rows((), [(_words(name), _in_words(value)) for name, value in run.about.items()]),
        measures=list(_measures(run)),
        plots=list(curves(run)),
        groups=list(_groups(run)),
        comparison=comparison,
        differences=_differences(comparison) if comparison else None,
        changed=list(_changed(comparison)) if comparison else [],
        by_source=_by_source(run.records),
        wrong=list(_wrong(run.records)),
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{_words(name)} {one}" for name, one in value.items())
    return "none" if value is None else str(value)


def _measures(run: Run) -> Iterator[Rows]:
    found = {one.name: one for one in run.measures}
    for group, explained in GROUPS.items():
        rows = [
            (_words(name), found[name].shown(), found[name].of, meaning)
            for name, meaning in explained.items()
            if name in found
        ]
        if rows:
            yield Rows(("measure", "value", "of", "what it is"), rows, (1, 2), group)


def _groups(run: Run) -> Iterator[Rows]:
    for title, found in (
        ("By kind", by_kind(run.records)),
        ("By library", by_library(run.records)),
    ):
        if found:
            names, rows = group_rows(found)
            yield Rows((title[3:], *names[1:]), rows, range(1, len(names)), title)


def group_rows(groups: Sequence[Group]) -> tuple[list[str], list[list[str]]]:
    """The names of the columns of a table of groups, and its rows; what none has is left out."""
    fields = [
        name for name in Group.__slots__ if any(getattr(one, name) is not None for one in groups)
    ]
    rows = [[_in_cell(getattr(one, name)) for name in fields] for one in groups]
    return [_words(name) for name in fields], rows


def _in_cell(value: float | str | None) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "" if value is None else str(value)


def _differences(comparison: Comparison) -> Rows:
    rows = [
        (
            _words(one.name),
            shown(one.name, one.before),
            shown(one.name, one.after),
            f"{'+' if one.after >= one.before else ''}{shown(one.name, one.after - one.before)}",
            f"{shown(one.name, one.low)} to {shown(one.name, one.high)}",
            "" if one.won is None else one.won,
            "" if one.lost is None else one.lost,
            one.verdict,
        )
        for one in comparison.differences
    ]
    names = ("measure", "before", "after", "difference", "95 % interval", "won", "lost", "")
    return Rows(names, rows, (1, 2, 3, 4, 5, 6))


def _changed(comparison: Comparison) -> Iterator[Rows]:
    for title, pairs in (("Lost", comparison.lost), ("Won", comparison.won)):
        listed = [
            (one.question.question, _said(old.answered), _said(one.answered))
            for old, one in pairs[:_LISTED]
        ]
        yield Rows(("question", "before", "after"), listed, (), title, len(pairs))


def _by_source(records: Sequence[Record]) -> Rows:
    found: dict[str, list[Record]] = defaultdict(list)
    for one in records:
        if one.question.answerable and one.right is not None:
            for name in one.question.named:
                found[name].append(one)
    rows = []
    for source, asked in found.items():
        right = sum(bool(one.right) for one in asked)
        refused = sum(one.answered.abstained for one in asked)
        rows.append((source, len(asked), right, refused, f"{right / len(asked):.3f}"))
    rows.sort(key=lambda row: row[-1])
    names = ("source", "answerable", "right", "refused", "share right")
    return Rows(names, rows[:_LISTED], (1, 2, 3, 4), "Sources, the worst first", len(rows))


def _wrong(records: Sequence[Record]) -> Iterator[Rows]:
    answerable = [one for one in records if one.question.answerable and one.right is False]
    kinds = (
        (
            "Refused, though the library answers",
            [one for one in answerable if one.answered.abstained],
        ),
        ("Answered without gold", [one for one in answerable if not one.answered.abstained]),
        (
            "Answered, though the library does not",
            [one for one in records if not one.question.answerable and one.right is False],
        ),
    )
    for title, found in kinds:
        rows = [
            (
                one.question.question,
                ", ".join(one.question.named),
                " / ".join(one.question.answers or ()),
                _said(one.answered),
                f"{one.answered.confidence:.2f}",
            )
            for one in sorted(found, key=lambda one: -one.answered.confidence)[:_LISTED]
        ]
        names = ("question", "source", "gold", "answer", "confidence")
        yield Rows(names, rows, (4,), title, len(found))


def _said(outcome: Outcome) -> str:
    return "(refused)" if outcome.abstained else outcome.text[:_LONGEST]
