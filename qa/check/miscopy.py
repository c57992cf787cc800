"""Sentences that copy one of a quote but for a few words, where those few change what it says.

Two dates or names exchanged, another one put in the place of the right one, a "not" left out or put
in: all the words may be there, in clauses that hold them. Compared are whole sentences, in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from qa.english.words import DETERMINERS, NOT, Word

# The share of its words that a copy has from the sentence it copies, in order. At 0.75, no true
# sentence of tests/support_pairs.jsonl is refused for it (`python tests/benchmarks/support.py`).
_COPY = 0.75
_LISTING = frozenset(", ; and or".split())


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
    """Two names, or numbers, side by side or about one small word, with that word."""
    for place, one in enumerate(read):
        following = [word for word in read[place + 1 : place + 4] if word.text not in DETERMINERS]
        pairs = [("", other) for other in following[:1]]
        if following and following[0].text not in _LISTING and not following[0].content:
            pairs += [(following[0].text, other) for other in following[1:2]]
        for between, other in pairs:
            if (one.name and other.name) or (one.number and other.number):
                yield one, between, other
