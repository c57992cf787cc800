"""Stretches of the words of a sentence: a clause from a word on, what stands behind one."""

from __future__ import annotations

from collections.abc import Sequence

from qa.english.words import MARKS, Word

JOINTS = frozenset("and but or which who that".split())


def clause_from(words: Sequence[Word], start: int) -> list[Word]:
    """The words from `start` on, up to the mark that ends a clause."""
    found: list[Word] = []
    for word in words[start:]:
        if word.text in MARKS and any(w.content for w in found):
            break
        found.append(word)
    return found


def content_behind(words: Sequence[Word], place: int, reach: int) -> list[Word]:
    """The content words right after a place, past small words, up to a mark or a joint."""
    found: list[Word] = []
    for word in words[place + 1 : place + 1 + 2 * reach]:
        if word.text in MARKS or word.text in JOINTS or len(found) == reach:
            break
        if word.content:
            found.append(word)
    return found
