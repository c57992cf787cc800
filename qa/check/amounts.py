"""What is said of a number, a rank or a share in a sentence and in its quote.

A unit, a rate, the "second" of "second largest", the "two of" of "two of nine" left out: the words
are all there, and it says more than the quote does.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from qa.check.word_runs import clause_from, content_behind
from qa.english.grammar import word_set
from qa.english.words import Word

_ORDINALS = word_set(
    "first second third fourth fifth sixth seventh eighth ninth tenth last next former"
)
_PERIODS = word_set("second minute hour day week month year decade century")
_SCALES = word_set("percent hundred thousand million billion trillion degrees dozen")
_SHARES = word_set(
    "half third thirds quarter quarters fifth tenth percent most many several few part"
)
_MONTHS = word_set("may march august")


def amounts_changed(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether a number, rank or share says something else than in the quote."""
    return (
        _rank_changed(said, quoted)
        or _part_for_whole(said, quoted)
        or _scale_changed(said, quoted)
        or _number_of_another(said, quoted)
        or _rate_or_difference_lost(said, quoted)
        or _year_of_another(said, quoted)
        or _month_made_up(said, quoted)
    )


def _rank_changed(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether "second largest lake" is made "largest lake", or that of a region that of all."""

    def superlatives(words: Sequence[Word]) -> list[tuple[str, str, str]]:
        return [
            (before.term if before.text in _ORDINALS else "", word.term, after.term)
            for before, word, after in zip(words, words[1:], words[2:], strict=False)
            if word.text == "most" or (len(word.text) > 4 and word.text.endswith("est"))
        ]

    theirs = superlatives(quoted)
    for rank, term, after in superlatives(said):
        same = [one for one in theirs if one[1:] == (term, after)]
        if same and all(one[0] != rank for one in same):
            return True
    terms = {w.term for w in said if w.content}
    ranks = {w.term for w in said if w.text in ("first", "only", "last")}
    ranks |= {term for _, term, _ in superlatives(said)}
    for place, word in enumerate(quoted):
        if word.term in ranks:
            for at, inner in enumerate(clause := clause_from(quoted, place)):
                within = [w.term for w in content_behind(clause, at, 2)]
                if inner.text in ("in", "of", "among") and within and not terms & set(within):
                    return True
    return False


def _part_for_whole(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether "two of the nine ships" is made "the nine ships", or "of severe cases" "of cases"."""
    terms = {w.term for w in said if w.content}
    texts = {w.text for w in said}
    for place, word in enumerate(quoted):
        if word.text != "of" or place == 0:
            continue
        share = quoted[place - 1]
        if not (share.number or share.text in _SHARES):
            continue
        whole = content_behind(quoted, place, 3)
        if not whole:
            continue
        if whole[-1].term in terms and share.term not in terms and share.text not in texts:
            return True
        numbers = [w for w in quoted[max(0, place - 3) : place] if w.number]
        for at, mine in enumerate(said[:-1]):
            if mine.text == "of" and at and said[at - 1].term == share.term:
                same = {n.term for n in numbers} <= terms
                own = content_behind(said, at, 2)
                held = [w.term for w in whole]
                if same and own and own[0].term in held and held.index(own[0].term) > 0:
                    skipped = whole[: held.index(own[0].term)]
                    if any(w.term not in terms for w in skipped):
                        return True
    return False


def _scale_changed(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether a number has lost or gained its "percent" or "million"."""

    def scales(words: Sequence[Word]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for one, after in pairwise([*words, Word("", "", frozenset(), content=False)]):
            if one.number:
                scale = after.text if after.text in _SCALES else ""
                found.setdefault(one.term, set()).add(scale)
        return found

    theirs = scales(quoted)
    each = [
        (number.term, after.term)
        for before, number, after in zip(quoted, quoted[1:], quoted[2:], strict=False)
        if before.text in ("every", "each") and number.number
    ]
    mine_each = {b.term for a, b in pairwise(said) if a.text in ("every", "each")}
    if any(after in mine_each for _, after in each):
        return True
    return any(
        not mine <= theirs[number] for number, mine in scales(said).items() if number in theirs
    )


def _number_of_another(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether what stands right after a number stands after another number in the quote."""
    numbers = {w.term for w in said if w.number}
    for place, word in enumerate(said):
        if not word.number:
            continue
        for other in content_behind(said, place, 3):
            if other.number or other.verb:
                break
            starts = [n for n, w in enumerate(quoted) if w.term == word.term]
            ends = [n for n, w in enumerate(quoted) if w.term == other.term]
            pairs = [(a, b) for a in starts for b in ends if a < b]
            if starts and ends and not pairs and said[place + 1].text == "percent":
                # "18 percent on X, 17 percent on Y": what stands behind 18 is not said of 17.
                of_other = [
                    n
                    for n, w in enumerate(quoted[:-1])
                    if w.number and w.term not in numbers and quoted[n + 1] == said[place + 1]
                ]
                if any(n < b < n + 6 for n in of_other for b in ends):
                    return True
            if pairs and len(pairs) == len(starts) * len(ends):
                between = [
                    {w.term for w in quoted[a + 1 : b] if w.number} - numbers for a, b in pairs
                ]
                if all(between):
                    return True
    return False


def _rate_or_difference_lost(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether "4 million a year" is made "4 million", or "40 less than" "40"."""
    terms = {w.term for w in said}
    texts = {w.text for w in said}
    own = {w.term for w in said if w.number}
    for place, word in enumerate(quoted):
        if not word.number or word.term not in own:
            continue
        if sum(w.term == word.term for w in quoted) > 1:
            continue
        after = clause_from(quoted, place + 1)[:5]
        for one, period in pairwise(after):
            rate = one.text in ("a", "an", "per", "every") and period.text in _PERIODS
            if rate and not {period.term, f"every{period.text}", f"{period.text}ly"} & terms:
                return True
        for one, than in pairwise(after):
            if (
                one.text in ("less", "fewer", "more")
                and than.text == "than"
                and one.text not in texts
            ):
                return True
    return False


def _year_of_another(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether something is done in a year in which the quote says that something else was."""

    def years(words: Sequence[Word]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for place, word in enumerate(words):
            if not word.verb or not word.content:
                continue
            for one, after in pairwise(clause_from(words, place + 1)):
                if one.verb and one.content:
                    break
                if one.text == "in" and after.number and len(after.text) == 4:
                    found.setdefault(word.term, set()).add(after.term)
        return found

    numbers = {w.term for w in said if w.number}
    theirs = years(quoted)
    return any(
        verb in theirs and not mine & theirs[verb] and not theirs[verb] & numbers
        for verb, mine in years(said).items()
    )


def _month_made_up(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether "May" is made of "may"."""
    months = {w.term for w in quoted if w.name}
    return any(w.name and w.text in _MONTHS and w.term not in months for w in said)
