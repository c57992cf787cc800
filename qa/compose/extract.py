"""The default answer: stretches of the sources that answer, verbatim, in the shape of the question.

A paragraph is opened by the sentences that answer; a list, a table, a listing stay whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from index.tokens import terms
from qa.compose.blocks import AT_ONCE, beside, block
from qa.compose.draft import Draft, plain, quotable_parts, span_of
from qa.compose.leaning import LEADS_IN, leans_on, opening
from qa.compose.sections import overview
from qa.compose.timeline import timeline
from qa.injection import gives_orders, quotable
from qa.result import PartKind
from qa.retrieve.candidates import Candidate, narrowed
from qa.retrieve.entities import missing_entities
from qa.retrieve.evidence import Evidence
from qa.retrieve.shape import asked_shape

# Characters of an answer, and of its first sentences. Of five libraries of natural questions (each
# ranked by weights fitted without it) 0.76 are right with 1,300 characters of four stretches, 0.79
# with these; the first part holds the gold of 0.56 with 320 characters, of 0.58 with 420.
LONGEST_ANSWER = 1600
LONGEST_LEAD = 420
MOST_STRETCHES = 5
MOST_DRAFTS = 8
# A further stretch is added while it is at least so likely, against the likeliest, to answer.
LEAST_SHARE = 0.03
# After an overview only from here on: less adds nothing right to 32 of the five libraries.
_BESIDE_OVERVIEW = 0.1
# Of a list or table that is too long for what room is left, no part is shown in less.
_LEAST_ROOM = 150
# A fact is one sentence first, where it has so much of the share of its paragraph.
_ALONE = 0.9
# A stretch that shares more of its terms than this with one already chosen says nothing new; with
# less, "To clear run_once_ scripts" is not told from "To clear run_onchange_ scripts".
_SAME = 0.9
# What leads in to a picture, say, tells something by itself from so many characters on.
_SAYS = 60


def extract(evidence: Evidence) -> Iterator[Draft]:
    """The stretches that answer, the likeliest first, at most `MOST_DRAFTS` parts of them.

    A question of several parts gets the likeliest stretch of each before others.
    """
    room = LONGEST_ANSWER
    drafts = 0
    withheld = False
    said: list[set[str]] = []
    shape = asked_shape(evidence.question)
    if shape == "timeline" and (dated := timeline(evidence, _choose(evidence))):
        yield from dated
        return
    if shape == "overview":
        for draft in overview(evidence):
            drafts += 1
            room -= len(draft.shown)
            said.append(set(terms(draft.text, evidence.generation.manifest.language)))
            yield draft
    chosen = _choose(evidence, _BESIDE_OVERVIEW if drafts else LEAST_SHARE)
    for place, candidate in enumerate(chosen):
        if says_the_same(evidence, candidate, said):
            continue
        length = _length(evidence, candidate.first, candidate.last)
        if candidate.stretch.kind == "list" and shape in ("list", "howto"):
            length = min(length, AT_ONCE)
        if place and length > room and candidate.stretch.kind != "paragraph":
            if candidate.stretch.kind == "code" or room < _LEAST_ROOM:
                continue
            candidate = narrowed(evidence.generation, candidate, room)
        # Where the likeliest is left out, what is said of something else is no answer in its place.
        if withheld and not said and lacks_names(evidence, candidate):
            continue
        found = list(drafts_of(evidence, candidate, room))
        withheld = withheld or (not found and _orders(evidence, candidate))
        for draft in found:
            if drafts == MOST_DRAFTS:
                return
            drafts += 1
            room -= len(draft.shown)
            yield draft
        if not found:
            continue
        said.append(content_of(evidence, candidate))
        if room <= 0 or len(said) == MOST_STRETCHES:
            return


def says_the_same(evidence: Evidence, candidate: Candidate, said: Sequence[set[str]]) -> bool:
    """Whether a stretch shares most of its terms with one of those that were said."""
    content = content_of(evidence, candidate)
    return any(len(content & other) > _SAME * min(len(content), len(other)) for other in said)


def lacks_names(evidence: Evidence, candidate: Candidate) -> bool:
    """Whether a stretch, with its headings, lacks a name or number of the question."""
    generation = evidence.generation
    source = generation.source(candidate.source_id)
    span = span_of(evidence, candidate.first, candidate.last)
    around = (
        f"{source.title} {source.heading_at(span.start) or ''} {source.text[span.start : span.end]}"
    )
    return bool(missing_entities(evidence.question, around, generation.manifest.language))


def _choose(evidence: Evidence, share: float = LEAST_SHARE) -> list[Candidate]:
    """The candidates that are worth saying, in the order in which to say them."""
    if not evidence.candidates:
        return []
    least = share * evidence.chances[0]
    whole = [
        one
        for one, chance in zip(evidence.candidates, evidence.chances, strict=True)
        if chance >= least
    ]
    parts = [part.candidates[0] for part in evidence.parts if part.candidates]
    if asked_shape(evidence.question) in ("list", "howto"):
        whole[1:1] = beside(evidence, whole[0])
    chosen: list[Candidate] = []
    for one in (*whole[:1], *parts, *whole[1:]):
        places = [(other.source_id, other.stretch.start) for other in chosen]
        if (one.source_id, one.stretch.start) not in places:
            chosen.append(one)
    return chosen


def drafts_of(
    evidence: Evidence, candidate: Candidate, room: int = LONGEST_ANSWER
) -> Iterator[Draft]:
    """What of a stretch is said in `room` characters: first what answers, then what is beside."""
    fields = [part.kind == "field" for part in candidate.stretch.parts]
    if candidate.stretch.kind == "paragraph" and not (fields[1:] and all(fields)):
        yield from _paragraph(evidence, candidate, room)
    else:
        yield from block(evidence, candidate, room)


def _paragraph(evidence: Evidence, candidate: Candidate, room: int) -> Iterator[Draft]:
    """The sentences that answer, with what they lean on; then what stands beside them."""
    rows = range(candidate.first, candidate.last + 1)
    first, last = _lead(evidence, candidate)
    lead = prose(evidence, first, last)
    if lead is None:
        return
    yield lead
    room -= len(lead.text)
    beside = []
    for run in (range(rows[0], first), range(last + 1, rows[-1] + 1)):
        if run and (draft := prose(evidence, run[0], run[-1])):
            beside.append(draft)
    for draft in sorted(beside, key=lambda draft: -draft.spans[0].start):
        if len(draft.text) <= room:
            room -= len(draft.text)
            yield draft


def _lead(evidence: Evidence, candidate: Candidate) -> tuple[int, int]:
    """The rows of a paragraph that answer: the best, grown to what it leans on and beyond, but
    not so that it opens with what leans on a sentence left out."""
    shares = dict(zip(evidence.rows, evidence.shares.tolist(), strict=True))
    last = candidate.best
    first = opening(evidence, last, evidence.generation.unit(candidate.first)[1])
    own = shares.get(candidate.best, 0.0)
    inside = sum(shares.get(row, 0.0) for row in range(candidate.first, candidate.last + 1))
    if asked_shape(evidence.question) == "fact" and own > _ALONE * inside > 0:
        return first, last
    while True:
        sides = [
            (shares.get(row, 0.0), row)
            for row in (last + 1, first - 1)
            if candidate.first <= row <= candidate.last
            and _length(evidence, min(first, row), max(last, row)) <= LONGEST_LEAD
            and (row > last or leans_on(evidence, row) is None)
        ]
        if not sides:
            return first, last
        _, row = max(sides)
        first, last = min(first, row), max(last, row)


def prose(evidence: Evidence, first: int, last: int) -> Draft | None:
    """Rows that follow one another as one part; None where they give orders to a model."""
    kept = first
    while kept <= last and _is_clean(evidence, kept):
        kept += 1
    if kept == first:
        return None
    last = kept - 1  # after an order nothing of the paragraph is quoted
    while first < last and not any(map(str.isalnum, evidence.generation.unit_text(last))):
        last -= 1  # the "!" of an image whose text gives orders
    while first < last and evidence.generation.unit_text(first).endswith("?"):
        first += 1  # a question that the text itself answers
    broken = bool(LEADS_IN.search(evidence.generation.unit_text(last)))
    if broken and _length(evidence, first, last) < _SAYS:
        return None  # it says nothing without what it leads in to
    spans = quotable_parts(evidence, span_of(evidence, first, last))
    text = evidence.generation.source(spans[0].source_id).text
    kind: PartKind = "sentence" if first == last else "paragraph"
    said = "\n".join(text[span.start : span.end] for span in spans)
    return Draft(plain(said) + (" […]" if broken else ""), tuple(spans), kind)


def _is_clean(evidence: Evidence, row: int) -> bool:
    """Whether nothing in a sentence is, or follows, an order to a model."""
    source, start, end = evidence.generation.unit(row)
    return quotable(source, start, end) == source.text[start:end]


def _orders(evidence: Evidence, candidate: Candidate) -> bool:
    """Whether something in what is shown of a stretch gives orders to a model."""
    span = span_of(evidence, candidate.first, candidate.last)
    return gives_orders(evidence.generation.source(span.source_id), span.start, span.end)


def _length(evidence: Evidence, first: int, last: int) -> int:
    return evidence.generation.unit(last)[2] - evidence.generation.unit(first)[1]


def content_of(evidence: Evidence, candidate: Candidate) -> set[str]:
    """The terms of what is shown of a stretch."""
    words: set[str] = set()
    for row in range(candidate.first, candidate.last + 1):
        words.update(evidence.generation.unit_words(row).terms)
    return words
