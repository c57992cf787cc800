"""What a pronoun or "the treaty" may stand for: what the turn before speaks of, best first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from index.tokens import STOP_WORDS, stem, words
from qa.english.grammar import DETERMINERS, PREPOSITIONS
from qa.english.noun_phrases import Mention, Role, is_name, joined, kind_of, phrases, tokens
from qa.english.phrases import Question, line, parse

Wanted = Literal["person", "many", "one", "place"]
# Where a pronoun stands; "patient" is the subject of a passive: "Was it signed?"
Position = Literal["subject", "patient", "object"]

# A longer phrase of an answer, in characters, is not what a person would call a thing.
_LONGEST = 80
# What must speak for a name in an answer to be taken for a person's.
_LIKELY = 1.0
# Prepositions that tie what follows to the noun before them: "the treaty with Iran".
_TYING = frozenset(("on", "about", "with", "against", "into", "for"))
# No person has these in a name.
_ORGANISATIONS = frozenset(
    "academy act age agency agreement army association authority bank battle board bridge "
    "bureau center centre club college commission committee company conference congress "
    "convention corporation corps council court dam department duma dynasty empire era force "
    "forces forum foundation gallery government group herald house institute institution "
    "international kingdom league ministry monitor museum navy news office organisation "
    "organization pact parliament party police post press railway regatta republic reserve "
    "revolution river school sea senate service society space station street summit team "
    "times treasury treaty union university uprising war".split()
)
_ROLE = re.compile(
    r"(?:\b(?:by|founder|president|minister|premier|engineer|professor|scientist|director|chairman"
    r"|chairwoman|head|leader|general|king|queen|judge|mayor|painter|poet|author|writer|founder"
    r"|physicist|chemist|teacher|farmer|spokesman|spokeswoman|secretary|ambassador|envoy|Mr|Mrs"
    r"|Ms|Dr|Sir|Dame|Lord|Lady)[.,]?\s+)$"
)
_PERSON = re.compile(
    r"\b[A-Z][\w’'-]+(?:\s(?:(?:van|von|de|der|den|di|da|la|bin|al|el)\s)?[A-Z][\w’'.-]*\w){0,3}"
)
_MARKERS = re.compile(r"(?:\s*\[\d+\])+|\\(?=[^\w\s])")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"“])")


@dataclass(frozen=True)
class Said:
    """A turn: the question as it stands alone, and the answer that it got, or nothing."""

    question: str
    answer: str = ""

    @cached_property
    def parsed(self) -> Question:
        """The question in parts."""
        return parse(self.question)

    @cached_property
    def statements(self) -> tuple[str, ...]:
        """The sentences of the answer without its markers."""
        return tuple(_SENTENCE.split(_MARKERS.sub("", self.answer).strip()))

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """What the question speaks of."""
        return self.parsed.mentions

    @cached_property
    def new(self) -> tuple[Mention, ...]:
        """What the first sentence of the answer adds to what the question speaks of."""
        known = set(_content(self.question))
        first = self.statements[0] if self.statements else ""
        return tuple(
            m
            for m in phrases(first)
            if (
                is_name(m.core[0])
                or m.words[0].lower() == "the"
                or (m.plural and m.kind == "thing")
            )
            and not (known.intersection(_content(m.text)) and m.kind == "name")
            and m.core[-1].lower() not in STOP_WORDS
            and len(m.text) <= _LONGEST
            and not known.issuperset(_content(m.text))
        )

    @property
    def names_its_subject(self) -> bool:
        """Whether the answer names what the question asks for as its subject: "Which ship ..."."""
        parsed = self.parsed
        return parsed.subject[0] == parsed.subject[1] and parsed.word in ("who", "which", "what")


def referents(said: Said, wanted: Wanted, position: Position = "subject") -> list[str]:
    """What a pronoun may stand for, the likeliest first."""
    if wanted == "person":
        return _unique(_persons(said))
    plural = said.parsed.part("auxiliary").lower() in ("do", "are", "were", "have")
    mentions = [m for m in said.mentions if _may_be(m, wanted, plural and m.role == "subject")]
    order: tuple[Role, ...] = ("object", "subject", "asked", "oblique")
    if position == "subject":
        order = ("subject", "object", "asked", "oblique")
    mentions.sort(key=lambda m: order.index(m.role))
    asked = [carried(said, m) for m in mentions]
    answers = sorted((m for m in said.new if _may_be(m, wanted)), key=lambda m: m.kind != "name")
    if said.names_its_subject and said.parsed.noun:  # "Which ship ..." is answered by a name
        answers = [m for m in answers if is_name(m.core[0])]
    answered = [as_topic(m.text) for m in answers]
    if wanted == "many" and said.parsed.word == "who":
        answered = _unique([*_joined_persons(said), *answered])
    parsed = said.parsed
    told = parsed.word == "what" and not parsed.noun and wanted == "many"  # "What did it find?"
    subject = said.names_its_subject and (
        wanted == "many" if parsed.word == "who" else position != "object"
    )
    if told or subject:  # the answer is what the talk is about now
        return _unique([*answered[:2], *asked, *answered[2:3]])
    inner = [m.text for one in mentions for m in one.inner[1:] if wanted != "many"]
    return _unique([*asked, *inner]) or answered[:2]


def carried(said: Said, mention: Mention) -> str:
    """A noun phrase of a question as another question would say it."""
    found = mention.words
    first = found[0].lower()
    parsed = said.parsed
    following = parsed.tokens[mention.end : mention.end + 1]
    if following and following[0].lower() in _TYING:
        after = next((m for m in said.mentions if m.start == mention.end + 1), None)
        if after is not None and after.kind != "date" and mention.kind != "name":
            found = parsed.tokens[mention.start : after.end]
    if first in ("their", "its", "his", "her"):
        subject = next((m for m in said.mentions if m.role == "subject"), None)
        if subject is not None and subject != mention:
            tie = "between" if "and" in subject.words else "of"
            return joined(("the", *found[1:], tie, subject.text))
    if mention.role == "asked":
        if parsed.subject[0] == parsed.subject[1] and parsed.part("auxiliary"):
            # "Which reform was attempted in 2003": "the reform attempted in 2003"
            return line("the", joined(found), parsed.part("verb"), parsed.part("rest"))
        return joined(("the", *found))
    return as_topic(joined(found))


def as_topic(text: str) -> str:
    """A noun phrase as one speaks of it the second time: "a vault" is "the vault"."""
    text = re.sub(r"^(?:[Aa]n?|The)\s+(?=[a-z])|^[Aa]n?\s+", "the ", text)
    return re.sub(
        r"^(?:Two|Three|Four|Five|Both|All|Some|Many|Most)\b", lambda m: m[0].lower(), text
    )


def topics(said: Said) -> list[Mention]:
    """What a question is about, best first: phrases with a name, then such with "the"."""
    order = ("subject", "object", "oblique", "asked")
    found = [m for m in said.mentions if m.kind != "date"]
    return sorted(found, key=lambda m: (m.kind == "thing", not m.definite, order.index(m.role)))


def same_head(said: Said, noun: str) -> str | None:
    """The fuller phrase that "the `noun`" stands for, in the question or else in the answer."""
    head = stem([noun.lower()])[0]
    for mention in said.mentions:
        for part in (mention, *mention.inner):
            text = carried(said, part)
            if head in _heads(part) and len(_content(text)) > 1:
                return text
    for mention in said.new:
        for part in (mention, *mention.inner):
            if head in _heads(part) and len(_content(part.text)) > 1:
                return as_topic(part.text)
    return None


def _heads(mention: Mention) -> set[str]:
    """The stems of the noun that a phrase is about, and of a title before a name: "comet 67P"."""
    core = [word.lower() for word in mention.core]
    if not core:
        return set()
    heads = {core[-1]}
    plain = [word for word, lower in zip(mention.core, core, strict=True) if not is_name(word)]
    if plain and mention.kind == "name":
        heads.add(plain[-1].lower())
    if kind_of(mention.core[-1:]) == "date" or mention.core[-1][0].isdigit():
        heads |= set(core[-2:-1])
    return set(stem(sorted(heads)))


def _may_be(mention: Mention, wanted: Wanted, plural: bool = False) -> bool:
    if mention.kind == "date" or not mention.core:
        return False
    if wanted == "place":
        return mention.preposition in ("in", "at", "to", "on", "from", "near")
    return (plural or mention.plural) == (wanted == "many") or (
        wanted == "many" and mention.kind == "country"
    )


def _persons(said: Said) -> Iterator[str]:
    parsed = said.parsed
    asked = [
        carried(said, part)
        for m in sorted(said.mentions, key=lambda m: m.role != "subject")
        for part in (m, *m.inner)
        if _is_person(part)
        and not any(w.lower() == "and" for w in part.words)
        and part.preposition not in ("in", "at", "from", "near", "on")
    ]
    scored = sorted(_scored_persons(said), key=lambda pair: -pair[1])
    answered = [name for name, score in scored if score >= _LIKELY]
    if parsed.word in ("who", "whom", "whose") and not (asked and parsed.part("auxiliary")):
        yield from answered
        if not answered and said.names_its_subject and parsed.word == "who":
            parts = (parsed.part(name) for name in ("auxiliary", "verb", "rest"))
            yield line("the person who", *parts)
    else:
        yield from asked
        yield from answered


def _joined_persons(said: Said) -> Iterator[str]:
    """Two names that the answer joins: "Vladimir Putin and Kim Jong Un"."""
    for mention in said.new:
        if len(mention.inner) > 1 and "and" in mention.words and is_name(mention.words[0]):
            yield mention.text


def _is_person(mention: Mention) -> bool:
    return mention.kind == "name" and _is_persons_name(mention.text)


def _is_persons_name(text: str) -> bool:
    found = text.split()
    return (
        bool(_PERSON.fullmatch(text))
        and kind_of(found) == "name"
        and not any(word.isupper() and len(word) > 2 for word in found)
        and _ORGANISATIONS.isdisjoint(word.lower() for word in found)
    )


def _scored_persons(said: Said) -> Iterator[tuple[str, float]]:
    """Names in the answer that may be persons, with how much speaks for each."""
    known = set(_content(said.question))
    verb = stem(words(said.parsed.part("verb")))
    for number, sentence in enumerate(said.statements[:3]):
        for match in _PERSON.finditer(sentence):
            name, before, after = match.group(), sentence[: match.start()], sentence[match.end() :]
            if not _is_persons_name(name) or known & set(_content(name)):
                continue
            if " " not in name and not before.strip():  # any word may open a sentence
                continue
            following = stem(words(after)[:4])
            score = -float(number) + (name.count(" ") in (1, 2))
            score += 2 * bool(_ROLE.search(before))
            score += 2 * bool(re.match(r",\s(?:who|the|an?|then)\b", after))
            score += bool(verb) and verb[0] in following
            score -= 2 * bool(re.search(r"\b(?:the|at|in|of|to|from|on)\s$", before, re.IGNORECASE))
            yield name, score


def _content(text: str) -> list[str]:
    return stem([word for word in words(text) if word not in STOP_WORDS])


def _unique(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))


def possessive(text: str) -> str | None:
    """ "Iran" as "Iran's"; None for what is better said with "of"."""
    found: Sequence[str] = tokens(text)
    if any(word.lower() in PREPOSITIONS for word in found) or len(found) > 4:
        return None
    if found[0].lower() in DETERMINERS and len(found) > 3:
        return None
    return f"{text}'" if text.endswith("s") else f"{text}'s"
