"""The default answer: the sentences of the sources that answer, verbatim."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.tokens import terms
from qa.evidence import Evidence
from qa.injection import without_instructions

LONGEST_ANSWER = 600
MOST_SENTENCES = 3
# Enough is said when the sentences chosen are this likely to hold the answer; on the development
# data a higher share adds sentences without adding right answers.
_ENOUGH = 0.9
# A sentence that shares more of its terms than this with one already chosen says nothing new.
_SAME = 0.7
# Openings that make no sense without the sentence before.
_LEANING = re.compile(
    r"(He|She|It|They|This|These|Those|That|His|Her|Its|Their|Such|Both|However|But|And|Also"
    r"|Moreover|Furthermore|Nevertheless|Instead|Otherwise|Thus|Hence)\b"
)


@dataclass(frozen=True, slots=True)
class Span:
    """A quote: `start` and `end` are offsets into the text of the source."""

    source_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence before the gate, and the spans that it claims to rest on."""

    text: str
    spans: tuple[Span, ...]


def extract(evidence: Evidence) -> Iterator[Draft]:
    """The sentences that answer: the likeliest first, the others in the order of their sources.

    A sentence that leans on the one before it brings that one along where there is room.
    """
    rows = _choose(evidence)
    # A reader follows a source in its own order; the source that answers best goes first.
    order = list(dict.fromkeys(evidence.generation.unit_source(row) for row in rows))
    rest = sorted(
        rows[1:], key=lambda row: (order.index(evidence.generation.unit_source(row)), row)
    )
    said: set[int] = set()
    for row in rows[:1] + rest:
        for part in (*_antecedent(evidence, row, rows), row):
            if part not in said:
                said.add(part)
                source, start, end = evidence.generation.unit(part)
                yield Draft(plain(source.text[start:end]), (Span(source.id, start, end),))


def plain(text: str) -> str:
    """A passage as one line of plain text: its Markdown emphasis and links without their marks."""
    text = re.sub(r"!?\[([^\]\n]*)\]\((?:[^()\s]|\([^()\s]*\))*\)", r"\1", text)
    text = re.sub(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", r"\2", text, flags=re.DOTALL)
    text = re.sub(r"(?<![\w*])\*(?=[^\s*])([^*]+?)(?<=\S)\*(?![\w*])", r"\1", text)
    text = re.sub(r"(?<![`\w])`([^`\n]+)`(?!`)", r"\1", text)
    return " ".join(text.split())


def _choose(evidence: Evidence) -> list[int]:
    generation = evidence.generation
    chosen: list[int] = []
    said: list[set[str]] = []
    length = 0
    share = 0.0
    rows = [row for row in evidence.rows if generation.is_sentence(row)] or list(evidence.rows)
    shares = dict(zip(evidence.rows, evidence.shares.tolist(), strict=True))
    for row in rows:
        text = generation.unit_text(row)
        if chosen and length + 1 + len(text) > LONGEST_ANSWER:
            continue
        source, start, end = generation.unit(row)
        if not without_instructions(source.text, start, end).strip():
            continue
        content = set(terms(text, generation.manifest.language))
        if any(len(content & other) > _SAME * min(len(content), len(other)) for other in said):
            share += shares[row]
            continue
        chosen.append(row)
        said.append(content)
        length += len(text) + 1
        share += shares[row]
        # Most of a follow-up is the question before, and its likeliest sentence answered that.
        if len(chosen) == MOST_SENTENCES or (share >= _ENOUGH and not evidence.follow_up):
            break
    return chosen


def _antecedent(evidence: Evidence, row: int, chosen: list[int]) -> tuple[int, ...]:
    """The sentence before, where `row` opens with a word that points to it and both have room."""
    generation = evidence.generation
    before = generation.neighbour(row, -1)
    if before is None or not generation.is_sentence(before):
        return ()
    if not _LEANING.match(generation.unit_text(row)):
        return ()
    if before in chosen:
        return (before,)
    if len(chosen) >= MOST_SENTENCES:
        return ()
    source, start, _ = generation.unit(row)
    _, opening, end = generation.unit(before)
    length = sum(len(generation.unit_text(other)) + 1 for other in chosen)
    if "\n" in source.text[end:start] or length + start - opening > LONGEST_ANSWER:
        return ()
    return (before,)
