"""Org: headings, lists, listings and tables."""

from __future__ import annotations

import re

from sources.readers.extract import Extract
from sources.readers.prose import Prose

_HEADING = re.compile(
    r"(\*+)\s+(?:(?:TODO|DONE|NEXT|WAITING)\s+)?(?:\[#\w\]\s*)?(.*?)(?:\s+:[\w@:]+:)?"
)
_ITEM = re.compile(r"(\s*)([-+]|\d+[.)]|(?<=\s)\*)\s+(?:\[@\d+\]\s*)?(?:\[[ X-]\]\s+)?(.*)")
_KEYWORD = re.compile(r"\s*#\+(\w+):\s*(.*)", re.IGNORECASE)
_BEGIN = re.compile(r"\s*#\+begin_(\w+)\s*(\S*).*", re.IGNORECASE)
_DRAWER = re.compile(r"\s*:[\w-]+:\s*")
_PLANNING = re.compile(r"\s*(?:CLOSED|SCHEDULED|DEADLINE):.*")
_FOOTNOTE = re.compile(r"\[fn:[^\]\s]+\]\s+(.*)")
_LINK = re.compile(r"\[\[([^\[\]]{1,2000})\](?:\[([^\[\]]{1,2000})\])?\]")
_MARK = re.compile(r"(?<![\w*/_=~+])([*/_=~])(?=\S)([^\n]{0,500}?\S)\1(?![\w*/_=~])")
_STRUCK = re.compile(r"(?<![\w+])\+(?=\S)[^+\n]{0,500}?\S\+(?![\w+])")
_CALL = re.compile(r"\[fn:[^\[\]\s]{0,200}\]|<<[^<>\n]{0,200}>>")
_CODE = frozenset(("src", "example"))
_UNREAD = frozenset(("comment", "export"))


def read_org(text: str) -> Extract:
    """The text of an Org file; comments, drawers and what is struck out are left out."""
    prose = Prose(_plain)
    hints: dict[str, str] = {}
    lines = iter(text.splitlines())
    rows: list[list[str]] = []
    for line in lines:
        if line.lstrip().startswith("|"):
            prose.close()
            if not re.fullmatch(r"\s*\|[-+|]*", line):
                rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
            continue
        if rows:
            prose.table(rows)
            rows = []
        if not line.strip():
            prose.close()
        elif begin := _BEGIN.fullmatch(line):
            sort = begin[1].lower()
            inside = []
            for inner in lines:
                if inner.strip().lower() == f"#+end_{sort}":
                    break
                inside.append(inner)
            if sort in _CODE:
                prose.code(inside, begin[2] if sort == "src" else "")
            elif sort not in _UNREAD:
                for part in "\n".join(inside).split("\n\n"):
                    prose.close()
                    prose.go_on(part)
                prose.close()
        elif keyword := _KEYWORD.fullmatch(line):
            name = keyword[1].lower()
            if name in ("title", "author", "date", "language"):
                hints["published" if name == "date" else name] = _plain(keyword[2])
            elif name == "caption":
                prose.open("paragraph", keyword[2])
                prose.close()
        elif _DRAWER.fullmatch(line):
            for inner in lines:
                if inner.strip().lower() == ":end:":
                    break
        elif re.match(r"\s*#(?:\s|$)", line) or _PLANNING.fullmatch(line):
            continue
        elif heading := _HEADING.fullmatch(line):
            prose.heading(heading[2], len(heading[1]))
        elif item := _ITEM.fullmatch(line):
            term, defines, rest = item[3].partition(" :: ")
            if defines:
                prose.open("term", term)
                prose.open("definition", rest)
            else:
                prose.item(item[3], 1 + len(item[1].expandtabs()) // 2, item[2])
        elif footnote := _FOOTNOTE.fullmatch(line):
            prose.open("paragraph", footnote[1])
        elif re.fullmatch(r"\s*-{5,}\s*", line):
            prose.close()
        else:
            prose.go_on(line.strip())
    prose.close()
    if rows:
        prose.table(rows)
    return prose.builder.extract(hints=hints)


def _plain(text: str) -> str:
    text = _LINK.sub(lambda link: link[2] or link[1].removeprefix("file:"), text)
    text = _CALL.sub("", _STRUCK.sub("", text))
    return _MARK.sub(r"\2", text)
