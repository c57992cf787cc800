"""An answer as Markdown, to read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from qa.export.cited import page_of
from qa.plain_text import escape
from qa.result import Answer, Citation, Passage
from qa.version import refdesk_version
from sources.metadata_fields import check_url

if TYPE_CHECKING:
    from qa.export.source_texts import Texts


def markdown(answer: Answer, texts: Texts) -> str:
    """The answer and what it cites as Markdown."""
    parts = [f"# {escape(answer.question)}"]
    if answer.condensed != answer.question.strip():
        parts.append(f"*Understood as: {escape(answer.condensed)}*")
    if answer.notice:
        parts.append(f"*{escape(answer.notice)}*")
    parts += [answer.text, answer.confidence_told]
    near = answer.outcome == "none"
    passages: Sequence[Passage] = answer.nearest if near else answer.quoted
    if passages:
        parts.append("## Nearest passages" if near else "## Sources")
    for passage in passages:
        label = f"[{passage.number}]" if isinstance(passage, Citation) else "-"
        about = (
            passage.publisher,
            passage.published,
            passage.standing,
            page_of(passage),
            passage.ocr_told,
        )
        line = f"{label} **{escape(passage.title)}**"
        line += "".join(f" · {escape(part)}" for part in about if part)
        if passage.url and check_url(passage.url):
            line += f" · <{passage.url}>"
        place = f"{passage.source_id}, characters {passage.start} to {passage.end}"
        parts += [
            line,
            f"> {escape(passage.quote)}",
            f"{escape(place)}; sha256 of the text {passage.sha256}",
        ]
    today = datetime.now(UTC).date().isoformat()
    how = f"written by {answer.model}" if answer.model else "sentences of the sources"
    if answer.checked_told:
        how += f" ({answer.checked_told})"
    parts.append(
        escape(f"Refdesk {refdesk_version()}, {how}, index generation {answer.generation}, {today}")
    )
    return "\n\n".join(parts) + "\n"
