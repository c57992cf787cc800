"""Whether a quote holds the clauses of a sentence with all their words, in no way turned about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import sentencex

from qa.check.alignment import same_name
from qa.check.by_parse import QUOTATION
from qa.check.clauses import PAUSE, Clause, clauses
from qa.check.distortion import FINDINGS, VOICES, contradicts, distorted, is_voice
from qa.compose.draft import plain
from qa.english.words import DETERMINERS, Word, read
from qa.result import CheckedBy

# The least share of its content words that a sentence must have from its quotes: all. On the pairs
# of tests/support_pairs.jsonl that the rules were written on, and on those held back, that gives
# precision 1.00 and 1.00, recall 0.88 and 0.65; 0.85 gives 0.75 and 0.72, 0.90 and 0.71. The curve
# is written by `python tests/benchmarks/support.py`, and so are lies made by rule from sentences of
# a LIBRARY: of articles, 1.2 percent with a word exchanged pass, 0.3 with a number or a name.
LEAST_SUPPORT = 1.0
# What leans on what was said before.
_LEANING = frozenset(
    "he she it they him her them his hers its their this these those but and while".split()
)


@dataclass(frozen=True, slots=True)
class Basis:
    """How far (0 to 1) quotes support a sentence, by what, how that was found, or why they do not.

    Each part is (quote, start, end): `quote` counts from 0; `start` and `end` are offsets into that
    quote and span whole sentences.
    """

    value: float
    parts: tuple[tuple[int, int, int], ...]
    checked_by: CheckedBy = "rules"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a quote, its offsets there, and whether it quotes someone else."""

    words: tuple[Word, ...]
    start: int
    end: int
    quotes: bool
    text: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A clause with what it shares or leans on, and the sentences around it, which are cited."""

    clause: Clause
    lent: tuple[Word, ...]
    quote: int
    start: int
    end: int

    @property
    def words(self) -> tuple[Word, ...]:
        """What it shares, a pause, and its own words."""
        return (*self.clause.shared, PAUSE, *self.clause.words)


def contradicted(parts: Sequence[Clause], stretches: Sequence[Stretch]) -> bool:
    """Whether each stretch that has most words of a clause denies it or turns it about."""
    for part in parts:
        held = [_share(part, stretch) for stretch in stretches]
        most = max((share for share, _ in held), default=0.0)
        if all(
            contradicts(said, stretch.words, stretch.lent)
            for (share, said), stretch in zip(held, stretches, strict=True)
            if share == most
        ):
            return True
    return False


def hold_together(parts: Sequence[Clause], stretches: Sequence[Stretch]) -> Basis:
    """How far each clause of a sentence is held by one of the stretches: the least of them."""
    found = [_best(part, stretches) for part in parts]
    value = min((part.value for part in found), default=0.0)
    return Basis(value, tuple(dict.fromkeys(part for basis in found for part in basis.parts)))


def _best(said: Clause, stretches: Sequence[Stretch]) -> Basis:
    best = Basis(0.0, ())
    for stretch in stretches:
        value = _held(said, stretch)
        if value > best.value:
            best = Basis(value, ((stretch.quote, stretch.start, stretch.end),))
    return best


@lru_cache(maxsize=256)
def read_sentences(quote: str, language: str) -> tuple[Sentence, ...]:
    """The sentences of a quote. Kept, for the sentences of a text are laid upon the same."""
    return tuple(_read_sentences(quote, language))


def _read_sentences(quote: str, language: str) -> Iterator[Sentence]:
    for part in sentencex.get_sentence_boundaries(language, quote):
        text = part["text"]
        start = part["start_index"] + len(text) - len(text.lstrip())
        end = part["start_index"] + len(text.rstrip())
        quotes = bool(QUOTATION.search(text))
        text = plain(text)
        yield Sentence(tuple(read(text, language)), start, end, quotes, text)


def stretches_of(place: int, sentences: Sequence[Sentence]) -> Iterator[Stretch]:
    """The clauses of a quote; those that lean on what is before them once more, with that."""
    before: tuple[Word, ...] = ()
    opening = 0
    for one in sentences:
        leaning = False
        for found in clauses(one.words, VOICES, FINDINGS):
            clause = replace(found, told=found.told or one.quotes)
            yield Stretch(clause, (), place, one.start, one.end)
            if before and any(w.text in _LEANING for w in (*clause.shared, *clause.words)):
                yield Stretch(clause, before, place, opening, one.end)
                leaning = True
            before += clause.words
        if any(word.content for word in one.words) and not leaning:
            before, opening = one.words, one.start  # a chain of pronouns goes back to one name


def _share(part: Clause, stretch: Stretch) -> tuple[float, list[Word]]:
    """The share of its content words that a stretch has, and its words under their terms there."""
    lendable = _lendable(stretch.lent)
    said = _aligned((*part.shared, PAUSE, *part.words), stretch, lendable)
    terms = {word.term for word in (*stretch.words, *lendable)}
    held = [word.term in terms for word in said if word.content]
    return sum(held) / max(1, len(held)), said


def _held(part: Clause, stretch: Stretch) -> float:
    """The share of the content words that a stretch holds; 0 where something speaks against it."""
    lendable = _lendable(stretch.lent)
    said = _aligned((*part.shared, PAUSE, *part.words), stretch, lendable)
    content = [word for word in said if word.content]
    own = {word.term for word in stretch.words}
    lent = {word.term for word in lendable}
    # A word that is said twice must be there twice.
    there = Counter(word.term for word in (*stretch.words, *lendable))
    again = said[len(part.shared) :] if part.told else said
    there.subtract(word.term for word in again if word.content)
    held = [there[word.term] >= 0 and word.term in own | lent for word in content]
    share = sum(held) / len(held) if held else 0.0
    if share >= LEAST_SUPPORT and (
        (stretch.lent and not _lent_in_place(content, own, lent, stretch.clause))
        or distorted(part, said, stretch.clause, stretch.words, stretch.lent)
    ):
        return 0.0
    return share


def _aligned(said: Sequence[Word], stretch: Stretch, lendable: Sequence[Word]) -> list[Word]:
    """The words of `said`, those that say the same as a word of the stretch under its term."""
    quoted = (*stretch.words, *lendable)
    terms = {word.term for word in quoted}
    names = [word for word in quoted if word.name]
    senses = frozenset[str]().union(*(word.senses for word in quoted))
    aligned = []
    for word in said:
        if word.content and word.term not in terms:
            same: Word | None = None
            if word.name:
                same = next((one for one in names if same_name(word.term, one.term)), None)
            elif not senses.isdisjoint(word.senses):  # most words have no other word for them
                same = next(one for one in quoted if word.senses & one.senses)
            word = replace(word, term=same.term) if same else word
        aligned.append(word)
    return aligned


def _lendable(lent: Sequence[Word]) -> list[Word]:
    """What a pronoun can stand for: names, things with an article before them; and who says it."""
    return [
        word
        for place, word in enumerate(lent)
        if not word.number
        and (
            word.name
            or is_voice(word)
            or (place > 0 and lent[place - 1].text in DETERMINERS)
            or (place > 1 and lent[place - 2].text in DETERMINERS and not lent[place - 1].name)
        )
    ]


def _lent_in_place(content: Sequence[Word], own: set[str], lent: set[str], clause: Clause) -> bool:
    """Whether what is lent stands where the pronoun does: before what is own, or after it."""
    origin = [word.term in own for word in content if (word.term in own) != (word.term in lent)]
    verb = next((place for place, word in enumerate(clause.words) if word.verb), 0)
    leading = (*clause.shared, *clause.words[: verb + 1])
    first = verb == 0 or any(word.text in _LEANING for word in leading)
    return any(origin) and origin == sorted(origin, reverse=not first)
