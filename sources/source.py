"""What the package yields: a source, its blocks and its references."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

# What kind of voice a source may be.
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

Format = Literal[
    "markdown", "text", "html", "pdf", "docx", "pptx", "odt", "epub", "csv", "xlsx", "json",
    "email", "image", "rst", "notebook", "subtitles", "rtf", "org", "asciidoc", "latex",
    "mediawiki",
    "doc", "ppt", "xls",  # old Office files and others that LibreOffice opens
    "bibtex",  # of no source: the records of a bibliography, when its files are added
    "links",  # of no source: what a page, a feed or a map of a site leads to, when it is added
]  # fmt: skip
Kind = Literal[
    "heading", "paragraph", "item", "row", "record", "code", "term", "definition", "note", "field",
    "navigation",
]  # fmt: skip

_UNSAID: list[Any] = [0, "", ""]
_PLAIN, _WHOLE = 5, 9  # values of a packed block: at least, and with the names of its columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A public document that the facts of a source rest on."""

    title: str
    publisher: str | None = None
    published: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What a document is made of, a piece at a time: `Source.text[start:end]`, without its markers.

    heading      `level` 1 to 6, `title` without inline markup
    paragraph    also what follows the first paragraph of a list item (then `level` is the item's)
    item         of a list: `level` is its depth from 1, `marker` as it stands ("-", "1.", "a)")
    row          of a table: cells with " | " between; the header itself has the `marker` "header"
    record       a row that names its columns: "Year: 1990 | Ships: 212"
    code         `language` where it is told
    term         of a definition list, with its definition after it
    definition   what a term means
    note         of an admonition: `marker` is its sort in lower case ("warning"), `title` its title
    field        one line such as "Owner: Ada Lund"
    navigation   links and page numbers that lead to other parts: not content

    `fields` are the names of the columns of a row or record, () where they are not known. `group`
    is the same, and not 0, for the blocks of one list, table, definition list, note or code
    listing and for the paragraph ending in ":" that leads in to it.
    """

    start: int
    end: int
    kind: Kind
    level: int = 0
    title: str = ""
    marker: str = ""
    language: str = ""
    fields: tuple[str, ...] = ()
    group: int = 0


@dataclass(frozen=True, slots=True)
class OcrSpan:
    """`Source.text[start:end]` was read by OCR: its place on the page, in shares (0 to 1) of the
    page's width and height from the upper left, and how sure the reading is (0 to 1)."""

    start: int
    end: int
    left: float
    top: float
    width: float
    height: float
    sure: float


def pack_blocks(blocks: Iterable[Block]) -> list[list[Any]]:
    """The blocks as lists for JSON; the fields of a row are left out where the row before has them.

    A table of a hundred thousand rows names its columns once.
    """
    packed = []
    last: tuple[str, ...] = ()
    for b in blocks:
        row: list[Any] = [b.start, b.end, b.kind, b.level, b.title, b.group, b.marker, b.language]
        if b.fields != last:
            row.append(b.fields)
            last = b.fields
        while row and row[-1] in ("", 0) and len(row) > _PLAIN:
            row.pop()
        packed.append(row)
    return packed


def unpack_blocks(packed: Iterable[Sequence[Any]]) -> tuple[Block, ...]:
    """The blocks of `pack_blocks`. Raises ValueError or TypeError where they cannot be such."""
    blocks = []
    fields: tuple[str, ...] = ()
    for row in packed:
        if not _PLAIN <= len(row) <= _WHOLE:
            raise ValueError("not a block")
        if len(row) == _WHOLE:
            fields = tuple(map(str, row[-1]))
        start, end, kind, level, title = row[:_PLAIN]
        rest = list(row[_PLAIN:8])
        group, marker, language = rest + _UNSAID[len(rest) :]
        blocks.append(
            Block(
                start=start, end=end, kind=kind, level=level, title=title, group=group,
                marker=marker, language=language, fields=fields,
            )
        )  # fmt: skip
    return tuple(blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One curated document; offsets are `str` indices into `text`.

    `id` is the path in the library without the suffix, `path` the path with it, both with "/".
    Dates are "YYYY", "YYYY-MM" or "YYYY-MM-DD". `blocks` are in order and do not overlap; `pages`
    holds the offset at which each page (of a presentation: slide) starts, for formats that have
    them, `ocr` what was read from images of text. `extra` holds (key, value) of what front matter
    says beside our fields, a list as a pair for each of its values. `invisible` counts the
    invisible and bidirectional control characters of the file: of extracted text they are removed;
    in Markdown and plain text, whose `text` is the file's, they stand, and what is indexed and
    shown leaves them out.
    """

    id: str
    title: str
    text: str
    url: str | None = None
    publisher: str | None = None
    author: str | None = None
    published: str | None = None
    accessed: str | None = None
    license: str | None = None
    standing: str = "other"
    topics: tuple[str, ...] = ()
    language: str | None = None
    references: tuple[Reference, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()
    format: Format
    path: str
    blocks: tuple[Block, ...] = ()
    pages: tuple[int, ...] = ()
    invisible: int = 0
    ocr: tuple[OcrSpan, ...] = ()
    _headings: tuple[tuple[int, str], ...] = field(init=False, repr=False, compare=False)
    _sha256: str = field(init=False, repr=False, compare=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "_headings", _heading_paths(self.blocks))

    @property
    def ocr_sure(self) -> float | None:
        """How sure the OCR of it is on average (0 to 1); None where none of it was read so."""
        return self.ocr_sure_of(0, len(self.text))

    def ocr_sure_of(self, start: int, end: int) -> float | None:
        """How sure the OCR of a span is, on average of its characters; None where none of them was
        read so."""
        read = [(min(end, span.end) - max(start, span.start), span.sure) for span in self.ocr]
        size = sum(length for length, _ in read if length > 0)
        return sum(length * sure for length, sure in read if length > 0) / size if size else None

    @property
    def sha256(self) -> str:
        """Hex digest of the text in UTF-8."""
        if not self._sha256:  # made once: every answer compares those of its sources
            digest = hashlib.sha256(self.text.encode()).hexdigest()
            object.__setattr__(self, "_sha256", digest)
        return self._sha256

    def page_at(self, offset: int) -> int | None:
        """The page that holds the character at `offset`, from 1; None where there are no pages."""
        return max(1, bisect_right(self.pages, offset)) if self.pages else None

    def heading_at(self, offset: int) -> str | None:
        """The titles in force at `offset`, innermost last: "Part > Chapter"."""
        found = bisect_right(self._headings, offset, key=lambda heading: heading[0])
        return self._headings[found - 1][1] if found else None

    def heading_start(self, offset: int) -> int | None:
        """Where the innermost heading in force at `offset` starts."""
        found = bisect_right(self._headings, offset, key=lambda heading: heading[0])
        return self._headings[found - 1][0] if found else None


def _heading_paths(blocks: tuple[Block, ...]) -> tuple[tuple[int, str], ...]:
    """The start of each heading and the path of titles that it opens."""
    paths: list[tuple[int, str]] = []
    open_: list[Block] = []
    for block in blocks:
        if block.kind == "heading":
            while open_ and open_[-1].level >= block.level:
                open_.pop()
            open_.append(block)
            paths.append((block.start, " > ".join(heading.title for heading in open_)))
    return tuple(paths)
