"""Opening a source to read: what was clicked, found again among what the session may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from index.search import Generation
from qa.result import Citation, Passage
from qa.web.chat.conversation import Turn
from qa.web.reader.document import Mark, Side, pair, reader
from qa.web.reader.page_image import PageImage, ocr_boxes, original, page_image
from qa.web.shared.render import render
from sources import Source


def read(generation: Generation, turns: Sequence[Turn], wanted: Mapping[str, Any]) -> str:
    """The document that `wanted` names, as HTML; a notice where it is not in the library any more.

    `wanted` holds `turn` and `number` (or `considered`, `conflict`) of a passage, or the `source`;
    and what to show of it: the character `at`, with what stands from there `to` another
    marked, or the `page`. With `both`, the two sources of a conflict are shown side by side, as far
    as their texts are still those that were quoted. Its `asking` is the number that the
    page knows the document by.
    """
    asking = _whole(wanted.get("asking"))
    turn_number = _whole(wanted.get("turn"))
    turn = turns[turn_number - 1] if 1 <= turn_number <= len(turns) else None
    if turn and wanted.get("both"):
        found = _both(generation, turn, _whole(wanted.get("conflict")))
        if found:
            return pair(found, turn=turn_number, asking=asking)
    passage = _passage(turn, wanted)
    source_id = passage.source_id if passage else wanted.get("source")
    if not isinstance(source_id, str) or source_id not in generation.row_of:
        return render("gone.html", asking=asking)
    source = generation.source(source_id)
    marks = _marks(turn, source, passage)
    at = _whole(wanted.get("at")) or (passage.start if passage else 0)
    end = min(_whole(wanted.get("to")), len(source.text))
    if end > at:
        marks.append(Mark(number=0, start=at, end=end))
    number = _whole(wanted.get("page")) or (passage.page if passage else source.page_at(at)) or 1
    page, problem = _page(generation, source, number, marks)
    return reader(
        source,
        marks=marks,
        turn=turn_number,
        at=at,
        page=page,
        page_problem=problem,
        asking=asking,
    )


def _both(generation: Generation, turn: Turn, place: int) -> list[Side]:
    """The two sides of a conflict; none where one is another text by now."""
    conflicts = turn.answer.conflicts if turn.answer else ()
    if turn.answer is None or not 1 <= place <= len(conflicts):
        return []
    conflict = conflicts[place - 1]
    cited = turn.answer.citations[conflict.cited - 1]
    sides = [
        Side(
            source=generation.source(passage.source_id),
            mark=Mark(number=number, start=passage.start, end=passage.end, cited=number > 0),
            value=value,
            place=number or place,
        )
        for passage, number, value in (
            (cited, conflict.cited, conflict.values[0]),
            (conflict.other, 0, conflict.values[1]),
        )
        if passage.source_id in generation.row_of
    ]
    quoted = {cited.source_id: cited.sha256, conflict.other.source_id: conflict.other.sha256}
    whole = [side for side in sides if side.source.sha256 == quoted[side.source.id]]
    return whole if len(whole) == 2 else []


def _passage(turn: Turn | None, wanted: Mapping[str, Any]) -> Passage | None:
    if turn is None:
        return None
    places: tuple[tuple[Sequence[Passage], int], ...] = (
        (turn.passages, _whole(wanted.get("number"))),
        (turn.considered, _whole(wanted.get("considered"))),
        (_others(turn), _whole(wanted.get("conflict"))),
    )
    for passages, place in places:
        if 1 <= place <= len(passages):
            return passages[place - 1]
    return None


def _others(turn: Turn) -> list[Passage]:
    """The passages that contradict what the answer cites."""
    return [conflict.other for conflict in turn.answer.conflicts] if turn.answer else []


def _marks(turn: Turn | None, source: Source, passage: Passage | None) -> list[Mark]:
    """What the turn shows of the source; only where the text is still the one that was quoted."""
    shown = list(enumerate(turn.passages, start=1)) if turn else []
    if passage is not None and turn is not None and passage not in turn.passages:
        shown.append((0, passage))
    return [
        Mark(number=number, start=one.start, end=one.end, cited=isinstance(one, Citation))
        for number, one in shown
        if one.source_id == source.id and one.sha256 == source.sha256
    ]


def _page(
    generation: Generation, source: Source, number: int, marks: Sequence[Mark]
) -> tuple[PageImage | None, str]:
    """Page `number` of a PDF or an image file as an image, or why there is none."""
    if source.format not in ("pdf", "image"):
        return None, ""
    file = original(generation.manifest.library, source)
    if file is None:
        return None, "The file is not where the index was built from, so no page is shown."
    here = [
        mark
        for mark in marks
        if source.page_at(mark.start) == number or source.page_at(max(0, mark.end - 1)) == number
    ]
    quotes = [source.text[mark.start : mark.end] for mark in here]
    page = page_image(file, number, quotes, ocr_boxes(source, number, here))
    return page, "" if page else "The page cannot be shown as an image; its text stands below."


def _whole(value: object) -> int:
    """A whole number from the page; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
