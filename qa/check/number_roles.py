"""Whether the numbers of a sentence are those of the same things as in a quote.

All are numbers that the quote has, in a clause that holds the words about them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from qa.english.words import MARKS, Word

# Prepositions of numbers: "in 1973" is not "at 1973".
_APPROXIMATE = frozenset(
    "the a about around some nearly almost roughly approximately just only year up".split()
)
_TIMES = frozenset(
    "of in at from to by until since before after over under above below than on".split()
)


def counted_otherwise(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether a number counts something else than in the quote, or stands for another time."""
    there: dict[str, _Count] = {}
    for term, count in _counts(quoted, 3):
        there[term] = there.get(term, _Count()) | count
    for term, own in _counts(said, 1):
        known = there.get(term)
        if known and (
            (own.times - {"of"} and not own.times & known.times)
            or (own.counted and known.counted and not own.counted & known.counted)
            or (own.counted and not own.times and known.times and not known.counted)
            or (own.beside and known.beside and not own.beside & known.beside)
        ):
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Count:
    """The preposition before a number, what it counts, and the number right after it."""

    times: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()

    def __or__(self, other: _Count) -> _Count:
        return _Count(
            self.times | other.times, self.counted | other.counted, self.beside | other.beside
        )


def _counts(read: Sequence[Word], reach: int) -> Iterator[tuple[str, _Count]]:
    """Each number with what stands about it; what it counts is within `reach` words."""
    for place, word in enumerate(read):
        if not word.number:
            continue
        leading = [w for w in read[max(0, place - 3) : place] if w.text not in _APPROXIMATE]
        times = {leading[-1].text} & _TIMES if leading else set[str]()
        if reach > 1 and leading and (leading[-1].name or "of" in times):  # "of May 1931"
            times |= {"in", "on"}
        after = list(takewhile(lambda w: w.text not in MARKS, read[place + 1 :]))
        counted = {w.term for w in after[: reach + 1] if w.content and not (w.verb or w.number)}
        if not (after and (after[0].content or reach > 1)):
            counted = set()
        beside = frozenset(w.term for w in read[place + 1 : place + 3] if w.number)
        yield word.term, _Count(frozenset(times), frozenset(counted), beside)
