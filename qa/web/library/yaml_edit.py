"""Changing some keys of a YAML text, with everything else left as it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

# These need no quotes, although YAML takes some for dates and numbers.
_DATES = ("published", "accessed")
_DATE = re.compile(r"\d{4}(-\d{2}){0,2}", re.ASCII)
_COMMENT = re.compile(r"[ \t]+#[^\r\n]*")
_LINE_END = re.compile(r"[ \t]*(\r\n|\r|\n|$)")


def amended(text: str, values: Mapping[str, Any]) -> str:
    """The mapping `text` with `values` set, and taken out where a value is empty.

    Comments, order and the writing of what does not change stay. Where the YAML is written so that
    this cannot be done (anchors, keys given twice, a mapping in braces), it is written anew.
    Raises yaml.YAMLError.
    """
    known = yaml.safe_load(text) or {}
    known = known if isinstance(known, dict) else {}
    changed = {name: value for name, value in values.items() if not _same(known.get(name), value)}
    wanted = {name: value for name, value in {**known, **changed}.items() if not _empty(value)}
    written = _edited(text, changed)
    if written is None or not _holds(written, wanted):
        return yaml.safe_dump(wanted, sort_keys=False, allow_unicode=True, width=1000)
    return written


def _edited(text: str, changed: Mapping[str, Any]) -> str | None:
    """`text` with the lines of the keys in `changed` replaced; None where it has no such lines."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is not None and (not isinstance(root, yaml.MappingNode) or root.flow_style):
        return None
    spans = {
        key.value: (key.start_mark.index, _end(value))
        for key, value in (root.value if root is not None else ())
    }
    newline = "\r\n" if "\r\n" in text else "\n"
    for name in sorted(spans.keys() & changed.keys(), key=lambda name: -spans[name][0]):
        start, end = spans[name]
        comment = _COMMENT.match(text, end)
        stop = comment.end() if comment else end
        line_end = _LINE_END.match(text, stop)
        if line_end is None:
            return None
        line = ""
        if not _empty(changed[name]):
            kept = comment.group() if comment else ""
            line = f"{_written(name, changed[name])}{kept}{line_end.group(1) or newline}"
        text = text[:start] + line + text[line_end.end() :]
    if text and not text.endswith(("\n", "\r")):
        text += newline
    new = (name for name in changed if name not in spans and not _empty(changed[name]))
    return text + "".join(_written(name, changed[name]) + newline for name in new)


def _end(node: yaml.Node) -> int:
    """Where what a value says ends; a block goes on to the next key, over comments between."""
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1])
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    return int(node.end_mark.index)


def _written(name: str, value: Any) -> str:
    """A key and its value on one line of YAML."""
    if name in _DATES and _DATE.fullmatch(value):
        return f"{name}: {value}"
    dumped = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    return f"{name}: " + dumped.removesuffix("\n").removesuffix("\n...")


def _same(known: Any, value: Any) -> bool:
    return bool(_plain(known) == _plain(value))


def _plain(value: Any) -> Any:
    """A value as the form shows it: dates and numbers as text."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return "" if _empty(value) else str(value)


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], ())


def _holds(written: str, wanted: Mapping[str, Any]) -> bool:
    """Whether a YAML text says what is wanted, and no more."""
    try:
        said = yaml.safe_load(written) or {}
    except yaml.YAMLError:
        return False
    return (
        isinstance(said, dict)
        and {name for name, value in said.items() if not _empty(value)} == wanted.keys()
        and all(_same(said[name], value) for name, value in wanted.items())
    )
