"""A source as a document to read: all of its text, a list of contents, and its cited passages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from qa.web.reader.page_image import PageImage
from qa.web.shared.render import render
from sources import Block, Source

# Of a longer text, so many characters are shown around the place that is asked for.
MOST_SHOWN = 200_000
# A marker before a block has no more letters and digits than "(viii)" or "1999.".
_MARKER_LETTERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A span to show marked: one that an answer cites by `number`, or one that is near."""

    number: int
    start: int
    end: int
    cited: bool = True


def reader(
    source: Source,
    *,
    marks: Sequence[Mark] = (),
    turn: int = 0,
    at: int = 0,
    page: PageImage | None = None,
    page_problem: str = "",
    asking: int = 0,
) -> str:
    """The document as HTML, around the character `at`; `turn` numbers what `marks` belong to.

    `page` is a page of it as it is printed, `page_problem` why there is none. `asking` is the
    number that the page knows the document by.
    """
    return render(
        "reader.html",
        source=source,
        marks=sorted(marks, key=lambda mark: mark.start),
        turn=turn,
        page=page,
        page_problem=page_problem,
        asking=asking,
        headings=[block for block in source.blocks if block.kind == "heading"],
        shown=_shown(source, marks, at),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of two sources that are read beside each other, at a mark, with the `value` that it gives
    there; `place` is the number that its passage is opened by."""

    source: Source
    mark: Mark
    value: str
    place: int


def pair(sides: Sequence[Side], *, turn: int, asking: int) -> str:
    """Two documents side by side, as HTML; the rest as for `reader`."""
    shown = [
        {
            "source": side.source,
            "value": side.value,
            "place": side.place,
            "shown": _shown(side.source, [side.mark], side.mark.start),
        }
        for side in sides
    ]
    return render("pair.html", sides=shown, turn=turn, asking=asking)


def _shown(source: Source, marks: Sequence[Mark], at: int) -> dict[str, Any]:
    """The part of the text around `at` as the templates show it."""
    first, last = _shown_part(source, at)
    return {
        "blocks": [
            (block, _pieces(source.text, block.start, block.end, marks))
            for block in _blocks(source)
            if block.end > first and block.start < last
        ],
        "cut_before": first > 0,
        "cut_after": last < len(source.text),
    }


def _shown_part(source: Source, at: int) -> tuple[int, int]:
    if len(source.text) <= MOST_SHOWN:
        return 0, len(source.text)
    first = max(0, min(at - MOST_SHOWN // 4, len(source.text) - MOST_SHOWN))
    return first, min(len(source.text), first + MOST_SHOWN)


def _blocks(source: Source) -> Iterator[Block]:
    """The blocks of the source, and what stands between them and is more than their markers."""
    at = 0
    for block in source.blocks:
        yield from _between(source.text, at, block.start)
        yield block
        at = max(at, block.end)
    yield from _between(source.text, at, len(source.text))


def _between(whole: str, start: int, end: int) -> Iterator[Block]:
    part = whole[start:end]
    if sum(map(str.isalnum, part)) > _MARKER_LETTERS:
        start += len(part) - len(part.lstrip())
        yield Block(start=start, end=start + len(part.strip()), kind="code")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A part of a block: the marks that begin there, its text, and how that is marked, if it is."""

    begin: Sequence[Mark]
    text: str
    marked: str


def _pieces(whole: str, start: int, end: int, marks: Sequence[Mark]) -> Iterator[_Piece]:
    """The text from `start` to `end`, cut where a mark begins or ends, also where they overlap."""
    here = [mark for mark in marks if mark.start < end and mark.end > start]
    edges = {start, end}
    for mark in here:
        edges |= {max(start, mark.start), min(end, mark.end)}
    for first, last in pairwise(sorted(edges)):
        covering = [mark for mark in here if mark.start <= first and mark.end >= last]
        yield _Piece(
            # Where it begins; the text between blocks, in which it may begin, is not shown.
            begin=[
                mark
                for mark in here
                if first == max(start, mark.start)
                and (mark.start >= start or _opens(whole, mark, start))
            ],
            text=whole[first:last],
            marked=("cited" if any(mark.cited for mark in covering) else "near") * bool(covering),
        )


def _opens(whole: str, mark: Mark, start: int) -> bool:
    """Whether nothing that is read stands between where the mark and where the block begins."""
    return not any(letter.isalnum() for letter in whole[mark.start : start])
