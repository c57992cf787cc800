"""What a model of inference says of a sentence that the rules do not find in its quotes."""

from __future__ import annotations

from collections.abc import Sequence

import sentencex

from qa.check.alignment import same_name
from qa.check.by_words import Basis
from qa.compose.draft import plain
from qa.english.parser import parse
from qa.english.words import Word, read
from qa.models.entailment import Entailment

# How many passages of a quote a model is asked about, and of how many sentences each at most.
_MOST_WINDOWS, _MOST_SENTENCES = 8, 4


def entailed(
    sentence: str, quotes: Sequence[str], language: str, model: Entailment
) -> Basis | None:
    """The few sentences of a quote that entail a sentence best; None where none does.

    Every number and name of the sentence stands in them. A model that does not see one word
    exchanged for another (`model.most_copied`) is not asked of what is nearly a copy: the rules
    judge that.
    """
    said = read(sentence, language)
    content = {word.term for word in said if word.content}
    opening = said[0] if said and not _opens_with_name(sentence, language) else None
    exact = [word for word in said if word.number or (word.name and word is not opening)]
    windows: dict[tuple[int, int, int], int] = {}
    copied: set[str] = set()
    for place, quote in enumerate(quotes):
        starts: list[int] = []
        for part in sentencex.get_sentence_boundaries(language, quote):
            if not part["text"].strip():
                continue
            starts.append(part["start_index"])
            end = starts[-1] + len(part["text"].rstrip())
            for start in starts[-_MOST_SENTENCES:]:
                there = read(plain(quote[start:end]), language)
                terms = {word.term for word in there}
                copied |= content & terms
                if all(_stands(word, there, terms) for word in exact):
                    windows[place, start, end] = len(content & terms)
    if len(copied) > model.most_copied * len(content):
        return None
    likely = sorted(windows, key=lambda span: (-windows[span], span[2] - span[1]))[:_MOST_WINDOWS]
    texts = [plain(quotes[place][start:end]) for place, start, end in likely]
    found = model.probabilities(texts, sentence)
    # Of those that are as likely, the shortest says where.
    value, best = max(
        zip(found, likely, strict=True),
        key=lambda one: (round(one[0], 2), one[1][1] - one[1][2]),
        default=(0.0, None),
    )
    if best is None or value < model.least:
        return None
    return Basis(value, (best,), "model")


def _opens_with_name(sentence: str, language: str) -> bool:
    """Whether the first word is a name or a number, not any other with a capital."""
    return language != "en" or parse(sentence)[0].pos_ in ("PROPN", "NUM")


def _stands(word: Word, there: Sequence[Word], terms: set[str]) -> bool:
    """Whether a number or a name of a sentence is among the words of a quote."""
    return word.term in terms or any(
        other.name and same_name(word.term, other.term) for other in there
    )
