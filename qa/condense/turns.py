"""The turns before a question, in whatever form a program has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from qa.errors import QuestionError

Turn = tuple[str, str]

# What roles are called by others; those of None say nothing that a question leans on.
_ROLES = {
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "system": None,
    "developer": None,
    "tool": None,
    "function": None,
}


def as_turns(history: Iterable[Any]) -> list[Turn]:
    """(role, text) of each turn, with the roles "user" and "assistant"; those of others, such as a
    system's or a tool's, are left out.

    A turn is such a pair, a dict with "role" and "content", or a message of LangChain; what it says
    a text, or a list of parts of which the texts count. Raises QuestionError.
    """
    turns = []
    for turn in history:
        said = _said(turn)
        if said is None or said[0] not in _ROLES:
            raise QuestionError(
                'history must be a list of ("user", text) and ("assistant", text) pairs, of dicts '
                'as {"role": "user", "content": text}, or of LangChain messages'
            )
        role = _ROLES[said[0]]
        if role is not None:
            turns.append((role, said[1]))
    return turns


def _said(turn: Any) -> tuple[str, str] | None:
    """The role and the text of a turn, in their own words; None where it is none."""
    if isinstance(turn, Mapping):
        role, content = turn.get("role", turn.get("type")), turn.get("content")
    elif isinstance(turn, tuple | list):
        role, content = turn if len(turn) == 2 else (None, None)
    else:  # as LangChain's; a chunk of a message has a type of its own
        role, content = getattr(turn, "type", None), getattr(turn, "content", None)
        role = {"AIMessageChunk": "ai", "HumanMessageChunk": "human"}.get(str(role), role)
    if isinstance(content, list):
        parts = [one if isinstance(one, str) else _text_of(one) for one in content]
        content = "\n".join(part for part in parts if part)
    elif content is None and role in ("assistant", "ai"):  # it called a tool
        content = ""
    return (role, content) if isinstance(role, str) and isinstance(content, str) else None


def _text_of(part: Any) -> str:
    text = part.get("text") if isinstance(part, Mapping) else None
    return text if isinstance(text, str) else ""
