"""MediaWiki: sections, lists, tables and listings, without templates."""

from __future__ import annotations

import html
import re

from sources.readers.extract import Extract
from sources.readers.prose import Prose

_HEADING = re.compile(r"(={1,6})\s*(.+?)\s*\1\s*")
_LIST = re.compile(r"([*#:;]+)\s*(.*)")
_COMMENT = re.compile(r"<!--.{0,20000}?-->", re.DOTALL)
_REFERENCE = re.compile(r"<ref\b[^<>/]*/>|<ref\b[^<>]*>.{0,5000}?</ref>", re.DOTALL | re.IGNORECASE)
_UNREAD = re.compile(
    r"<(gallery|math|timeline|s|del|strike)\b[^<>]*>.{0,5000}?</\1>", re.DOTALL | re.IGNORECASE
)
_CODE = re.compile(
    r"<(syntaxhighlight|source|pre)\b([^<>]*)>(.{0,20000}?)</\1>", re.DOTALL | re.IGNORECASE
)
_LANGUAGE = re.compile(r"\blang\s*=\s*[\"']?([\w+#-]+)")
_LINK = re.compile(r"\[\[(?:([^\[\]|]*)\|)?([^\[\]]*)\]\]")
_OUTWARD = re.compile(r"\[(?:https?:)?//[^\s\]]+(?:\s+([^\]]*))?\]")
_BESIDE = re.compile(
    r"(?:file|image|category|datei|bild|kategorie|fichier|catégorie)\s*:", re.IGNORECASE
)
_TAG = re.compile(r"</?[a-zA-Z][\w-]*(?:\s[^<>]*)?/?>")
_QUOTES = re.compile(r"'{2,5}")
_ATTRIBUTES = re.compile(r"(?:\s*[\w-]+\s*=\s*(?:\"[^\"]*\"|[^\s|\"]+))+\s*\|(?!\|)")
_SWITCH = re.compile(r"__[A-Z]+__")
_DEEP = 20


def read_mediawiki(text: str) -> Extract:
    """The text of a page of a wiki; templates, references and pictures are left out."""
    listings: list[tuple[str, list[str]]] = []

    def listing(match: re.Match[str]) -> str:
        language = _LANGUAGE.search(match[2])
        listings.append((language[1] if language else "", match[3].strip("\n").split("\n")))
        return f"\n\0{len(listings) - 1}\n"

    text = _COMMENT.sub("", text.replace("\0", ""))
    text = _CODE.sub(listing, text)
    text = _UNREAD.sub("", _REFERENCE.sub("", text))
    prose = Prose(_plain)
    rows: list[list[str]] | None = None
    for line in _without_templates(text).splitlines():
        line = _SWITCH.sub("", line).rstrip()
        if line.startswith("{|"):
            prose.close()
            rows = [[]]
        elif rows is not None:
            if line.startswith("|}"):
                prose.table([row for row in rows if row])
                rows = None
            else:
                _cells(line, rows)
        elif line.startswith("\0"):
            language, lines = listings[int(line[1:])]
            prose.code(lines, language)
        elif not line:
            prose.close()
        elif heading := _HEADING.fullmatch(line):
            prose.heading(heading[2], len(heading[1]))
        elif item := _LIST.fullmatch(line):
            _item(prose, item[1], item[2])
        elif line.startswith("----"):
            prose.close()
        else:
            prose.go_on(line)
    prose.close()
    if rows:
        prose.table([row for row in rows if row])
    return prose.builder.extract()


def _item(prose: Prose, marks: str, words: str) -> None:
    if marks[-1] == ";":
        term, defines, meaning = words.partition(" : ")
        prose.open("term", term)
        if defines:
            prose.open("definition", meaning)
    elif marks == ":" and prose.builder.blocks and prose.builder.blocks[-1].kind == "term":
        prose.open("definition", words)
    elif marks[-1] == ":":
        prose.open("paragraph", words)
    else:
        prose.item(words, len(marks), "1." if marks[-1] == "#" else "*")
    if marks[-1] == ";":
        prose.close()


def _cells(line: str, rows: list[list[str]]) -> None:
    """Add a line of a table to its rows."""
    if line.startswith("|-"):
        rows.append([])
    elif line.startswith("|+"):
        return
    elif line.startswith(("|", "!")):
        for cell in re.split(r"\|\||!!", line[1:]):
            rows[-1].append(_ATTRIBUTES.sub("", cell, count=1).strip())
    elif rows[-1] and line.strip():
        rows[-1][-1] += f" {line.strip()}"


def _without_templates(text: str) -> str:
    """The text without what stands between double braces, one in the other."""
    parts, depth, at = [], 0, 0
    for mark in re.finditer(r"\{\{|\}\}", text):
        if not depth:
            parts.append(text[at : mark.start()])
        depth = min(depth + 1, _DEEP) if mark[0] == "{{" else max(0, depth - 1)
        at = mark.end()
    if not depth:
        parts.append(text[at:])
    return "".join(parts)


def _plain(text: str) -> str:
    for _ in range(3):  # a link in the caption of a picture

        def shown(link: re.Match[str]) -> str:
            if _BESIDE.match(link[1] or link[2]):
                return ""
            return link[2].rpartition("|")[2]

        text = _LINK.sub(shown, text)
    text = _OUTWARD.sub(lambda link: link[1] or "", text)
    return html.unescape(_TAG.sub("", _QUOTES.sub("", text)))
