"""The panel beside the conversation as HTML: the cited passages, each in its context."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from qa.result import Citation, Passage
from qa.web.chat.conversation import Turn
from qa.web.chat.excerpt import Excerpt
from qa.web.shared.render import render

_HEADING = re.compile(r"#{1,6}\s+(.*)")


def panel(turns: Sequence[Turn]) -> str:
    """The passages of each turn, only the last shown; "" where there are none."""
    groups = [_group(turn, place) for place, turn in enumerate(turns, start=1) if turn.passages]
    return render("panel.html", groups=groups, paragraphs=_paragraphs) if groups else ""


class _Shown(NamedTuple):
    """A passage with its number in the turn and what stands beside it in its source."""

    place: int
    passage: Passage
    beside: Excerpt


def _group(turn: Turn, number: int) -> dict[str, Any]:
    """What the panel shows of a turn: its passages by source, and what was considered."""
    by_source: dict[str, list[_Shown]] = {}
    shown = zip(turn.passages, turn.excerpts, strict=True)
    for place, (passage, beside) in enumerate(shown, start=1):
        by_source.setdefault(passage.source_id, []).append(_Shown(place, passage, beside))
    sources = list(by_source.values())
    return {
        "turn": turn,
        "number": number,
        "outcome": turn.outcome,
        "sources": sources,
        "voices": Counter(passages[0].passage.standing for passages in sources).most_common(),
        "considered": [(one, _cited_as(one, turn.passages)) for one in turn.considered],
    }


def _cited_as(passage: Passage, shown: Sequence[Passage]) -> list[int]:
    """The numbers under which the answer cites of a passage that was found."""
    return [
        one.number
        for one in shown
        if isinstance(one, Citation)
        and one.source_id == passage.source_id
        and one.start < passage.end
        and one.end > passage.start
    ]


def _paragraphs(text: str) -> Iterator[list[tuple[str, bool]]]:
    """The lines of each paragraph of a context, and whether they are Markdown's headings."""
    for paragraph in re.split(r"\n{2,}", text):
        found = [(line, _HEADING.fullmatch(line)) for line in paragraph.split("\n")]
        yield [(heading[1], True) if heading else (line, False) for line, heading in found]
