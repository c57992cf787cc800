"""What the report of a run draws: risk, calibration, confidence and latency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from qa.evaluation.asking import Outcome, Record
from qa.evaluation.measures import judged_pairs
from qa.evaluation.plots import Plot
from qa.evaluation.runs import Run
from qa.evaluation.statistics import BINS, risk_coverage


def curves(run: Run) -> Iterator[Plot]:
    """The plots of a run, of those questions that it has."""
    inside = [one.answered for one in run.records if one.answered.gold is not None]
    off = [one.off_library for one in run.records if one.off_library]
    if inside:
        yield _risk_plot(inside, off, run.about.get("threshold"))
        yield _reliability_plot([*inside, *off])
    yield _confidence_plot(run.records, run.about.get("threshold"))
    yield _latency_plot(run.records)


def _risk_plot(inside: Sequence[Outcome], off: Sequence[Outcome], threshold: float | None) -> Plot:
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
    return plot


def _reliability_plot(outcomes: Sequence[Outcome]) -> Plot:
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
    return plot


def _confidence_plot(records: Sequence[Record], threshold: float | None) -> Plot:
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
    return plot


def _latency_plot(records: Sequence[Record]) -> Plot:
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
    return plot
