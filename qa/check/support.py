"""How far quotes say what a sentence says: word for word, by its parse and its words, by a model.

What stands in a quote as it is passes. English in other words is parsed and laid upon the quote
(`qa.check.by_parse`), and beside that its words are compared: each of its clauses is held by one
clause of a quote with all its words (or such as say the same), numbers and names, under the same
subject, in no reversed order, and denied, hedged, tied and attributed alike. The two err in
different places: one lets pass what nothing exact of the other speaks against. Errors lean to the
safe side: much that says the same in words of its own is refused, and an extract stands in for it.
In other languages words, numbers, names and their order are compared, and nothing is parsed.

The embedding model does not help. To let its token vectors say that one word stands for another
raises recall on the pairs held back from 0.65 to 0.69 and lowers precision from 1.00 to 0.93 at a
cosine of 0.9, to 0.84 at 0.7: "sold" is as near to "bought" as "oppose" is to "against". The
similarity of whole sentences is above 0.9 for many a lie.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from index.tokens import words
from qa.check.by_model import entailed
from qa.check.by_parse import lacking, opinion, parse_at_once
from qa.check.by_words import (
    LEAST_SUPPORT,
    Basis,
    Sentence,
    Stretch,
    contradicted,
    hold_together,
    read_sentences,
    stretches_of,
)
from qa.check.clauses import Clause, clauses
from qa.check.distortion import FINDINGS, VOICES
from qa.check.miscopy import miscopied
from qa.check.restrictions import overstates
from qa.compose.draft import plain
from qa.english.words import Word, read
from qa.models.entailment import Entailment
from qa.result import CheckedBy

# How much may speak against the parse of a sentence whose words are held, and nothing exact.
_MUCH = 1.5
# How many sentences of a quote are parsed, without the one before each.
_MOST_SENTENCES = 4
# No one writes a longer sentence (in words) to be read.
_LONGEST = 120

_SIGN = re.compile(
    r"(?<!\S)[-\N{MINUS SIGN}](?=\d)|[<>\u2264\u2265\u2260\u00b1$\u20ac\u00a3\u00a5%]"
)
_CONDITION_FIRST = re.compile(
    r"(If|Unless|When|Before|After|Until|Because|Once|Provided that) ([^,;:]+), ([^;:]+?)\.?$"
)


# That nobody helped is a statement of its own, though all of its words are small.
_UNAIDED = re.compile(
    r"\bby (?:it|him|her|them)sel(?:f|ves)\b|\bof (?:its|his|her|their) own accord\b"
    r"|\bon (?:its|his|her|their) own"
    r"(?=\W*$|[.,;:)]|\s(?:when|if|and|or|but|after|before|in|at)\b)",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"\b(?:alone|unaided|automatic\w*|self-?\w+|single-?handed\w*)\b", re.IGNORECASE
)

_OVERSTATED = Basis(0.0, (), reason="it leaves out what the sources restrict it by")
_UNHELPED = Basis(0.0, (), reason="that nobody helped is not in the sources")
_MISCOPIED = Basis(0.0, (), reason="a number or a name in it is not as the sources have it")


def support(
    sentence: str,
    quotes: Sequence[str],
    language: str = "en",
    model: Entailment | None = None,
) -> Basis:
    """How far `quotes` say what `sentence` says, each alone or each a part of it.

    Where the rules find no support, and nothing exact against it, a `model` is asked. Quotes that
    do not support the sentence are not in the basis, which has no parts where none does.
    """
    if sentence.rstrip().endswith(("?", "\N{ARABIC QUESTION MARK}", "\N{FULLWIDTH QUESTION MARK}")):
        quotes = [q if words(plain(q)) == words(sentence) else "" for q in quotes]  # says nothing
    basis = _by_rules(sentence, quotes, language)
    if not basis.parts and language == "en" and (turned := _turned_about(sentence)):
        again = _by_rules(turned, quotes, language)
        basis = replace(again, checked_by="rules") if again.parts else basis
    if basis.parts or model is None or basis.reason:
        return basis
    return entailed(sentence, quotes, language, model) or basis


def _by_rules(sentence: str, quotes: Sequence[str], language: str) -> Basis:
    whole = _letter_for_letter(sentence)
    same = [bool(whole) and whole == _letter_for_letter(plain(quote)) for quote in quotes]
    if same and all(same):  # an extract is its own quote
        return _word_for_word(quotes)
    if len(quotes) > 1 and whole and whole == _letter_for_letter(plain("\n".join(quotes))):
        # Made of its quotes, one after the other: a table's header and one of its rows.
        return _word_for_word(quotes)
    said = read(sentence, language)
    if len(said) > _LONGEST and not any(same):
        return Basis(0.0, ())
    parts = clauses(said, VOICES, FINDINGS)
    read_quotes = [read_sentences(quote, language) for quote in quotes]
    stretches = [list(stretches_of(place, found)) for place, found in enumerate(read_quotes)]
    exact = [
        _verbatim(whole, place, quote, among)
        for place, (quote, among) in enumerate(zip(quotes, stretches, strict=True))
    ]
    if not any(exact) and miscopied(said, [one.words for found in read_quotes for one in found]):
        return _MISCOPIED
    if language == "en" and not any(exact) and _unaided(sentence, quotes):
        return _UNHELPED
    places = range(len(quotes))
    if language == "en" and not any(exact):
        by_words = [hold_together(parts, among) for among in stretches]
        parse_at_once(one for place in places for one in _near(said, place, read_quotes[place]))
        best = [
            _judged(sentence, said, parts, [place], stretches[place], read_quotes, by_words[place])
            for place in places
        ]
        if len(quotes) > 1 and all(found.value < LEAST_SUPPORT for found in best):
            every = [stretch for among in stretches for stretch in among]
            found = hold_together(parts, every) if len(parts) > 1 else Basis(0.0, ())
            best = [_judged(sentence, said, parts, places, every, read_quotes, found)]
    else:
        best = [
            verbatim or hold_together(parts, among)
            for verbatim, among in zip(exact, stretches, strict=True)
        ]
        if all(found.value < LEAST_SUPPORT for found in best) and len(parts) > 1:
            best = [hold_together(parts, [stretch for among in stretches for stretch in among])]
    value = max((found.value for found in best), default=0.0)
    alone = [found.parts for found in best if found.value >= LEAST_SUPPORT]
    if not alone:
        return _OVERSTATED if _OVERSTATED in best else Basis(min(value, 0.99), ())
    by: CheckedBy = "verbatim" if any(exact) else "rules"
    return Basis(value, tuple(part for held in alone for part in held), by)


def _unaided(sentence: str, quotes: Sequence[str]) -> bool:
    """Whether a sentence says that something was or went without help, and no quote does."""
    said = _UNAIDED.search(sentence)
    return said is not None and not any(_UNAIDED.search(q) or _ALONE.search(q) for q in quotes)


def _judged(
    sentence: str,
    said: Sequence[Word],
    parts: Sequence[Clause],
    places: Sequence[int],
    stretches: Sequence[Stretch],
    read_quotes: Sequence[Sequence[Sentence]],
    by_words: Basis,
) -> Basis:
    """What the words of a sentence and its parse say of it together.

    What the parse says passes unless words say that it is turned about; what the words say passes
    unless the parse finds something exact against it, or much. What is overstated never does.
    """
    near = [one for place in places for one in _near(said, place, read_quotes[place])]
    held = by_words.value >= LEAST_SUPPORT
    if not held and lacking(sentence, near):
        return Basis(min(by_words.value, 0.99), ())
    parsed = opinion(sentence, near)
    if parsed.grave < 1 and not contradicted(parts, stretches):
        found = by_words if held else Basis(1.0, parsed.parts)
    elif held and parsed.grave < _MUCH and not parsed.exact:
        found = by_words
    else:
        return Basis(min(by_words.value, 0.99), ())
    # What the parse was laid upon may not be all that restricts it: the words of all are asked.
    whole = [(place, one.start, one.end) for place in places for one in read_quotes[place]]
    restricting = found if parsed.grave >= 1 else Basis(1.0, tuple(whole))
    return _OVERSTATED if _overstated(said, restricting, read_quotes) else found


def _near(
    said: Sequence[Word], place: int, sentences: Sequence[Sentence]
) -> list[tuple[tuple[int, int, int], str]]:
    """The sentences of a quote that share most with what is said, each with the one before it."""
    own = {sense for word in said if word.content for sense in word.senses}
    shared = [len({w.term for w in one.words if w.senses & own}) for one in sentences]
    likely = sorted(range(len(sentences)), key=lambda n: -shared[n])[:_MOST_SENTENCES]
    chosen = {n - back for n in likely if shared[n] for back in (0, 1) if n >= back}
    return [
        ((place, one.start, one.end), one.text)
        for n, one in enumerate(sentences)
        if n in chosen and not one.quotes
    ]


def _overstated(
    said: Sequence[Word], found: Basis, read_quotes: Sequence[Sequence[Sentence]]
) -> bool:
    """Whether a sentence lacks what restricts it in the sentences that support it."""
    quoted = [
        word
        for place, start, end in found.parts
        for one in read_quotes[place]
        if start <= one.start < end
        for word in one.words
    ]
    return overstates(said, quoted)


def _word_for_word(quotes: Sequence[str]) -> Basis:
    parts = tuple((place, 0, len(quote)) for place, quote in enumerate(quotes))
    return Basis(1.0, parts, "verbatim")


def _turned_about(sentence: str) -> str | None:
    """A sentence with its condition behind it instead of before it; None where it has none there:
    "Unless it rains, we go" says what "We go unless it rains" says."""
    found = _CONDITION_FIRST.match(sentence)
    if not found:
        return None
    opening, condition, main = found.groups()
    return f"{main[0].upper()}{main[1:]} {opening.lower()} {condition}."


def _letter_for_letter(text: str) -> list[str]:
    """The words of a text, and the signs that change what a number says."""
    found = words(text)
    return found and [*found, *_SIGN.findall(text)]


def _verbatim(
    said: list[str], place: int, quote: str, stretches: Sequence[Stretch]
) -> Basis | None:
    """Where `said` is a whole sentence or the whole quote: a part of one may lack its "not"."""
    spans = dict.fromkeys((s.start, s.end) for s in stretches if not s.lent)
    for start, end in (*spans, (0, len(quote))):
        if said and said == _letter_for_letter(plain(quote[start:end])):
            return Basis(1.0, ((place, start, end),))
    return None
