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
from sources.readers.encoded import told_of_encoded, without_encoded
from sources.readers.extract import Extract
from sources.readers.text_tables import table_rows
from sources.source import Block

# A line of a log or chat: a time first, as "[2023-05-02 10:01]", "10:01:07" or "02/05/23, 10:01"
_STAMP = re.compile(
    r"[\[(]?(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:,? |T))?\d{1,2}:\d{2}(?::\d{2}\S*)?(?![\w:])"
)
# A line of a talk, or a fact: a short name first, as "Ada: it is broken" or "<Ada> it is broken"
_LABEL = re.compile(r"(?=<\S{1,30}> \S|[^\W\d_a-z])<?([^\W\d_][\w .'-]{0,30})(?:: (?=\S)|> )")
_FACT_CHARS = 120


def read_text(text: str) -> Extract:
    """The blocks of plain text, which stays as it is."""
    blocks: list[Block] = []
    paragraph: list[Span] = []
    encoded = 0
    for line in [*line_spans(text), (len(text), len(text))]:
        start, end = trim(text, *line)
        if start < end:
            paragraph.append((start, end))
        elif paragraph:
            runs, left = without_encoded(text, paragraph)
            encoded += left
            for run in runs:
                blocks += (
                    _logged(text, run)
                    or table_rows(text, run)
                    or _spoken(text, run)
                    or paragraph_blocks(text, run, markers=True)
                )
            paragraph.clear()
    return Extract(
        text=text,
        blocks=group_blocks(text, settle_headings(blocks)),
        invisible=count_invisible(text),
        unread=told_of_encoded(encoded),
    )


def _spoken(text: str, lines: list[Span]) -> list[Block]:
    """A block for each line of a talk, or of facts: all of them begin with a name or label."""
    labels = [_LABEL.match(text, *line) for line in lines]
    if len(lines) < 2 or not all(labels):
        return []
    names = [label[1] for label in labels if label]
    told = len(set(names)) == len(names)  # a name that speaks twice is no label of a fact
    if told and any(end - start > _FACT_CHARS for start, end in lines):
        return []
    return [
        Block(start=start, end=end, kind="field" if told else "paragraph") for start, end in lines
    ]


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
