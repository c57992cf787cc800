"""How a sentence with all the words of a clause may still say something else.

It may deny what the clause affirms, drop who says it, put a number or a name to something else, or
turn round who does what to whom.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from qa.check.clauses import Clause
from qa.check.number_roles import counted_otherwise
from qa.english.grammar import word_set
from qa.english.words import DETERMINERS, NOT, Word, senses_of

_BE = word_set("am is are was were be been being")
_NOT = word_set("not never cannot")
_MEASURES = word_set("percent hundred thousand million billion points degrees")
_SAYING = (
    "according say tell claim allege report argue believe estimate accuse assert deny warn suggest "
    "indicate suspect contend maintain announce"
)
# Verbs of saying only before "that".
_FINDING = "find state show reveal conclude write note add discover demonstrate confirm think hold"
# Where something comes from and goes to; one is not the other.
_OPPOSED = {
    "from": "to into", "to": "from", "into": "from out", "with": "without", "without": "with",
    "for": "against", "against": "for", "before": "after", "after": "before", "over": "under",
    "under": "over", "above": "below", "below": "above", "inside": "outside", "outside": "inside",
    "since": "until", "until": "since", "up": "down", "down": "up", "in": "out", "out": "in",
    "on": "off", "off": "on",
}  # fmt: skip

_PARTICLES = word_set("on off up down in out")

# The terms of verbs that say who says it; of `FINDINGS` only before "that".
VOICES = senses_of(_SAYING)
FINDINGS = senses_of(_FINDING)
_REFUSED = senses_of("refuse fail lack decline reject")


def distorted(
    part: Clause, said: Sequence[Word], clause: Clause, quoted: Sequence[Word], lent: Sequence[Word]
) -> bool:
    """Whether `part`, whose words are all in `clause`, says something else.

    `said` are its words under the terms of the clause, `quoted` those of the clause, `lent` those
    of the sentences before that it leans on.
    """
    everything = (*lent, *quoted)
    return (
        _tied_otherwise(part, clause)
        or _denied_otherwise(said, quoted)
        or _voice_dropped(said, clause.told, quoted)
        or _named_otherwise(said, everything)
        or counted_otherwise(said, quoted)
        or _turned(said, everything)
        or _reversed(said, everything)
    )


def contradicts(said: Sequence[Word], quoted: Sequence[Word], lent: Sequence[Word]) -> bool:
    """Whether words deny what a clause says, turn it about, or count something else.

    Unlike `distorted` it may be asked of a clause that has not all of the words.
    """
    return (
        _denied_otherwise(said, quoted)
        or counted_otherwise(said, quoted)
        or _turned(said, (*lent, *quoted))
    )


def is_voice(word: Word) -> bool:
    """Whether a word says that someone says something."""
    return word.text in ("according", "say", "tell") or (word.verb and word.term in VOICES)


def _tied_otherwise(said: Clause, quoted: Clause) -> bool:
    """Whether a condition is dropped, or a cause, a time or a condition is put where none is."""
    if quoted.tie in ("if", "unless", "until", "before", "or", "that") and said.tie != quoted.tie:
        return True
    return said.tie not in ("", "when") and said.tie != quoted.tie


def _scopes(read: Sequence[Word], governing: frozenset[str], reach: int) -> list[set[str]]:
    """For each governing word the content words after it, up to `reach` and within the clause."""
    scopes = []
    for place, word in enumerate(read):
        if not word.name and (word.text in governing or word.term in governing):
            scope: set[str] = set()
            for after in read[place + 1 :]:
                if after.text in (";", ".", "but") or len(scope) == reach:
                    break
                if after.content and after.term not in governing:
                    scope.add(after.term)
            scopes.append(scope)
    return scopes


def _denied_otherwise(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    scopes = _scopes(quoted, NOT, 3)
    denials = _scopes(said, NOT, 3)
    if len(denials) > len(scopes):
        return True
    if any(denial and not any(denial & scope for scope in scopes) for denial in denials):
        return True
    denied = {term for denial in denials for term in denial}
    nearest = {term for denial in _scopes(said, NOT, 1) for term in denial}
    terms = {word.term for word in said}
    if any(scope & terms and not scope & (nearest | denied) for scope in _scopes(quoted, _NOT, 1)):
        return True
    affirmed = {word.term for word in said} - denied
    if any(affirmed & scope and not denied & scope for scope in scopes):
        return True
    # Whoever says what was refused must say that it was.
    refused = any(affirmed & scope for scope in _scopes(quoted, _REFUSED, 2))
    return refused and not _REFUSED & affirmed


def _voice_dropped(said: Sequence[Word], told: bool, quoted: Sequence[Word]) -> bool:
    """Whether the quote tells who says it, and the sentence does not."""
    told = told or any(is_voice(word) for word in quoted)
    return told and not any(is_voice(w) or (w.verb and w.term in FINDINGS) for w in said)


def _turned(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether something comes from where it goes to, is with what it is without, and so on."""
    there: dict[str, set[str]] = {}
    for preposition, term in _governed(quoted):
        there.setdefault(term, set()).add(preposition)
    if any(
        term in there
        and preposition not in there[term]
        and there[term] & set(_OPPOSED[preposition].split())
        for preposition, term in _governed(said)
    ):
        return True
    # "They sold Oslo" for "they sold boats to Oslo".
    free = {after.term for before, after in pairwise(quoted) if before.text not in _OPPOSED}
    return any(
        verb.verb and other.name and other.term in there and other.term not in free
        for verb, other in pairwise(word for word in said if word.text not in DETERMINERS)
    )


