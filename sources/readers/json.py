"""JSON and JSON lines: records with the names of their fields, nested parts under headings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sources.errors import UnreadableError
from sources.readers.blocks import DEEPEST, line_spans
from sources.readers.extract import Extract
from sources.readers.records import LONG, add_record, spoken
from sources.readers.text_builder import TextBuilder


def read_json(text: str, *, lines: bool) -> Extract:
    """The records of a JSON value, or with `lines` of one on each line."""
    builder = TextBuilder()
    if not lines:
        value = _parse(text, "")
        _add(builder, value, 1)
        title = value.get("title") if isinstance(value, dict) else None
        return builder.extract(hints={"title": title} if isinstance(title, str) else {})
    for number, (start, end) in enumerate(line_spans(text), start=1):
        if line := text[start:end].strip():
            _add(builder, _parse(line, f"line {number}: "), 1)
    return builder.extract()


def _parse(text: str, where: str) -> Any:
    try:
        # Numbers stay as they are written
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        place = where or f"line {error.lineno}: "
        raise UnreadableError(
            f"{place}not JSON ({error.msg} at column {error.colno}): mend it"
        ) from error
    return value


def _add(builder: TextBuilder, value: Any, level: int) -> None:
    """Add a value: what is plain as one record or list, then what is nested, each with its name."""
    if isinstance(value, dict):
        if _is_flat(value):
            add_record(builder, _pairs(value, ""))
            return
        plain = {key: part for key, part in value.items() if _is_flat(part)}
        add_record(builder, _pairs(plain, ""))
        for key, part in value.items():
            if key not in plain:
                builder.add("heading", spoken(key), level=min(level, DEEPEST))
                _add(builder, part, level + 1)
    elif isinstance(value, list):
        for part in value:
            if isinstance(part, dict | list):
                _add(builder, part, level)
            elif shown := _shown(part):
                builder.add("paragraph" if len(shown) > LONG else "item", shown)
    elif shown := _shown(value):
        builder.add("paragraph", shown)


def _is_flat(value: Any, depth: int = 2) -> bool:
    """Whether the value reads well within a record: plain values, and a little structure."""
    match value:
        case dict():
            return depth > 0 and all(_is_flat(part, depth - 1) for part in value.values())
        case list():
            return not any(isinstance(part, dict | list) for part in value) and all(
                len(_shown(part)) <= LONG for part in value
            )
    return True


def _pairs(value: dict[str, Any], name: str) -> Iterator[tuple[str, str]]:
    for key, part in value.items():
        label = f"{name} {key}".strip()
        if isinstance(part, dict):
            yield from _pairs(part, label)
        elif isinstance(part, list):
            yield label, ", ".join(filter(None, map(_shown, part)))
        else:
            yield label, _shown(part)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
