"""The blocks of a page: paragraphs, headings, lists, listings and tables of a tree of elements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from textwrap import dedent
from typing import Any

from lxml import etree

from sources.readers.blocks import DEEPEST
from sources.readers.records import add_header, add_row, is_header
from sources.readers.text_builder import TextBuilder, clean
from sources.source import Kind

_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font hi i img ins kbd label mark math "
    "q ref ruby s samp small span strike strong sub sup time tt u var wbr".split()
)
_HEADINGS = "h1 h2 h3 h4 h5 h6".split()
_DESCRIBED: dict[str, Kind] = {"dt": "term", "dd": "definition"}
_LAYOUT = "boolean(.//table | .//head | .//h1 | .//h2 | .//h3 | .//h4 | .//h5 | .//h6)"
_BREAK = "\u2028"  # in place of a line break: white space, but not that of the file
_BREAKS = re.compile(rf"{_BREAK}\s*{_BREAK}")
_DIGIT = re.compile(r"\d")
_SAMPLE_ROWS = 50
_LISTS = frozenset(("ul", "ol", "list"))
_MOST_STEPS = 999
_COLUMNS = 3  # two may as well be names and values
Element = Any
"""An element of the page: lxml has no types."""


def read_blocks(root: Element, builder: TextBuilder | None = None, *, guess: bool) -> TextBuilder:
    """The blocks below `root`, which is HTML or what trafilatura makes of it.

    With `guess`, a first row may be a header without saying so.
    """
    builder = builder or TextBuilder()
    run: list[str] = []
    kinds: list[list[tuple[Kind, int, str]]] = [[]]
    headers: dict[Element, list[str]] = {}

    def flush() -> None:
        for text in _BREAKS.split("".join(run)):
            if text.strip():
                # Only the first text of an item or heading is one
                kind, level, marker = kinds[-1].pop() if kinds[-1] else ("paragraph", 0, "")
                builder.add(kind, text, level=level, marker=marker)
        run.clear()

    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        if element.tag in ("br", "lb"):
            run.append(_BREAK if event == "start" else "")
        elif element.tag not in _INLINE:
            flush()
            if event == "end":
                kinds.pop()
            else:
                kind = _kind(element)
                kinds.append([(*kind, _marker(element))] if kind else kinds[-1])
                if _whole(element, builder, headers, guess):
                    walker.skip_subtree()
                    continue
        run.append((element.text if event == "start" else element.tail) or "")
    return builder


def _kind(element: Element) -> tuple[Kind, int] | None:
    """What kind of block the first text in an element is, if the element says so."""
    name = element.get("rend", "h3") if element.tag == "head" else element.tag
    if name in _HEADINGS:
        return "heading", int(name[1])
    if name == "summary":
        return "heading", DEEPEST
    described = element.get("rend", "")[:2] if element.tag == "item" else name
    if described in _DESCRIBED:
        return _DESCRIBED[described], 0
    if name not in ("li", "item"):
        return None
    return "item", sum(1 for _ in element.iterancestors("ul", "ol", "list"))


def _marker(element: Element) -> str:
    """The bullet or number of an item of a list."""
    parent = element.getparent()
    if element.tag not in ("li", "item") or parent is None or parent.tag not in _LISTS:
        return ""
    if parent.tag != "ol" and parent.get("rend") != "ol":
        return "-"
    return f"{1 + sum(1 for _ in islice(element.itersiblings(preceding=True), _MOST_STEPS))}."


def _whole(
    element: Element, builder: TextBuilder, headers: dict[Element, list[str]], guess: bool
) -> bool:
    """Add a listing, or a table row of more than one cell that does not place parts of the page.

    The first row of a table is its header if it says so.
    """
    if element.tag == "pre":
        builder.add("code", dedent(_text(element)))
        return True
    if element.tag not in ("row", "tr") or element.xpath(_LAYOUT):
        return False
    cells = [cell for cell in element if cell.tag in ("cell", "td", "th")]
    texts = [clean(_text(cell)) for cell in cells]
    if sum(map(bool, texts)) < 2:
        return False
    table = next(element.iterancestors("table"), None)
    if table is None or table in headers:
        add_row(builder, headers.get(table, ()), texts)
        return True
    named = all(cell.tag == "th" or cell.get("role") == "head" for cell in cells)
    if named or (guess and _names_columns(table, element, texts)):
        headers[table] = texts
        add_header(builder, texts)
    else:
        headers[table] = []
        add_row(builder, (), texts)
    return True


def _names_columns(table: Element, first: Element, texts: Sequence[str]) -> bool:
    """Whether an unmarked first row is a header: over a column of numbers it has none."""
    rows = [
        [_text(cell).strip() for cell in row if cell.tag in ("cell", "td", "th")]
        for row in islice(table.iter("row", "tr"), _SAMPLE_ROWS)
        if row is not first
    ]
    if len(texts) < _COLUMNS or any(one.get("role") == "head" for one in table.iter("cell")):
        return False
    if (
        table.find(".//th") is not None
        or not rows
        or any(len(row) != len(texts) for row in rows)
        or not is_header(texts)
    ):
        return False
    return not any(map(_DIGIT.search, texts)) and any(
        all(map(_DIGIT.search, column)) for column in zip(*rows, strict=True)
    )


def _text(element: Element) -> str:
    """The text in an element; what is not inline breaks its lines."""
    parts = [element.text or ""]
    for event, inner in etree.iterwalk(element, events=("start", "end")):
        if inner is not element:
            parts.append("" if inner.tag in _INLINE else "\n")
            parts.append((inner.text if event == "start" else inner.tail) or "")
    return "".join(parts)
