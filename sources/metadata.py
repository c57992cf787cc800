"""Front matter and sidecars: YAML to validated metadata, every problem with its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

import yaml

from sources.readers.blocks import line_spans
from sources.source import Reference

STANDINGS = (
    "primary",
    "government",
    "state-media",
    "news",
    "think-tank",
    "academic",
    "reference",
    "other",
)
MAX_YAML_BYTES = 64 * 1024

_DATE = re.compile(r"\d{4}(?:-\d{2}){0,2}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*", re.ASCII | re.IGNORECASE)
_KEY = re.compile(r"""["']?[A-Za-z_][\w-]*["']?[ \t]*:(?:\s|$)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a person said of a source; None and () where nothing was said."""

    title: str | None = None
    url: str | None = None
    publisher: str | None = None
    author: str | None = None
    published: str | None = None
    accessed: str | None = None
    license: str | None = None
    standing: str | None = None
    topics: tuple[str, ...] = ()
    language: str | None = None
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """What does not hold up in a YAML text, and the line of it, from 1."""

    line: int
    text: str


class _InvalidError(ValueError):
    """A value that does not hold up; the message says what is allowed."""


def split_front_matter(text: str) -> tuple[str | None, str]:
    """The YAML between the "---" lines at the start of a Markdown text (or None), and the body.

    Text between two thematic breaks is no front matter: it has to look like "key: value".
    """
    if not text.startswith("---"):
        return None, text
    spans = line_spans(text[: MAX_YAML_BYTES + 3])
    fences = [number for number, span in enumerate(spans) if text[slice(*span)].rstrip() == "---"]
    if fences[:1] != [0] or len(fences) < 2:
        return None, text
    block = text[spans[1][0] : spans[fences[1]][0]]
    if not _is_front_matter(block):
        return None, text
    end = spans[fences[1]][1]
    newline = re.compile(r"\r\n|\r|\n").match(text, end)
    return block, text[newline.end() if newline else end :]


def _is_front_matter(block: str) -> bool:
    try:
        return isinstance(_compose(block), yaml.MappingNode)
    except (yaml.YAMLError, RecursionError):
        said = (line for line in block.splitlines() if line.strip() and not line.startswith("#"))
        return bool(_KEY.match(next(said, "")))


def _compose(text: str) -> yaml.Node | None:
    """The tree of a YAML text. Where PyYAML has libyaml, that reads it, and the starter library
    loads in a sixth of the time; what it refuses is refused in the words of the other. Raises
    YAMLError, RecursionError."""
    with suppress(AttributeError, yaml.YAMLError):
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    return yaml.compose(text, Loader=yaml.SafeLoader)


def parse_metadata(text: str) -> tuple[Metadata, list[Problem]]:
    """Read one YAML mapping; what does not hold up is left out and listed."""
    try:
        node = _compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        return Metadata(), [Problem(mark.line + 1 if mark else 1, f"broken YAML: {said}")]
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return Metadata(), [Problem(line, "broken YAML: a control character; remove it")]
    except RecursionError:
        return Metadata(), [Problem(1, "broken YAML: nested too deep")]
    if node is None:
        return Metadata(), []
    if not isinstance(node, yaml.MappingNode):
        return Metadata(), [Problem(_line(node), f"not `key: value` lines; {_allowed(_FIELDS)}")]
    problems: list[Problem] = []
    return Metadata(**_mapping(node, _FIELDS, problems)), problems


def fill_in(metadata: Metadata, hints: dict[str, str]) -> Metadata:
    """What a file says of itself, where a person said nothing and it holds up."""
    checks = {"published": check_date, "url": check_url, "language": check_language}
    sound: dict[str, Any] = {
        key: value
        for key, value in hints.items()
        if value and not getattr(metadata, key) and checks.get(key, str.isprintable)(value)
    }
    return replace(metadata, **sound)


def check_date(value: str) -> bool:
    """Whether the text is a date of the calendar as YYYY, YYYY-MM or YYYY-MM-DD."""
    if not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value + "-01-01"[len(value) - 4 :])
    except ValueError:
        return False
    return True


