"""Reading a file of questions whose answers are known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from qa.errors import SettingError

Span = tuple[int, int]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One line of a question file. `answers` is None where no gold is known, () where the library
    does not answer; `spans` are offsets into the text of the source."""

    line: int
    question: str
    source: str | None
    answers: tuple[str, ...] | None = None
    quote: str | None = None
    spans: tuple[Span, ...] = ()

    @property
    def answerable(self) -> bool:
        """Whether the library is said to answer it."""
        return self.answers != ()


def read_questions(path: Path) -> list[Question]:
    """The questions of a JSONL file. Raises SettingError, which names the line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        why = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise SettingError(
            f"the questions in {path} cannot be read ({why}); name a file with a JSON object on "
            f"each line"
        ) from error
    found = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                found.append(_question(line, number))
            except (ValueError, RecursionError) as error:
                raise SettingError(f"{path}:{number}: {error}; mend that line") from error
    if not found:
        raise SettingError(f"{path} holds no question; write a JSON object on each line")
    return found


def spread(items: Sequence[Item], limit: int | None) -> list[Item]:
    """`limit` of the items at even distances; all of them where there are no more."""
    if limit is None or limit >= len(items):
        return list(items)
    return [items[place * len(items) // limit] for place in range(limit)]


def _question(line: str, number: int) -> Question:
    """The question on a line. Raises ValueError with what is wrong."""
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise ValueError(f"not JSON ({error})") from error
    if not isinstance(fields, dict):
        raise ValueError("not a JSON object")
    question, source, answers = (fields.get(name) for name in ("question", "source", "answers"))
    quote, spans = fields.get("quote") or None, fields.get("spans") or []
    if not isinstance(question, str) or not question.strip():
        raise ValueError("'question' must be a text")
    if answers is not None and not (isinstance(answers, list) and all(map(_is_text, answers))):
        raise ValueError("'answers' must be a list of texts")
    if not (_is_text(source) or (source is None and answers == [])):
        raise ValueError("'source' must be the id of a source (null only where 'answers' is [])")
    if not (quote is None or _is_text(quote)):
        raise ValueError("'quote' must be a text")
    if not (isinstance(spans, list) and all(map(_is_span, spans))):
        raise ValueError("'spans' must be a list of [start, end], with 0 <= start < end")
    return Question(
        line=number,
        question=question,
        source=source,
        answers=None if answers is None else tuple(answers),
        quote=quote,
        spans=tuple((start, end) for start, end in spans),
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_span(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(type(offset) is int for offset in value)
        and 0 <= value[0] < value[1]
    )
