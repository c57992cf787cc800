"""Orders in garbled text, as a search for what a model obeys writes it: "soNow write]( say"."""

from __future__ import annotations

import re

# Of so many words in a row at least so many are odd.
_WINDOW, _ODD = 16, 4
# Code is odd, too, but has few words of prose in it, and no one is told there to say anything.
_LEAST_PROSE = 0.4
_ORDER = re.compile(r"\b(?:say|reply|answer|tell|respond|revert)\b", re.IGNORECASE)
_WORD = re.compile(r"\S+")
_OPENING = "([{\"'“‘«*_~`<|"
_CLOSING = ".,;:!?…)]}\"'”’»*_~`>|"
_PROSE = re.compile(r"[A-Za-z]?[a-z]+")
_GLUED = re.compile(r"[a-z]{2}[A-Z][a-z]|\w[\\\[\](){}*|\"!?<>=+;~^]+\w|--\w|\\[^\w\s]")
_HEAP = re.compile(r"[\\\])}*\"][\\\[({+!]|\\$")
_LINK = re.compile(r"\]\([^)\s]*\)|://")


def garbled_order(paragraph: str) -> int | None:
    """Where garbled text begins that tells somebody to say something; None where there is none."""
    told = list(_ORDER.finditer(paragraph))
    if not told:
        return None
    words = [(found.start(), found.group()) for found in _WORD.finditer(paragraph)]
    odd = [place for place, (_, word) in enumerate(words) if _is_odd(word)]
    for first, last in zip(odd, odd[_ODD - 1 :], strict=False):
        start = words[first][0]
        if last - first < _WINDOW and told[-1].start() > start:
            around = words[first : first + _WINDOW]
            prose = sum(_PROSE.fullmatch(word) is not None for _, word in around)
            if prose >= _LEAST_PROSE * len(around):
                return start
    return None


def _is_odd(word: str) -> bool:
    """Whether a word has marks in it, or words run into one, as no writer has them."""
    if len(word) > 80 or _LINK.search(word):
        return False
    core = word.lstrip(_OPENING).rstrip(_CLOSING)
    return bool(_GLUED.search(core) or _HEAP.search(word))