def _governed(read: Sequence[Word]) -> Iterator[tuple[str, str]]:
    """Each preposition that has an opposite, with the content words right after it."""
    for place, word in enumerate(read):
        if word.text in _OPPOSED:
            after = [w for w in read[place + 1 : place + 4] if w.text not in DETERMINERS]
            for other in after[:2]:
                if not other.content:
                    break
                yield word.text, other.term
            if word.text in _PARTICLES and not after:  # "turns the cache off"
                for other in read[max(0, place - 2) : place]:
                    if other.content:
                        yield word.text, other.term


def _named_otherwise(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether a name of several words is put together of words that stand apart in the quote."""
    owned = {(a.term, b.term) for a, of, b in _triples(quoted) if of.text == "of"}
    if any(
        of.text == "of" and (b.term, a.term) in owned and (a.term, b.term) not in owned
        for a, of, b in _triples(said)
    ):
        return True
    near = {
        (one.term, other.term)
        for place, one in enumerate(quoted)
        for other in quoted[place + 1 : place + 4]
    }
    held = {word.term for word in quoted}
    return any(
        one.name
        and other.name
        and {one.term, other.term} <= held
        and (one.term, other.term) not in near
        for one, other in pairwise(said)
    )


def _triples(read: Sequence[Word]) -> Iterator[tuple[Word, Word, Word]]:
    return zip(read, read[1:], read[2:], strict=False)


def _reversed(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether three words stand the other way round: "Y met X" for "X met Y".

    Two words change places in many honest ways; three hardly do, but in a list of names. In the
    passive only what stands about a verb is compared.
    """
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for place, word in enumerate(_active(quoted)):
        first.setdefault(word.term, place)
        last[word.term] = place
    verbs = {word.term for word in (*said, *quoted) if word.verb}
    passive = any(word.text == "by" for word in (*said, *quoted))
    shared = [word for word in _active(said) if word.term in first]
    for place, middle in enumerate(shared):
        if passive and middle.term not in verbs and middle.text not in ("to", "from", "than"):
            continue
        before = [w for w in shared[:place] if first[w.term] > last[middle.term]]
        after = [w for w in shared[place + 1 :] if last[w.term] < first[middle.term]]
        if before and after and not all(w.name for w in (middle, *before, *after)):
            return True
    return False


def _active(read: Sequence[Word]) -> list[Word]:
    """The words whose order matters, "Y was met by X" in the order of "X met Y"."""
    by = next((place for place, word in enumerate(read) if word.text == "by"), len(read))
    agent, rest, before = list[Word](), list(read[by + 1 :]), list(read[:by])
    while rest and rest[0].text in ("about", "roughly", "some"):
        rest.pop(0)
    while rest and (
        rest[0].content or rest[0].text in DETERMINERS or (agent and rest[0].text == "of")
    ):
        agent.append(rest.pop(0))
    # "by 1958" and "by 3 percent" are no agents, "spoken by 9,000 people" is one.
    passive = any(word.text in _BE for word in before[-3:-1])
    counted = len(agent) > 1 and agent[0].number and passive and agent[1].text not in _MEASURES
    if agent and (counted or not agent[0].number):
        verb = max((place for place, w in enumerate(before) if w.text in _BE), default=by - 2)
        before = [*agent, *before[verb + 1 :], *before[: verb + 1]]
        agent = []
    order = (*before, *agent, *rest)
    return [word for word in order if word.content or word.text in ("from", "to")]
