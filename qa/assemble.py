"""Answers put together of the drafts that pass the gate; or an abstention with what is related."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from qa.check.gate import SAID_AGAIN, Gate, LeftOut
from qa.compose.draft import Draft
from qa.compose.extract import MOST_DRAFTS, MOST_STRETCHES
from qa.compose.generate import MOST_SENTENCES, PASSAGES
from qa.compose.mend import Refused
from qa.compose.own_words import own_words
from qa.compose.related import related
from qa.condense.small_talk import REPLIES
from qa.conflicts.contradictions import Contradictions
from qa.injection import gives_orders
from qa.lines import cells, item, parted
from qa.models.entailment import Entailment
from qa.parts import is_block, paragraphs
from qa.plain_text import escape
from qa.result import (
    CHECKS,
    Answer,
    AnswerSentence,
    CheckedBy,
    Citation,
    Related,
    state_voice,
)
from qa.retrieve.asked import asks_for_list
from qa.retrieve.evidence import Evidence

ABSTENTION = "The sources do not answer this."
RELATED = "The sources cover this but do not say that. What they do say:"
NEAREST = 3
# Why a sentence is left out that has what it was made of in its place.
IN_OWN_WORDS = "the source's own words stand in its place"
# After so many sentences of a model that fail before one passes, it is not heard out.
AT_THE_START = 2

# What refused drafts become, by their place; see `qa.compose.mend`.
Mend = Callable[[Sequence[Refused]], Mapping[int, Draft]]


def checked(
    evidence: Evidence,
    drafts: Iterable[Draft | None],
    *,
    model: str | None = None,
    notice: str | None = None,
    judge: Entailment | None = None,
    check: CheckedBy = CHECKS[-1],
    left_out: LeftOut | None = None,
    mend: Mend | None = None,
) -> Iterator[Answer]:
    """An answer after each draft that passes the gate, longer than the one before; none where none
    does. `model` wrote the drafts, None for extracts. A draft that is None says that those before
    it are void. What does not pass is counted in `left_out`, with the reason.

    `mend` is given what did not pass, once, and yields drafts in place of it. Where the first
    `AT_THE_START` fail, it is given these, and if it mends none, no more is read. What it does not
    mend of an answer of which something passes has the words of its source in its place, where
    these say much the same.
    """
    left_out = LeftOut() if left_out is None else left_out
    gate = Gate(evidence, judge, check, left_out)
    contradictions = Contradictions(evidence)
    withheld = _withheld(evidence)
    sentences: list[AnswerSentence] = []
    refused: list[Refused] = []
    most = MOST_SENTENCES if model else MOST_DRAFTS

    def answer() -> Answer:
        said, citations = _in_order(sentences, gate.citations)
        return Answer(
            question=evidence.asked or evidence.question,
            text=as_markdown(said, citations, asks_for_list(evidence.question), model),
            sentences=said,
            citations=citations,
            confidence=evidence.confidence,
            abstained=False,
            nearest=(),
            model=model,
            generation=evidence.generation.name,
            condensed=evidence.question,
            notice=notice,
            sources=evidence.sources,
            calibrated=evidence.calibrated,
            conflicts=contradictions.of(citations),
            withheld=withheld,
        )

    def mended() -> Iterator[Answer]:
        tried = tuple(refused)
        refused.clear()
        passed = _checked_again(gate, left_out, tried, mend(tried) if mend and tried else {})
        # Of a model of which nothing passes not even the choice is trusted.
        if model and (sentences or passed):
            left = [number for number in range(len(tried)) if number not in passed]
            quoted = {number: own_words(evidence, tried[number].draft) for number in left}
            passed |= _checked_again(gate, left_out, tried, quoted, IN_OWN_WORDS)
        for added, (number, sentence) in enumerate(sorted(passed.items())):
            if len(sentences) == most:
                return
            sentences.insert(tried[number].place + added, sentence)
            yield answer()

    for draft in drafts:
        if draft is None:
            left_out.clear()
            gate = Gate(evidence, judge, check, left_out)
            sentences.clear()
            refused.clear()
            continue
        before = left_out.copy()
        sentence = gate.check(draft)
        if sentence is not None:
            sentences.append(sentence)
            yield answer()
        elif draft.spans and not draft.unmarked:
            reasons = [why for why, _ in left_out - before if why != SAID_AGAIN]
            refused += [Refused(draft, why, len(sentences)) for why in reasons]
            if mend and len(refused) == AT_THE_START and not sentences:
                yield from mended()
                if not sentences:
                    return
        if len(sentences) == most:
            return
    yield from mended()


def _checked_again(
    gate: Gate,
    left_out: LeftOut,
    tried: Sequence[Refused],
    again: Mapping[int, Draft | None],
    reason: str = "",
) -> dict[int, AnswerSentence]:
    """What passes of what is said in place of what was `tried`, by its place there.

    What was refused then counts as left out for the `reason`, or no longer; where a reason is
    given, what has been cited is not said again.
    """
    passed = {}
    for number, draft in again.items():
        if draft is None or (reason and gate.has_cited(draft.spans)):
            continue
        counted = left_out.copy()
        sentence = gate.check(draft)
        left_out.clear()
        left_out.update(counted)
        if sentence is not None:
            passed[number] = sentence
            text = tried[number].draft.text
            left_out -= LeftOut([(tried[number].reason, text)])
            left_out.update([(reason, text)] if reason else [])
    return passed


def _in_order(
    sentences: Sequence[AnswerSentence], citations: Sequence[Citation]
) -> tuple[tuple[AnswerSentence, ...], tuple[Citation, ...]]:
    """The same, the citations numbered in the order in which the sentences use them."""
    used = dict.fromkeys(number for one in sentences for number in one.citations)
    new = {old: number for number, old in enumerate(used, start=1)}
    said = (
        replace(one, citations=tuple(new[number] for number in one.citations)) for one in sentences
    )
    return tuple(said), tuple(replace(citations[old - 1], number=new[old]) for old in used)


def abstention(evidence: Evidence, model: str | None = None, notice: str | None = None) -> Answer:
    """That the sources hold no answer, with what they say on its topic and what came nearest."""
    beside = _related(evidence)
    text = "\n\n".join([RELATED if beside else ABSTENTION, *(as_quote(part) for part in beside)])
    return Answer(
        question=evidence.asked or evidence.question,
        text=text,
        sentences=(),
        citations=(),
        confidence=evidence.confidence,
        abstained=True,
        nearest=evidence.passages(NEAREST),
        model=model,
        generation=evidence.generation.name,
        condensed=evidence.question,
        notice=notice,
        sources=evidence.sources,
        calibrated=evidence.calibrated,
        withheld=_withheld(evidence),
        related=beside,
    )


def _related(evidence: Evidence) -> tuple[Related, ...]:
    """What is on the topic and passes the gate, its citations numbered through."""
    gate = Gate(evidence)
    found = [said for draft in related(evidence) if (said := gate.check(draft))]
    return tuple(
        Related(
            text=said.text,
            citations=tuple(gate.citations[number - 1] for number in said.citations),
            support=said.support,
            kind=said.kind,
            more=said.more,
            lead=said.lead,
        )
        for said in found
    )


def reply(evidence: Evidence, talk: str) -> Answer:
    """What Refdesk itself says to small talk of a kind of `REPLIES`."""
    told = replace(abstention(evidence), nearest=(), withheld=0)
    return replace(told, text=REPLIES[talk], confidence=0.0, small_talk=talk, related=())


def _withheld(evidence: Evidence) -> int:
    """How many of the passages that are looked at give orders to a model."""
    if not evidence.rows:
        return 0
    chunks = [hit.chunk for hit in evidence.hits(PASSAGES)]
    looked = [(chunk.source_id, chunk.start, chunk.end) for chunk in chunks]
    for one in evidence.candidates[:MOST_STRETCHES]:  # what extracts are made of
        looked.append((one.source_id, one.stretch.start, one.stretch.end))
    found: list[tuple[str, int, int]] = []
    for name, start, end in looked:
        again = any(name == other and start < last and end > first for other, first, last in found)
        if not again and gives_orders(evidence.generation.source(name), start, end):
            found.append((name, start, end))
    return len(found)


def as_markdown(
    sentences: Sequence[AnswerSentence],
    citations: Sequence[Citation],
    listed: bool,
    model: str | None,
) -> str:
    """The sentences as Markdown, one a line where they are `listed`."""
    if listed and sentences[1:] and not any(map(is_block, sentences)):
        return "\n".join(f"- {_cited(sentence, citations)}" for sentence in sentences)
    return "\n\n".join(
        " ".join(_cited(sentence, citations) for sentence in together)
        for together in paragraphs(sentences, citations, model)
    )


def _cited(sentence: AnswerSentence, citations: Sequence[Citation]) -> str:
    return _part(sentence, [citations[number - 1] for number in sentence.citations])


def as_quote(part: Related) -> str:
    """Something related as a Markdown quote."""
    return "\n".join(f"> {line}".rstrip() for line in _part(part, part.citations).split("\n"))


def _part(sentence: AnswerSentence | Related, cited: Sequence[Citation]) -> str:
    """A sentence, list, table or listing as Markdown, its markers last."""
    voice = state_voice(sentence.text, cited)
    marks = (f"({escape(voice)}) " if voice else "") + "".join(f"[{one.number}]" for one in cited)
    lines = parted(sentence)
    lead = "".join(f"{escape(line)}\n\n" for line in lines.lead)
    if sentence.kind == "code":
        code = "\n".join(lines.shown)
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
        return f"{lead}{fence}\n{code}\n{fence}\n{marks}"
    if sentence.kind == "table" and lines.shown:
        return lead + "\n".join(_table(lines.header, lines.shown)) + f"\n\n{marks}"
    if sentence.kind == "list" and "\n" in sentence.text:
        shown = list(map(_item, lines.shown))
        shown += [f"- and {sentence.more} more"] if sentence.more else []
        return lead + "\n".join(shown) + f" {marks}"
    return f"{escape(' '.join(sentence.text.split()))} {marks}"


def _item(line: str) -> str:
    """A line of a list as one of a list in Markdown; its number stays."""
    one = item(line)
    indent = "   " * one.depth  # as far as the text after "1. "
    if not one.marker:
        return f"{indent}{'' if one.depth else '- '}{escape(one.text)}"
    if one.number.rstrip(".)").isdigit():
        return f"{indent}{one.number} {escape(one.text)}"
    return f"{indent}- {escape(f'{one.number} {one.text}'.strip())}"


def _table(header: Sequence[str], rows: Sequence[str]) -> Iterator[str]:
    """The lines of a table in Markdown, which has no table without a header."""
    table = [[escape(cell) for cell in cells(row)] for row in (*header, *rows)]
    width = max(map(len, table))
    if not header:
        table.insert(0, [""] * width)
    for place, row in enumerate(table):
        yield f"| {' | '.join([*row, *[''] * (width - len(row))])} |"
        if not place:
            yield "|" + " --- |" * width
