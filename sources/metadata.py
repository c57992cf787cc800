"""What front matter and sidecars say of a source: our fields, those of others, and problems."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

import yaml

from sources.dates import read_date
from sources.front_matter import mapping_node
from sources.source import STANDINGS, Reference

MAX_YAML_BYTES = 64 * 1024

_DATE = re.compile(r"\d{4}(?:-\d{2}){0,2}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*", re.ASCII | re.IGNORECASE)

# What others call our fields, the first first: that of Hugo, Jekyll, Docusaurus, MkDocs, Obsidian
# and its web clipper, Quarto, Pandoc, Zola, Eleventy.
_SYNONYMS = {
    "title": "headline pagetitle",
    "url": "source_url canonical_url canonicalurl canonical original_url source link permalink",
    "publisher": "site_name sitename site organization organisation institution",
    "author": "authors creator creators byline by",
    "published": "date date_published datepublished published_at publishdate publish_date pubdate "
    "pub_date issued created created_at date_created creation_date lastmod last_modified modified "
    "updated updated_at date_updated date_modified last_update",
    "accessed": "retrieved access_date accessdate date_accessed",
    "license": "licence rights copyright",
    "topics": "topic tags tag categories category keywords keyword subjects subject",
    "language": "lang locale languagecode language_code",
}  # fmt: skip
_OURS = {
    name: (field, rank)
    for field, names in _SYNONYMS.items()
    for rank, name in enumerate((field, *names.split()))
}
# Common ones that say nothing which a source has a field for: kept, and no word lost on them.
_COMMON = frozenset(
    "description summary abstract excerpt subtitle slug id weight draft layout aliases "
    "sidebar_position sidebar_label sidebar pagination_next pagination_prev hide_table_of_contents "
    "nav_order parent has_children toc menu type format template cssclass cssclasses image cover "
    "featured thumbnail comments params extra execute bibliography version published slug "
    "lastmod last_modified modified updated created sha256 commit".split()
)
_MOST_EXTRA = 100
_EXTRA_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a person said of a source; None and () where nothing was said. `extra` holds what is
    none of our fields, as (key, value); a list gives a pair for each of its values."""

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
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """What does not hold up, and the line of it, from 1; `unknown` is a key that is no field."""

    line: int
    text: str
    unknown: str | None = None


class _InvalidError(ValueError):
    """A value that does not hold up; the message says what is allowed."""


def parse_metadata(text: str) -> tuple[Metadata, list[Problem]]:
    """Read one mapping of YAML, TOML or JSON; what does not hold up is left out and listed.

    A value under a name that others use for one of our fields (`date`, `tags`, `lang`) counts as
    that field where it can be read; where it cannot, and under any other name, it is extra.
    """
    node, broken = mapping_node(text)
    problems = [Problem(each.line, each.text) for each in broken]
    if node is None:
        if not problems:
            problems.append(Problem(1, f"not `key: value` lines; {_allowed(_FIELDS)}"))
        return Metadata(), problems
    return Metadata(**_fields(node, problems)), problems


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


def _fields(node: yaml.MappingNode, problems: list[Problem]) -> dict[str, Any]:
    """The fields of a source, and what is none of them under "extra"."""
    found: dict[str, tuple[int, Any]] = {}
    topics: list[str] = []
    extra: list[tuple[str, str]] = []
    seen: set[str] = set()
    for key_node, value in _pairs(node):
        written = _scalar(key_node).strip()
        key = written.lower().replace("-", "_").replace(" ", "_")
        field, rank = _OURS.get(key, (key, 0))
        if not written:
            problems.append(Problem(_line(key_node), "a key that is no text: name it in a word"))
        elif written in seen:
            problems.append(Problem(_line(key_node), f"{written!r} is there twice: keep one"))
        elif field not in _FIELDS:
            if key not in _COMMON:
                problems.append(_unknown(key_node, written))
            extra += _flat(written, value)
        elif not _is_null(value):  # "author:" with nothing behind it says nothing
            try:
                read = _FIELDS[field](value, problems)
                if field == "topics":
                    topics += read
                elif field not in found or rank < found[field][0]:
                    found[field] = (rank, read)
            except _InvalidError as error:
                # A permalink may be a path, a source a book: only our own names must hold
                if key not in _OURS or rank == 0 or field == "published":
                    problems.append(Problem(_line(value), f"{written}: {error}"))
                extra += _flat(written, value)
            if key in _COMMON and (written, "") not in extra:
                extra += [pair for pair in _flat(written, value) if pair not in extra]
        seen.add(written)
    fields: dict[str, Any] = {name: value for name, (_, value) in found.items()}
    if topics:
        fields["topics"] = tuple(dict.fromkeys(topics))
    if extra:
        fields["extra"] = tuple(dict.fromkeys(extra))[:_MOST_EXTRA]
    return fields


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Keys and values; those in Zola's table of taxonomies count as if they stood outside."""
    for key, value in node.value:
        if _scalar(key) == "taxonomies" and isinstance(value, yaml.MappingNode):
            yield from value.value
        else:
            yield key, value


def _unknown(node: yaml.Node, key: str) -> Problem:
    near = get_close_matches(key, _FIELDS, n=1, cutoff=0.7)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return Problem(
        _line(node), f"unknown key {_shown(key)}{hint}: kept as an extra field", unknown=key
    )


