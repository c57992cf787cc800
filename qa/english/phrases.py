"""A question taken apart by its function words: question phrase, auxiliary, subject, verb, rest.

English only, and by rules that a reader can follow: no grammar is learnt and no model is loaded.
Where a question does not come apart, the parts are empty and the callers do without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from index.countries import is_country, spell_out
from index.tokens import stem
from qa.english.grammar import (
    ADVERBS,
    ARTICLES,
    AUXILIARIES,
    BE,
    CLAUSES,
    CONJUNCTIONS,
    CONNECTORS,
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


@dataclass(frozen=True, slots=True)
class Question:
    """A question in parts: spans of `tokens`, empty where there is no such part.

    `asked` is the question phrase ("How many troops"), `auxiliary` one word, `subject` what comes
    between it and the verb. Where the question phrase itself is the subject ("Who signed ..."),
    `subject` is empty.
    """

    tokens: tuple[str, ...]
    asked: tuple[int, int]
    auxiliary: tuple[int, int]
    subject: tuple[int, int]
    verb: tuple[int, int]
    rest: tuple[int, int]

    def part(self, name: str) -> str:
        """The text of a part."""
        start, end = getattr(self, name)
        return joined(self.tokens[start:end])

    @property
    def word(self) -> str:
        """The question word, in small letters; nothing for a question of yes or no."""
        words = [token.lower() for token in self.tokens[slice(*self.asked)]]
        return next((word for word in words if word in WH), "")

    @property
    def noun(self) -> tuple[str, ...]:
        """What the question phrase counts or chooses from: "troops" of "how many troops"."""
        words = self.tokens[slice(*self.asked)]
        place = next((n for n, word in enumerate(words) if word.lower() in WH), len(words))
        found = words[place + 1 :]
        if words[place : place + 1] and words[place].lower() == "how":
            found = found[1:] if found and found[0].lower() in ("many", "much") else ()
        while found and found[-1].lower() in ADVERBS:
            found = found[:-1]
        return tuple(found)

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """The noun phrases, in order."""
        end = self.asked[1]
        noun = self.noun
        found = [Mention(self.tokens, end - len(noun), end, "asked")] if noun else []
        if self.subject[0] < self.subject[1]:
            found += _phrases(self.tokens, self.subject, "subject")
        found += _phrases(self.tokens, self.rest, "object")
        return tuple(found)


def tokens(text: str) -> tuple[str, ...]:
    """Words and marks; what stands in quotation marks or backquotes is one of them."""
    return tuple(_TOKEN.findall(text))


def joined(words: Iterable[str]) -> str:
    """Tokens as running text."""
    text = " ".join(words)
    text = re.sub(r" (?=[,.;:!?)%\]])|(?<=[(\[$€£]) ", "", text)
    return re.sub(r"(?<=\w) (?=['’])", "", text)


def line(*parts: str) -> str:
    """The parts that are there, with a space between."""
    return " ".join(part for part in parts if part)


def sentence(text: str) -> str:
    """Words as a question: a capital letter, one question mark."""
    text = " ".join(text.split()).rstrip("?!. ,")
    return f"{text[:1].upper()}{text[1:]}?"


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


def participle(verb: str) -> str:
    """The past participle of a verb in the past tense; nothing where it is not known."""
    word = verb.lower()
    return PARTICIPLES.get(word, word if word.endswith("ed") else "")


def parse(text: str) -> Question:
    """Take a question apart."""
    words = tokens(text.strip().rstrip("?!. "))
    low = [word.lower() for word in words]
    begin = _after_opening(low)
    asked_end = auxiliary_end = begin
    place = begin + 1 if low[begin : begin + 1] and low[begin] in PREPOSITIONS else begin
    if place < len(low) and low[place] in WH:
        asked_end = _end_of_asked(words, low, place)
    elif place != begin:
        place = begin
    auxiliary_end = asked_end
    if asked_end < len(low) and low[asked_end] in AUXILIARIES:
        auxiliary_end += 1
    end = len(words)
    asked, auxiliary = (begin, asked_end), (asked_end, auxiliary_end)
    if auxiliary_end == asked_end:  # "Who signed ...": the question phrase is the subject
        verb = asked_end
        while verb < end and (low[verb] in ADVERBS or low[verb].endswith("ly")):
            verb += 1
        stop = min(verb + 1, end) if asked_end > begin else begin
        verb = verb if asked_end > begin else begin
        return Question(words, asked, auxiliary, (verb, verb), (verb, stop), (stop, end))
    verb = _verb(words, low, asked, auxiliary_end)
    nominal = low[asked_end] in BE and low[place] in ("who", "what", "which", "whose")
    if low[asked_end] in BE and (nominal or verb == auxiliary_end):
        # "Who was the head of ...", "Which treaty was signed ...": all of it is said of the asked.
        # "How deep is the harbour": all of it is the subject.
        asked_is_subject = nominal or verb == auxiliary_end < end
        subject = (auxiliary_end, auxiliary_end) if asked_is_subject else (auxiliary_end, verb)
        stop = verb + 1 if verb < end and _is_participle(low[verb]) and verb == auxiliary_end else 0
        if nominal or stop:
            first = auxiliary_end
            stop = stop or first
            return Question(words, asked, auxiliary, subject, (first, stop), (stop, end))
    stop = min(verb + 1, end) if verb < end and low[verb] not in PREPOSITIONS | CLAUSES else verb
    if stop < end and low[verb] in ("be", "been") and _is_participle(low[stop]):
        stop += 1
    return Question(words, asked, auxiliary, (auxiliary_end, verb), (verb, stop), (stop, end))


def phrases(text: str) -> tuple[Mention, ...]:
    """The noun phrases of a statement or of words without a verb."""
    words = tokens(text)
    return tuple(_phrases(words, (0, len(words)), "object"))


def _after_opening(low: Sequence[str]) -> int:
    """Where the question itself begins: after "In 2019," or the like."""
    if "," in low[:8]:
        comma = low.index(",")
        if comma + 1 < len(low) and low[comma + 1] in WH | AUXILIARIES | PREPOSITIONS:
            return comma + 1
    return 0


def _end_of_asked(words: Sequence[str], low: Sequence[str], place: int) -> int:
    end = place + 1
    if low[place] in ("how", "what", "which", "whose"):
        third = low[end][:-1] if end < len(low) and low[end].endswith("s") else ""
        while (
            end < len(low)
            and not (low[place] == "what" and third in VERBS)
            and low[end] not in AUXILIARIES | PRONOUNS | CONJUNCTIONS
            and (low[end] == "of" or low[end] not in PREPOSITIONS)
            and (low[end] not in ARTICLES or low[end - 1] == "of")
            and not past(low[end])
            and words[end] not in ",;:"
        ):
            end += 1
        if end == len(low) or (low[end] not in AUXILIARIES and not past(low[end])):
            # No verb was found: "What repairs damaged blocks", "Which ships carry coal".
            end = place + 1 + (low[place] in ("which", "whose") and place + 2 < len(low))
            if low[place] == "how" and end < len(low) and low[end] in ("many", "much"):
                end = min(end + 2, len(low))
    elif end < len(low) and low[end] == "else":
        end += 1
    return end


def past(word: str) -> bool:
    """Whether a word looks like a verb in the past tense."""
    return word in PARTICIPLES or (
        word.endswith("ed") and len(word) > 4 and not word.endswith("eed")
    )


def _is_participle(word: str) -> bool:
    return (
        past(word)
        or word in PARTICIPLES.values()
        or (len(word) > 4 and word.endswith(("wn", "ten", "den", "ken", "sen", "zen", "ing")))
    )


def _verb(words: Sequence[str], low: Sequence[str], asked: tuple[int, int], first: int) -> int:
    """Where the verb or predicate after the subject begins; the end where there is none."""
    end = len(words)
    copula = low[asked[1]] in BE
    fallback = end
    for place in range(first, end):
        word, before = low[place], low[place - 1] if place else ""
        content = word[0].isalpha() and not is_name(words[place]) and word not in PREPOSITIONS
        content = content and word not in CONNECTORS
        content = content and word not in DETERMINERS | CONJUNCTIONS | PRONOUNS | ADVERBS
        after_noun = place > first and before not in DETERMINERS | PREPOSITIONS | CONJUNCTIONS
        after_noun = after_noun or (place > first and before in PRONOUNS - DETERMINERS)
        after_noun = after_noun or (place == first + 1 and before in ("this", "that", "these"))
        if copula:
            if content and (place == first or after_noun) and _is_participle(word):
                return place
            if word in CLAUSES - CONJUNCTIONS and place > first:
                return min(fallback, place)
            if word in PREPOSITIONS - {"of", "between"} and after_noun:
                fallback = min(fallback, place)
        elif word in ("be", "been") and place > first:
            return place
        elif content and after_noun:
            if word in VERBS or (before in PRONOUNS and before not in DETERMINERS):
                return place
            following = low[place + 1] if place + 1 < end else ""
            closed = not following or following in PREPOSITIONS | DETERMINERS | PRONOUNS | ADVERBS
            if closed or is_name(words[place + 1]) or following[0].isdigit():
                fallback = min(fallback, place)
    return fallback


def _phrases(words: tuple[str, ...], span: tuple[int, int], role: Role) -> list[Mention]:
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
