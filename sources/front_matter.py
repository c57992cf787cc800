"""The front matter of a Markdown text: YAML, TOML or JSON, as the tools of others write it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import yaml

from sources.readers.blocks import line_spans

MAX_FRONT_MATTER_CHARS = 64 * 1024

_TOML = "+++"
_KEY = re.compile(r"""["']?[^\W\d][\w .-]*["']?[ \t]*:(?:\s|$)""")
_LINE = re.compile(r"""["']?([^\W\d][\w .-]*?)["']?[ \t]*:(?:[ \t]+(.*))?$""")
_NEWLINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Broken:
    """What is wrong with the syntax of a front matter, and the line of it, from 1."""

    line: int
    text: str


def split_front_matter(text: str) -> tuple[str | None, str]:
    """The front matter at the start of a Markdown text (or None), and the body behind it.

    YAML comes without its "---" lines, TOML with its "+++" lines but the last, JSON with its
    braces, so that `mapping_node` knows which it is. Text between two thematic breaks is no front
    matter: it has to look like "key: value".
    """
    if text.startswith("{"):
        return _split_json(text)
    mark = text[:3]
    if mark not in ("---", _TOML):
        return None, text
    spans = line_spans(text[: MAX_FRONT_MATTER_CHARS + 3])
    ends = (mark, "...") if mark == "---" else (mark,)  # dots as Pandoc ends it
    fences = [number for number, span in enumerate(spans) if text[slice(*span)].rstrip() in ends]
    if fences[:1] != [0] or len(fences) < 2:
        return None, text
    block = text[spans[0 if mark == _TOML else 1][0] : spans[fences[1]][0]]
    if not (_is_toml(block) if mark == _TOML else _is_yaml(block)):
        return None, text
    end = spans[fences[1]][1]
    newline = _NEWLINE.match(text, end)
    return block, text[newline.end() if newline else end :]


def _split_json(text: str) -> tuple[str | None, str]:
    with suppress(ValueError, RecursionError):
        value, end = json.JSONDecoder().raw_decode(text[:MAX_FRONT_MATTER_CHARS])
        newline = re.compile(r"[ \t]*(?:\r\n|\r|\n|\Z)").match(text, end)
        if isinstance(value, dict) and value and newline:
            return text[:end], text[newline.end() :]
    return None, text


def _is_yaml(block: str) -> bool:
    try:
        return isinstance(_compose(block), yaml.MappingNode)
    except (yaml.YAMLError, RecursionError):
        said = (line for line in block.splitlines() if line.strip() and not line.startswith("#"))
        return bool(_KEY.match(next(said, "")))


def _is_toml(block: str) -> bool:
    return bool(re.search(r"(?m)^\s*(?:[\w.\"'-]+[ \t]*=|\[)", block))


def mapping_node(text: str) -> tuple[yaml.MappingNode | None, list[Broken]]:
    """The values of front matter or of a sidecar as a YAML mapping, each with its line.

    What is broken is listed, and what can be read line by line is read none the less: "title: Dam:
    the story" is no YAML, and yet plain. None where there is no mapping; that of nothing is empty.
    """
    if text.startswith((_TOML, "{")):
        return _converted(text)
    broken: list[Broken] = []
    node: yaml.Node | None
    try:
        node = _compose(text)
    except RecursionError:
        return None, [Broken(1, "broken YAML: nested too deep")]
    except yaml.YAMLError as error:
        broken.append(_broken(text, error))
        node = _salvaged(text)
    if node is None:
        node = yaml.MappingNode("tag:yaml.org,2002:map", [])
    return (node if isinstance(node, yaml.MappingNode) else None), broken


def as_yaml(text: str) -> str:
    """The same values as YAML, for whoever changes some; YAML stays as it is written."""
    if not text.startswith((_TOML, "{")):
        return text
    values, _ = _values(text)
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=1000)


