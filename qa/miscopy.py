"""Sentences that copy one of a quote but for a few words, where those few change what it says.

Two dates or names exchanged, another one put in the place of the right one, a "not" left out or put
in: all the words may be there, in clauses that hold them. Compared are whole sentences, in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from qa.wording import DETERMINERS, NOT, Word

# The share of its words that a copy has from the sentence it copies, in order. At 0.75, no true
# sentence of tests/support_pairs.jsonl is refused for it (`python tests/benchmarks/support.py`).
_COPY = 0.75
_LISTING = frozenset(", ; and or".split())
_TIMES = frozenset("in on at from since until before after by for to of".split())


def miscopied(said: Sequence[Word], sentences: Sequence[Sequence[Word]]) -> bool:
    """Whether `said` is a copy of one of the sentences of a quote with a change that matters."""
    best, most = None, 0
    for quoted in sentences:
        matcher = SequenceMatcher(
            None, [w.term for w in said], [w.term for w in quoted], autojunk=False
        )
        same = sum(block.size for block in matcher.get_matching_blocks())
        if same > most:
            best, most = (matcher, quoted), same
    if best is None or most < _COPY * len(said) or most == len(said) == len(best[1]):
        return False
    matcher, quoted = best
    changes = [
        (tag, said[i1:i2], quoted[j1:j2])
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag == "replace"
        or (tag != "equal" and j1 > 0 and j2 < len(quoted) - 1)  # what stands about may be left
    ]
    denials = [sum(word.text in NOT for word in words) for words in (said, quoted)]
    return (
        any(tag == "replace" and _misplaced(new, old) for tag, new, old in changes)
        or any(
            tag == "delete" and _denies(new) for tag, new, _ in changes if denials[0] > denials[1]
        )
        or any(tag == "insert" and _denies(old) for tag, _, old in changes)
        or _turned_round(said, quoted)
    )


def of_another(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether a number of `said` is that of another thing of the same clause of a quote.

    "Peru since 1961, and Chile since 2024" does not say "Peru since 2024": what stands between the
    number and the one before it that is put the same way says whose it is.
    """
    names = {word.term for word in said if word.name}
    seen: dict[str, tuple[int, frozenset[str]]] = {}
    own = dict(_put(said))
    opening = 0
    for place, (preposition, number) in _put_at(quoted):
        here = frozenset(word.term for word in quoted[opening:place] if word.name)
        if preposition in seen:
            before, others = seen[preposition]
            here = frozenset(word.term for word in quoted[before:place] if word.name)
            if own.get(number) == preposition and here - others and not (here - others) & names:
                return True
        seen[preposition] = (place + 1, here)
        opening = place + 1
    return False


def _misplaced(new: Sequence[Word], old: Sequence[Word]) -> bool:
    """Whether a number, a name or another word stands where one stood that it does not mean."""
    return len(new) == len(old) and any(
        one.content
        and other.content
        and (one.name, one.number, one.verb) == (other.name, other.number, other.verb)
        and one.term != other.term
        and not one.senses & other.senses
        for one, other in zip(new, old, strict=True)
    )


def _denies(words: Sequence[Word]) -> bool:
    """Whether words are a denial and hardly more, as "did not"."""
    return len(words) <= 2 and any(word.text in NOT for word in words)


def _turned_round(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether two names, or numbers, side by side or about a small word, stand the other way round:
    "Peace of Union" for "Union of Peace"; but not in a list."""
    there = {(a.term, between, b.term) for a, between, b in _neighbours(quoted)}
    return any(
        (b.term, between, a.term) in there and (a.term, between, b.term) not in there
        for a, between, b in _neighbours(said)
    )


def _neighbours(read: Sequence[Word]) -> Iterator[tuple[Word, str, Word]]:
    for place, one in enumerate(read):
        following = [word for word in read[place + 1 : place + 4] if word.text not in DETERMINERS]
        for between, other in (
            ("", following[:1]),
            *[(w.text, following[1:2]) for w in following[:1]],
        ):
            if between in _LISTING or any(w.content for w in following[:1] if between):
                continue
            for two in other:
                if (one.name and two.name) or (one.number and two.number):
                    yield one, between, two


def _put(read: Sequence[Word]) -> list[tuple[str, str]]:
    return [(number, preposition) for _, (preposition, number) in _put_at(read)]


def _put_at(read: Sequence[Word]) -> list[tuple[int, tuple[str, str]]]:
    """Where a number stands right behind a preposition, and both."""
    return [
        (place, (before.text, word.term))
        for place, (before, word) in enumerate(pairwise(read), start=1)
        if word.number and before.text in _TIMES
    ]
