"""What a sentence needs of the one before it, to be understood by who asked."""

from __future__ import annotations

import re

from index.tokens import terms
from qa.retrieve.evidence import Evidence

LEADS_IN = re.compile(r":[\W_]*$")
"""The end of what leads in to what follows."""

# Openings that make no sense without the sentence before, unless the question says what they mean.
_LEANING = re.compile(r"(He|She|It|They|This|These|Those|His|Her|Its|Their|Such|Both)\b")
# Openings that only go on, whatever the question says.
_GOING_ON = re.compile(
    r"(?:(?:But|And|Or|So|Yet|Also|Then|Thus|Hence|However|Therefore|Consequently|Moreover"
    r"|Furthermore|Additionally|Likewise|Similarly|Conversely|Instead|Otherwise|Nevertheless"
    r"|Nonetheless|Accordingly|Alternatively|Rather|Neither|Either|Another"
    r"|In (?:addition|contrast|turn|other words|that case|this case|such cases?|both cases)"
    r"|By (?:contrast|comparison)|As (?:a result|such)|On the (?:other hand|contrary)"
    r"|For (?:this|that|these|those|the same) \w+|At (?:that|the same) \w+|To (?:this|that) end"
    r"|Because of (?:this|that|it)|That (?:is why|said|way)"
    r"|The (?:same|other|latter|former|above|second|third))\b"
    # "Mercury also ..." adds to what was said of it.
    r"|(?:[A-Z][\w’'-]*|The \w+)(?: \w+)? (?:also|too|likewise|similarly)\b)"
)
# But not where "it" stands for what follows: "It was not until 1920 that", "It is believed that".
_EXPLETIVE = re.compile(
    r"It (?:is|was|has been|had been|would be|will be|took|takes) (?:\w+ ){0,3}?"
    r"(?:until|years|months|weeks|days|(?:\w+(?:ed|ble|ly|ant|ent|ult|ful)|known|thought|said|found"
    r"|held|shown|true|clear|unclear|hard|easy|rare|common|legal) (?:that|to|whether|how))\b"
)
_POINTING = re.compile(r"(?:This|These|Those) ([\w/-]+)")
# So many sentences back is looked for what a sentence leans on.
_FARTHEST = 2
# "The treaty obliges ...": which one, the sentence before may tell.
_DEFINITE = re.compile(r"The ([a-z]{4,})\b(?! (?:of|for|on|in|between)\b)")


def leans_on(evidence: Evidence, row: int) -> int | None:
    """The sentence before, of the same paragraph or leading in to it, where `row` needs it."""
    generation = evidence.generation
    before = generation.neighbour(row, -1)
    if before is None or not generation.is_sentence(before):
        return None
    source, start, _ = generation.unit(row)
    end = generation.unit(before)[2]
    if LEADS_IN.search(source.text[max(0, end - 4) : end]):
        return before
    same = "\n" not in source.text[end:start]
    return before if same and _leans(evidence, row, before) else None


def opening(evidence: Evidence, row: int, start: int) -> int:
    """The sentence from which on `row` is understood; none that begins before `start`."""
    for _ in range(_FARTHEST):
        before = leans_on(evidence, row)
        if before is None or evidence.generation.unit(before)[1] < start:
            break
        row = before
    return row


def _leans(evidence: Evidence, row: int, before: int) -> bool:
    """Whether `row` needs the sentence before it, to a reader who has the question in mind."""
    generation = evidence.generation
    language = generation.manifest.language
    text, own, earlier = (
        generation.unit_text(row),
        generation.unit_words(row),
        generation.unit_words(before),
    )
    if _GOING_ON.match(text):
        return True
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
