"""What restricts a statement of a quote, and is left out of a sentence or put to something else.

A condition, a share, a mere intention: the words of the sentence may all be there, and it says more
than the quote does. Compared are whole sentences; each finding is exact and vetoes, whatever else
speaks for the sentence. English only. Written on tests/support_pairs_seen.jsonl, gate_pairs.jsonl
and pairs like them (`python tests/benchmarks/gate_by_kind.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from qa.english.grammar import word_set
from qa.english.words import DETERMINERS, MARKS, Word, bases

_CONDITIONS = word_set("if unless provided providing assuming subject depending except only")
# The same in several words, by their last but one and last.
_IN_CASE = frozenset([("as", "long"), ("in", "case"), ("the", "event"), ("on", "condition")])
# They open a condition where what is said holds always, and tell a time where it is past.
_WHENEVER = word_set("when whenever where once after before until")
_SETTINGS = word_set("in at during for")
_PAST = word_set("was were had did")
_PRESENT = word_set("is are be been being has have to not")
_MODALS = word_set(
    "can could may might should must shall will would to cannot need needs ought going able"
)
_APART = word_set("unlike except besides instead rather apart")
_ALL = word_set("all every each most many few no both none only")
_BE = word_set("is are was were be been being")
_ORDINALS = word_set(
    "first second third fourth fifth sixth seventh eighth ninth tenth last next former"
)
_SHARES = word_set(
    "half third thirds quarter quarters fifth tenth percent most many several few part"
)
_JOINTS = frozenset("and but or which who that".split())
# How many words a condition reaches over.
_REACH = 6


def overstates(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether a sentence lacks what restricts it in the sentences that it is taken from."""
    findings = (
        _rank_changed,
        _part_for_whole,
        _condition_left_out,
        _done_for_intended,
        _set_apart,
        _done_by_for_done_to,
    )
    return any(found(said, quoted) for found in findings)


def _segments(quoted: Sequence[Word]) -> Iterator[list[Word]]:
    """The stretches of a text between full stops and semicolons, and before "but"."""
    current: list[Word] = []
    for word in quoted:
        if word.text in (";", ".", "but", "(", ")"):
            yield current
            current = []
        else:
            current.append(word)
    yield current


def _past(words: Sequence[Word]) -> bool:
    """Whether something is told of the past; "is covered" and "has left" are not."""
    for before, word in pairwise([Word("", "", frozenset(), content=False), *words]):
        told = word.text in bases() or (word.verb and word.text.endswith("ed"))
        if word.text in _PAST or (told and before.text not in _PRESENT):
            return True
    return False


