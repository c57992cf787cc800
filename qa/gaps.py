"""What was asked and not answered, asked anew: what comes nearest in the index of now."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from glob import escape
from typing import Any

from qa.assemble import NEAREST, abstention
from qa.desk import Desk
from qa.gap_log import GapLog, Unanswered
from qa.result import Outcome, Passage
from qa.retrieve.evidence import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A question that was not answered, as it was understood, and what comes nearest to it now.

    `confidence` is that of now; `answered` says that the library has changed since and that
    Refdesk would answer now, `related` that the library covers the topic and does not say what is
    asked. Times are ISO 8601 in UTC.
    """

    question: str
    scope: tuple[str, ...] | None
    count: int
    first: str
    last: str
    confidence: float
    answered: bool
    related: bool
    nearest: tuple[Passage, ...]

    @property
    def outcome(self) -> Outcome:
        """What the question would get now."""
        if self.answered:
            return "answered"
        return "related" if self.related else "none"

    def to_dict(self) -> dict[str, Any]:
        """The gap ready for JSON."""
        return asdict(self) | {"outcome": self.outcome}


def list_gaps(log: GapLog, desk: Desk, *, limit: int | None = None) -> list[Gap]:
    """What is in the log, asked anew at the desk, most often asked first, then the latest.

    After `limit` gaps that are still open it ends; those that are answered by now come besides.
    Raises SettingError.
    """
    found: list[Gap] = []
    still_open = 0
    for one in log.read():
        if still_open == limit:
            break
        found.append(_ask_anew(desk, one))
        still_open += not found[-1].answered
    return found


def _is_answered(desk: Desk, evidence: Evidence) -> bool:
    """Whether something can be said, and passes the gate: what is sure may still be withheld."""
    extracts = replace(desk, chat_model=None, gap_log=None)
    return evidence.answerable and not next(extracts.compose(evidence)).abstained


def _ask_anew(desk: Desk, one: Unanswered) -> Gap:
    current = desk.index.generation
    # What is left of the scope; the whole library where nothing is.
    present = [escape(name) for name in one.scope or () if name in current.row_of]
    evidence = desk.retrieve(one.question, scope=present or None)
    answered = one.generation != current.name and _is_answered(desk, evidence)
    return Gap(
        question=one.question,
        scope=one.scope,
        count=one.count,
        first=one.first,
        last=one.last,
        confidence=evidence.confidence,
        answered=answered,
        related=not answered and abstention(evidence).outcome == "related",
        nearest=evidence.passages(NEAREST),
    )
