"""What front matter and sidecars say of a source: our fields, those of others, and problems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import yaml

from sources.front_matter import mapping_node
from sources.metadata_fields import (
    FIELDS,
    MOST_EXTRA,
    InvalidError,
    Problem,
    allowed,
    check_date,
    check_language,
    check_url,
    is_null,
    line_of,
    scalar,
    shown,
)
from sources.source import Reference

MAX_YAML_BYTES = 64 * 1024


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
    "lastmod last_modified modified updated created sha256 commit record".split()
)
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


def parse_metadata(text: str) -> tuple[Metadata, list[Problem]]:
    """Read one mapping of YAML, TOML or JSON; what does not hold up is left out and listed.

    A value under a name that others use for one of our fields (`date`, `tags`, `lang`) counts as
    that field where it can be read; where it cannot, and under any other name, it is extra.
    """
    node, broken = mapping_node(text)
    problems = [Problem(each.line, each.text) for each in broken]
    if node is None:
        if not problems:
            problems.append(Problem(1, f"not `key: value` lines; {allowed(FIELDS)}"))
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


def _fields(node: yaml.MappingNode, problems: list[Problem]) -> dict[str, Any]:
    """The fields of a source, and what is none of them under "extra"."""
    found: dict[str, tuple[int, Any]] = {}
    topics: list[str] = []
    extra: list[tuple[str, str]] = []
    seen: set[str] = set()
    for key_node, value in _pairs(node):
        written = scalar(key_node).strip()
        key = written.lower().replace("-", "_").replace(" ", "_")
        field, rank = _OURS.get(key, (key, 0))
        if not written:
            problems.append(Problem(line_of(key_node), "a key that is no text: name it in a word"))
        elif written in seen:
            problems.append(Problem(line_of(key_node), f"{written!r} is there twice: keep one"))
        elif field not in FIELDS:
            if key not in _COMMON:
                problems.append(_unknown(key_node, written))
            extra += _flat(written, value)
        elif not is_null(value):  # "author:" with nothing behind it says nothing
            try:
                read = FIELDS[field](value, problems)
                if field == "topics":
                    topics += read
                elif field not in found or rank < found[field][0]:
                    found[field] = (rank, read)
            except InvalidError as error:
                # A permalink may be a path, a source a book: only our own names must hold
                if key not in _OURS or rank == 0 or field == "published":
                    problems.append(Problem(line_of(value), f"{written}: {error}"))
                extra += _flat(written, value)
            if key in _COMMON and (written, "") not in extra:
                extra += [pair for pair in _flat(written, value) if pair not in extra]
        seen.add(written)
    fields: dict[str, Any] = {name: value for name, (_, value) in found.items()}
    if topics:
        fields["topics"] = tuple(dict.fromkeys(topics))
    if extra:
        fields["extra"] = tuple(dict.fromkeys(extra))[:MOST_EXTRA]
    return fields


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Keys and values; those in Zola's table of taxonomies count as if they stood outside."""
    for key, value in node.value:
        if scalar(key) == "taxonomies" and isinstance(value, yaml.MappingNode):
            yield from value.value
        else:
            yield key, value


def _unknown(node: yaml.Node, key: str) -> Problem:
    near = get_close_matches(key, FIELDS, n=1, cutoff=0.7)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return Problem(
        line_of(node), f"unknown key {shown(key)}{hint}: kept as an extra field", unknown=key
    )


def _flat(name: str, node: yaml.Node, depth: int = 4) -> list[tuple[str, str]]:
    """A value of any shape as pairs: "params.kind" names what is nested."""
    name = " ".join(name.split())[:_EXTRA_CHARS]
    pairs: list[tuple[str, str]] = []
    if isinstance(node, yaml.ScalarNode):
        value = " ".join(node.value.split())[:_EXTRA_CHARS]
        if value and not is_null(node) and value.isprintable() and name.isprintable():
            pairs.append((name, value))
    elif depth:
        for part in node.value[:MOST_EXTRA]:
            if isinstance(node, yaml.MappingNode):
                pairs += _flat(f"{name}.{scalar(part[0])}", part[1], depth - 1)
            else:
                pairs += _flat(name, part, depth - 1)
            if len(pairs) > MOST_EXTRA:  # aliases may unfold without end
                break
    return pairs
