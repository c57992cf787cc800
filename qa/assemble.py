"""Answers put together of the drafts that pass the gate; or an abstention with what is related."""

from __future__ import annotations

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
from qa.marked_up import as_markdown, as_quote
from qa.models.entailment import Entailment
from qa.result import (
    CHECKS,
    Answer,
    AnswerSentence,
    CheckedBy,
    Citation,
    Related,
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
        elif draft.spans and not draft.unmarked and not draft.refused:
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
    text = "\n\n".join([RELATED if beside else ABSTENTION, *map(as_quote, beside)])
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
