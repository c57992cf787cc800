"""A report that is asked for in the chat, written part by part as a turn of the conversation."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from qa.export.cited import slug
from qa.export.report import Report
from qa.marked_up import as_markdown
from qa.parts import Part, is_list, paragraphs
from qa.plain_text import escape
from qa.reporting import Progress, stream_report
from qa.result import Answer

if TYPE_CHECKING:
    from qa.desk import Desk

_ASKED = re.compile(
    r"\s*(?:/report\s|(?:please\s+|can you\s+|could you\s+)?"
    r"(?:(?:write|make|give|prepare)\s+(?:me\s+)?)?(?:a\s+)?report\s+(?:on|about)\s)\s*(.*\w.*)",
    re.IGNORECASE | re.DOTALL,
)
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FORMS = {"report-markdown": "Report as Markdown", "report-word": "Report for Word"}


def report_topic(said: str) -> str | None:
    """What a report is asked for on: "Report on the treaty", "/report the treaty"; else None."""
    found = _ASKED.fullmatch(said)
    return found[1].strip(" .?!\n") if found else None


def write_report(
    desk: Desk, question: str, topic: str, scope: tuple[str, ...] | None
) -> Iterator[tuple[Progress, Answer | None]]:
    """A report as far as it is written, and what it says as an answer to the question; None before
    anything is. Where the library does not cover the topic, that is the answer. Raises as `answer`.
    """
    for progress in stream_report(desk, topic, scope):
        yield progress, _as_answer(progress, question)


def _as_answer(progress: Progress, question: str) -> Answer | None:
    """All that a report says, with its citations: what can be done with an answer can be done with
    it. Where it has no part, what its overview got."""
    report, overview = progress.report, progress.overview
    if overview is None:
        return None
    if not report.parts:
        return replace(overview, question=question)
    text = "\n\n".join(
        f"## {escape(part.heading)}\n\n"
        + as_markdown(part.sentences, report.citations, False, part.model)
        for part in report.parts
    )
    notices = dict.fromkeys(part.notice for part in report.parts if part.notice)
    return replace(
        overview,
        question=question,
        condensed=question,
        text=text,
        sentences=tuple(said for part in report.parts for said in part.sentences),
        citations=report.citations,
        abstained=False,
        nearest=(),
        related=(),
        conflicts=(),
        left_out=(),
        rejected=(),
        draft=False,
        model=next((part.model for part in report.parts if part.model), None),
        notice=" ".join(notices) or None,
    )


def report_parts(report: Report) -> list[Part]:
    """The paragraphs of a report as the page shows them, each part of it under its heading."""
    found = []
    for part in report.parts:
        heading = part.heading
        for together in paragraphs(part.sentences, report.citations, part.model):
            found.append(Part(together, heading, items=is_list(together, part.model)))
            heading = ""
    return found


def save_report(form: str, report: Report) -> dict[str, str] | None:
    """A report in one of `FORMS`, for the browser to save; None where there is no such form."""
    name = slug(report.topic)[:60].strip("-") or "report"
    if form == "report-markdown":
        return {"name": f"{name}.md", "type": "text/markdown", "text": report.to_markdown()}
    if form == "report-word":
        data = base64.b64encode(report.to_docx()).decode("ascii")
        return {"name": f"{name}.docx", "type": _WORD, "base64": data}
    return None
