"""Plain text: paragraphs between blank lines, list items, and headings by their looks."""

from __future__ import annotations

import re

from sources.invisible import count_invisible
from sources.readers.blocks import (
    Span,
    group_blocks,
    line_spans,
    paragraph_blocks,
    settle_headings,
    trim,
)
from sources.readers.extract import Extract
from sources.source import Block

# A line of a log or chat: a time first, as "[2023-05-02 10:01]", "10:01:07" or "02/05/23, 10:01"
_STAMP = re.compile(
    r"[\[(]?(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:,? |T))?\d{1,2}:\d{2}(?::\d{2}\S*)?(?![\w:])"
)


def read_text(text: str) -> Extract:
    """The blocks of plain text, which stays as it is."""
    blocks: list[Block] = []
    paragraph: list[Span] = []
    for line in [*line_spans(text), (len(text), len(text))]:
        start, end = trim(text, *line)
        if start < end:
            paragraph.append((start, end))
        elif paragraph:
            blocks += _logged(text, paragraph) or paragraph_blocks(text, paragraph, markers=True)
            paragraph.clear()
    return Extract(
        text=text,
        blocks=group_blocks(text, settle_headings(blocks)),
        invisible=count_invisible(text),
    )


def _logged(text: str, lines: list[Span]) -> list[Block]:
    """A block for each entry of a log or chat, with the lines below it that go on."""
    entries = [at for at, line in enumerate(lines) if _STAMP.match(text, *line)]
    if len(entries) < 2 or entries[0] or 2 * len(entries) < len(lines):
        return []
    ends = [*entries[1:], len(lines)]
    return [
        Block(start=lines[first][0], end=lines[last - 1][1], kind="paragraph")
        for first, last in zip(entries, ends, strict=True)
    ]
