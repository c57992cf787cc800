"""The stretches that may answer a question, and how likely each is to hold the answer.

A stretch is ranked by the sentences that were found in it, by what the heading above it says, and
by whether its kind is what the question asks for: steps for a how-to, rows for a table.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from index.search import Generation, Ranking
from index.tokens import terms
from qa.injection.quotable import KnownSource
from qa.retrieve.features import Floats, softmax
from qa.retrieve.lessons import is_lesson
from qa.retrieve.shape import asked_shape
from qa.retrieve.stretches import Stretch, stretches
from qa.retrieve.wanted import REASON, holds_kind, wanted_kind
from sources import Source

# So many of the best sentences, passages and sections are looked at for stretches.
_SENTENCES, _PASSAGES, _SECTIONS = 60, 8, 6
# What a section that was not found is behind the best one that was, in deviations, at least.
_FAR = -6.0
# Characters around the best row of a stretch that a model reads.
_READ = 450
_COMPARES = re.compile(
    r"\b(?:than|whereas|while|unlike|both|instead|differ\w*|compared|contrast|however|but|although)\b",
    re.IGNORECASE,
)
# A longer stretch is cut to what stands around its best sentence.
LONGEST_STRETCH = 900


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stretch, the rows `first` to `last` of what of it is shown, and its best row.

    `header` is the row that a table or list begins with, where the rows shown leave it out.
    """

    source_id: str
    stretch: Stretch
    first: int
    last: int
    best: int
    header: int | None
    features: tuple[float, ...]


def find_candidates(
    generation: Generation,
    question: str,
    ranking: Ranking,
    shares: dict[int, float],
) -> list[Candidate]:
    """The stretches in which the best sentences and passages stand, and those that open the best
    sections, in no order.

    `shares` says of the best rows how likely each is to be the one that answers.
    """
    fused = dict(zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True))
    similar = dict(zip(ranking.rows.tolist(), ranking.similarity.tolist(), strict=True))
    wanted = wanted_kind(question)
    rows = ranking.rows[:_SENTENCES].tolist()
    passage_of: dict[int, int] = {}
    for place, (first, last, _) in enumerate(generation.best_spans(ranking, _PASSAGES)):
        for row in range(first, last + 1):
            passage_of[row] = place
    rows += [row for row in passage_of if row not in fused or row not in rows]
    opened = (generation.neighbour(row, 1) for row in list(ranking.sections)[:_SECTIONS])
    rows += [row for row in opened if row is not None and row not in rows]
    found: dict[tuple[str, int], tuple[Stretch, int, list[int]]] = {}

    of_source: defaultdict[str, float] = defaultdict(float)
    of_section: defaultdict[tuple[str, str], float] = defaultdict(float)
    for row in rows:
        source, start, _ = generation.unit(row)
        placed = stretch_at(source, start)
        if placed is None:
            continue
        stretch, at = placed
        found.setdefault((source.id, stretch.start), (stretch, at, []))[2].append(row)
        of_source[source.id] += shares.get(row, 0.0)
        of_section[source.id, stretch.heading] += shares.get(row, 0.0)

    shape = asked_shape(question)
    query = set(ranking.query_terms)
    idf = {term: generation.idf(term) for term in query}
    total = sum(idf.values()) or 1.0
    top = float(ranking.scores[0])
    language = generation.manifest.language
    candidates = []
    best_section = max(ranking.sections.values(), default=0.0)
    for stretch, at, inside in found.values():
        source = generation.source(stretch.source_id)
        if is_lesson(source, stretch):
            continue
        best = max(inside, key=lambda row: (shares.get(row, 0.0), fused.get(row, -99.0)))
        first, last, header = shown_rows(generation, stretch, best)
        held = {row for row in inside if first <= row <= last}
        own: set[str] = set()
        for row in (*range(first, last + 1), *([header] if header is not None else [])):
            own |= generation.unit_words(row).all
        heading = stretch.heading
        titles = set(terms(f"{source.title} {heading}", language))
        nearest = set(terms(heading.rsplit(" > ", 1)[-1], language))
        share = sum(shares.get(row, 0.0) for row in held)
        length = generation.unit(last)[2] - generation.unit(first)[1]
        listed, table, code = (stretch.kind == kind for kind in ("list", "table", "code"))
        around = stretches_of(source)
        opens = at == 0 or around[at - 1].heading != heading
        beside = sum(
            shares.get(row, 0.0)
            for place in (at - 1, at + 1)
            if 0 <= place < len(around)
            for row in found.get((source.id, around[place].start), (None, 0, ()))[2]
        )
        text = source.text[stretch.start : stretch.end]
        holds = wanted != "other" and holds_kind(wanted, question, text)
        heading_row = generation.heading_row(first)
        section = ranking.sections.get(heading_row, -np.inf) if heading_row is not None else -np.inf

        def covered(words: set[str]) -> float:
            return sum(idf[term] for term in query & words) / total

        values = (
            float(np.log(share + 0.01)),
            max(shares.get(row, 0.0) for row in held) if held else 0.0,
            max(fused.get(row, top - 9) for row in inside) - top,
            max(similar.get(row, 0.0) for row in inside),
            1 / (1 + min(passage_of.get(row, 99) for row in inside)),
            covered(titles),
            covered(titles | own),
            covered(own),
            len(query & nearest) / len(nearest) if nearest else 0.0,
            float(np.log(length)) / 5,
            listed,
            table,
            code,
            listed and shape == "howto",
            code and shape == "howto",
            listed and shape == "list",
            table and shape == "fact",
            opens,
            opens and shape == "overview",
            opens and shape == "definition",
            text.rstrip().endswith("?"),
            float(np.log(of_source[source.id] + 0.01)),
            float(np.log(of_section[source.id, heading] + 0.01)),
            float(np.log(beside + 0.01)),
            at == 0,
            at == 0 and shape == "overview",
            opens and at > 0 and shape == "overview",
            holds,
            wanted != "other" and not holds,
            shape == "why" and bool(REASON.search(text)),
            shape == "compare" and bool(_COMPARES.search(text)),
            max(section - best_section, _FAR),
            section == best_section,
        )
        features = tuple(float(value) for value in values)
        candidates.append(
            Candidate(stretch.source_id, stretch, first, last, best, header, features)
        )
    return candidates


