"""The stretches of a source that an answer is made of: paragraphs, whole lists, tables, listings.

A lead-in ("Install it with:") and what it leads in to are one stretch; so are the items of a list,
the rows of a table, and short paragraphs under one heading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sources import Source
from sources.source import Block

StretchKind = Literal["paragraph", "list", "table", "code"]

# Short paragraphs that follow one another are read together up to so many characters.
_SHORT, _TOGETHER = 160, 360
# A paragraph that is led in to, or answers a question, is read with that up to so many.
_LED = 900
_LEADS_IN = re.compile(r":\W*$")
_PROSE = ("paragraph", "note")
# A reader sees the picture that is drawn of these, not what they say.
_DRAWN = ("mermaid", "plantuml", "puml", "graphviz", "dot", "d2", "ditaa", "svgbob", "vega-lite")
_KINDS: dict[str, StretchKind] = {
    "item": "list",
    "row": "table",
    "record": "table",
    "code": "code",
    "term": "list",
    "definition": "list",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A block of a stretch: offsets into the text of the source, its kind there, and of an item
    its marker and depth."""

    start: int
    end: int
    kind: str
    marker: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A contiguous part of a source, under one heading; `parts` are its blocks in order."""

    source_id: str
    kind: StretchKind
    heading: str
    parts: tuple[Part, ...]

    @property
    def start(self) -> int:
        """Where it starts in the text of the source."""
        return self.parts[0].start

    @property
    def end(self) -> int:
        """Where it ends in the text of the source."""
        return self.parts[-1].end


def stretches(source: Source) -> tuple[Stretch, ...]:
    """The stretches of a source in order; headings are in none."""
    found: list[Stretch] = []
    run: list[Block] = []
    for block in source.blocks:
        if run and not _belongs(source, run, block):
            found.append(_stretch(source, run))
            run = []
        if block.kind not in ("heading", "navigation") and block.language not in _DRAWN:
            run.append(block)
    if run:
        found.append(_stretch(source, run))
    return tuple(found)


def _belongs(source: Source, run: list[Block], block: Block) -> bool:
    before = run[-1]
    if block.kind in ("heading", "navigation"):
        return False
    leads_in = bool(_LEADS_IN.search(source.text[before.end - 3 : before.end]))
    asks = source.text[before.end - 1 : before.end] == "?"
    prose = block.kind in _PROSE and before.kind in _PROSE
    if prose and (leads_in or asks) and before.end - before.start < _SHORT:
        return block.end - before.start <= _LED  # "Note:", or a question, and what it is about
    if block.group or before.group:
        return block.group == before.group
    kind, last = _KINDS.get(block.kind), _KINDS.get(before.kind)
    if kind == last == "list":
        # An unordered list of several paragraphs an item is no place to stop either.
        return source.text.count("\n", before.end, block.start) <= 2
    if kind is not None and kind == last:
        return kind == "table"
    if kind is not None:
        return last is None and leads_in
    if last is not None:
        return False
    first, end = run[0].start, block.end
    short = before.end - before.start < _SHORT or block.end - block.start < _SHORT
    return short and end - first <= _TOGETHER and not leads_in


def _stretch(source: Source, run: list[Block]) -> Stretch:
    kinds = [_KINDS[block.kind] for block in run if block.kind in _KINDS]
    if run[0].kind == "note":
        kinds = []
    parts = tuple(
        Part(block.start, block.end, block.kind, block.marker, block.level) for block in run
    )
    heading = source.heading_at(run[0].start) or ""
    return Stretch(source.id, kinds[0] if kinds else "paragraph", heading, parts)
