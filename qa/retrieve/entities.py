"""Which names, years and numbers of a question a text does not speak of."""

from __future__ import annotations

import re

from index.tokens import STOP_WORDS, terms, words

_WORD = re.compile(r"[^\W\d_][\w’'-]*|\d[\d,.]*")


def missing_entities(question: str, text: str, language: str = "en") -> tuple[str, ...]:
    """The names and numbers of `question`, as written there, that `text` does not have.

    A name is what has a capital letter, but for the first word. English possessives and plurals
    count as the name itself. Empty where the question names nothing.
    """
    held = set(terms(text, language)) | set(words(text))
    found = []
    for place, word in enumerate(_WORD.findall(question)):
        number = word[0].isdigit()
        if not number and (place == 0 or not word[0].isupper() or word.lower() in STOP_WORDS):
            continue
        asked = set(words(word)) if number else set(terms(word, language))
        if asked and asked.isdisjoint(held):
            found.append(word.rstrip(".,"))
    return tuple(dict.fromkeys(found))
