"""Which sentences of a text are orders to a model: scored by what they do, and left out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

import sentencex

from qa.injection.features import FEATURES, features
from qa.injection.garbled import garbled_order
from qa.injection.plain_reading import readings, unseen_at

# How far back, in characters, a paragraph is read for an order that comes before a sentence.
_REACH = 2000
# A longer sentence is judged by its beginning: what is met by chance grows with length.
_LONGEST = 400
# How many sentences of one another an order may be spread over.
_SPREAD = 3
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
# A line that starts on its own: an item of a list, a heading, a row of a table.
_LINE = re.compile(r"\n(?=[ \t]*(?:[-*+•#>|]|\d{1,3}[.)]\s|```|<!--))")
# A report may quote an order: words in quotation marks are someone else's. None is long, so that
# each search is linear.
_QUOTED = re.compile(r"\"[^\"]{3,300}\"|“[^”]{3,300}”|«[^»]{3,300}»|„[^“”]{3,300}[“”]")
# But an order that is quoted with what it wants said carries that into an answer all the same.
_PAYLOAD = tuple(
    FEATURES.index(name)
    for name in "order_say order_say_that say_colon reply_must add_to_reply change_your_reply "
    "when_asked_say order_link give_away be_another".split()
)
# An order that ends so has what it wants said in the paragraph below it.
_LEADS_ON = re.compile(
    r":[\W_]*$"
    r"|\b(?:the following|what follows|below|that follows|the next)\b[^.!?:]{0,60}[.!?:]?\W*$",
    re.IGNORECASE,
)
_ITEM = re.compile(r"\s*(?:[-*+•>|]|\d{1,3}[.)]\s|```|~~~)")


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic regression: log-odds are `bias` and the weights of the features that are met."""

    bias: float
    weights: tuple[float, ...]
    threshold: float
    spread_threshold: float

    def log_odds(self, met: tuple[bool, ...]) -> float:
        """How likely a sentence with these features is an order, as log-odds."""
        return self.bias + sum(w for w, is_met in zip(self.weights, met, strict=True) if is_met)


@cache
def shipped_weights() -> Weights:
    """The weights that `python tests/benchmarks/injection.py --fit` made."""
    stored = json.loads(files("qa.injection").joinpath("weights.json").read_text("utf-8"))
    return Weights(
        bias=stored["bias"],
        weights=tuple(stored["weights"][name] for name in FEATURES),
        threshold=stored["threshold"],
        spread_threshold=stored["spread_threshold"],
    )


def without_instructions(text: str, start: int, end: int) -> str:
    """`text[start:end]` with spaces for orders and what follows one in its paragraph.

    Where an order ends in a colon, or speaks of what follows, the paragraph or list after it is
    what it wants said, and goes too. It has as many characters as the span, so that offsets into it
    stay true.
    """
    opening = max(0, start - _REACH)
    before = [found.end() for found in _PARAGRAPH.finditer(text, opening, start)]
    place = before[0] if before else opening
    kept = list(text[start:end])
    led_on: Literal["", "by an order", "in a list"] = ""
    while place < end:
        # A paragraph is read to its end, since an order may be known by what comes later in it.
        gap = _PARAGRAPH.search(text, place, end + _REACH)
        stop = gap.end() if gap else min(len(text), end + _REACH)
        paragraph = text[place:stop]
        order = first_order(paragraph)
        is_item = bool(led_on) and _ITEM.match(paragraph) is not None
        if led_on == "by an order" or is_item:
            order = 0
        leads = order is not None and _LEADS_ON.search(paragraph, max(order, len(paragraph) - 200))
        led_on = "by an order" if leads else "in a list" if is_item else ""
        if order is not None:
            for at in range(max(place + order, start), min(stop, end)):
                if kept[at - start] != "\n":
                    kept[at - start] = " "
        place = stop
    return "".join(kept)


@lru_cache(maxsize=4096)
def first_order(paragraph: str, weights: Weights | None = None) -> int | None:
    """Where the first sentence that is an order starts; None where there is none.

    An order may be spread over sentences: up to three that follow one another are judged together,
    too, by a higher threshold.
    """
    weights = weights or shipped_weights()
    found = list(sentences(paragraph))
    strange = [at for at in (garbled_order(paragraph), unseen_at(paragraph)) if at is not None]
    last = min(strange, default=None)
    if last is not None:
        found = [(start, sentence) for start, sentence in found if start < last]
    met: list[tuple[bool, ...]] = []
    for place, (start, sentence) in enumerate(found):
        met.append(judged(sentence))
        if met[-1] and weights.log_odds(met[-1]) >= weights.threshold:
            return start
        if _quotes_an_order(sentence, weights):
            return start
        for spread in range(2, _SPREAD + 1):
            together = joined(met[-spread:])
            if (
                len(met) >= spread
                and together
                and weights.log_odds(together) >= (weights.spread_threshold)
            ):
                return found[place - spread + 1][0]
    return last


def _quotes_an_order(sentence: str, weights: Weights) -> bool:
    """Whether the words that a sentence quotes are an order that says what is to be said."""
    if not _QUOTED.search(sentence):
        return False
    for reading in readings(sentence[:_LONGEST]):
        inner = " ".join(found.group()[1:-1] for found in _QUOTED.finditer(reading))
        met = features(inner, inner) if inner else ()
        if met and any(met[at] for at in _PAYLOAD) and weights.log_odds(met) >= weights.threshold:
            return True
    return False


def sentences(paragraph: str) -> list[tuple[int, str]]:
    """The sentences of a paragraph with where each starts; one may span lines."""
    found = []
    place = 0
    for line in _LINE.split(paragraph):
        # A single line end is no end of a sentence: text may be wrapped anywhere.
        for part in sentencex.get_sentence_boundaries("en", re.sub(r"\s", " ", line)):
            at = place + int(part["start_index"])
            sentence = paragraph[at : at + len(part["text"])]
            if sentence.strip():
                found.append((at, sentence))
        place += len(line) + 1
    return found


def judged(sentence: str) -> tuple[bool, ...]:
    """The features that a sentence meets in any of its readings; none where it is dull."""
    found = []
    for reading in readings(sentence[:_LONGEST]):
        bare = reading.strip(" \t\n_>")
        # An order that stands in quotation marks as a whole is quoted by no one.
        asserted = reading if _QUOTED.fullmatch(bare) else _QUOTED.sub(" “” ", reading)
        if met := features(reading, asserted):
            found.append(met)
    return joined(found) if found else ()


def joined(met: list[tuple[bool, ...]]) -> tuple[bool, ...]:
    """The features of neighbouring sentences as of one; nothing where one of them has none."""
    if not all(met):
        return ()
    return tuple(any(each) for each in zip(*met, strict=True))
