"""HTML inside Markdown: tables, definition lists, details and paragraphs, at their offsets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from sources.markup import without_markup
from sources.readers.blocks import GUESSED, Span, plain_title, trim
from sources.source import Block, Kind

_TAG = re.compile(
    r"<!--.*?(?:-->|$)|<\?.*?(?:\?>|$)|<!\[CDATA\[.*?(?:\]\]>|$)|<![a-zA-Z][^>]*>|<(/?)([a-zA-Z][\w-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.S,
)
_INLINE = frozenset(
    "a abbr b bdi bdo big br cite code data del em font i img ins kbd label mark picture q s samp "
    "small source span strike strong sub sup time tt u var wbr".split()
)
_VOID = frozenset("area br col hr img input link meta source track wbr".split())
_UNREAD = frozenset("script style template svg iframe video audio nav select textarea".split())
_KINDS: dict[str, Kind] = {"li": "item", "dt": "term", "dd": "definition", "pre": "code"}
_HIDING = re.compile(
    r"\bhidden\b(?!\s*[:=-])|display\s*:\s*none|visibility\s*:\s*hidden|"
    r"(?:font-size|opacity)\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_HEADING = re.compile(r"h[1-6]")
_MOST_DEEP = 200


class EmbeddedHtml:
    """Reads the pieces of HTML of one text in order: a table may go on in the next piece."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[str] = []
        self._unread: list[str] = []  # the elements, open, of a part that is not read
        self._cells: list[Span] | None = None
        self._named = False  # whether all cells of the row name columns
        self._columns: tuple[str, ...] = ()

    def read(self, start: int, end: int) -> Iterator[Block]:
        """The blocks of a piece."""
        at = start
        run: list[int] = []
        opened: int | None = None  # where a tag around the first words begins

        def flush() -> Iterator[Block]:
            nonlocal opened
            opened = None
            if run:
                span = trim(self._text, run[0], run[-1])
                run.clear()
                yield from self._block(*span)

        for tag in [*_TAG.finditer(self._text, start, end), None]:
            until = tag.start() if tag else end
            if not self._unread and self._text[at:until].strip("> \t\r\n"):
                run += [at if opened is None or run else opened, until]
            at = tag.end() if tag else end
            name = (tag[2] or "").lower() if tag else ""
            if tag and not name:
                continue
            if not tag or name not in _INLINE:
                yield from flush()
            elif run and tag[1]:
                run.append(tag.end())
            elif not run and name not in _VOID:
                opened = None if tag[1] else (tag.start() if opened is None else opened)
            if tag:
                yield from self._tag(name, tag[3], closing=bool(tag[1]))

    def _tag(self, name: str, attributes: str, *, closing: bool) -> Iterator[Block]:
        if self._unread:
            if closing and name in self._unread:
                del self._unread[len(self._unread) - 1 - self._unread[::-1].index(name) :]
            elif not closing and name not in _VOID and len(self._unread) < _MOST_DEEP:
                self._unread.append(name)
            return
        if closing:
            if name == "tr" and self._cells is not None:
                yield from self._row()
            elif name == "table":
                self._columns = ()
            if name in self._open:
                del self._open[len(self._open) - 1 - self._open[::-1].index(name) :]
            return
        if name in _UNREAD or (name not in _VOID and _HIDING.search(attributes)):
            self._unread.append(name)
        elif name == "tr":
            self._cells, self._named = [], True
        elif name in ("td", "th"):
            self._named = self._named and name == "th"
        if name not in _INLINE and name not in _VOID and len(self._open) < _MOST_DEEP:
            self._open.append(name)

    def _block(self, start: int, end: int) -> Iterator[Block]:
        """What stands between the tags of a block."""
        if self._cells is not None and {"td", "th"} & {*self._open}:
            self._cells.append((start, end))
            return
        inner = self._open[-1] if self._open else ""
        block = Block(start=start, end=end, kind=_KINDS.get(inner, "paragraph"))
        if _HEADING.fullmatch(inner) or inner == "summary":
            title = plain_title(without_markup(self._text[start:end]))
            level = GUESSED if inner == "summary" else int(inner[1])
            block = replace(block, kind="heading", level=level, title=title)
        elif inner == "li":
            lists = [name for name in self._open if name in ("ul", "ol")]
            marker = "1." if lists and lists[-1] == "ol" else "-"
            block = replace(block, level=max(1, len(lists)), marker=marker)
        yield block

    def _row(self) -> Iterator[Block]:
        cells, self._cells = self._cells or [], None
        if not cells:
            return
        row = Block(start=cells[0][0], end=cells[-1][1], kind="row", fields=self._columns)
        if len(cells) < 2:
            yield replace(row, kind="paragraph", fields=())
        elif self._named and not self._columns:
            names = (plain_title(without_markup(self._text[slice(*cell)])) for cell in cells)
            self._columns = tuple(names)
            yield replace(row, fields=self._columns, marker="header")
        else:
            yield row
