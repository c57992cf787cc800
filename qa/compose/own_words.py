"""What a sentence of a language model was made of, in the words of its source.

Where a sentence does not pass the check, most often it was put too freely. What the source itself
says there is true to it, and the model has chosen it: it is quoted in the sentence's place.
"""

from __future__ import annotations

from collections.abc import Iterator

from index.tokens import terms
from qa.compose.blocks import AT_ONCE, rows_of
from qa.compose.draft import Draft, Span
from qa.compose.extract import drafts_of, prose
from qa.compose.leaning import opening
from qa.retrieve.candidates import Candidate, shown_rows, stretches_of
from qa.retrieve.evidence import Evidence
from qa.retrieve.stretches import Stretch

# What a source says stands for a sentence that shares so much of its terms, by how rare they are.
# Set by hand, looked at on the 65 answers of qa/README.md, which no command repeats: what they say
# is too near to documents that are not ours to be kept here. With .6 more is lost than with .4.
LEAST_SHARED = 0.5
# The sentence beside it is quoted with it where that adds so much. Set by hand, and not tried.
_ADDS = 0.2


def own_words(evidence: Evidence, draft: Draft) -> Draft | None:
    """The sentence, list, table or listing of the spans of a draft that says what it says; None
    where nothing there shares `LEAST_SHARED` of its terms, or what does gives orders."""
    generation = evidence.generation
    weights = {
        term: generation.idf(term) for term in terms(draft.text, generation.manifest.language)
    }
    total = sum(weights.values())

    def shared(*rows: int) -> float:
        words = frozenset[str]().union(*(generation.unit_words(row).all for row in rows))
        return sum(weight for term, weight in weights.items() if term in words) / total

    places = [place for span in draft.spans for place in _places(evidence, span)]
    if not total or not places:
        return None
    # Of those that share as much the shortest.
    row, stretch = max(
        places, key=lambda one: (round(shared(one[0]), 2), -len(generation.unit_text(one[0])))
    )
    if shared(row) < LEAST_SHARED:
        return None
    if stretch.kind != "paragraph":
        first, last, header = shown_rows(generation, stretch, row)
        one = Candidate(stretch.source_id, stretch, first, last, row, header, ())
        return next(drafts_of(evidence, one, AT_ONCE), None)
    first = last = row
    for beside in (row - 1, row + 1):
        if (beside, stretch) in places and shared(row, beside) >= shared(row) + _ADDS:
            first, last = min(first, beside), max(last, beside)
            break
    return prose(evidence, opening(evidence, first, stretch.start), last)


def _places(evidence: Evidence, span: Span) -> Iterator[tuple[int, Stretch]]:
    """The sentences and rows that begin in a span, each with the stretch that it is of."""
    generation = evidence.generation
    near = next(
        (row for row in evidence.rows if generation.unit_source(row) == span.source_id), None
    )
    if near is None:
        return
    for stretch in stretches_of(generation.source(span.source_id)):
        if stretch.end <= span.start or stretch.start >= span.end:
            continue
        rows = rows_of(evidence, stretch, near)
        for row in range(rows[0], rows[1] + 1) if rows else ():
            if span.start <= generation.unit(row)[1] < span.end:
                yield row, stretch
