"""Word documents: paragraphs, headings, list items and table rows in the order of the document."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import docx
from docx.oxml.ns import qn

from sources.readers.archive import CONTENT_TYPES, Archive
from sources.readers.blocks import TextBuilder, clean
from sources.readers.extract import Extract
from sources.readers.records import add_row

_STYLES_DEEP = 12  # styles build on each other, in a hostile file in a circle
_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_LIST = re.compile(r"list(?: (?:bullet|number))?(?: \d)?", re.IGNORECASE)
_CONTENTS = re.compile(r"toc (?:\d|heading)", re.IGNORECASE)
_TEMPLATE_TITLE = "Word Document"

_P, _TBL, _TR, _TC, _T = (qn(f"w:{name}") for name in ("p", "tbl", "tr", "tc", "t"))
_BOX = qn("w:txbxContent")
_SPAN = qn("w:gridSpan")
_SPACES = {qn("w:tab"): " ", qn("w:br"): " ", qn("w:cr"): " ", qn("w:noBreakHyphen"): "-"}
_UNREAD = {  # deleted text, the second form of what a program may not know, properties
    qn("w:del"),
    qn("w:moveFrom"),
    qn("w:pPr"),
    qn("w:tblPr"),
    qn("w:sdtPr"),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}

Element = Any
"""An element of the document: lxml has no types."""


def read_docx(data: bytes) -> Extract:
    """The text of a Word document; its properties give the title if the text does not."""
    Archive(data, ".docx", CONTENT_TYPES)
    document = docx.Document(io.BytesIO(data))
    reader = _Reader(document.styles.element)
    reader.read(document.element.body)
    blocks = reader.builder.blocks
    title = clean(document.core_properties.title)
    titled = bool(blocks) and blocks[0].kind == "heading"
    return reader.builder.extract(
        hints={} if titled or title == _TEMPLATE_TITLE else {"title": title}
    )


class _Reader:
    def __init__(self, styles: Element) -> None:
        self.builder = TextBuilder()
        self._styles = {style.get(qn("w:styleId")): style for style in styles.iter(qn("w:style"))}

    def read(self, container: Element) -> None:
        """Add the blocks of a body, cell, text box or content control."""
        for element in container.iterchildren():
            if element.tag == _P:
                self._paragraph(element)
            elif element.tag == _TBL:
                rows = list(_below(element, _TR))
                header = self._cells(rows[0]) if rows and _is_header(rows[0]) else []
                for number, row in enumerate(rows):
                    spans = next(row.iter(_SPAN), None) is not None
                    self._row(row, header if number and not spans else [])
            elif element.tag not in _UNREAD:
                self.read(element)

    def _paragraph(self, paragraph: Element) -> None:
        text = _text(paragraph)
        if text.strip():
            name, level, numbered = self._look(paragraph)
            if level:
                self.builder.add("heading", text, level=level)
            elif not _CONTENTS.fullmatch(name):
                listed = numbered or _LIST.fullmatch(name)
                self.builder.add("item" if listed else "paragraph", text)
        for box in _below(paragraph, _BOX):
            self.read(box)

    def _row(self, row: Element, header: list[str]) -> None:
        """A row of cells; a cell on its own, or with a table in it, only places text."""
        cells = list(_below(row, _TC))
        if len(cells) == 1 or any(next(_below(cell, _TBL), None) is not None for cell in cells):
            for cell in cells:
                self.read(cell)
            return
        add_row(self.builder, header, self._cells(row))

    def _cells(self, row: Element) -> list[str]:
        cells = _below(row, _TC)
        return [self.builder.clean(" ".join(map(_text, _below(cell, _P)))) for cell in cells]

    def _look(self, paragraph: Element) -> tuple[str, int, bool]:
        """The name of the paragraph's style, its level as a heading or 0, and whether it counts."""
        properties = paragraph.find(qn("w:pPr"))
        level = _outline_level(properties)
        numbered = _numbered(properties)
        first = ""
        style = self._styles.get(_value(properties, "w:pStyle"))
        for _ in range(_STYLES_DEEP):
            if style is None:
                break
            name = _value(style, "w:name")
            first = first or name
            heading = _HEADING.fullmatch(name)
            level = level or (int(heading[1]) if heading else int(name.lower() == "title"))
            level = level or _outline_level(style.find(qn("w:pPr")))
            numbered = _numbered(style.find(qn("w:pPr"))) if numbered is None else numbered
            style = self._styles.get(_value(style, "w:basedOn"))
        return first, level or 0, bool(numbered)


def _below(element: Element, tag: str) -> Iterator[Element]:
    """The outermost elements of a tag below one, but for what is not read."""
    for child in element.iterchildren():
        if child.tag == tag:
            yield child
        elif child.tag not in _UNREAD:
            yield from _below(child, tag)


def _text(element: Element) -> str:
    """The text of a paragraph, without text boxes and hidden text."""
    parts: list[str] = []
    for child in element.iterchildren():
        if child.tag == _T:
            parts.append(child.text or "")
        elif child.tag in _SPACES:
            parts.append(_SPACES[child.tag])
        elif child.tag not in _UNREAD and child.tag != _BOX and not _hidden(child):
            parts.append(_text(child))
    return "".join(parts)


def _is_header(row: Element) -> bool:
    """Whether the row is repeated on each page, and no cell of it spans columns."""
    if next(row.iter(_SPAN), None) is not None:
        return False
    properties = row.find(qn("w:trPr"))
    mark = properties.find(qn("w:tblHeader")) if properties is not None else None
    return mark is not None and mark.get(qn("w:val")) not in ("0", "false", "off")


def _hidden(run: Element) -> bool:
    properties = run.find(qn("w:rPr"))
    vanish = properties.find(qn("w:vanish")) if properties is not None else None
    return vanish is not None and vanish.get(qn("w:val")) not in ("0", "false", "off")


def _value(element: Element | None, child: str) -> str:
    """The value of a child element, "" without one."""
    found = element.find(qn(child)) if element is not None else None
    return (found.get(qn("w:val")) or "") if found is not None else ""


def _outline_level(properties: Element | None) -> int:
    """The level of a heading from 1, 0 for body text."""
    value = _value(properties, "w:outlineLvl")
    return int(value) + 1 if value in tuple("012345678") else 0


def _numbered(properties: Element | None) -> bool | None:
    """Whether the paragraph has a bullet or number; None if nothing is said of it."""
    numbering = properties.find(qn("w:numPr")) if properties is not None else None
    return None if numbering is None else _value(numbering, "w:numId") != "0"
