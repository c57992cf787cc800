"""A question taken apart by its function words: question phrase, auxiliary, subject, verb, rest.

English only, and by rules that a reader can follow: no grammar is learnt and no model is loaded.
Where a question does not come apart, the parts are empty and the callers do without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa.english.grammar import (
    ADVERBS,
    ARTICLES,
    AUXILIARIES,
    BE,
    CLAUSES,
    CONJUNCTIONS,
    CONNECTORS,
    DETERMINERS,
    PARTICIPLES,
    PREPOSITIONS,
    PRONOUNS,
    VERBS,
    WH,
)
from qa.english.noun_phrases import Mention, is_name, joined, past, phrases_in, tokens


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
            found += phrases_in(self.tokens, self.subject, "subject")
        found += phrases_in(self.tokens, self.rest, "object")
        return tuple(found)


def line(*parts: str) -> str:
    """The parts that are there, with a space between."""
    return " ".join(part for part in parts if part)


def sentence(text: str) -> str:
    """Words as a question: a capital letter, one question mark."""
    text = " ".join(text.split()).rstrip("?!. ,")
    return f"{text[:1].upper()}{text[1:]}?"


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
