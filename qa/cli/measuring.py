"""The command that measures: eval."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qa.cli.options import IndexOption, JsonOption, index_folder
from qa.errors import SettingError
from qa.settings import read_settings

if TYPE_CHECKING:
    from qa.evaluation.compare import Comparison
    from qa.evaluation.fit import HeldOut
    from qa.retrieve.calibration import Calibration


def evaluate(
    questions: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="QUESTIONS.jsonl...",
            show_default=False,
            help="Lines of JSON: a question, and what answers it. Or a run that --out wrote, which "
            "is not asked again. Or folders, each a library with its questions.jsonl.",
        ),
    ] = None,
    as_json: JsonOption = False,
    max_chars: Annotated[
        int, typer.Option(min=1, metavar="N", help="Budget of recall and precision, in characters.")
    ] = 3750,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            show_default=False,
            help="Ask only N of the questions, spread evenly over the file.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            show_default=False,
            help="Write the measures and what became of each question here.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html",
            show_default=False,
            help="Write a report with plots here, as a page that needs nothing else.",
        ),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN.json",
            show_default=False,
            help="Compare with an earlier run, question by question.",
        ),
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate", help="Fit confidence and threshold to this library, from now on."
        ),
    ] = False,
    false_refusals: Annotated[
        float,
        typer.Option(
            min=0.001,
            max=0.5,
            metavar="SHARE",
            help="With --calibrate: how many of the answerable questions may be refused.",
        ),
    ] = 0.05,
    reset_calibration: Annotated[
        bool,
        typer.Option("--reset-calibration", help="Go back to what Refdesk came with."),
    ] = False,
    index: IndexOption = None,
) -> None:
    """Measure answers, citations and abstention on questions.

    A line of QUESTIONS.jsonl holds `question`, `source`, and what is known of the answer:
    `answers` (a list of texts; empty where the library does not answer), `quote` (a passage of the
    source), `spans` (pairs of offsets into its text). What cannot be measured without a field is
    left out.

    Or it holds `question`, `history`, `kind`, `sources`, `any` and `all`: what is right, and what
    is complete, by passages of the sources. Figures are then told by kind, too.

    Several libraries are each built anew and asked, and told by name; the confidence of each is
    also fitted to the others, as `--calibrate` does.
    """
    from qa.cli.terminal import show_json, show_table, stdout, telling_progress

    folder = index_folder(index)
    if reset_calibration:
        from qa.retrieve.calibration import forget

        told = "the calibration is gone" if forget(folder) else "there was no calibration"
        stdout().print(f"{told}; confidence and threshold are those that Refdesk came with")
        if not questions:
            return
    if not questions:
        raise SettingError(
            "no questions are named; run `refdesk eval QUESTIONS.jsonl`, a file with a JSON object "
            "on each line"
        )
    from qa.evaluation.compare import compare as compare_runs
    from qa.evaluation.report import group_rows, html_report
    from qa.evaluation.runs import (
        calibrate_on,
        check_writable,
        left_out,
        read_earlier,
        read_run,
        run_libraries,
        run_questions,
        write_text,
    )

    earlier = read_earlier(compare) if compare else None
    for path, option in ((out, "--out"), (report, "--report")):
        if path:  # that it cannot be written is better known before the long part
            check_writable(path, option)
    libraries = [path for path in questions if path.is_dir()]
    if questions[1:] and libraries != questions:
        raise SettingError(
            "of several only libraries can be asked, each a folder with its questions.jsonl; name "
            "one file, or folders"
        )
    if libraries and calibrate:
        raise SettingError(
            "a calibration is of one index; name a file of questions to calibrate on"
        )
    run = None if libraries else read_run(questions[0])
    if libraries:
        with telling_progress() as tell:
            run = run_libraries(
                libraries, read_settings(), max_chars=max_chars, limit=limit, progress=tell
            )
    elif run is None:
        from qa.desk import open_desk

        desk = open_desk(read_settings(), index=folder, log_gaps=False)
        with telling_progress() as tell:
            run = run_questions(
                desk,
                questions[0],
                max_chars=max_chars,
                limit=limit,
                progress=lambda done, total: tell("asking", done, total),
            )
    comparison = compare_runs(earlier, run) if earlier else None
    if out:
        write_text(out, json.dumps(run.to_dict(), indent=1) + "\n", "--out")
    if report:
        write_text(report, html_report(run, comparison), "--report")
    others = left_out(run, false_refusals)
    fitted = calibrate_on(folder, run, false_refusals) if calibrate else None
    if as_json:
        found = run.to_dict(records=False)
        found |= {"comparison": comparison.to_dict()} if comparison else {}
        found |= {"left_out": others} if others else {}
        show_json(found | ({"calibration": asdict(fitted)} if fitted else {}))
        return
    rows = [(one.name.replace("_", " "), one.shown(), one.of) for one in run.measures]
    show_table(("measure", "value", "of"), rows, right=2)
    for groups in run.groups().values():
        stdout().print()
        names, cells = group_rows(groups)
        show_table(names, cells, right=len(names) - 1)
    for name, figures in others.items():
        stdout().print(f"\n{name}: confidence as shipped, and fitted to the others")
        _show_held_out(figures, "fitted")
    if comparison:
        _show_comparison(comparison)
    if fitted:
        _show_calibration(fitted)


def _show_comparison(comparison: Comparison) -> None:
    from qa.cli.terminal import show_table, stdout
    from qa.evaluation.measures import shown

    stdout().print()
    rows = [
        (
            one.name.replace("_", " "),
            one.verdict,
            shown(one.name, one.before),
            shown(one.name, one.after),
            f"{shown(one.name, one.low)} to {shown(one.name, one.high)}",
            "" if one.won is None else one.won,
            "" if one.lost is None else one.lost,
        )
        for one in comparison.differences
    ]
    names = ("against the earlier run", "", "before", "after", "difference, 95 %", "won", "lost")
    show_table(names, rows, right=5)


def _show_calibration(calibration: Calibration) -> None:
    from qa.cli.terminal import stdout

    stdout().print()
    _show_held_out(calibration.held_out, "calibrated")
    stdout().print(
        f"\ncalibrated on {calibration.questions} questions; from now on answers are refused below "
        f"{calibration.threshold:.3f}. `refdesk eval --reset-calibration` takes it back."
    )


def _show_held_out(figures: HeldOut, fitted: str) -> None:
    from qa.cli.terminal import show_table

    before, after = figures["before"], figures["after"]
    rows = [
        (name.replace("_", " "), f"{before[name]:.3f}", f"{after[name]:.3f}") for name in before
    ]
    show_table(("on questions held out", "shipped", fitted), rows, right=2)