def _values(text: str) -> tuple[dict[str, Any], list[Broken]]:
    """What TOML or JSON says. Without what breaks it, no more can be said than what it is."""
    try:
        found = json.loads(text) if text[0] == "{" else tomllib.loads(text.removeprefix(_TOML))
    except (ValueError, RecursionError) as error:
        kind = "JSON" if text[0] == "{" else "TOML"
        said = re.sub(r" ?\(at line.*", "", str(error).splitlines()[0])
        line = re.search(r"at line (\d+)", str(error))
        return {}, [Broken(int(line[1]) - 1 if line else 1, f"broken {kind}: {said}")]
    # Dates become texts, as YAML has them
    return json.loads(json.dumps(found, default=str)), []


def _converted(text: str) -> tuple[yaml.MappingNode | None, list[Broken]]:
    values, broken = _values(text)
    places = {name: _place(text, name) for name in values}
    lines = [f"{json.dumps(name)}: {json.dumps(values[name])}" for name in values]
    try:
        node = _compose("\n".join(lines)) if lines else None
    except (yaml.YAMLError, RecursionError):
        return None, [*broken, Broken(1, "holds what cannot be read: write plain values")]
    if not isinstance(node, yaml.MappingNode):
        return yaml.MappingNode("tag:yaml.org,2002:map", []), broken
    for key, value in node.value:
        _put(places[key.value], key, value)
    return node, broken


def _place(text: str, name: str) -> int:
    """The line of a key of TOML or JSON, so counted that YAML would have it there, from 0."""
    found = re.search(rf"""(?m)^[ \t\[{{]*["']?{re.escape(name)}["']?[ \t]*[=:\].]""", text)
    return max(text.count("\n", 0, found.end()) - 1, 0) if found else 0


def _salvaged(text: str) -> yaml.Node | None:
    """What of broken YAML can be read a key at a time; a value on one line is text as it is."""
    pairs: list[tuple[yaml.Node, yaml.Node]] = []
    for number, part in _parts(text):
        node: yaml.Node | None = None
        try:
            node = _compose(part)
        except (yaml.YAMLError, RecursionError):
            line = _LINE.match(part.rstrip())
            if line and "\n" not in part.rstrip() and (value := _plain(line[2] or "")):
                with suppress(yaml.YAMLError):
                    node = _compose(f"{json.dumps(line[1])}: {json.dumps(value)}")
        if isinstance(node, yaml.MappingNode):
            for key, value_node in node.value:
                _put(number, key, value_node)
                pairs.append((key, value_node))
    return yaml.MappingNode("tag:yaml.org,2002:map", pairs) if pairs else None


def _plain(value: str) -> str:
    """A value as it is written but for quotes; "" for one that cannot be shown."""
    value = value.strip(" \t'\"")
    return value if value.isprintable() else ""


def _parts(text: str) -> Iterable[tuple[int, str]]:
    """Each key at the margin with the lines that belong to it, and the number of its line."""
    part: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines()):
        if _LINE.match(line.rstrip()) or not part:
            if part:
                yield first, "\n".join(part)
            part, first = [], number
        part.append(line)
    if part:
        yield first, "\n".join(part)


def _put(line: int, *nodes: yaml.Node) -> None:
    """Say that nodes stand in a line, from 0."""
    for node in nodes:
        node.start_mark = yaml.Mark("", 0, line, 0, "", 0)


def _broken(text: str, error: yaml.YAMLError) -> Broken:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return Broken(line, "broken YAML: a control character; remove it")
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        return Broken(mark.line + 1 if mark else 1, f"broken YAML: {said}")
    return Broken(1, "broken YAML")


def _compose(text: str) -> yaml.Node | None:
    """The tree of a YAML text. Where PyYAML has libyaml, that reads it, and the starter library
    loads in a sixth of the time; what it refuses is refused in the words of the other. Raises
    YAMLError, RecursionError."""
    with suppress(AttributeError, yaml.YAMLError):
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    return yaml.compose(text, Loader=yaml.SafeLoader)
