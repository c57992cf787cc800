"""Pronouns and "the treaty" in a follow-up, replaced by what they stand for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.tokens import STOP_WORDS, stem, words
from qa.condense.referents import (
    Position,
    Said,
    Wanted,
    carried,
    possessive,
    referents,
    same_head,
    topics,
)
from qa.english.grammar import (
    AUXILIARIES,
    BE,
    CLAUSES,
    DETERMINERS,
    PREPOSITIONS,
    PRONOUNS,
    WH,
)
from qa.english.noun_phrases import Mention, is_name, joined, tokens
from qa.english.phrases import Question, parse, participle, sentence

MOST_READINGS = 4
_THEN = re.compile(r",?\s+(?:then|at\s+(?:the|that)\s+time)\W*$", re.IGNORECASE)
# "it" that stands for nothing: "is it true that", "how long does it take to".
_EMPTY_IT = re.compile(
    r"\bit\s+(?:true|possible|impossible|necessary|legal|likely|allowed|safe|clear|known|worth)\b"
    r"|\bit\s+takes?\s+to\b|\bit\s+\w+\s+that\b|\bwhat\s+is\s+it\s+like\b",
    re.IGNORECASE,
)
POINTING: dict[str, Wanted] = {
    **dict.fromkeys(("it", "its", "that", "this", "itself"), "one"),
    **dict.fromkeys(("they", "them", "their", "theirs", "those", "these", "themselves"), "many"),
    **dict.fromkeys(("he", "him", "his", "she", "her", "hers", "himself", "herself"), "person"),
    "there": "place",
}
_AT = frozenset(("in", "at", "on", "to", "of", "near"))
_HIS = frozenset("King Prince Duke Lord Sir Mr Pope Emperor Father Sultan Tsar".split())
_HERS = frozenset("Queen Princess Duchess Lady Dame Mrs Ms Miss Empress".split())
_PERSONAL = frozenset(("he", "she", "him", "her", "his"))
_OWNING = frozenset(("its", "their", "his", "her"))
# Nouns that are always those of something, which a follow-up need not say.
_RELATIONAL = frozenset(
    "aim amount area author beginning budget capital captain cause color colour composition "
    "content contents cost crew date deadline depth diameter director duration effect end "
    "founder goal head height index inventor lander leader length limit location mass meaning "
    "members name number origin outcome owner pages part parts password price problem purpose "
    "reason result results role rule size speed start status temperature term terms text title "
    "use value version vote weight width winner".split()
)
_TIME = frozenset("year month week day decade century time".split())
_EVENTS = frozenset(
    "accident attack battle conference crash crisis drought earthquake election eruption "
    "exercise fire flood incident launch massacre meeting parade race rebellion revolt "
    "revolution siege storm strike summit tournament uprising war".split()
)
_EVENT_STEMS = frozenset(stem(sorted(_EVENTS)))


def resolved(question: str, said: Sequence[Said]) -> list[str]:
    """`question` with what points back in it replaced; itself where nothing does."""
    last = said[-1]
    then = _THEN.search(question)
    if then:
        question = question[: then.start()] + "?"
    parsed = parse(question)
    found = list(parsed.tokens)
    variants: list[list[str]] = [found]
    pointed = False
    # From the end, so that places before stay what they are.
    for place in range(len(found) - 1, -1, -1):
        options = _replacements(parsed, place, said)
        if not options:
            continue
        pointed = True
        variants = [
            [*variant[:place], *new, *variant[place + taken :]]
            for variant in variants
            for new, taken in options[: MOST_READINGS if len(variants) == 1 else 1]
        ]
    if pointed:
        when = _when(last, parsed) if then else ""
        return [sentence(joined(variant) + when) for variant in variants]
    content = [word for word in words(question) if word not in STOP_WORDS]
    named = any(is_name(word) for word in parsed.tokens[1:]) or any(w[0].isdigit() for w in content)
    if "if" in question.lower().split()[:2]:
        return [f"{last.question} {question}"]
    if (named and len(content) > 1) or len(content) > 3:
        return [question]
    found = _bridged(question, parsed, last)
    if len(content) <= 1:
        found = [one for one in found if one != question] or [f"{last.question} {question}"]
    return found


def _when(last: Said, follow_up: Question) -> str:
    """What a closing "then" says: "when he discovered Pluto", if the question before tells."""
    asked = last.parsed
    pronoun = next((word for word in follow_up.tokens if word.lower() in ("he", "she")), "")
    if pronoun and asked.word == "who" and not asked.auxiliary[0] < asked.auxiliary[1]:
        return f" when {pronoun} {asked.part('verb')} {asked.part('rest')}"
    dates = [m for m in last.mentions if m.kind == "date"]
    return f" in {dates[-1].text}" if dates else ""


def _bridged(question: str, parsed: Question, last: Said) -> list[str]:
    """A short question without a name may be about what the one before was: "Who led the crew?"."""
    own = set(stem(words(question)))
    found: list[str] = []
    certain = False
    for about in topics(last)[:2]:
        if own.intersection(stem([w for w in words(about.text) if w not in STOP_WORDS])):
            continue
        text = carried(last, about)
        tie = about.preposition if about.preposition in ("to", "for", "with", "on") else "of"
        nouns = [m for m in parsed.mentions if m.kind == "thing" and m.role != "oblique"]
        nouns = [m for m in nouns if m.words[0].lower() in DETERMINERS]
        if nouns:
            noun = nouns[-1]
            before, after = parsed.tokens[: noun.end], parsed.tokens[noun.end :]
            found.append(sentence(joined([*before, tie, *tokens(text), *after])))
            certain |= noun.definite and noun.core[-1].lower() in _RELATIONAL
        else:
            tie = "in" if about.head in _EVENT_STEMS else "for"
            found.append(f"{question.strip().rstrip('?!. ')} {tie} {text}?")
    return [*found, question] if certain else [question, *found]


def _replacements(
    parsed: Question, place: int, said: Sequence[Said]
) -> list[tuple[list[str], int]]:
    """What may stand for the word at `place`, with how many words it takes the place of."""
    word = parsed.tokens[place].lower()
    low = [token.lower() for token in parsed.tokens]
    if word in DETERMINERS - _OWNING and word not in ("a", "an", "my", "our", "your"):
        noun = _definite(parsed, place)
        if noun is not None:
            return _definite_replacements(noun, said)
    if word == "one" and low[place - 1] not in DETERMINERS and place in (len(low) - 1,):
        things = [m for turn in said[-1:] for m in turn.mentions if m.kind == "thing"]
        return [(["a", *m.core], 1) for m in things if not m.plural]
    if word not in POINTING or not _points(parsed, place, low):
        return []
    role: Position
    owner = word in _OWNING and place + 1 < len(low) and _is_noun(low[place + 1])
    role = "object" if place >= parsed.verb[1] and not owner else "subject"
    if parsed.subject[0] <= place < parsed.subject[1]:
        passive = parsed.part("auxiliary").lower() in BE and participle(parsed.part("verb"))
        role = "patient" if passive else "subject"
        role = "object" if word in ("that", "this", "those", "these") else role
    wanted = POINTING[word]
    found: list[str] = []
    for turn in reversed(said[-3:]):
        if wanted == "place" and not any(m.preposition in _AT for m in turn.mentions):
            continue
        found = referents(turn, wanted, role)
        if not found and wanted == "one" and word in ("it", "its"):
            found = referents(turn, "many", "subject")
        if not found and wanted == "many":
            found = referents(turn, "one", "subject")
        if wanted == "one" and _PERSONAL.intersection(low):  # "When did he sign it?"
            persons = referents(turn, "person")[:1]
            found = [text for text in found if text not in persons]
        if found:
            break
    if wanted == "place" and not found:
        return [(["at", text], 1) for text in referents(said[-1], "one", "subject")[:1]]
    if wanted == "person":
        other = _HIS if word in ("she", "her", "hers") else _HERS
        found = [text for text in found if text.split()[0] not in other] or found
    used = joined(parsed.tokens).lower()
    found = [text for text in found if text.lower() not in used] or found
    options: list[tuple[list[str], int]] = []
    for text in found:
        if owner:
            owned = possessive(text)
            if owned is not None:
                options.append(([owned], 1))
                continue
            end = place + 1
            while end < len(low) and _is_noun(low[end]):
                end += 1
            options.append((["the", *parsed.tokens[place + 1 : end], "of", text], end - place))
        elif wanted == "place":
            options.append(([_where(said, text), text], 1))
        else:
            options.append(([text], 1))
    return options


def _where(said: Sequence[Said], text: str) -> str:
    """The preposition that stood before a place."""
    found = [m.preposition for turn in reversed(said) for m in turn.mentions if m.text == text]
    return next((one for one in found if one not in ("", "from")), "in")


def _points(parsed: Question, place: int, low: Sequence[str]) -> bool:
    """Whether the pronoun at `place` means something said before the question."""
    word = low[place]
    before = low[place - 1] if place else ""
    after = low[place + 1] if place + 1 < len(low) else ""
    text = " ".join(low)
    if word in ("it", "that") and _EMPTY_IT.search(text):
        return False
    if word == "there":
        return before not in BE | {"do", "does", "did", "has", "have"} and after not in BE
    if word in ("that", "this", "these", "those"):
        if before not in AUXILIARIES | PREPOSITIONS and place < len(low) - 1:
            return False
        if after in ("who", "that", "days"):
            return False
    mentions = [m for m in parsed.mentions if m.end <= place and _agrees(m, word)]
    if not mentions:
        return True
    if word in _OWNING and _is_noun(after):
        return False
    return not any(
        low[between] in CLAUSES or low[between] == ","
        for m in mentions
        for between in range(m.end, place)
    )


def _agrees(mention: Mention, word: str) -> bool:
    if mention.kind == "date" or mention.words[0].lower() in POINTING:
        return False
    wanted = POINTING[word]
    if wanted == "person":
        return mention.kind == "name"
    return mention.kind in ("country", "name") or mention.plural == (wanted == "many")


def _is_noun(word: str) -> bool:
    return (
        bool(word)
        and word[0].isalpha()
        and word not in (PREPOSITIONS | AUXILIARIES | DETERMINERS | PRONOUNS | CLAUSES | WH)
    )


def _definite(parsed: Question, place: int) -> Mention | None:
    """ "the treaty" or "that comet" at `place`, if nothing says which one; no name, no "of"."""
    for mention in parsed.mentions:
        if mention.start != place or mention.kind != "thing" or mention.inner:
            continue
        following = parsed.tokens[mention.end : mention.end + 1]
        pointing = mention.words[0].lower() in ("this", "that", "these", "those")
        if pointing and mention.head in stem(sorted(_TIME)):
            return None
        closed = not following or following[0].lower() not in ("with", "between", "that", "which")
        short = len(mention.core) == 1
        return mention if (closed and short) or pointing else None
    return None


def _definite_replacements(noun: Mention, said: Sequence[Said]) -> list[tuple[list[str], int]]:
    for turn in reversed(said[-2:]):
        found = same_head(turn, noun.core[-1])
        if found and found.lower() != noun.text.lower():
            return [([found], len(noun.words))]
    return []
