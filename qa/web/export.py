"""A conversation as a file for the browser to save."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TypedDict

from index.search import Generation
from qa.web.conversation import Turn
from qa.web.keep import markdown


class File(TypedDict):
    """What the page's script makes a file of."""

    name: str
    type: str
    text: str


def exported(kind: str, title: str, turns: Sequence[Turn], generation: Generation) -> File | None:
    """The conversation as Markdown, JSON, or an evidence bundle; None for another kind."""
    name = re.sub(r"[^\w-]+", "-", title).strip("-").lower()[:60] or "conversation"
    if kind == "markdown":
        return File(name=f"{name}.md", type="text/markdown", text=markdown(title, turns))
    answers = [turn.answer.to_dict() for turn in turns if turn.answer]
    if kind == "json":
        told = {"title": title, "answers": answers}
        return File(name=f"{name}.json", type="application/json", text=_json(told))
    return None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
