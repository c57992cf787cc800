"""The report of a run of `refdesk eval`: one HTML file, with its plots, that needs nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from qa.evaluation.asking import Outcome, Record
from qa.evaluation.compare import Comparison
from qa.evaluation.measures import judged_pairs, shown
from qa.evaluation.plots import Plot
from qa.evaluation.runs import Run
from qa.evaluation.statistics import BINS, risk_coverage
from qa.plain_text import visible

# How many questions, and sources, of a kind are listed; the file that `--out` writes has all.
_LISTED = 100
_LONGEST = 600

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
        "auroc_within_the_library": "the chance that an answerable question has more confidence "
        "than one that the library does not answer",
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
    },
}

_STYLE = """
:root{color-scheme:light dark;--ink:#1c1e21;--soft:#5b6270;--line:#d9dce1;--paper:#fff;
--a:#0b62a8;--b:#b4500b;--c:#4a7a1f}
@media(prefers-color-scheme:dark){:root{--ink:#e8e9eb;--soft:#a3a9b5;--line:#3a3f47;
--paper:#16181b;--a:#6db3f2;--b:#f0a060;--c:#9ccc65}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:2rem auto;
max-width:64rem;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);
vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.soft,td.soft{color:var(--soft)}.better{color:var(--c)}.worse{color:var(--b)}
.plots{display:flex;flex-wrap:wrap;gap:1.5rem}figure{margin:0;flex:1 1 26rem;max-width:30rem}
figcaption{font-weight:600}.plot{width:100%;height:auto}
.plot text{font-size:11px;fill:var(--soft)}.plot .label{font-size:12px;fill:var(--ink)}
.grid{stroke:var(--line);stroke-width:.6;fill:none}
polyline{fill:none;stroke-width:2}polyline.a{stroke:var(--a)}polyline.b{stroke:var(--b)}
polyline.c{stroke:var(--c)}polyline.grid{stroke:var(--soft);stroke-dasharray:4 4;stroke-width:1}
circle.a{fill:var(--a)}circle.b{fill:var(--b)}circle.c{fill:var(--c)}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1rem;font-size:.85rem;color:var(--soft)}
.legend i{display:inline-block;width:.8rem;height:.8rem;margin-right:.35rem;border-radius:2px}
i.a{background:var(--a)}i.b{background:var(--b)}i.c{background:var(--c)}
details{margin:.6rem 0}summary{cursor:pointer;font-weight:600}
"""


def html_report(run: Run, comparison: Comparison | None = None) -> str:
    """The report as an HTML page. Nothing of a question, an answer or a source is markup in it."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Refdesk: how well it answers</title><style>{_STYLE}</style></head><body>",
        "<h1>How well it answers</h1>",
        _about(run),
        _measures(run),
        '<h2>Plots</h2><div class="plots">',
        *_plots(run),
        "</div>",
        _comparison(comparison) if comparison else "",
        _by_source(run.records),
        _wrong(run.records),
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _about(run: Run) -> str:
    rows = [(name.replace("_", " "), _in_words(value)) for name, value in run.about.items()]
    return _table(("", ""), rows)


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {one}" for name, one in value.items())
    return "none" if value is None else str(value)


def _measures(run: Run) -> str:
    found = {one.name: one for one in run.measures}
    parts = []
    for group, explained in GROUPS.items():
        rows = [
            (name.replace("_", " "), found[name].shown(), found[name].of, meaning)
            for name, meaning in explained.items()
            if name in found
        ]
        if rows:
            parts.append(f"<h2>{group}</h2>")
            parts.append(_table(("measure", "value", "of", "what it is"), rows, numbers=(1, 2)))
    return "\n".join(parts)


def _plots(run: Run) -> Iterable[str]:
    inside = [one.answered for one in run.records if one.answered.gold is not None]
    off = [one.off_library for one in run.records if one.off_library]
    if inside:
        yield _risk_plot(inside, off, run.about.get("threshold"))
        yield _reliability_plot([*inside, *off])
    yield _confidence_plot(run.records, run.about.get("threshold"))
    yield _latency_plot(run.records)


def _risk_plot(inside: Sequence[Outcome], off: Sequence[Outcome], threshold: float | None) -> str:
    everything = [*inside, *off]
    curves = [("a", "asked of the whole library", inside)]
    if off:
        curves.append(("b", "and as often with its source out of scope", everything))
    drawn = []
    for colour, label, outcomes in curves:
        _, coverage, risk = risk_coverage(*zip(*judged_pairs(outcomes), strict=True))
        drawn.append((colour, label, outcomes, coverage, risk))
    highest = min(1.0, max(0.1, np.ceil(max(float(one[4].max()) for one in drawn) * 10) / 10))
    plot = Plot(
        "Risk and coverage, with the chosen point",
        "coverage: share of the questions that is answered",
        "risk: share of the answers without gold",
        y=(0.0, highest),
    )
    for colour, label, outcomes, coverage, risk in drawn:
        plot.line(coverage, risk, colour, label)
        given = [one for one in outcomes if not one.abstained]
        if given:
            at = len(given) / len(outcomes)
            wrong = sum(not one.gold for one in given) / len(given)
            bound = f"threshold {threshold:.3f}: " if threshold is not None else ""
            plot.point(at, wrong, colour, f"{bound}{at:.3f} answered, {wrong:.3f} of them wrong", 5)
    return plot.svg()


def _reliability_plot(outcomes: Sequence[Outcome]) -> str:
    plot = Plot(
        "Calibration: confidence against the share that is right",
        "confidence",
        "share right",
    )
    plot.line([0, 1], [0, 1], "grid")
    confidence, right = (
        np.array(side, dtype=float) for side in zip(*judged_pairs(outcomes), strict=True)
    )
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = [place == one for one in range(BINS) if (place == one).any()]
    xs = [float(confidence[one].mean()) for one in bins]
    ys = [float(right[one].mean()) for one in bins]
    plot.line(xs, ys, "a", f"{len(confidence)} questions in {len(bins)} bins; area by number")
    for x, y, one in zip(xs, ys, bins, strict=True):
        note = f"{int(one.sum())} questions: confidence {x:.3f}, right {y:.3f}"
        plot.point(x, y, "a", note, 2 + 9 * float(np.sqrt(one.mean())))
    return plot.svg()


def _confidence_plot(records: Sequence[Record], threshold: float | None) -> str:
    kinds = (
        ("a", "answerable", [one.answered for one in records if one.question.answerable]),
        (
            "b",
            "not in the library",
            [one.answered for one in records if not one.question.answerable],
        ),
        ("c", "source out of scope", [one.off_library for one in records if one.off_library]),
    )
    edges = np.linspace(0, 1, 21)
    heights = {
        colour: np.histogram([one.confidence for one in outcomes], edges)[0] / len(outcomes)
        for colour, _, outcomes in kinds
        if outcomes
    }
    highest = max(float(one.max()) for one in heights.values())
    plot = Plot(
        "Confidence of what should and should not be answered",
        "confidence; the line is the threshold" if threshold is not None else "confidence",
        "share of the questions",
        y=(0.0, max(highest, 0.01)),
    )
    for colour, label, outcomes in kinds:
        if outcomes:
            plot.bars(edges, heights[colour], colour, f"{label} ({len(outcomes)})")
    if threshold is not None:
        plot.line([threshold, threshold], [0, highest], "grid")
    return plot.svg()


def _latency_plot(records: Sequence[Record]) -> str:
    times = {
        "a": ("answer", [one.answered.seconds * 1000 for one in records]),
        "b": ("search alone", [one.search_seconds * 1000 for one in records if one.search_seconds]),
    }
    longest = max(float(np.quantile(values, 0.99)) for _, values in times.values() if values)
    plot = Plot(
        "Latency, up to the slowest hundredth",
        "milliseconds",
        "share that is done",
        x=(0.0, max(longest, 1.0)),
    )
    for colour, (label, values) in times.items():
        if values:
            ordered = np.sort(values)
            plot.line(ordered, np.arange(1, len(ordered) + 1) / len(ordered), colour, label)
    return plot.svg()


def _comparison(comparison: Comparison) -> str:
    rows = [
        (
            one.name.replace("_", " "),
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
    before = comparison.before
    parts = [
        "<h2>Against an earlier run</h2>",
        f'<p class="soft">{comparison.questions} questions that both asked; the earlier run is of '
        f"{_text(before.get('created'))}, generation {_text(before.get('generation'))}. Left out "
        f"are {comparison.only_before} that only that one and {comparison.only_after} that only "
        f"this one asked. The interval is that of the difference, by bootstrap over questions; "
        f"times compare only if the machine was the same and idle.</p>",
        _table(names, rows, numbers=(1, 2, 3, 4, 5, 6)),
    ]
    for title, pairs in (("Lost", comparison.lost), ("Won", comparison.won)):
        listed = [
            (one.question.question, _said(old.answered), _said(one.answered))
            for old, one in pairs[:_LISTED]
        ]
        parts.append(_details(title, len(pairs), ("question", "before", "after"), listed))
    return "\n".join(parts)


def _by_source(records: Sequence[Record]) -> str:
    found: dict[str, list[Record]] = defaultdict(list)
    for one in records:
        if one.question.source is not None and one.question.answerable and one.right is not None:
            found[one.question.source].append(one)
    rows = []
    for source, asked in found.items():
        right = sum(bool(one.right) for one in asked)
        refused = sum(one.answered.abstained for one in asked)
        rows.append((source, len(asked), right, refused, f"{right / len(asked):.3f}"))
    rows.sort(key=lambda row: row[-1])
    names = ("source", "answerable", "right", "refused", "share right")
    return "<h2>By source</h2>" + _details(
        "Sources, the worst first", len(rows), names, rows[:_LISTED], numbers=(1, 2, 3, 4)
    )


def _wrong(records: Sequence[Record]) -> str:
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
    parts = ["<h2>What went wrong</h2>"]
    for title, found in kinds:
        rows = [
            (
                one.question.question,
                one.question.source or "",
                " / ".join(one.question.answers or ()),
                _said(one.answered),
                f"{one.answered.confidence:.2f}",
            )
            for one in sorted(found, key=lambda one: -one.answered.confidence)[:_LISTED]
        ]
        names = ("question", "source", "gold", "answer", "confidence")
        parts.append(_details(title, len(found), names, rows, numbers=(4,)))
    return "\n".join(parts)


def _said(outcome: Outcome) -> str:
    return "(refused)" if outcome.abstained else outcome.text[:_LONGEST]


def _details(
    title: str,
    count: int,
    names: Sequence[str],
    rows: Sequence[Sequence[object]],
    numbers: Sequence[int] = (),
) -> str:
    more = f", the first {len(rows)}" if len(rows) < count else ""
    body = _table(names, rows, numbers) if rows else ""
    return f"<details><summary>{_text(title)}: {count}{more}</summary>{body}</details>"


def _table(
    names: Sequence[str], rows: Iterable[Sequence[object]], numbers: Sequence[int] = ()
) -> str:
    def cell(kind: str, place: int, value: object) -> str:
        words = {"better": "better", "worse": "worse"}.get(str(value), "")
        style = " ".join(part for part in ("n" if place in numbers else "", words) if part)
        return (
            f"<{kind}{f' class={chr(34)}{style}{chr(34)}' if style else ''}>{_text(value)}</{kind}>"
        )

    head = (
        "".join(cell("th", place, name) for place, name in enumerate(names)) if any(names) else ""
    )
    body = "".join(
        "<tr>" + "".join(cell("td", place, value) for place, value in enumerate(row)) + "</tr>"
        for row in rows
    )
    return f"<table>{f'<tr>{head}</tr>' if head else ''}{body}</table>"


def _text(value: object) -> str:
    """A value letter for letter, whatever direction its script has."""
    return f"<bdi>{escape(visible(str(value)))}</bdi>"
