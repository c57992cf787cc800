"""What the package yields: a source, its blocks and its references."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal

Format = Literal[
    "markdown", "text", "html", "pdf", "docx", "pptx", "odt", "epub", "csv", "xlsx", "json", "email"
]
Kind = Literal["heading", "paragraph", "item", "row", "record", "code"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A public document that the facts of a source rest on."""

    title: str
    publisher: str | None = None
    published: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A heading, paragraph, list item, table row, record or code listing: `Source.text[start:end]`.

    A record is a row that names its columns, as "Year: 1990 | Ships: 212". The span leaves out
    leading markers ("- ", "> ", "## "). `level` (1 to 6) and `title` (without inline markup) are
    set for headings only.
    """

    start: int
    end: int
    kind: Kind
    level: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One curated document; offsets are `str` indices into `text`.

    `id` is the path in the library without the suffix, `path` the path with it, both with "/".
    Dates are "YYYY", "YYYY-MM" or "YYYY-MM-DD". `blocks` are in order and do not overlap; `pages`
    holds the offset at which each page (of a presentation: slide) starts, for formats that have
    them. `invisible` counts the invisible and bidirectional control characters of the file: of
    extracted text they are removed; in Markdown and plain text, whose `text` is the file's, they
    stand, and what is indexed and shown leaves them out.
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
    format: Format
    path: str
    blocks: tuple[Block, ...] = ()
    pages: tuple[int, ...] = ()
    invisible: int = 0
    _headings: tuple[tuple[int, str], ...] = field(init=False, repr=False, compare=False)
    _sha256: str = field(init=False, repr=False, compare=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "_headings", _heading_paths(self.blocks))

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