def _condition_left_out(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    terms = {w.term for w in said if w.content}
    conditional = any(w.text in _CONDITIONS | _WHENEVER for w in said)
    for segment in _segments(quoted):
        for place, word in enumerate(segment):
            main, clause = _conditioned(segment, place)
            if word.text == "alone" and not terms & {
                w.term for w in _clause_from(segment, place + 1)
            }:
                continue
            condition = {w.term for w in clause if w.content}
            rest = {w.term for w in main if w.content} - condition
            here = terms - condition
            # Whether it is this statement that the sentence makes.
            if not condition or not here or 2 * len(here & rest) <= len(here):
                continue
            kept = 2 * len(terms & condition) >= min(len(condition), 4)
            if not kept or (word.text in ("if", "unless") and not conditional):
                return True
    return False


def _conditioned(segment: Sequence[Word], place: int) -> tuple[Sequence[Word], Sequence[Word]]:
    """What the word at `place` makes conditional, and the condition; both empty where it does not.

    "In dry years the seeds fail" is conditional, too: what opens what always holds.
    """
    word = segment[place]
    if word.text == "alone" and any(
        w.text in _SETTINGS for w in segment[max(0, place - 3) : place]
    ):
        return segment[:place], [w for w in segment[max(0, place - 2) : place] if w.content]
    if word.text == "only":
        return _conjunct(segment, place), _clause_from(segment, place + 1)[:_REACH]
    before, behind = segment[place - 1 : place], segment[place + 1 : place + 2]
    if word.text in ("who", "that", "which") and before and behind:
        # "Patients who smoke should not": not all patients.
        noun, verb = before[0], behind[0]
        if noun.content and not (noun.verb or noun.name or noun.number) and verb.verb:
            narrowing = [w for w in _clause_from(segment, place + 1)[:_REACH] if w.content]
            return segment[max(0, place - 3) : place], narrowing[:3]
        return (), ()
    if word.text == "once" and behind and (behind[0].text in ("a", "an", "every", "per")):
        return (), ()
    dated = bool(behind) and behind[0].number  # "after 1970" tells a time
    if dated or (before and before[0].text == "than"):
        return (), ()
    in_case = bool(before) and (before[0].text, word.text) in _IN_CASE
    if in_case or word.text in _CONDITIONS or word.text in _WHENEVER:
        if place == 0:
            end = next((n for n, w in enumerate(segment) if w.text == ","), len(segment))
            main, clause = segment[end:], segment[1:end]
        else:
            main, clause = _conjunct(segment, place), _clause_from(segment, place + 1)
        if in_case or word.text in _CONDITIONS or not _past(main):
            return main, clause
    elif word.text in _SETTINGS and place == 0 and not _past(segment):
        opening = [w for w in segment[1:4] if w.text not in DETERMINERS]
        known = any(w.name or w.number for w in opening)
        if len(opening) > 1 and all(w.content for w in opening[:2]) and not known:
            return segment[3:], opening[:2]
    return (), ()


def _conjunct(segment: Sequence[Word], place: int) -> Sequence[Word]:
    """The words before a place, from the last "and" or comma with a verb behind it."""
    for start in range(place - 1, 0, -1):
        opens = segment[start].text == "and" or segment[start].text in MARKS
        if opens and (segment[place].text == "only" or any(w.verb for w in segment[start:place])):
            return segment[start + 1 : place]
    return segment[:place]


def _done_for_intended(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether something is done that the quote only says was to be done, or can be."""
    facts: set[str] = set()
    for word, mood in _moods(said):
        if not mood:
            facts.add(word.term)
    intended: set[str] = set()
    stated: set[str] = set()
    for word, mood in _moods(quoted):
        (intended if mood else stated).add(word.term)
    return bool(facts & (intended - stated))


def _moods(words: Sequence[Word]) -> Iterator[tuple[Word, bool]]:
    """Each word that may be a verb, and whether a modal or "to" stands before it."""
    for place, word in enumerate(words):
        if not word.content or word.name or word.number:
            continue
        before = [w for w in words[max(0, place - 4) : place] if not w.text.endswith("ly")]
        while before and before[-1].text in (_BE | {"not", "also", "have", "only"}):
            before.pop()
        governed = bool(before) and before[-1].text in _MODALS
        governed = governed and (before[-1].text != "to" or word.text not in bases())
        if governed or word.verb:
            yield word, governed


def _set_apart(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether something is said of what the quote sets apart from it: "unlike the orchid"."""
    texts = {w.text for w in said}
    for place, word in enumerate(quoted):
        if word.text in _APART and word.text not in texts:
            apart = {w.term for w in _clause_from(quoted, place + 1)[:_REACH] if w.content}
            subject = {w.term for w in [w for w in said if w.content][: len(apart)]}
            names = {w.term for w in said if w.name} & apart & subject
            if apart and (names or len(apart & subject) * 2 > len(apart)):
                return True
            of_all = any(w.text in _ALL for w in said) and place == 0
            if of_all and not apart & {w.term for w in said}:
                return True
    return False


def _done_by_for_done_to(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether who does something in the quote ("by X") is whom it is done to."""
    if any(w.text == "by" for w in said):
        return False
    for place, word in enumerate(quoted):
        if word.text != "by" or place == 0:
            continue
        verb = quoted[place - 1]
        agent = {w.term for w in _content_behind(quoted, place, 1) if not w.number}
        for at, mine in enumerate(said):
            if mine.term == verb.term and mine.content:
                passive = any(w.text in _BE for w in said[max(0, at - 2) : at])
                before = [w for w in said[:at] if w.content]
                if passive and before and before[-1].term in agent:
                    return True
    return False


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
            for at, inner in enumerate(clause := _clause_from(quoted, place)):
                within = [w.term for w in _content_behind(clause, at, 2)]
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
        whole = _content_behind(quoted, place, 3)
        if not whole:
            continue
        if whole[-1].term in terms and share.term not in terms and share.text not in texts:
            return True
        numbers = [w for w in quoted[max(0, place - 3) : place] if w.number]
        for at, mine in enumerate(said[:-1]):
            if mine.text == "of" and at and said[at - 1].term == share.term:
                same = {n.term for n in numbers} <= terms
                own = _content_behind(said, at, 2)
                held = [w.term for w in whole]
                if same and own and own[0].term in held and held.index(own[0].term) > 0:
                    skipped = whole[: held.index(own[0].term)]
                    if any(w.term not in terms for w in skipped):
                        return True
    return False


def _clause_from(words: Sequence[Word], start: int) -> list[Word]:
    """The words from `start` on, up to the mark that ends a clause."""
    found: list[Word] = []
    for word in words[start:]:
        if word.text in MARKS and any(w.content for w in found):
            break
        found.append(word)
    return found


def _content_behind(words: Sequence[Word], place: int, reach: int) -> list[Word]:
    """The content words right after a place, past small words, up to a mark or a joint."""
    found: list[Word] = []
    for word in words[place + 1 : place + 1 + 2 * reach]:
        if word.text in MARKS or word.text in _JOINTS or len(found) == reach:
            break
        if word.content:
            found.append(word)
    return found
