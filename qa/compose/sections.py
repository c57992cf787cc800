"""An overview: the leading sentences of the sections of what the question names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from index.tokens import terms
from qa.compose.blocks import block, rows_of
from qa.compose.draft import Draft, plain, quotable_parts, span_of
from qa.injection import gives_orders
from qa.retrieve.candidates import Candidate, stretches_of
from qa.retrieve.evidence import Evidence
from qa.retrieve.lessons import is_lesson
from qa.retrieve.shape import asked_shape
from qa.retrieve.stretches import Stretch

# The title, the headings and the first sentences of a section must have so much of what the
# question asks (by how rare it is) for the section to be what it is about.
_ABOUT = 0.4
# So much of it must stand in the title and headings alone for the answer to be sure.
_NAMED = 0.6
# A source that is named like that must have so much of what may answer; where no title tells, so
# much must stand in one source, or section.
_SOME, _MASS = 0.25, 0.6
# Candidates that are looked at, sections that are told of, characters of each and of the first.
_LOOKED_AT, _SECTIONS, _EACH, _FIRST = 12, 4, 320, 520
# What opens a section is too short to tell of it with fewer characters.
_LEAST = 30
_SUMMARY = re.compile(
    r"\W*(?:(?:executive |short |chapter |section |lesson )?summary"
    r"|(?:chapter|section|lesson) review|abstract|tl;?dr|overview|in short|in brief|at a glance"
    r"|recap|in summary"
    r"|highlights|(?:key|main) (?:points|facts|takeaways|findings)|takeaways)\W*",
    re.IGNORECASE,
)
# What asks for an overview, and says nothing of what of.
_ASKING = re.compile(
    r"\b(?:summari[sz]e|summary|tell|overview|outline|describe|explain|give|idea|gist|nutshell|short"
    r"|main|points?|role|part|position|deal|story|about|please|know|everything|basics|general"
    r"|brief(?:ly)?|broad(?:ly)?|quick(?:ly)?|version|plain|words|terms|english|works?|goes?|big"
    r"|picture|offers?|things?|happened|changes?|new|what|how|who|so)\b",
    re.IGNORECASE,
)


def overview(evidence: Evidence) -> Iterator[Draft]:
    """The leading sentences of the section that the question is about, and of those in it; none
    where no heading or title says what the question asks."""
    root = _root(evidence)
    if root is None:
        return
    candidate, path = root
    source = evidence.generation.source(candidate.source_id)
    sections: dict[str, list[Stretch]] = {}
    for stretch in stretches_of(source):
        if not path or stretch.heading == path or stretch.heading.startswith(f"{path} > "):
            sections.setdefault(stretch.heading, []).append(stretch)
    share: dict[str, float] = {}
    for one, chance in zip(evidence.candidates, evidence.chances, strict=True):
        if one.source_id == source.id and one.stretch.heading in sections:
            share[one.stretch.heading] = share.get(one.stretch.heading, 0.0) + chance
    headings = list(sections)
    told = sorted(headings[1:], key=lambda heading: -share.get(heading, 0.0))[: _SECTIONS - 1]
    summaries = [one for one in headings if _SUMMARY.fullmatch(one.rsplit(" > ", 1)[-1])]
    for heading in summaries[:1]:  # the author's own
        yield from _all(evidence, candidate, sections[heading])
    for heading in headings[:1] + [one for one in headings[1:] if one in told]:
        if heading not in summaries[:1]:
            most = _FIRST if heading == headings[0] else _EACH
            # A section may be a list from its first words on.
            opening = next((one for one in sections[heading] if not is_lesson(source, one)), None)
            if heading == headings[0] and opening and opening.kind == "list":
                yield from _all(evidence, candidate, [opening])
            draft = _lead(evidence, candidate, sections[heading], most)
            if draft is not None:
                yield draft


def is_named(evidence: Evidence) -> bool:
    """Whether an overview is asked for of what a source or a section is named after: most that the
    question asks stands in its title and headings."""
    if asked_shape(evidence.question) != "overview" or not evidence.rows:
        return False
    root = _root(evidence)
    if root is None:
        return False
    title = evidence.generation.source(root[0].source_id).title
    return _coverage(evidence, f"{title} {root[1]}") >= _NAMED


def _root(evidence: Evidence) -> tuple[Candidate, str] | None:
    """A candidate in the section that the question is about, and the heading path of that section:
    the shortest that says what the whole path says of the question; "" for the whole source.

    Where no heading says much of it, it is where most of what may answer stands, if that is one
    source, and the section of it, if that is one section.
    """
    looked_at = evidence.candidates[:_LOOKED_AT]
    mass: defaultdict[str, float] = defaultdict(float)
    for one, chance in zip(looked_at, evidence.chances, strict=False):
        mass[one.source_id] += chance
    best, most = None, 0.0
    for one in looked_at:
        coverage = _coverage(evidence, f"{_opening(evidence, one)} {one.stretch.heading}")
        # What is named alike need not be what the question is about.
        likely = mass[one.source_id] >= _SOME * sum(mass.values())
        if likely and coverage >= _ABOUT and coverage * mass[one.source_id] > most:
            best, most = one, coverage * mass[one.source_id]
    if best is None:
        return _by_mass(evidence, looked_at, mass)
    path = best.stretch.heading.split(" > ") if best.stretch.heading else []
    opening = _opening(evidence, best)
    whole = _coverage(evidence, f"{opening} {best.stretch.heading}")
    for depth in range(len(path) + 1):
        above = " > ".join(path[:depth])
        if _coverage(evidence, f"{opening} {above}") >= whole:
            return best, above
    return None


def _by_mass(
    evidence: Evidence, looked_at: Sequence[Candidate], mass: Mapping[str, float]
) -> tuple[Candidate, str] | None:
    if not mass:
        return None
    likeliest = max(mass, key=lambda name: mass[name])
    own = mass[likeliest]
    if own < _MASS * sum(mass.values()):
        return None
    headings: defaultdict[str, float] = defaultdict(float)
    for one, chance in zip(looked_at, evidence.chances, strict=False):
        if one.source_id == likeliest:
            headings[one.stretch.heading] += chance
    heading = max(headings, key=lambda name: headings[name])
    best = next(one for one in looked_at if one.source_id == likeliest)
    if headings[heading] < _MASS * own:
        return best, ""
    return next(
        one for one in looked_at if (one.source_id, one.stretch.heading) == (likeliest, heading)
    ), heading


def _coverage(evidence: Evidence, said: str) -> float:
    """How much of what the question asks about, by how rare it is, is said."""
    generation = evidence.generation
    language = generation.manifest.language
    asked = set(terms(_ASKING.sub(" ", evidence.question), language))
    total = sum(map(generation.idf, asked))
    held = asked.intersection(terms(said, language))
    return sum(map(generation.idf, sorted(held))) / total if total else 0.0


def _opening(evidence: Evidence, one: Candidate) -> str:
    """The title of the source of a candidate, and what it opens with."""
    source = evidence.generation.source(one.source_id)
    opening = stretches_of(source)[0]
    return f"{source.title} {source.text[opening.start : opening.end]}"


def _all(evidence: Evidence, candidate: Candidate, section: list[Stretch]) -> Iterator[Draft]:
    """A section from its start, at most about `_FIRST` characters and the list that it begins."""
    room = _FIRST
    for stretch in section:
        if room <= 0:
            return
        if stretch.kind == "list":
            rows = rows_of(evidence, stretch, candidate.best)
            if rows is not None:
                first, last = rows
                one = replace(candidate, stretch=stretch, first=first, last=last, best=first)
                yield from block(evidence, replace(one, header=None))
            return
        draft = _lead(evidence, candidate, [stretch], room)
        if draft is None:
            return
        room -= len(draft.text)
        yield draft


def _lead(
    evidence: Evidence, candidate: Candidate, section: list[Stretch], most: int
) -> Draft | None:
    """The first sentences of a section, at most about `most` characters of them."""
    generation = evidence.generation
    source = generation.source(candidate.source_id)
    first = last = None
    for stretch in section:
        told = stretch.kind == "paragraph" and not is_lesson(source, stretch)
        # The date of a meeting and who was there say nothing of what it was about.
        told = told and any(part.kind != "field" for part in stretch.parts)
        rows = rows_of(evidence, stretch, candidate.best) if told else None
        if rows is None:
            if first is None:
                continue
            break
        if first is None or last is None:
            first = last = rows[0]
        start = generation.unit(first)[1]
        while last < rows[1] and generation.unit(last + 1)[2] - start <= most:
            last += 1
        if last < rows[1]:
            break
    if first is None or last is None:
        return None
    span = span_of(evidence, first, last)
    parts = quotable_parts(evidence, span)
    text = plain("\n".join(source.text[part.start : part.end] for part in parts))
    orders = gives_orders(source, span.start, span.end)
    if orders or len(text) < _LEAST or text.endswith((":", "?")):
        return None
    return Draft(text, tuple(parts), "sentence" if first == last else "paragraph")
