"""Word documents: paragraphs, headings, list items and table rows in the order of the document."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import docx
from docx.oxml.ns import qn
from lxml import etree

from sources.readers.archive import CONTENT_TYPES, Archive, parse_xml, transitional
from sources.readers.docx_numbers import BULLET, Numbers
from sources.readers.docx_unseen import UnseenRuns
from sources.readers.extract import Extract
from sources.readers.records import add_header, add_row, is_header
from sources.readers.text_builder import TextBuilder, clean
from sources.readers.unseen import told

_NONE = "0"  # the numbering of what has none
_STYLES_DEEP = 12  # styles build on each other, in a hostile file in a circle
_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_LIST = re.compile(r"list(?: (?:bullet|number))?(?: \d)?", re.IGNORECASE)
_CONTENTS = re.compile(r"toc (?:\d|heading)", re.IGNORECASE)
_TEMPLATE_TITLE = "Word Document"

_P, _TBL, _TR, _TC, _T = (qn(f"w:{name}") for name in ("p", "tbl", "tr", "tc", "t"))
_R = qn("w:r")
_STRIKES = ("w:strike", "w:dstrike")
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_M_T = f"{_MATH}t"
_SIGNS = {f"{_MATH}f": "/", f"{_MATH}sSup": "^", f"{_MATH}sSub": "_"}
_ARGUMENTS = frozenset(_MATH + name for name in ("num", "den", "e", "sup", "sub"))
_PAGE = re.compile(r"(?:\w+ )?\d*(?: ?(?:of|von|de|/) ?\d+)?", re.IGNORECASE)
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
    document = docx.Document(io.BytesIO(transitional(data)))
    numbers = Numbers(next(iter(_parts(document.part, "numbering")), None))
    unseen = UnseenRuns(
        {
            style.get(qn("w:styleId")): style
            for style in document.styles.element.iter(qn("w:style"))
        },
        document.element,
    )
    reader = _Reader(document.styles.element, _notes(document.part), numbers, unseen)
    reader.read(document.element.body)
    for part in _parts(document.part, "header", "footer"):
        reader.read_once(part)
    blocks = reader.builder.blocks
    title = clean(document.core_properties.title)
    titled = bool(blocks) and blocks[0].kind == "heading"
    return reader.builder.extract(
        hints={} if titled or title == _TEMPLATE_TITLE else {"title": title}, unread=reader.unread
    )


def _parts(document: Any, *kinds: str) -> list[Element]:
    """The roots of the parts of these kinds that belong to the document."""
    found = []
    for kind in kinds:
        for relation in document.rels.values():
            if relation.reltype.endswith(f"/{kind}") and not relation.is_external:
                with suppress(etree.XMLSyntaxError):  # a damaged note costs itself
                    found.append(parse_xml(relation.target_part.blob))
    return found


def _notes(document: Any) -> dict[tuple[str, str], Element]:
    """The footnotes and endnotes by kind and number, but for the lines above them."""
    return {
        (kind, note.get(qn("w:id"), "")): note
        for kind in ("footnote", "endnote")
        for root in _parts(document, f"{kind}s")
        for note in root.iterchildren(qn(f"w:{kind}"))
        if note.get(qn("w:type"), "normal") == "normal"
    }


class _Reader:
    def __init__(
        self,
        styles: Element,
        notes: dict[tuple[str, str], Element],
        numbers: Numbers,
        unseen: UnseenRuns,
    ) -> None:
        self.builder = TextBuilder()
        self.struck = 0
        self._notes = notes
        self._numbers = numbers
        self._running: set[str] = set()
        self._styles = {style.get(qn("w:styleId")): style for style in styles.iter(qn("w:style"))}
        self._unseen = unseen

    @property
    def unread(self) -> tuple[tuple[str, str], ...]:
        """What was left out."""
        return told(self._unseen.found, self.struck)

    def read_once(self, header: Element) -> None:
        """Add the lines of a header or footer that no other has; a page number is none."""
        for paragraph in header.iter(_P):
            line = self.builder.clean(self._text(paragraph))
            if line not in self._running and not _PAGE.fullmatch(line):
                self.builder.add("paragraph", line)
            self._running.add(line)

    def read(self, container: Element) -> None:
        """Add the blocks of a body, cell, text box or content control."""
        for element in container.iterchildren():
            if element.tag == _P:
                self._paragraph(element)
            elif element.tag == _TBL:
                rows = list(_below(element, _TR))
                header = self._header(element, rows[0]) if rows else []
                for number, row in enumerate(rows):
                    spans = next(row.iter(_SPAN), None) is not None
                    self._row(row, header if not spans else [], [] if number else header)
            elif element.tag not in _UNREAD:
                self.read(element)

    def _header(self, table: Element, row: Element) -> list[str]:
        """The names of the columns: the row says so, or the table does and they look like names."""
        if next(row.iter(_SPAN), None) is not None:
            return []
        cells = self._cells(row)
        look = table.find(f"{qn('w:tblPr')}/{qn('w:tblLook')}")
        first = look is not None and (
            look.get(qn("w:firstRow")) in ("1", "true", "on") or _has_first_row(look)
        )
        named = first and all(cells) and len(cells) > 1 and is_header(cells)
        return cells if named or _is_header(row) else []

    def _paragraph(self, paragraph: Element) -> None:
        self.struck += sum(1 for run in paragraph.iter(_R) if _marked(run, *_STRIKES))
        text = self._text(paragraph)
        if text.strip():
            name, level, (numbering, depth) = self._look(paragraph)
            marker = self._numbers.next(numbering, depth) if numbering != _NONE else ""
            if level:
                numbered = f"{marker} {text}" if marker not in ("", BULLET) else text
                self.builder.add("heading", numbered, level=level)
            elif marker or _LIST.fullmatch(name):
                named = int(name[-1]) if name[-1:].isdecimal() else 1
                deep = depth + 1 if depth or not marker else max(1, named)
                self.builder.add("item", text, level=deep, marker=marker or BULLET)
            elif not _CONTENTS.fullmatch(name):
                self.builder.add("paragraph", text)
        for box in _below(paragraph, _BOX):
            self.read(box)
        for kind in ("footnote", "endnote"):
            for call in paragraph.iter(qn(f"w:{kind}Reference")):
                note = self._notes.pop((kind, call.get(qn("w:id"), "")), None)
                if note is not None:
                    self.read(note)

    def _row(self, row: Element, header: list[str], named: list[str]) -> None:
        """A row of cells, or `named` columns; a cell on its own, or with a table in it, only
        places text."""
        cells = list(_below(row, _TC))
        if len(cells) == 1 or any(next(_below(cell, _TBL), None) is not None for cell in cells):
            for cell in cells:
                self.read(cell)
            return
        if named:
            add_header(self.builder, named)
        else:
            add_row(self.builder, header, self._cells(row))

    def _cells(self, row: Element) -> list[str]:
        cells = _below(row, _TC)
        return [self.builder.clean(" ".join(map(self._text, _below(cell, _P)))) for cell in cells]

    def _text(self, element: Element) -> str:
        """The text of a paragraph, without text boxes and what is struck out or not seen."""
        parts: list[str] = []
        for child in element.iterchildren():
            if child.tag in (_T, _M_T):
                parts.append(child.text or "")
            elif child.tag in _SIGNS:
                said = (_grouped(self._text(part)) for part in child if part.tag in _ARGUMENTS)
                parts.append(_SIGNS[child.tag].join(said))
            elif child.tag in _SPACES:
                parts.append(_SPACES[child.tag])
            elif child.tag not in _UNREAD and child.tag != _BOX:
                left_out = child.tag == _R and (
                    _marked(child, *_STRIKES) or self._unseen.hides(child)
                )
                parts.append("" if left_out else self._text(child))
        return "".join(parts)

    def _look(self, paragraph: Element) -> tuple[str, int, tuple[str, int]]:
        """The name of the paragraph's style, its level as a heading or 0, and what numbers it."""
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
        return first, level or 0, numbered or (_NONE, 0)


