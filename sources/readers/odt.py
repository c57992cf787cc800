"""OpenDocument text: paragraphs, headings, list items, table rows and notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from sources.errors import UnreadableError
from sources.readers.archive import Archive, Element
from sources.readers.extract import Extract
from sources.readers.odt_unseen import UnseenStyles
from sources.readers.records import add_table
from sources.readers.text_builder import TextBuilder, clean
from sources.readers.unseen import told
from sources.source import Kind

_NS = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
}


def _q(name: str) -> str:
    prefix, local = name.split(":")
    return f"{{{_NS[prefix]}}}{local}"


_P, _H, _TABLE, _ROW, _CELL = map(
    _q, ("text:p", "text:h", "table:table", "table:table-row", "table:table-cell")
)
_COVERED = _q("table:covered-table-cell")
_MOST_REPEATED = 64
_MOST_STEPS = 999
_SPAN = _q("text:span")
_ITEMS = (_q("text:list-item"), _q("text:list-header"))
_NOTE = _q("text:note")
_HEADER_ROWS = _q("table:table-header-rows")
_SPACES = {_q("text:tab"): " ", _q("text:line-break"): " ", _q("text:s"): " "}
_UNREAD = frozenset(  # deleted text, remarks, and what repeats the headings
    map(
        _q,
        "text:tracked-changes office:annotation text:table-of-content text:alphabetical-index "
        "text:illustration-index text:table-index text:sequence-decls text:note-citation".split(),
    )
)
_HIDDEN = frozenset(map(_q, ("text:hidden-text", "text:hidden-paragraph")))
_DEEP = 200


def read_odt(data: bytes) -> Extract:
    """The text of a document; its properties give the title if the text does not."""
    archive = Archive(data, ".odt", "content.xml")
    if "META-INF/manifest.xml" in archive.names:
        manifest = archive.xml("META-INF/manifest.xml")
        if manifest.find(".//manifest:encryption-data", _NS) is not None:
            raise UnreadableError("encrypted: save a copy without a password")
    content = archive.xml("content.xml")
    body = content.find("office:body/office:text", _NS)
    if body is None:
        raise UnreadableError("no text document: save it as ODT or PDF")
    roots = [content, *(archive.xml(name) for name in ("styles.xml",) if name in archive.names)]
    reader = _Reader(
        _title_styles(content), _struck_styles(roots), _numbered_lists(roots), UnseenStyles(roots)
    )
    reader.read(body, 0)
    hints = _hints(archive)
    blocks = reader.builder.blocks
    if blocks and blocks[0].kind == "heading":
        hints.pop("title", None)
    return reader.builder.extract(hints=hints, unread=told(reader.unseen, reader.struck))


def _title_styles(content: Element) -> frozenset[str]:
    """The names of styles that are, or build on, that of a title."""
    based = (
        style.get(_q("style:name"), "")
        for style in content.iterfind("office:automatic-styles/style:style", _NS)
        if style.get(_q("style:parent-style-name")) == "Title"
    )
    return frozenset(("Title", *based))


def _struck_styles(roots: list[Element]) -> frozenset[str]:
    """The names of styles that strike out."""
    return frozenset(
        style.get(_q("style:name"), "")
        for root in roots
        for style in root.iter(_q("style:style"))
        for properties in style.iterchildren(_q("style:text-properties"))
        if properties.get(_q("style:text-line-through-style"), "none") != "none"
    )


def _numbered_lists(roots: list[Element]) -> frozenset[tuple[str, int]]:
    """The list styles, each with a depth from 1, that number their items."""
    return frozenset(
        (style.get(_q("style:name"), ""), int(level.get(_q("text:level"), "0")))
        for root in roots
        for style in root.iter(_q("text:list-style"))
        for level in style.iterchildren(_q("text:list-level-style-number"))
        if level.get(_q("text:level"), "0").isdecimal()
    )


def _hints(archive: Archive) -> dict[str, str]:
    if "meta.xml" not in archive.names:
        return {}
    meta = archive.xml("meta.xml")
    found = {
        "title": meta.findtext(".//dc:title", "", _NS),
        "author": meta.findtext(".//meta:initial-creator", "", _NS),
        "language": meta.findtext(".//dc:language", "", _NS),
    }
    return {key: clean(value) for key, value in found.items()}


class _Reader:
    def __init__(
        self,
        titles: frozenset[str],
        struck: frozenset[str],
        numbered: frozenset[tuple[str, int]],
        styles: UnseenStyles,
    ) -> None:
        self.builder = TextBuilder()
        self.struck = 0
        self.unseen: Counter[str] = Counter()
        self._struck = struck
        self._numbered = numbered
        self._titles = titles
        self._styles = styles
        self._told: set[Element] = set()
        self._notes: list[Element] = []

    def read(self, container: Element, depth: int, *, item: bool = False) -> None:
        """Add the blocks of a body, section, list, cell or text box."""
        if depth > _DEEP:
            raise UnreadableError("its parts are nested too deep: save it as text")
        for element in container.iterchildren("{*}*"):
            if self._hides(element):
                continue
            if element.tag in (_P, _H):
                self._paragraph(element, depth, item=item)
                item = False
            elif element.tag == _TABLE:
                self._table(element, depth)
            elif element.tag in _ITEMS:
                self.read(element, depth + 1, item=element.tag == _ITEMS[0])
            elif element.tag not in _UNREAD:
                self.read(element, depth + 1)

    def _paragraph(self, paragraph: Element, depth: int, *, item: bool) -> None:
        frames: list[Element] = []
        text = "".join(self._text(paragraph, frames))
        level = paragraph.get(_q("text:outline-level"), "1") if paragraph.tag == _H else ""
        if level:
            self.builder.add("heading", text, level=min(int(level), 6) if level.isdecimal() else 6)
        elif paragraph.get(_q("text:style-name")) in self._titles:
            self.builder.add("heading", text, level=1)
        else:
            deep, marker = self._place(paragraph) if item else (0, "")
            kind: Kind = "item" if item else "paragraph"
            self.builder.add(kind, text, level=deep, marker=marker)
        for frame in frames:
            self.read(frame, depth + 1)

    def _place(self, paragraph: Element) -> tuple[int, str]:
        """How deep in lists the first paragraph of an item is, and the item's number or bullet."""
        lists = list(paragraph.iterancestors(_q("text:list")))
        names = (one.get(_q("text:style-name")) for one in lists)
        name = next((name for name in names if name), "")
        marker = "-"
        item = next(paragraph.iterancestors(_ITEMS[0]), None)
        if item is not None and (name, len(lists)) in self._numbered:
            before = islice(item.itersiblings(_ITEMS[0], preceding=True), _MOST_STEPS)
            marker = f"{1 + sum(1 for _ in before)}."
        return len(lists), marker

    def _text(self, element: Element, frames: list[Element]) -> Iterator[str]:
        """The text of a paragraph; boxes and notes in it are put into `frames`."""
        yield element.text or ""
        for child in element.iterchildren("{*}*"):
            if child.tag == _SPAN and child.get(_q("text:style-name")) in self._struck:
                self.struck += 1
            elif child.tag in _SPACES:
                yield _SPACES[child.tag]
            elif child.tag == _NOTE or child.find(f".//{_P}") is not None:
                if child.tag not in _UNREAD:
                    frames.append(child)
            elif not self._hides(child) and child.tag not in _UNREAD:
                yield from self._text(child, frames)
            yield child.tail or ""

    def _hides(self, element: Element) -> bool:
        """Whether an element shows nothing that is seen; told once where it has text."""
        reason = "hidden" if element.tag in _HIDDEN else self._styles.reason(element)
        if reason and element not in self._told and "".join(element.itertext()).strip():
            self._told.add(element)
            self.unseen[reason] += 1
        return bool(reason)

    def _table(self, table: Element, depth: int) -> None:
        """Rows of cells; a cell on its own, or with a table in it, only places text."""
        rows = [
            row
            for row in table.iter(_ROW)
            if next(row.iterancestors(_TABLE)) is table and not self._hides(row)
        ]
        if table.find(_HEADER_ROWS) is not None:
            add_table(self.builder, (list(self._cells(row)) for row in rows))
            return
        for row in rows:
            cells = list(row.iterchildren(_CELL))
            if len(cells) == 1 or any(next(cell.iter(_TABLE), None) is not None for cell in cells):
                for cell in cells:
                    self.read(cell, depth + 1)
            else:
                self.builder.add("row", " | ".join(map(self._cell, cells)))

    def _cells(self, row: Element) -> Iterator[str]:
        """The cells of a row, a place for each column."""
        for cell in row.iterchildren(_CELL, _COVERED):
            count = cell.get(_q("table:number-columns-repeated"), "1")
            text = self._cell(cell)
            yield from [text] * (min(int(count), _MOST_REPEATED) if count.isdecimal() else 1)

    def _cell(self, cell: Element) -> str:
        frames: list[Element] = []
        parts = (
            "".join(self._text(paragraph, frames))
            for paragraph in cell.iter(_P, _H)
            if not self._hides(paragraph)
        )
        return self.builder.clean(" ".join(parts))
