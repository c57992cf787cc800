"""Noun phrases, found by function words: names, things, dates, and what they are tied to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from index.countries import is_country, spell_out
from index.tokens import stem
from qa.english.grammar import (
    ADVERBS,
    AUXILIARIES,
    CONJUNCTIONS,
    DETERMINERS,
    MONTH_WORDS,
    PARTICIPLES,
    PARTICLES,
    PLURALS,
    PREPOSITIONS,
    PRONOUNS,
    SINGULARS,
    TIMES,
    VERBS,
    WH,
)

Kind = Literal["date", "country", "name", "thing"]
Role = Literal["asked", "subject", "object", "oblique"]
_TOKEN = re.compile(
    r"`[^`]+`|\"[^\"]+\"|“[^”]+”|\d+(?:[.,]\d+)+|\w+(?:[-./–]\w+)*(?:['’](?:s\b)?)?|[^\w\s]"
)
_YEAR = re.compile(r"(?:1\d{3}|20\d{2})s?|\d{1,2}(?:st|nd|rd|th)")


@dataclass(frozen=True, slots=True)
class Mention:
    """A noun phrase: tokens `start` to `end` of `tokens`; `inner` are names that it is made of."""

    tokens: tuple[str, ...] = field(repr=False)
    start: int
    end: int
    role: Role
    inner: tuple[Mention, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Its tokens."""
        return self.tokens[self.start : self.end]

    @property
    def text(self) -> str:
        """As it stands in the question."""
        return joined(self.words)

    @property
    def preposition(self) -> str:
        """The preposition before it, or nothing."""
        before = self.tokens[self.start - 1].lower() if self.start else ""
        return before if before in PREPOSITIONS else ""

    @property
    def core(self) -> tuple[str, ...]:
        """Its words up to the first preposition, without a determiner."""
        words = self.words[1:] if self.words[0].lower() in DETERMINERS else self.words
        stop = next((n for n, w in enumerate(words) if w.lower() in PREPOSITIONS), len(words))
        return words[:stop] if stop else words

    @property
    def head(self) -> str:
        """The stem of the noun that it is about."""
        return stem([self.core[-1].lower()])[0] if self.core else ""

    @property
    def kind(self) -> Kind:
        """What kind of thing it names, as far as its words tell."""
        return kind_of(self.words)

    @property
    def definite(self) -> bool:
        """Whether it opens with "the", "this" or the like."""
        return self.words[0].lower() in DETERMINERS - {"a", "an"}

    @property
    def plural(self) -> bool:
        """Whether "they" may stand for it."""
        if "and" in self.core:
            return True
        last = self.core[-1].lower() if self.core else ""
        if last in PLURALS:
            return True
        return (
            not is_name(self.core[-1] if self.core else "")
            and last.endswith("s")
            and not last.endswith(("ss", "us", "is"))
            and last not in SINGULARS
        )


def tokens(text: str) -> tuple[str, ...]:
    """Words and marks; what stands in quotation marks or backquotes is one of them."""
    return tuple(_TOKEN.findall(text))


def joined(words: Iterable[str]) -> str:
    """Tokens as running text."""
    text = " ".join(words)
    text = re.sub(r" (?=[,.;:!?)%\]])|(?<=[(\[$€£]) ", "", text)
    return re.sub(r"(?<=\w) (?=['’])", "", text)


def is_name(token: str) -> bool:
    """Whether a token is written as a name, a code or a title is."""
    return bool(token) and (token[0].isupper() or token[0] in '`"“')


def bare(token: str) -> str:
    """A token in small letters, without its possessive ending."""
    return re.sub(r"['’]s?$", "", token.lower())


def kind_of(words: Sequence[str]) -> Kind:
    """What kind of thing some words name."""
    found = [word for word in words if word.lower() not in DETERMINERS | PREPOSITIONS]
    lowered = [bare(word) for word in found]
    if found and all(
        _YEAR.fullmatch(word) or word in MONTH_WORDS | TIMES or (word.isdigit() and len(word) < 3)
        for word in lowered
    ):
        return "date"
    names = [word for word in spell_out(joined(found)).split() if word[0].isupper()]
    if names and len(names) == len(found) <= 3 and any(is_country(bare(name)) for name in names):
        return "country"
    if any(is_name(word) for word in found):
        return "name"
    return "thing"


def phrases(text: str) -> tuple[Mention, ...]:
    """The noun phrases of a statement or of words without a verb."""
    words = tokens(text)
    return tuple(phrases_in(words, (0, len(words)), "object"))


def past(word: str) -> bool:
    """Whether a word looks like a verb in the past tense."""
    return word in PARTICIPLES or (
        word.endswith("ed") and len(word) > 4 and not word.endswith("eed")
    )


def phrases_in(words: tuple[str, ...], span: tuple[int, int], role: Role) -> list[Mention]:
    """The noun phrases in a span; "of" and "between" tie one to the next, names may be joined."""
    found: list[Mention] = []
    place, end = span
    seen = False
    while place < end:
        stop = _noun_phrase(words, place, end)
        if stop == place:
            place += 1
            continue
        inner = list[Mention]()
        first = place
        while stop < end:
            tie = words[stop].lower()
            after = _noun_phrase(words, stop + 1, end)
            both_names = tie == "and" and stop + 1 < end
            both_names = both_names and is_name(words[stop - 1]) and is_name(words[stop + 1])
            in_between = tie == "and" and "between" in (w.lower() for w in words[first:stop])
            if after == stop + 1 or not (tie in ("of", "between") or both_names or in_between):
                break
            if not inner:
                inner.append(Mention(words, first, stop, role))
            inner.append(Mention(words, stop + 1, after, role))
            stop = after
        before = words[first - 1].lower() if first > span[0] else ""
        oblique = before in PREPOSITIONS - PARTICLES or (seen and role == "subject")
        found.append(Mention(words, first, stop, "oblique" if oblique else role, tuple(inner)))
        seen = True
        place = stop
    return found


def _qualifies(following: Sequence[str]) -> bool:
    """Whether a participle before such a word belongs to it: "the steam powered device"."""
    if not following or is_name(following[0]) or not following[0].isalpha():
        return False
    closed = PREPOSITIONS | CONJUNCTIONS | AUXILIARIES | WH | PRONOUNS | DETERMINERS | ADVERBS
    return following[0].lower() not in closed and not following[0].endswith("ly")


def _noun_phrase(words: Sequence[str], place: int, end: int) -> int:
    """Where the noun phrase that opens at `place` ends; `place` where none does."""
    stop = place
    if stop < end and words[stop].lower() in DETERMINERS:
        stop += 1
    opened = stop
    while stop < end:
        word = words[stop].lower()
        if not (word[0].isalnum() or word[0] in '`"“'):
            break
        if word in PREPOSITIONS | CONJUNCTIONS | AUXILIARIES | WH | PRONOUNS | DETERMINERS:
            break
        if (stop == place or stop > opened) and (word in ADVERBS or word.endswith("ly")):
            break
        if past(word) and not is_name(words[stop]):
            # A participle belongs to a noun after it: "restored files", "the steam powered device".
            opens = stop == place and words[max(place - 1, 0)].lower() in AUXILIARIES | PREPOSITIONS
            within = opened > place and _qualifies(words[stop + 1 : min(stop + 2, end)])
            if not (opens or within or stop == opened > place):
                break
        if stop > opened and word in VERBS and is_name(words[stop - 1]) > is_name(words[stop]):
            break
        stop += 1
    return stop if stop > opened else place
