"""An answer or a conversation as a file for the browser to save."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Sequence
from typing import TypedDict

from index.errors import IndexingError
from index.opened import Index
from qa.errors import RefdeskError
from qa.export.answers import FORMATS, export_answer, file_name
from qa.plain_text import escape
from qa.result import Answer
from qa.web.chat.conversation import Turn

# Of a file in an archive: the same conversation gives the same bytes.
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


class File(TypedDict, total=False):
    """What the page's script makes a file of: `text`, or bytes in `base64`."""

    name: str
    type: str
    text: str
    base64: str


def save_answer(form: str, answer: Answer, index: Index) -> File | None:
    """One answer in a form of `qa.export.answers`; None where there is no such form."""
    if form not in FORMATS:
        return None
    try:
        text = export_answer(answer, form, index=index)
    except (RefdeskError, IndexingError):
        return None
    return File(name=file_name(answer, form), type=FORMATS[form].media_type, text=text)


def save_conversation(form: str, title: str, turns: Sequence[Turn], index: Index) -> File | None:
    """A conversation as Markdown, as JSON, or as the evidence of every answer in an archive."""
    name = re.sub(r"[^\w-]+", "-", title).strip("-").lower()[:60] or "conversation"
    answers = [turn.answer for turn in turns if turn.answer]
    if form == "markdown":
        return File(name=f"{name}.md", type="text/markdown", text=_markdown(title, turns, index))
    if form == "json":
        told = {"title": title, "answers": [answer.to_dict() for answer in answers]}
        text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
        return File(name=f"{name}.json", type="application/json", text=text)
    if form == "evidence":
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
            for number, answer in enumerate(answers, start=1):
                text = export_answer(answer, "evidence", index=index)
                member = f"{number:02d}-{file_name(answer, 'evidence')}"
                archive.writestr(zipfile.ZipInfo(member, _LONG_AGO), text)
            archive.writestr(
                zipfile.ZipInfo("conversation.md", _LONG_AGO), _markdown(title, turns, index)
            )
        data = base64.b64encode(written.getvalue()).decode("ascii")
        return File(name=f"{name}.zip", type="application/zip", base64=data)
    return None


def _markdown(title: str, turns: Sequence[Turn], index: Index) -> str:
    parts = [f"# {escape(title)}\n"]
    for turn in turns:
        if turn.answer is None:
            parts.append(f"## {escape(turn.question)}\n\n{escape(turn.error or 'No answer.')}\n")
        else:  # its headings one level down, below that of the conversation
            whole = export_answer(turn.answer, "markdown", index=index)
            parts.append(re.sub(r"^(#+ )", r"#\1", whole, flags=re.MULTILINE))
    return "\n".join(parts)