def _below(element: Element, tag: str) -> Iterator[Element]:
    """The outermost elements of a tag below one, but for what is not read."""
    for child in element.iterchildren():
        if child.tag == tag:
            yield child
        elif child.tag not in _UNREAD:
            yield from _below(child, tag)


def _is_header(row: Element) -> bool:
    """Whether the row is repeated on each page, and no cell of it spans columns."""
    if next(row.iter(_SPAN), None) is not None:
        return False
    properties = row.find(qn("w:trPr"))
    mark = properties.find(qn("w:tblHeader")) if properties is not None else None
    return mark is not None and mark.get(qn("w:val")) not in ("0", "false", "off")


def _marked(run: Element, *names: str) -> bool:
    properties = run.find(qn("w:rPr"))
    marks = (properties.find(qn(name)) for name in names) if properties is not None else ()
    return any(m is not None and m.get(qn("w:val")) not in ("0", "false", "off") for m in marks)


def _has_first_row(look: Element) -> bool:
    """Whether the bits of an older table look say that its first row is a header."""
    try:
        return bool(int(look.get(qn("w:val"), "0"), 16) & 0x20)
    except ValueError:
        return False


def _grouped(part: str) -> str:
    """A part of a formula, in brackets where it is more than one word or number."""
    part = part.strip()
    return part if part.isalnum() or not part else f"({part})"


def _value(element: Element | None, child: str) -> str:
    """The value of a child element, "" without one."""
    found = element.find(qn(child)) if element is not None else None
    return (found.get(qn("w:val")) or "") if found is not None else ""


def _outline_level(properties: Element | None) -> int:
    """The level of a heading from 1, 0 for body text."""
    value = _value(properties, "w:outlineLvl")
    return int(value) + 1 if value in tuple("012345678") else 0


def _numbered(properties: Element | None) -> tuple[str, int] | None:
    """The numbering of the paragraph and its depth there; None if nothing is said of it."""
    numbering = properties.find(qn("w:numPr")) if properties is not None else None
    if numbering is None:
        return None
    depth = _value(numbering, "w:ilvl")
    return _value(numbering, "w:numId") or _NONE, int(depth) if depth in tuple("012345678") else 0