def _flat(name: str, node: yaml.Node, depth: int = 4) -> list[tuple[str, str]]:
    """A value of any shape as pairs: "params.kind" names what is nested."""
    name = " ".join(name.split())[:_EXTRA_CHARS]
    pairs: list[tuple[str, str]] = []
    if isinstance(node, yaml.ScalarNode):
        value = " ".join(node.value.split())[:_EXTRA_CHARS]
        if value and not _is_null(node) and value.isprintable() and name.isprintable():
            pairs.append((name, value))
    elif depth:
        for part in node.value[:_MOST_EXTRA]:
            if isinstance(node, yaml.MappingNode):
                pairs += _flat(f"{name}.{_scalar(part[0])}", part[1], depth - 1)
            else:
                pairs += _flat(name, part, depth - 1)
            if len(pairs) > _MOST_EXTRA:  # aliases may unfold without end
                break
    return pairs


def _text(node: yaml.Node, _: list[Problem]) -> str:
    """Text on one line; a number or a date is the text that it is written with."""
    if not isinstance(node, yaml.ScalarNode):
        raise _InvalidError("must be text, not a list or mapping")
    if node.tag.startswith("!") or "python" in node.tag:
        raise _InvalidError("must be text")
    text = " ".join(node.value.split())
    if not text:
        raise _InvalidError("empty: write it, or leave the line out")
    if not text.isprintable():
        raise _InvalidError("holds a control character: remove it")
    return text


def _name(node: yaml.Node, problems: list[Problem]) -> str:
    """The name in a text, or in a mapping that has one."""
    if not isinstance(node, yaml.MappingNode):
        return _text(node, problems)
    parts = {_scalar(key).lower(): value for key, value in node.value}
    for key in ("name", "literal", "title", "text", "id", "url"):
        if isinstance(name := parts.get(key), yaml.MappingNode):
            return _name(name, problems)
        if isinstance(name, yaml.ScalarNode) and not _is_null(name):
            return _text(name, problems)
    whole = [_scalar(parts[key]) for key in ("given", "first", "family", "last") if key in parts]
    if not whole:
        raise _InvalidError("names nobody: write the name")
    return " ".join(whole)


def _names(node: yaml.Node, problems: list[Problem]) -> str:
    """One name, or several one after another."""
    if not isinstance(node, yaml.SequenceNode):
        return _name(node, problems)
    names = [_name(item, problems) for item in node.value[:_MOST_EXTRA] if not _is_null(item)]
    if not names:
        raise _InvalidError("empty: write it, or leave the line out")
    return ", ".join(names)


def _url(node: yaml.Node, problems: list[Problem]) -> str:
    if isinstance(node, yaml.SequenceNode) and node.value:
        node = node.value[0]
    url = _text(node, problems)
    if not check_url(url):
        raise _InvalidError(f"{_shown(url)} is no address; allowed: http://... or https://...")
    return url


def _date(node: yaml.Node, _: list[Problem]) -> str:
    if isinstance(node, yaml.MappingNode):  # Docusaurus: last_update: {date: ..., author: ...}
        node = next((value for key, value in node.value if _scalar(key) == "date"), node)
    value = _scalar(node)
    found = read_date(value)
    if not found or not check_date(found):
        raise _InvalidError(f"{_shown(value)} is no date; allowed: YYYY, YYYY-MM or YYYY-MM-DD")
    return found


def _standing(node: yaml.Node, _: list[Problem]) -> str:
    value = _scalar(node)
    if value not in STANDINGS:
        raise _InvalidError(f"{_shown(value)} is unknown; allowed: {', '.join(STANDINGS)}")
    return value


def _language(node: yaml.Node, _: list[Problem]) -> str:
    if isinstance(node, yaml.SequenceNode) and node.value:
        node = node.value[0]
    value = _scalar(node)  # "no" is Norwegian, not false
    code = re.sub(r"[.@].*", "", value).replace("_", "-")  # as in "de_DE.UTF-8"
    if not check_language(code):
        raise _InvalidError(f"{_shown(value)} is no language; allowed: a code such as en or pt-BR")
    return code


def _topics(node: yaml.Node, problems: list[Problem]) -> tuple[str, ...]:
    if isinstance(node, yaml.ScalarNode):  # "trade, treaties"
        return tuple(filter(None, (_topic(part) for part in _text(node, problems).split(","))))
    topics = []
    for item in _items(node, "texts, as [trade, treaties]"):
        if _is_null(item):
            continue
        try:
            topics.append(_topic(_name(item, problems)))
        except _InvalidError as error:
            problems.append(Problem(_line(item), f"topics: {error}"))
    return tuple(filter(None, topics))


def _topic(text: str) -> str:
    return text.strip().lstrip("#")  # as Obsidian marks them


def _references(node: yaml.Node, problems: list[Problem]) -> tuple[Reference, ...]:
    references = []
    for item in _items(node, f"mappings; {_allowed(_REFERENCE_FIELDS)}"):
        if not isinstance(item, yaml.MappingNode):
            said = f"references: must be a mapping; {_allowed(_REFERENCE_FIELDS)}"
            problems.append(Problem(_line(item), said))
            continue
        values: dict[str, Any] = {}
        found: list[Problem] = []
        for key_node, value in item.value:
            key = _scalar(key_node)
            if key not in _REFERENCE_FIELDS:
                said = f"unknown key {_shown(key)}; {_allowed(_REFERENCE_FIELDS)}"
                found.append(Problem(_line(key_node), said))
            elif not _is_null(value):
                try:
                    values[key] = _REFERENCE_FIELDS[key](value, found)
                except _InvalidError as error:
                    found.append(Problem(_line(value), f"{key}: {error}"))
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


def _allowed(fields: _Fields) -> str:
    return f"allowed: {', '.join(fields)}"


def _shown(value: str) -> str:
    return repr(value if len(value) <= 60 else value[:60] + "...")


def _scalar(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1 if node.start_mark else 1
