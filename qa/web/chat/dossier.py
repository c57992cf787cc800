"""The dossier: pins in their order, checked against the present index, and exported as a brief."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

from index.opened import Index
from qa.export.bibtex import bibtex
from qa.export.recheck import CitationCheck, Status, check_all
from qa.export.report import Report, ReportPart
from qa.export.source_texts import Texts
from qa.result import Answer, Citation, state_voice
from qa.web.chat.pins import LONGEST_HEADING, LONGEST_NOTE, Pin
from qa.web.chat.saving import File
from qa.web.shared.render import render

# The worst first: a pin is what the worst of its citations is.
_ORDER: tuple[Status, ...] = ("gone", "changed", "moved", "holds")
_TITLE = "Dossier"
# Forms of the brief, as the page names them.
FORMS = {"markdown": "Markdown", "docx": "Word", "bibtex": "BibTeX"}
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, slots=True)
class Checked:
    """A pin, what became of each of its citations, and of the worst of these."""

    pin: Pin
    citations: tuple[CitationCheck, ...]
    status: Status


def check_pins(pins: Sequence[Pin], index: Index) -> list[Checked]:
    """What of the pins the sources that are served still say. Raises IndexingError."""
    texts = _texts(index.folder, index.generation.name)
    checked = []
    for pin in pins:
        told = {"question": pin.question, "citations": [asdict(one) for one in pin.citations]}
        found = check_all([told], texts)[0].citations
        states = {one.status for one in found}
        checked.append(Checked(pin, found, next(one for one in _ORDER if one in states)))
    return checked


@lru_cache(maxsize=2)
def _texts(folder: Path, generation: str) -> Texts:
    return Texts.of_index(folder, generation)


def dossier(checked: Sequence[Checked], *, problem: str = "", told: str = "") -> str:
    """The dossier as HTML; `problem` is what went wrong, `told` what was done."""
    return render(
        "dossier.html",
        checked=checked,
        ids=[one.pin.id for one in checked],
        forms=FORMS,
        state_voice=state_voice,
        longest=(LONGEST_HEADING, LONGEST_NOTE),
        problem=problem,
        told=told,
        shown=True,
    )


def pin_marks(ids: Sequence[str], *, problem: str = "") -> str:
    """What the page knows of a dossier that is not opened: which sentences are pinned."""
    return render("dossier.html", ids=ids, problem=problem, told="", shown=False)


def export_dossier(form: str, pins: Sequence[Pin], index: Index) -> File | None:
    """The pins as a cited brief; None where there is no such form, or nothing to tell."""
    if form not in FORMS or not pins:
        return None
    brief = _brief(pins, index.generation.name)
    if form == "markdown":
        return File(name="dossier.md", type="text/markdown", text=brief.to_markdown())
    if form == "docx":
        data = base64.b64encode(brief.to_docx()).decode("ascii")
        return File(name="dossier.docx", type=_DOCX, base64=data)
    answer = Answer(
        question=_TITLE,
        text="",
        sentences=(),
        citations=brief.citations,
        confidence=0.0,
        abstained=False,
        nearest=(),
        model=None,
        generation=brief.generation,
        condensed=_TITLE,
    )
    texts = _texts(index.folder, brief.generation)
    return File(name="dossier.bib", type="application/x-bibtex", text=bibtex(answer, texts))


def _brief(pins: Sequence[Pin], generation: str) -> Report:
    """The pins as a report, their citations numbered through."""
    numbers: dict[tuple[str, int, int, str], int] = {}
    citations: list[Citation] = []
    parts = []
    for pin in pins:
        for one in pin.citations:
            place = one.source_id, one.start, one.end, one.sha256
            if place not in numbers:
                numbers[place] = len(numbers) + 1
                citations.append(replace(one, number=numbers[place]))
        cited = [pin.citations[number - 1] for number in pin.said.citations]
        said = replace(
            pin.said,
            citations=tuple(
                numbers[one.source_id, one.start, one.end, one.sha256] for one in cited
            ),
        )
        part = ReportPart(
            heading=pin.heading, sentences=(said,), notice=pin.note or None, model=pin.model
        )
        parts.append(part)
    return Report(
        topic=_TITLE,
        parts=tuple(parts),
        citations=tuple(citations),
        uncovered=(),
        generation=generation,
    )
