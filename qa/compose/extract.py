"""The default answer: the sentences of the sources that answer, verbatim."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.tokens import terms
from qa.compose.draft import Draft, Span
from qa.injection import without_instructions
from qa.retrieve.evidence import Evidence

LONGEST_ANSWER = 600
MOST_SENTENCES = 3
MOST_ITEMS = 12
_FEW = 5
# Enough is said when the sentences chosen are this likely to hold the answer. On squad, 0.923 of
# the answers hold gold at 0.9, 0.928 at 0.95, 0.930 at 0.98, and 0.934 with always three sentences.
_ENOUGH = 0.98
# A sentence that shares more of its terms than this with one already chosen says nothing new.
_SAME = 0.7
# Openings that make no sense without the sentence before; "However" and its like do.
_LEANING = re.compile(r"(He|She|It|They|This|These|Those|His|Her|Its|Their)\b")
# But not where "it" stands for what follows: "It was not until 1920 that", "It is believed that".
_EXPLETIVE = re.compile(
    r"It (?:is|was|has been|had been|would be|will be|took|takes) (?:\w+ ){0,3}?"
    r"(?:until|years|months|weeks|days|(?:\w+(?:ed|ble|ly|ant|ent|ult|ful)|known|thought|said|found"
    r"|held|shown|true|clear|unclear|hard|easy|rare|common|legal) (?:that|to|whether|how))\b"
)
_POINTING = re.compile(r"(?:This|These|Those) ([\w/-]+)")
# "The treaty obliges ...": which one, the sentence before may tell.
_DEFINITE = re.compile(r"The ([a-z]{4,})\b(?! (?:of|for|on|in|between)\b)")
_INTRODUCING = re.compile(r":\W*$")


def extract(evidence: Evidence) -> Iterator[Draft]:
    """The sentences that answer: the likeliest first, the others in the order of their sources.

    A question of several parts gets the likeliest sentence of each first. A sentence that leans on
    the one before it brings that one along where there is room and the question does not name
    what it is about; one that introduces a list brings the list.
    """
    rows = _choose(evidence)
    first = _of_each_part(evidence, rows) or rows[:1]
    # A reader follows a source in its own order; the source that answers best goes first.
    order = list(dict.fromkeys(evidence.generation.unit_source(row) for row in rows))
    rest = sorted(
        (row for row in rows if row not in first),
        key=lambda row: (order.index(evidence.generation.unit_source(row)), row),
    )
    said: set[int] = set()
    for row in (*first, *rest):
        for part in (*_antecedent(evidence, row, rows), row, *_listed(evidence, row)):
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
    """The rows of the sentences that answer, likeliest first, those of each part before others."""
    generation = evidence.generation
    chosen: list[int] = []
    said: list[set[str]] = []
    length = 0
    most = MOST_SENTENCES
    share = 0.0
    shares = dict(zip(evidence.rows, evidence.shares.tolist(), strict=True))
    for row in dict.fromkeys([*_best_of_parts(evidence), *_sentences(evidence)]):
        text = generation.unit_text(row)
        if chosen and length + 1 + len(text) > LONGEST_ANSWER:
            continue
        source, start, end = generation.unit(row)
        if not without_instructions(source.text, start, end).strip():
            continue
        before = _leans_on(evidence, row)
        if before is not None and before not in chosen:
            if chosen:
                continue  # for what it leans on there is seldom room
            most -= 1
            length += len(generation.unit_text(before)) + 1
        content = set(terms(text, generation.manifest.language))
        if any(len(content & other) > _SAME * min(len(content), len(other)) for other in said):
            share += shares.get(row, 0.0)
            continue
        chosen.append(row)
        said.append(content)
        length += len(text) + 1
        share += shares.get(row, 0.0)
        # Most of a follow-up is the question before, and its likeliest sentence answered that.
        enough = share >= _ENOUGH and not evidence.follow_up and len(chosen) >= len(evidence.parts)
        if len(chosen) >= most or enough:
            break
    return chosen


def _sentences(evidence: Evidence) -> list[int]:
    """The candidates that are sentences; all of them where none is."""
    rows = [row for row in evidence.rows if evidence.generation.is_sentence(row)]
    return rows or list(evidence.rows)


def _best_of_parts(evidence: Evidence) -> list[int]:
    """For each part its likeliest sentence; of the first few that which says most of what only
    this part asks for, as the one of two countries that are compared."""
    best = []
    for place, part in enumerate(evidence.parts):
        others = evidence.parts[:place] + evidence.parts[place + 1 :]
        elsewhere = {term for other in others for term in other.ranking.query_terms}
        own = set(part.ranking.query_terms) - elsewhere
        if part.answerable:
            words = part.generation.unit_words
            best.append(max(_sentences(part)[:_FEW], key=lambda row: len(own & words(row).all)))
    return best


def _of_each_part(evidence: Evidence, rows: list[int]) -> list[int]:
    return [row for row in dict.fromkeys(_best_of_parts(evidence)) if row in rows]


def _listed(evidence: Evidence, row: int) -> Iterator[int]:
    """The items of the list that `row` introduces, as many as there is room for."""
    generation = evidence.generation
    if not _INTRODUCING.search(generation.unit_text(row)):
        return
    room = LONGEST_ANSWER - len(generation.unit_text(row))
    _, _, end = generation.unit(row)
    for step in range(1, MOST_ITEMS + 1):
        item = generation.neighbour(row, step)
        if item is None or not generation.is_sentence(item):
            return
        source, start, stop = generation.unit(item)
        room -= stop - start + 1
        if room < 0 or source.text.count("\n", end, start) != 1:  # an empty line ends a list
            return
        yield item
        end = stop


def _antecedent(evidence: Evidence, row: int, chosen: list[int]) -> tuple[int, ...]:
    """The sentence that `row` leans on, where both have room."""
    before = _leans_on(evidence, row)
    if before is None:
        return ()
    if before in chosen:
        return (before,)
    text_of = evidence.generation.unit_text
    length = sum(len(text_of(other)) + 1 for other in (*chosen, before))
    room = len(chosen) < MOST_SENTENCES and length <= LONGEST_ANSWER
    return (before,) if room else ()


def _leans_on(evidence: Evidence, row: int) -> int | None:
    """The sentence before, of the same paragraph, where `row` needs it."""
    generation = evidence.generation
    before = generation.neighbour(row, -1)
    if before is None or not generation.is_sentence(before):
        return None
    source, start, _ = generation.unit(row)
    end = generation.unit(before)[2]
    same = "\n" not in source.text[end:start]
    return before if same and _leans(evidence, row, before) else None


def _leans(evidence: Evidence, row: int, before: int) -> bool:
    """Whether `row` needs the sentence before it, to a reader who has the question in mind."""
    generation = evidence.generation
    language = generation.manifest.language
    text, own, earlier = (
        generation.unit_text(row),
        generation.unit_words(row),
        generation.unit_words(before),
    )
    definite = _DEFINITE.match(text)
    noun = definite[1] if definite else ""
    introduced = noun and re.search(
        rf"\b(?:an?|its|their|his|her) (?:\w+ ){{0,2}}{noun}\b|\b{noun.capitalize()}\b",
        generation.unit_text(before),
    )
    if not (_LEANING.match(text) or introduced) or _EXPLETIVE.match(text):
        return False
    pointed = _POINTING.match(text)
    if pointed and set(evidence.ranking.query_terms).intersection(terms(pointed[1], language)):
        return False  # "This rivalry", to who asked about it
    source, start, _ = generation.unit(row)
    above = terms(f"{source.title} {source.heading_at(start) or ''}", language)
    asked = set(evidence.ranking.query_terms) - set(own.terms)
    if not asked and len(evidence.ranking.query_terms) >= 3:
        return False  # it says all that the question says of its matter
    return asked.isdisjoint((*earlier.terms, *above))
