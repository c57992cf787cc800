"""Whether a question speaks of somebody or something that what answers it does not speak of.

"When did France sign it?", where Russia and North Korea signed, has no answer: what is found is
about others, and would be taken for one. English only; `python tests/benchmarks/premise.py`
measures it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from index.countries import SEATS, is_country, spell_out
from index.search import Generation
from index.tokens import STOP_WORDS, implied, implying, terms, words
from qa.english.grammar import MONTH_WORDS, TIMES
from qa.retrieve.candidates import Candidate
from qa.retrieve.evidence import Evidence

_WORD = re.compile(r"[^\W_][\w.'’-]*")
_NAME = re.compile(
    r"(?<![\w'’-])[A-Z0-9][\w.'’-]*(?:\s(?:(?:of|the|de|van|von|al)\s){0,2}(?=[A-Z0-9])[\w.'’-]+)*"
)
# Stretches that are read for a name: the first is the answer, one as likely may be a part of it.
_STRETCHES = 2
_LIKELY = 0.5
_SLIP = 0.8
# What is left of the confidence where a name is not met: of the build half of the questions of
# tests/premise_questions.jsonl that were answered so, 5 were of somebody absent and 1 was not.
_UNMET = 0.15
_TITLES = frozenset(
    "captain colonel doctor dr general judge king lady lord major minister mr mrs ms pope president"
    " prince princess professor queen saint sir".split()
)
_YEAR = re.compile(r"(?<![\w.,$€£])(1\d{3}|20\d{2})(?:['’]?(s))?(?![\w%]|[.,–-]\d)")
# What bounds a time need not stand in what falls within it.
_BOUND = re.compile(
    r"\b(?:after|before|since|until|till|by|from|to|between|than|as of)\s(?:the\s)?$"
    r"|\d['’]?s?\s(?:and|to|or)\s$",
    re.IGNORECASE,
)
_OPENERS = STOP_WORDS | frozenset(
    "i i'm i've i'd i'll whats what's who's tell please explain describe summarise summarize list"
    " name give according since".split()
)


def with_premise(evidence: Evidence) -> Evidence:
    """The evidence; less sure than what is answered, where names of the question are not met."""
    unmet = unmet_premise(evidence) if evidence.answerable else ()
    if not unmet:
        return evidence
    confidence = min(evidence.confidence * _UNMET, 0.9 * evidence.least)
    return replace(evidence, confidence=confidence, unmet=unmet)


def unmet_premise(evidence: Evidence) -> tuple[str, ...]:
    """The names of the question that the likeliest stretches and what stands around them lack.

    A name is met by itself, its last word or its initials, by the country of a people or a seat of
    government, or by a like spelling where the library has no such word. A country must be named
    near by, where another country may be what is told of, and so a year: of the 3,000 questions
    of squad 27 name one that is not, and have no answer. Anything else must be named somewhere in
    the source. Empty where all are met, nothing is named, or the language is not English.
    """
    generation = evidence.generation
    if not generation.manifest.language.startswith("en") or not evidence.candidates:
        return ()
    question = evidence.asked or evidence.question
    years = [one for one in _YEAR.finditer(question) if not _BOUND.search(question[: one.start()])]
    names = _names(question)
    if not names and not years:
        return ()
    near = _near(evidence)
    held = frozenset((*words(near), *terms(near)))
    held |= implying(held)
    likely = dict.fromkeys(one.source_id for one in _likely(evidence))
    whole = [generation.source(source_id).text for source_id in likely]
    dated = " ".join([near, *(_dated(generation, source_id) for source_id in likely)])
    unmet = [year.group() for year in years if not _in_time(year, dated)]
    unmet += [name for name in names if not _met(name, near, held, whole, generation)]
    return tuple(dict.fromkeys(unmet))


def _names(question: str) -> list[str]:
    """The names of a question, as they are written; countries in small letters, too."""
    text = spell_out(re.sub(r"['’]s\b", " ", question))
    found = []
    for match in _NAME.finditer(text):
        name = match.group().strip(".'’-")
        opens = not text[: match.start()].strip(" \"“'(¿-")
        first, _, rest = name.partition(" ")
        if opens and (first.lower() in _OPENERS or not rest):
            name = rest if first.lower() in _OPENERS else ""
        parts = [one for one in re.split(r"\s(?:and|or)\s", name) if one]
        found += [one for one in parts if len(one) > 1 and any(map(_is_named, words(one)))]
    for word in _WORD.findall(text):
        if word.islower() and is_country(word):
            found.append(word)
    return list(dict.fromkeys(found))


def _is_named(word: str) -> bool:
    """Whether a word of what is written like a name is more than a number or a time."""
    return not (word[0].isdigit() or word in STOP_WORDS or word in MONTH_WORDS | TIMES)


def _likely(evidence: Evidence) -> list[Candidate]:
    """The first stretch, and those that are nearly as likely to answer."""
    least = _LIKELY * evidence.chances[0]
    found = zip(evidence.candidates[:_STRETCHES], evidence.chances, strict=False)
    return [one for one, chance in found if chance >= least]


def _near(evidence: Evidence) -> str:
    """The likeliest stretches with their titles, headings, and what stands before them."""
    found = []
    for candidate in _likely(evidence):
        source = evidence.generation.source(candidate.source_id)
        start = candidate.stretch.start
        begin = source.text.rfind("\n\n", 0, max(start - 2, 0)) + 1
        found += [source.title, source.heading_at(start) or "", candidate.stretch.heading]
        found += [source.text[begin : candidate.stretch.end]]
    return spell_out("\n".join(found))


def _dated(generation: Generation, source_id: str) -> str:
    """Where a source may say when it was written, besides its text."""
    return f"{source_id} {generation.source(source_id).published or ''}"


def _in_time(asked: re.Match[str], dated: str) -> bool:
    """Whether a text names the year that is asked of, or a year of the decade or the century."""
    year, of_many = asked.groups()
    if not of_many:
        return year in dated
    same = year[:2] if year.endswith("00") else year[:3]
    century = rf"(?<!\d){int(year[:2]) + 1}(?:st|th)\b" if year.endswith("00") else "$^"
    return bool(re.search(rf"(?<!\d){same}\d{{{4 - len(same)}}}|{century}", dated))


def _met(
    name: str, near: str, held: frozenset[str], whole: Sequence[str], generation: Generation
) -> bool:
    name = name[:-1] if name[:-1].isupper() and name[-1] == "s" else name  # "IPs"
    own = [word for word in words(name) if word not in STOP_WORDS]
    own = [word for word in own if word not in _TITLES] or own
    own = own[-1:] if own and own[-1] in SEATS else own  # "New Delhi"
    stems = terms(" ".join(own))
    if not stems or all(_held(one, held) for one in stems):
        return True
    if own[0] in ("north", "south"):
        return False  # "South Korea" is not North Korea
    countries = [word for word in own if is_country(word)]
    if countries and (
        own == countries or not all(_held(one, held) for one in terms(" ".join(countries)))
    ):
        return False
    if own[-1][0].isdigit():
        return False  # "Article 12" is not Article 4
    last = re.compile(rf"(?<!\w){re.escape(own[-1])}", re.IGNORECASE)
    if any(last.search(text) for text in whole):
        return True
    if 2 * sum(one in held for one in stems) >= len(stems) > 1:
        return True
    if name.isupper() and any(_spelled(name, text) for text in (near, *whole)):
        return True
    for one in stems:
        if one in held or len(one) < 4 or generation.holds(one):
            continue
        close = [other for other in held if abs(len(other) - len(one)) < 3]
        if get_close_matches(one, close, n=1, cutoff=_SLIP):
            return True
    return False


def _held(stem: str, held: frozenset[str]) -> bool:
    return stem in held or any(one in held for one in implied([stem]))


def _spelled(letters: str, text: str) -> bool:
    """Whether capitalised words of a text, one after another, begin with an acronym's letters."""
    return bool(re.search(r"(?<!\w)" + r"\w*\W+(?:(?:of|the|and|for) )*".join(letters), text))