def read_text(generation: Generation, one: Candidate) -> str:
    """What a model reads of a candidate: its title, heading, and what stands around its best row.

    About `_READ` characters at most, but for a longer best row; a header of a table is in it.
    """
    source = generation.source(one.source_id)
    first = last = one.best
    grown = True
    while grown:
        grown = False
        for row in (last + 1, first - 1):
            opens, closes = min(first, row), max(last, row)
            if not one.first <= row <= one.last:
                continue
            if generation.unit(closes)[2] - generation.unit(opens)[1] <= _READ:
                first, last, grown = opens, closes, True
    text = source.text[generation.unit(first)[1] : generation.unit(last)[2]]
    if one.header is not None and first > one.first:
        text = f"{generation.unit_text(one.header)} {text}"
    return f"{source.title} > {one.stretch.heading}: {' '.join(text.split())}"


def ranked(
    candidates: Sequence[Candidate], scores: Floats, lost: Mapping[str, float]
) -> tuple[list[int], Floats]:
    """The places of the candidates, likeliest first, and how likely each, in that order, holds the
    answer, summing to 1.

    `lost` says what those of a source lose by its time, at most 0; empty where none is asked for.
    """
    if lost:
        most = min(lost.values())
        scores = scores + [lost.get(one.source_id, most) for one in candidates]
    order = np.argsort(-scores, kind="stable")
    return order.tolist(), softmax(scores[order])


@lru_cache(maxsize=64)
def _stretches(known: KnownSource) -> tuple[tuple[Stretch, ...], list[int]]:
    found = stretches(known.source)
    return found, [stretch.start for stretch in found]


def stretches_of(source: Source) -> tuple[Stretch, ...]:
    """The stretches of a source, remembered."""
    return _stretches(KnownSource(source))[0]


def stretch_at(source: Source, offset: int) -> tuple[Stretch, int] | None:
    """The stretch that holds an offset, and its place among those of the source; None in a
    heading."""
    found, starts = _stretches(KnownSource(source))
    place = bisect_right(starts, offset) - 1
    if place < 0 or offset >= found[place].end:
        return None
    return found[place], place


def narrowed(generation: Generation, one: Candidate, most: int) -> Candidate:
    """The candidate with about `most` characters of its rows, those around its best."""
    first, last, header = shown_rows(generation, one.stretch, one.best, most)
    return replace(one, first=first, last=last, header=header)


def shown_rows(
    generation: Generation, stretch: Stretch, best: int, most: int = LONGEST_STRETCH
) -> tuple[int, int, int | None]:
    """The rows of a stretch that are shown: all, or those around the best one; and the header."""
    first = last = best
    length = _length(generation, best)
    room = True
    while room:
        room = False
        for step in (1, -1):
            row = generation.neighbour(last if step > 0 else first, step)
            if row is None:
                continue
            _, start, end = generation.unit(row)
            if not stretch.start <= start < stretch.end or end > stretch.end:
                continue
            added = _length(generation, row) + 1
            if length + added > most:
                continue
            length += added
            first, last = min(first, row), max(last, row)
            room = True
    header = None
    if stretch.kind in ("list", "table") and generation.unit(first)[1] != stretch.start:
        row = first
        # Not all of a table of thousands of rows is walked through.
        for _ in range(200):
            before = generation.neighbour(row, -1)
            if before is None or generation.unit(before)[1] < stretch.start:
                header = row
                break
            row = before
    return first, last, header


def _length(generation: Generation, row: int) -> int:
    """Characters of a row, those that only line up the cells of a table left out."""
    return len(" ".join(generation.unit_text(row).split()))