def check_url(value: str) -> bool:
    """Whether the text is an http or https address."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    well_formed = value.isprintable() and not re.search(r'[\s<>"]', value)
    return well_formed and parts.scheme in ("http", "https") and bool(parts.hostname)


def check_language(value: str) -> bool:
    """Whether the text is a language code such as "en" or "pt-BR"."""
    return bool(_LANGUAGE.fullmatch(value))


def _mapping(node: yaml.MappingNode, fields: _Fields, problems: list[Problem]) -> dict[str, Any]:
    """The values of the allowed keys; what does not hold up is added to `problems`."""
    values: dict[str, Any] = {}
    seen: set[str] = set()
    for key_node, value in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
        if key not in fields:
            near = get_close_matches(key, fields, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}? " if near else ""
            problems.append(
                Problem(_line(key_node), f"unknown key {_shown(key)}; {hint}{_allowed(fields)}")
            )
        elif key in seen:
            problems.append(Problem(_line(key_node), f"{key!r} is there twice: keep one"))
        elif key == "title" or not _is_null(value):  # "author:" with nothing behind it says nothing
            try:
                values[key] = fields[key](value, problems)
            except _InvalidError as error:
                problems.append(Problem(_line(value), f"{key}: {error}"))
        seen.add(key)
    return values


def _text(node: yaml.Node, _: list[Problem]) -> str:
    """Text on one line."""
    if _is_null(node):
        raise _InvalidError("empty: write it, or leave the line out")
    if not isinstance(node, yaml.ScalarNode):
        raise _InvalidError("must be text, not a list or mapping")
    if node.tag != "tag:yaml.org,2002:str":
        raise _InvalidError(f'must be text: put it in quotes, as "{node.value[:40]}"')
    text = " ".join(node.value.split())
    if not text:
        raise _InvalidError("empty: write it, or leave the line out")
    if not text.isprintable():
        raise _InvalidError("holds a control character: remove it")
    return text


def _url(node: yaml.Node, problems: list[Problem]) -> str:
    url = _text(node, problems)
    if not check_url(url):
        raise _InvalidError(f"{_shown(url)} is no address; allowed: http://... or https://...")
    return url


def _date(node: yaml.Node, _: list[Problem]) -> str:
    value = node.value if isinstance(node, yaml.ScalarNode) else ""
    if not check_date(value):
        raise _InvalidError(f"{_shown(value)} is no date; allowed: YYYY, YYYY-MM or YYYY-MM-DD")
    return str(value)


def _standing(node: yaml.Node, _: list[Problem]) -> str:
    value = node.value if isinstance(node, yaml.ScalarNode) else ""
    if value not in STANDINGS:
        raise _InvalidError(f"{_shown(value)} is unknown; allowed: {', '.join(STANDINGS)}")
    return str(value)


def _language(node: yaml.Node, _: list[Problem]) -> str:
    value = node.value if isinstance(node, yaml.ScalarNode) else ""  # "no" is Norwegian, not false
    if not check_language(value):
        raise _InvalidError(f"{_shown(value)} is no language; allowed: a code such as en or pt-BR")
    return str(value)


def _topics(node: yaml.Node, problems: list[Problem]) -> tuple[str, ...]:
    topics = []
    for item in _items(node, "texts, as [trade, treaties]"):
        try:
            topics.append(_text(item, problems))
        except _InvalidError as error:
            problems.append(Problem(_line(item), f"topics: {error}"))
    return tuple(topics)


def _references(node: yaml.Node, problems: list[Problem]) -> tuple[Reference, ...]:
    references = []
    for item in _items(node, f"mappings; {_allowed(_REFERENCE_FIELDS)}"):
        if not isinstance(item, yaml.MappingNode):
            said = f"references: must be a mapping; {_allowed(_REFERENCE_FIELDS)}"
            problems.append(Problem(_line(item), said))
            continue
        found: list[Problem] = []
        values = _mapping(item, _REFERENCE_FIELDS, found)
        if "title" in values:
            references.append(Reference(**values))
        elif not found:
            found.append(Problem(_line(item), "title: missing; write the title of the reference"))
        problems.extend(Problem(problem.line, f"references: {problem.text}") for problem in found)
    return tuple(references)


def _items(node: yaml.Node, of: str) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode):
        raise _InvalidError(f"must be a list of {of}")
    return list(node.value)


_Fields = dict[str, Callable[[yaml.Node, list[Problem]], Any]]

_REFERENCE_FIELDS: _Fields = {"publisher": _text, "title": _text, "published": _date, "url": _url}
_FIELDS: _Fields = {
    "title": _text,
    "url": _url,
    "publisher": _text,
    "author": _text,
    "published": _date,
    "accessed": _date,
    "license": _text,
    "standing": _standing,
    "topics": _topics,
    "language": _language,
    "references": _references,
}


def _allowed(fields: _Fields) -> str:
    return f"allowed: {', '.join(fields)}"


def _shown(value: str) -> str:
    return repr(value if len(value) <= 60 else value[:60] + "...")


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
