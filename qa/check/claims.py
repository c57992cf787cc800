"""Whether a library says what somebody else wrote: each sentence goes through the gate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sentencex

from index.search import Generation
from qa.check.gate import Gate, LeftOut
from qa.compose.draft import Draft, Span, plain
from qa.lines import item
from qa.models.entailment import Entailment
from qa.models.marks import MARKER
from qa.result import CHECKS, CheckedBy, Citation
from qa.retrieve.evidence import Evidence, gather_near

_MARK = re.compile(rf"\s?(?:{MARKER.pattern})", re.IGNORECASE)
# In characters; in a longer line marks of Markdown are left, for to find them takes its square.
_LONGEST = 5000
# Passages that may hold a sentence, or what is quoted for it.
_LOOKED_AT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sentence, and the quotes that are to support it; none: whatever the library holds."""

    text: str
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCheck:
    """Whether a sentence is supported, how that was found (as `AnswerSentence` tells it), by what,
    and if not, why. `not_found` are those of its quotes that no source near to it holds."""

    text: str
    supported: bool
    support: float
    checked_by: str
    citations: tuple[Citation, ...]
    not_found: tuple[str, ...]
    reason: str | None


def claims_of(text: str) -> list[Claim]:
    """The sentences of a text in Markdown, without citation marks."""
    lines = (_MARK.sub("", item(line).text) for line in text.split("\n"))
    lines = (plain(line) if len(line) <= _LONGEST else line for line in lines)
    parts = (part.strip() for line in lines for part in sentencex.segment("en", line))
    return [Claim(text=part) for part in parts if any(map(str.isalnum, part))]


def check_claim(
    generation: Generation,
    claim: Claim,
    sources: Iterable[str] | None = None,
    model: Entailment | None = None,
    check: CheckedBy = CHECKS[-1],
) -> ClaimCheck:
    """Check a sentence against its quotes where they stand in the library, or against the passages
    that are nearest to it. The arguments are those of `gather_near` and `Gate`.

    Raises IndexingError.
    """
    evidence = gather_near(generation, claim.text, sources)
    spans, missing = list[Span](), list[str]()
    if claim.quotes:
        for quote in claim.quotes:
            place = next(_places(generation, quote, evidence), None)
            if place is None:
                missing.append(quote)
            else:
                spans.append(place)
    elif len(evidence.ranking.rows):
        chunks = [hit.chunk for hit in evidence.hits(_LOOKED_AT)]
        spans = [Span(chunk.source_id, chunk.start, chunk.end) for chunk in chunks]
    left_out = LeftOut()
    gate = Gate(evidence, model, check, left_out)
    said = gate.check(Draft(claim.text, tuple(spans))) if spans else None
    nothing = "its quotes stand in no source" if claim.quotes else "nothing is near to it"
    return ClaimCheck(
        text=claim.text,
        supported=said is not None,
        support=said.support if said else 0.0,
        checked_by=said.checked_by if said else "",
        citations=tuple(gate.citations) if said else (),
        not_found=tuple(missing),
        reason=None if said else next((why for why, _ in left_out), nothing),
    )


def _places(generation: Generation, quote: str, evidence: Evidence) -> Iterator[Span]:
    """Where a quote stands, runs of white space aside, in the sources that are nearest to it."""
    words = quote.split()
    if not words:
        return
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    near = generation.search(" ".join(words)[:1000], _LOOKED_AT, None, evidence.sources)
    for name in dict.fromkeys(hit.chunk.source_id for hit in near):
        if found := pattern.search(generation.source(name).text):
            yield Span(name, *found.span())
