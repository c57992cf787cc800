"""Each field of the metadata, read from YAML, with what is allowed in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import yaml

from sources.dates import read_date
from sources.source import STANDINGS, Reference

MOST_EXTRA = 100
_DATE = re.compile(r"\d{4}(?:-\d{2}){0,2}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Problem:
    """What does not hold up, and the line of it, from 1; `unknown` is a key that is no field."""

    line: int
    text: str
    unknown: str | None = None


class InvalidError(ValueError):
    """A value that does not hold up; the message says what is allowed."""


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


def _text(node: yaml.Node, _: list[Problem]) -> str:
    """Text on one line; a number or a date is the text that it is written with."""
    if not isinstance(node, yaml.ScalarNode):
        raise InvalidError("must be text, not a list or mapping")
    if node.tag.startswith("!") or "python" in node.tag:
        raise InvalidError("must be text")
    text = " ".join(node.value.split())
    if not text:
        raise InvalidError("empty: write it, or leave the line out")
    if not text.isprintable():
        raise InvalidError("holds a control character: remove it")
    return text


def _name(node: yaml.Node, problems: list[Problem]) -> str:
    """The name in a text, or in a mapping that has one."""
    if not isinstance(node, yaml.MappingNode):
        return _text(node, problems)
    parts = {scalar(key).lower(): value for key, value in node.value}
    for key in ("name", "literal", "title", "text", "id", "url"):
        if isinstance(name := parts.get(key), yaml.MappingNode):
            return _name(name, problems)
        if isinstance(name, yaml.ScalarNode) and not is_null(name):
            return _text(name, problems)
    whole = [scalar(parts[key]) for key in ("given", "first", "family", "last") if key in parts]
    if not whole:
        raise InvalidError("names nobody: write the name")
    return " ".join(whole)


def _names(node: yaml.Node, problems: list[Problem]) -> str:
    """One name, or several one after another."""
    if not isinstance(node, yaml.SequenceNode):
        return _name(node, problems)
    names = [_name(item, problems) for item in node.value[:MOST_EXTRA] if not is_null(item)]
    if not names:
        raise InvalidError("empty: write it, or leave the line out")
    return ", ".join(names)


def _url(node: yaml.Node, problems: list[Problem]) -> str:
    if isinstance(node, yaml.SequenceNode) and node.value:
        node = node.value[0]
    url = _text(node, problems)
    if not check_url(url):
        raise InvalidError(f"{shown(url)} is no address; allowed: http://... or https://...")
    return url


def _date(node: yaml.Node, _: list[Problem]) -> str:
    if isinstance(node, yaml.MappingNode):  # Docusaurus: last_update: {date: ..., author: ...}
        node = next((value for key, value in node.value if scalar(key) == "date"), node)
    value = scalar(node)
    found = read_date(value)
    if not found or not check_date(found):
        raise InvalidError(f"{shown(value)} is no date; allowed: YYYY, YYYY-MM or YYYY-MM-DD")
    return found


def _standing(node: yaml.Node, _: list[Problem]) -> str:
    value = scalar(node)
    if value not in STANDINGS:
        raise InvalidError(f"{shown(value)} is unknown; allowed: {', '.join(STANDINGS)}")
    return value


def _language(node: yaml.Node, _: list[Problem]) -> str:
    if isinstance(node, yaml.SequenceNode) and node.value:
        node = node.value[0]
    value = scalar(node)  # "no" is Norwegian, not false
    code = re.sub(r"[.@].*", "", value).replace("_", "-")  # as in "de_DE.UTF-8"
    if not check_language(code):
        raise InvalidError(f"{shown(value)} is no language; allowed: a code such as en or pt-BR")
    return code


def _topics(node: yaml.Node, problems: list[Problem]) -> tuple[str, ...]:
    if isinstance(node, yaml.ScalarNode):  # "trade, treaties"
        return tuple(filter(None, (_topic(part) for part in _text(node, problems).split(","))))
    topics = []
    for item in _items(node, "texts, as [trade, treaties]"):
        if is_null(item):
            continue
        try:
            topics.append(_topic(_name(item, problems)))
        except InvalidError as error:
            problems.append(Problem(line_of(item), f"topics: {error}"))
    return tuple(filter(None, topics))


def _topic(text: str) -> str:
    return text.strip().lstrip("#")  # as Obsidian marks them


def _references(node: yaml.Node, problems: list[Problem]) -> tuple[Reference, ...]:
    references = []
    for item in _items(node, f"mappings; {allowed(_REFERENCE_FIELDS)}"):
        if not isinstance(item, yaml.MappingNode):
            said = f"references: must be a mapping; {allowed(_REFERENCE_FIELDS)}"
            problems.append(Problem(line_of(item), said))
            continue
        values: dict[str, Any] = {}
        found: list[Problem] = []
        for key_node, value in item.value:
            key = scalar(key_node)
            if key not in _REFERENCE_FIELDS:
                said = f"unknown key {shown(key)}; {allowed(_REFERENCE_FIELDS)}"
                found.append(Problem(line_of(key_node), said))
            elif not is_null(value):
                try:
                    values[key] = _REFERENCE_FIELDS[key](value, found)
                except InvalidError as error:
                    found.append(Problem(line_of(value), f"{key}: {error}"))
        if "title" in values:
            references.append(Reference(**values))
        elif not found:
            found.append(Problem(line_of(item), "title: missing; write the title of the reference"))
        problems.extend(Problem(problem.line, f"references: {problem.text}") for problem in found)
    return tuple(references)


def _items(node: yaml.Node, of: str) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode):
        raise InvalidError(f"must be a list of {of}")
    return list(node.value)


_Fields = dict[str, Callable[[yaml.Node, list[Problem]], Any]]
_REFERENCE_FIELDS: _Fields = {"publisher": _text, "title": _text, "published": _date, "url": _url}
FIELDS: _Fields = {
    "title": _text,
    "url": _url,
    "publisher": _name,
    "author": _names,
    "published": _date,
    "accessed": _date,
    "license": _names,
    "standing": _standing,
    "topics": _topics,
    "language": _language,
    "references": _references,
}


def allowed(fields: _Fields) -> str:
    """What fields there may be, as an error says it."""
    return f"allowed: {', '.join(fields)}"


def shown(value: str) -> str:
    """A value as an error shows it: the beginning of a long one."""
    return repr(value if len(value) <= 60 else value[:60] + "...")


def scalar(node: yaml.Node) -> str:
    """What is written there; nothing of a list or a mapping."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def is_null(node: yaml.Node) -> bool:
    """Whether nothing is said there."""
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def line_of(node: yaml.Node) -> int:
    """On which line it begins, from 1."""
    return int(node.start_mark.line) + 1 if node.start_mark else 1
