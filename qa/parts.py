"""The parts of an answer: sentences that stand together, with what each is headed by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa.compose.timeline import date_of
from qa.result import Answer, AnswerSentence, Citation
from qa.retrieve.shape import asked_shape


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a source, a block, or what a model wrote: prose, or the items of a list.

    `label` is its section or source, where that tells the parts of an overview or comparison apart;
    `date`, as YYYY, YYYY-MM or YYYY-MM-DD, that of an event of a timeline; each is "" elsewhere.
    """

    sentences: tuple[AnswerSentence, ...]
    label: str = ""
    date: str = ""
    items: bool = False


def is_block(said: AnswerSentence) -> bool:
    """Whether a sentence is a list, table or listing, which stands alone."""
    return said.kind == "code" or (said.kind in ("list", "table") and "\n" in said.text)


def is_list(together: Sequence[AnswerSentence], model: str | None) -> bool:
    """Whether sentences that stand together are the items of a list that a `model` wrote."""
    return model is not None and _is_item(together[0])


def _is_item(said: AnswerSentence) -> bool:
    return said.kind == "list" and "\n" not in said.text


def paragraphs(
    sentences: Sequence[AnswerSentence], citations: Sequence[Citation], model: str | None = None
) -> list[tuple[AnswerSentence, ...]]:
    """The sentences that stand together: those that follow one another in a source, and what a
    `model` wrote between two blocks."""
    found: list[list[AnswerSentence]] = []
    for said in sentences:
        last = found[-1][-1] if found else None
        turns = model is not None and last is not None and _is_item(last) != _is_item(said)
        if last is None or is_block(last) or is_block(said) or turns:
            found.append([said])
        elif model is not None or _goes_on(last, said, citations):
            found[-1].append(said)
        else:
            found.append([said])
    return [tuple(together) for together in found]


def parts(answer: Answer) -> list[Part]:
    """The parts of an answer, in the shape that the question asks for."""
    shape = asked_shape(answer.condensed)
    dates = [_date(said) for said in answer.sentences]
    if shape == "timeline" and dates[1:] and all(dates):
        both = zip(answer.sentences, dates, strict=True)
        return [Part((said,), date=date) for said, date in both]
    together = paragraphs(answer.sentences, answer.citations, answer.model)
    if shape not in ("overview", "compare") or answer.model is not None:
        return [Part(one, items=is_list(one, answer.model)) for one in together]
    cited = [answer.cited_by(sentences[0])[0] for sentences in together]
    by_source = shape == "compare" and len({one.source_id for one in cited}) > 1
    labels = [
        one.title
        if by_source or not one.heading or one.source_id != cited[0].source_id
        else one.heading.rsplit(" > ", 1)[-1]
        for one in cited
    ]
    if len(set(labels)) < 2:  # it tells nothing apart
        return [Part(sentences) for sentences in together]
    found = list(zip(labels, together, strict=True))
    if by_source:  # what one source says stands in one place, beside the others
        found.sort(key=lambda item: labels.index(item[0]))
    # What goes on under the same heading does not say it again.
    return [
        Part(sentences, label if not place or found[place - 1][0] != label else "")
        for place, (label, sentences) in enumerate(found)
    ]


def _goes_on(last: AnswerSentence, said: AnswerSentence, citations: Sequence[Citation]) -> bool:
    """Whether a sentence follows another in its source, with a space between them."""
    if not last.citations or not said.citations:
        return False
    before, after = citations[last.citations[-1] - 1], citations[said.citations[0] - 1]
    return before.source_id == after.source_id and 0 <= after.start - before.end <= 1


def _date(said: AnswerSentence) -> str:
    """The date in a sentence; "" for none, and for a block."""
    date = None if is_block(said) else date_of(said.text)
    if date is None:
        return ""
    year, month, day = date
    return f"{year}" + (f"-{month:02}" if month else "") + (f"-{day:02}" if month and day else "")
