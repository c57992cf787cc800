"""What the server counts and times, in the text form of Prometheus."""

from __future__ import annotations

import logging
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from threading import Lock
from typing import Any

from qa.desk import Desk
from qa.result import Answer
from qa.retrieve.evidence import Evidence

_log = logging.getLogger(__name__)
QUESTIONS, REBUILDS, REQUESTS = "questions", "rebuilds", "requests"
TOKENS = "tokens"
_HELP = {
    QUESTIONS: "Questions by what came of them.",
    REBUILDS: "Rebuilds by what came of them.",
    REQUESTS: "Requests by their status.",
    TOKENS: "Tokens that language models read and wrote for answers, as their servers tell.",
}
_LABELS = {REQUESTS: "status", TOKENS: "kind"}
# Upper bounds in seconds: from a search among few sources to a slow language model.
_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """Counts and times of one process. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._seconds: dict[str, list[float]] = {}

    def count(self, name: str, label: str, many: int = 1) -> None:
        """So many more of a kind; `name` is one of those above, `label` a word of ours."""
        with self._lock:
            self._counts[name, label] += many

    def took(self, step: str, seconds: float) -> None:
        """That a step took so long."""
        with self._lock:
            held = self._seconds.setdefault(step, [0.0] * (len(_BOUNDS) + 2))
            held[bisect_left(_BOUNDS, seconds)] += 1
            held[-1] += seconds

    def text(self, gauges: Mapping[str, tuple[str, float]]) -> str:
        """All of it, with `gauges` as they stand: by their name what they are, and how much."""
        with self._lock:
            counts = sorted(self._counts.items())
            seconds = sorted((step, list(held)) for step, held in self._seconds.items())
        lines = []
        for name, said in _HELP.items():
            label = _LABELS.get(name, "outcome")
            lines += _head(f"{name}_total", said, "counter")
            lines += [
                f'refdesk_{name}_total{{{label}="{value}"}} {number}'
                for (kind, value), number in counts
                if kind == name
            ]
        lines += _head("step_seconds", "Seconds of a step of answering.", "histogram")
        for step, held in seconds:
            total = 0.0
            for bound, number in zip([*map(str, _BOUNDS), "+Inf"], held[:-1], strict=True):
                total += number
                lines.append(
                    f'refdesk_step_seconds_bucket{{step="{step}",le="{bound}"}} {total:.0f}'
                )
            lines.append(f'refdesk_step_seconds_sum{{step="{step}"}} {held[-1]:.6f}')
            lines.append(f'refdesk_step_seconds_count{{step="{step}"}} {total:.0f}')
        for name, (said, now) in gauges.items():
            lines += [*_head(name, said, "gauge"), f"refdesk_{name} {now:g}"]
        return "\n".join(lines) + "\n"


METRICS = Metrics()


def _head(name: str, said: str, kind: str) -> list[str]:
    return [f"# HELP refdesk_{name} {said}", f"# TYPE refdesk_{name} {kind}"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedDesk(Desk):
    """A desk that tells `METRICS` and the log how long its two halves took, and what came of a
    question; the question itself stands in the log with `log_questions` alone."""

    log_questions: bool = False

    def retrieve(
        self, question: str, history: Iterable[Any] = (), scope: Iterable[str] | None = None
    ) -> Evidence:
        """As that of `Desk`."""
        begun = time.perf_counter()
        found = Desk.retrieve(self, question, history, scope)
        METRICS.took("retrieve", time.perf_counter() - begun)
        return found

    def compose(self, evidence: Evidence) -> Iterator[Answer]:
        """As that of `Desk`; the time that others take with an answer is not counted."""
        answers, last, took = Desk.compose(self, evidence), None, 0.0
        while True:
            begun = time.perf_counter()
            answer = next(answers, None)
            took += time.perf_counter() - begun
            if answer is None:
                break
            yield (last := answer)
        METRICS.took("compose", took)
        if last is not None:
            outcome = "small_talk" if last.small_talk else last.outcome
            METRICS.count(QUESTIONS, outcome)
            if last.tokens:
                METRICS.count(TOKENS, "read", last.tokens.read)
                METRICS.count(TOKENS, "written", last.tokens.written)
            told: dict[str, object] = {"outcome": outcome, "ms": round(1000 * took)}
            told |= {"question": last.question} if self.log_questions else {}
            _log.info("question", extra={"told": told})


def timed(desk: Desk, *, log_questions: bool = False) -> TimedDesk:
    """The same desk, timed."""
    held = {field.name: getattr(desk, field.name) for field in fields(desk)}
    return TimedDesk(**held, log_questions=log_questions)
