"""Plain text: paragraphs between blank lines, list items, and headings by their looks."""

from __future__ import annotations

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


def read_text(text: str) -> Extract:
    """The blocks of plain text, which stays as it is."""
    blocks: list[Block] = []
    paragraph: list[Span] = []
    for line in [*line_spans(text), (len(text), len(text))]:
        start, end = trim(text, *line)
        if start < end:
            paragraph.append((start, end))
        elif paragraph:
            blocks += paragraph_blocks(text, paragraph, markers=True)
            paragraph.clear()
    return Extract(
        text=text,
        blocks=group_blocks(text, settle_headings(blocks)),
        invisible=count_invisible(text),
    )
