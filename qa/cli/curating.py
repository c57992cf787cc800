"""Commands for who keeps a library: eval, check, gaps."""

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
    from qa.retrieve.calibration import Calibration


def check(
    answers: Annotated[
        list[Path],
        typer.Argument(metavar="ANSWER.json...", help="What `ask --export` or `ask --json` wrote."),
    ],
    library: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            show_default=False,
            help="Check against the files of this library instead of an index.",
        ),
    ] = None,
    as_json: JsonOption = False,
    index: IndexOption = None,
) -> None:
    """Check whether the sources still say what exported answers cite.

    A citation holds if its quote stands at its very place. Otherwise it has moved (here is where
    to), the passage has changed (here is what it says now), or it is gone; the exit status is
    then 1.
    """
    from qa.cli.shown import show_checks, show_json
    from qa.export.recheck import check_all, open_texts

    texts = open_texts(index=None if library else index_folder(index), library=library)
    found = check_all(answers, texts)
    if as_json:
        named = zip(answers, found, strict=True)
        show_json([{"file": str(path)} | one.to_dict() for path, one in named])
    else:
        show_checks(answers, found)
    if not all(one.holds for one in found):
        raise typer.Exit(1)


def gaps(
    as_json: JsonOption = False,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many questions.")
    ] = 20,
    clear: Annotated[bool, typer.Option("--clear", help="Forget them all.")] = False,
    index: IndexOption = None,
) -> None:
    """Show what was asked and not answered, with the nearest passages.

    Most often asked first. Questions that the library has come to answer since are left out;
    `--json` has them too. The log is kept on this machine alone; REFDESK_GAPS=off ends it.
    """
    from qa.cli.shown import show_gaps, show_json, show_lines
    from qa.desk import open_desk
    from qa.gap_log import GapLog
    from qa.gaps import list_gaps

    folder = index_folder(index)
    log = GapLog(folder)
    if clear:
        values = {"cleared": log.clear()}
        if as_json:
            show_json(values)
        else:
            show_lines(values.items())
        return
    desk = open_desk(read_settings(), index=folder, model="")  # what is near takes no chat model
    found = list_gaps(log, desk, limit=limit)
    if as_json:
        show_json([gap.to_dict() for gap in found])
    else:
        show_gaps(found, len(log.read()))


def evaluate(
    questions: Annotated[
        Path | None,
        typer.Argument(
            metavar="QUESTIONS.jsonl",
            show_default=False,
            help="Lines of JSON: question, source, answers, quote, spans. Or a run that --out "
            "wrote, which is not asked again.",
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
    """
    from qa.cli.shown import show_json, show_table, stdout, telling_progress

    folder = index_folder(index)
    if reset_calibration:
        from qa.retrieve.calibration import forget

        told = "the calibration is gone" if forget(folder) else "there was no calibration"
        stdout().print(f"{told}; confidence and threshold are those that Refdesk came with")
        if questions is None:
            return
    if questions is None:
        raise SettingError(
            "no questions are named; run `refdesk eval QUESTIONS.jsonl`, a file with a JSON object "
            "on each line"
        )
    from qa.evaluation.compare import compare as compare_runs
    from qa.evaluation.report import html_report
    from qa.evaluation.runs import (
        calibrate_on,
        check_writable,
        read_earlier,
        read_run,
        run_questions,
        write_text,
    )

    earlier = read_earlier(compare) if compare else None
    for path, option in ((out, "--out"), (report, "--report")):
        if path:  # that it cannot be written is better known before the long part
            check_writable(path, option)
    run = read_run(questions)
    if run is None:
        from qa.desk import open_desk

        desk = open_desk(read_settings(), index=folder, log_gaps=False)
        with telling_progress() as tell:
            run = run_questions(
                desk,
                questions,
                max_chars=max_chars,
                limit=limit,
                progress=lambda done, total: tell("asking", done, total),
            )
    comparison = compare_runs(earlier, run) if earlier else None
    if out:
        write_text(out, json.dumps(run.to_dict(), indent=1) + "\n", "--out")
    if report:
        write_text(report, html_report(run, comparison), "--report")
    fitted = calibrate_on(folder, run, false_refusals) if calibrate else None
    if as_json:
        found = run.to_dict(records=False)
        found |= {"comparison": comparison.to_dict()} if comparison else {}
        show_json(found | ({"calibration": asdict(fitted)} if fitted else {}))
        return
    rows = [(one.name.replace("_", " "), one.shown(), one.of) for one in run.measures]
    show_table(("measure", "value", "of"), rows, right=2)
    if comparison:
        _show_comparison(comparison)
    if fitted:
        _show_calibration(fitted)


def _show_comparison(comparison: Comparison) -> None:
    from qa.cli.shown import show_table, stdout
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
    from qa.cli.shown import show_table, stdout

    before, after = calibration.held_out["before"], calibration.held_out["after"]
    stdout().print()
    rows = [
        (name.replace("_", " "), f"{before[name]:.3f}", f"{after[name]:.3f}") for name in before
    ]
    show_table(("on questions held out", "shipped", "calibrated"), rows, right=2)
    stdout().print(
        f"\ncalibrated on {calibration.questions} questions; from now on answers are refused below "
        f"{calibration.threshold:.3f}. `refdesk eval --reset-calibration` takes it back."
    )
