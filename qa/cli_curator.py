"""Commands for who keeps a library: eval, check, gaps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qa.options import IndexOption, JsonOption, index_folder


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
    from qa.check import check_all, open_texts
    from qa.terminal import show_checks, show_json

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
    from index.opened import open_index
    from qa.gaps import clear_gaps, count_gaps, list_gaps
    from qa.terminal import show_gaps, show_json, show_lines

    folder = index_folder(index)
    if clear:
        values = {"cleared": clear_gaps(folder)}
        if as_json:
            show_json(values)
        else:
            show_lines(values.items())
        return
    found = list_gaps(open_index(folder), limit=limit)
    if as_json:
        show_json([gap.to_dict() for gap in found])
    else:
        show_gaps(found, count_gaps(folder))


def evaluate(
    questions: Annotated[
        Path,
        typer.Argument(
            metavar="QUESTIONS.jsonl",
            help="Lines of JSON: question, source, answers, quote, spans.",
        ),
    ],
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
            metavar="FILE",
            show_default=False,
            help="Write the measures and what became of each question here, as JSON.",
        ),
    ] = None,
    index: IndexOption = None,
) -> None:
    """Measure answers, citations and abstention on questions.

    A line of QUESTIONS.jsonl holds `question`, `source`, and what is known of the answer:
    `answers` (a list of texts; empty where the library does not answer), `quote` (a passage of the
    source), `spans` (pairs of offsets into its text). What cannot be measured without a field is
    left out.
    """
    from index.opened import open_index
    from qa.evaluate import ask_all, measure, write_record
    from qa.questions import read_questions, spread
    from qa.terminal import show_json, show_table, telling_progress

    asked = spread(read_questions(questions), limit)
    opened = open_index(index_folder(index))
    if out:  # that it cannot be written is better known before the long part
        write_record(out, {}, [])
    with telling_progress() as tell:
        records = ask_all(opened, asked, max_chars, lambda done, total: tell("asking", done, total))
    measures = measure(records)
    values = {
        "questions": len(records),
        "index": str(opened.folder),
        "generation": records[0].answered.generation,
        "model": records[0].answered.model,
        "max_chars": max_chars,
        "measures": {one.name: {"value": one.value, "of": one.of} for one in measures},
    }
    if out:
        write_record(out, values, records)
    if as_json:
        show_json(values)
    else:
        rows = [(one.name.replace("_", " "), one.shown(), one.of) for one in measures]
        show_table(("measure", "value", "of"), rows, right=2)
