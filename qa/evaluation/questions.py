"""Reading a file of questions whose answers are known, in one of two forms.

A short answer: `question`, `source`, `answers` (texts), `quote`, `spans`. Or spans, of the kinds of
questions that people ask: `question`, `history`, `kind`, `sources`, `any`, `all`. A file may hold
both; qa/README.md tells what each field means.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

from qa.errors import SettingError

Span = tuple[int, int]
Item = TypeVar("Item")
# What only the one form or only the other has.
_SHORT, _SPANS = {"source", "answers", "quote", "spans"}, {"sources", "any", "all"}


# The kinds of questions that the library does not answer: on its topic, and off it.
NEAR_MISS, OFF_TOPIC = "nearmiss", "offtopic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One line of a question file. `answers` is None where no gold is known, () where the library
    does not answer; `spans` are offsets into the text of the source.

    A question of spans has a `kind`. It names the `sources` that say it, but perhaps not all; one
    with a `source` is answered there alone. `parts` are what a complete answer covers, `history`
    the questions that were asked before, and `library` says which of several is asked.
    """

    line: int
    question: str
    source: str | None = None
    answers: tuple[str, ...] | None = None
    quote: str | None = None
    spans: tuple[Span, ...] = ()
    kind: str = ""
    sources: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    library: str = ""

    @property
    def answerable(self) -> bool:
        """Whether the library is said to answer it."""
        return self.answers != ()

    @property
    def named(self) -> tuple[str, ...]:
        """The sources that are said to answer it."""
        return self.sources or (() if self.source is None else (self.source,))


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
    if _SPANS.intersection(fields):
        return _question_of_spans(fields, number)
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


def _question_of_spans(fields: dict[str, Any], number: int) -> Question:
    if given := _SHORT.intersection(fields):
        raise ValueError(f"{min(given)!r} does not go with 'sources', 'any' and 'all'")
    question, kind = fields.get("question"), fields.get("kind") or ""
    if not _is_text(question):
        raise ValueError("'question' must be a text")
    if not isinstance(kind, str):
        raise ValueError("'kind' must be a text")
    lists: dict[str, tuple[str, ...]] = {}
    for name in ("history", "sources", "any", "all"):
        value = fields.get(name) or []
        if not (isinstance(value, list) and all(map(_is_text, value))):
            raise ValueError(f"{name!r} must be a list of texts")
        lists[name] = tuple(value)
    answers = lists["any"] or lists["all"]
    if answers and kind in (NEAR_MISS, OFF_TOPIC):
        raise ValueError(f"a question of kind {kind!r} has no answer: leave 'any' and 'all' empty")
    if answers and not lists["sources"]:
        raise ValueError("'sources' must name those that say what 'any' and 'all' hold")
    if not answers and kind not in ("", NEAR_MISS, OFF_TOPIC):
        raise ValueError(f"a question of kind {kind!r} needs 'any' or 'all'")
    return Question(
        line=number,
        question=question,
        kind=kind or ("fact" if answers else NEAR_MISS),
        sources=lists["sources"],
        answers=answers,
        parts=lists["all"],
        history=lists["history"],
    )


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())


def _is_span(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(type(offset) is int for offset in value)
        and 0 <= value[0] < value[1]
    )
