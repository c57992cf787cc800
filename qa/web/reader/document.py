"""A source as a document to read: all of its text, a list of contents, and its cited passages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.web.chat.panel import byline, standing_badge
from qa.web.chat.scope import count
from qa.web.markup import isolated, link, text
from qa.web.reader.page_image import PageImage
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
) -> str:
    """The document as HTML, around the character `at`; `turn` numbers what `marks` belong to.

    `page` is a page of it as it is printed, `page_problem` why there is none.
    """
    first, last = _shown_part(source, at)
    blocks = [block for block in _blocks(source) if block.end > first and block.start < last]
    figure = _figure(page, marks) if page else ""
    if page_problem:
        figure = f'<p class="notice" role="note">{text(page_problem)}</p>'
    return (
        f'<section class="reader" aria-label="Document: {text(source.title)}" data-turn="{turn}" '
        f'data-source="{text(source.id)}"><header>'
        '<button type="button" class="quiet close-reader">← All passages</button>'
        f'<h2 tabindex="-1">{isolated(source.title)}</h2>'
        f'<p class="meta">{standing_badge(source.standing)} {byline(source)}</p>'
        f"{_more(source)}{_jumps(marks, turn)}{_contents(source)}</header>{figure}"
        f'<div class="document" dir="auto">{_cut(first > 0)}'
        + "".join(_block(source.text, block, marks, turn) for block in blocks)
        + f"{_cut(last < len(source.text))}</div></section>"
    )


def anchor(turn: int, number: int) -> str:
    """The id in the page of the place where a passage begins in its document."""
    return f"read-{turn}-{number}"


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


def _more(source: Source) -> str:
    """What else is known of the source, and the way out to it."""
    known = [f"by {isolated(source.author)}"] if source.author else []
    known += [f"licence: {isolated(source.license)}"] if source.license else []
    known += [f"topics: {isolated(', '.join(source.topics))}"] if source.topics else []
    out = link(source.url, "Open the original")
    return f'<p class="meta">{" · ".join([*known, out] if out else known)}</p>'


def _jumps(marks: Sequence[Mark], turn: int) -> str:
    if not marks:
        return ""
    word = "Cited here" if marks[0].cited else "Close to the question"
    chips = " ".join(
        f'<a class="jump" href="#{anchor(turn, mark.number)}" data-at="{mark.start}" '
        f'aria-label="Go to passage {mark.number}">{mark.number}</a>'
        for mark in sorted(marks, key=lambda mark: mark.start)
    )
    return f'<p class="jumps">{word}: {chips}</p>'


def _contents(source: Source) -> str:
    headings = [block for block in source.blocks if block.kind == "heading"]
    if len(headings) < 2:
        return ""
    items = "".join(
        f'<li class="level-{block.level}"><a class="jump" href="#at-{block.start}" '
        f'data-at="{block.start}">{isolated(block.title)}</a></li>'
        for block in headings
    )
    return (
        f'<details class="contents"><summary>Contents: {count(len(headings), "heading")}</summary>'
        f'<nav aria-label="Contents"><ol>{items}</ol></nav></details>'
    )


def _cut(is_cut: bool) -> str:
    if not is_cut:
        return ""
    return (
        '<p class="notice" role="note">This is a part of a long document; the contents and the '
        "numbers above lead to the other parts.</p>"
    )


def _block(whole: str, block: Block, marks: Sequence[Mark], turn: int) -> str:
    inner = _marked(whole, block.start, block.end, marks, turn)
    if block.kind == "heading":
        level = min(6, 2 + max(1, block.level))
        return f'<h{level} id="at-{block.start}" tabindex="-1">{inner}</h{level}>'
    if block.kind == "code":
        return f'<p class="code">{inner}</p>'
    return f'<p class="{block.kind}">{inner}</p>'


def _marked(whole: str, start: int, end: int, marks: Sequence[Mark], turn: int) -> str:
    """The text from `start` to `end` with what is marked in it marked, also where marks overlap."""
    here = [mark for mark in marks if mark.start < end and mark.end > start]
    edges = {start, end}
    for mark in here:
        edges |= {max(start, mark.start), min(end, mark.end)}
    return "".join(_pieces(whole, sorted(edges), here, start, turn))


def _pieces(
    whole: str, edges: Sequence[int], marks: Sequence[Mark], start: int, turn: int
) -> Iterator[str]:
    for first, last in pairwise(edges):
        for mark in marks:
            # Where it begins; the text between blocks, in which it may begin, is not shown.
            if first == max(start, mark.start) and (
                mark.start >= start or _opens(whole, mark, start)
            ):
                kind = "" if mark.cited else " near"
                yield (
                    f'<a class="anchor{kind}" id="{anchor(turn, mark.number)}" tabindex="-1">'
                    f"{mark.number}</a>"
                )
        covering = [mark for mark in marks if mark.start <= first and mark.end >= last]
        shown = text(whole[first:last])
        if not covering:
            yield shown
        elif any(mark.cited for mark in covering):
            yield f"<mark>{shown}</mark>"
        else:
            yield f'<mark class="near">{shown}</mark>'


def _opens(whole: str, mark: Mark, start: int) -> bool:
    """Whether nothing that is read stands between where the mark and where the block begins."""
    return not any(letter.isalnum() for letter in whole[mark.start : start])


def _figure(page: PageImage, marks: Sequence[Mark]) -> str:
    """A page as it is printed, with the quotes on it marked."""
    boxes = "".join(
        f'<span class="hl" style="left:{box.left:.2%};top:{box.top:.2%};width:{box.width:.2%};'
        f'height:{box.height:.2%}"></span>'
        for box in page.boxes
    )
    found = "" if page.boxes or not marks else " The passage could not be found on the image."
    steps = "".join(
        f'<button type="button" class="quiet turn-page" data-page="{number}">{word}</button>'
        for number, word in ((page.number - 1, "Page before"), (page.number + 1, "Next page"))
        if 1 <= number <= page.pages
    )
    return (
        f'<figure class="page"><figcaption>Page {page.number} of {page.pages}, as printed.{found} '
        f'{steps}</figcaption><div class="sheet" id="sheet" tabindex="-1">'
        f'<img src="data:image/jpeg;base64,{page.data}" width="{page.width}" '
        f'height="{page.height}" alt="Page {page.number}, whose text stands below">{boxes}</div>'
        "</figure>"
    )
