"""The passage of a text that is most like a quote which does not stand there word for word."""

from __future__ import annotations

from difflib import SequenceMatcher

import numpy as np

# A passage is a changed quote, not another one, where so much of it is alike (difflib's ratio) and
# so many of the quote's runs of `_RUN` characters are still there. By hand: a sentence with a new
# number or name has 0.85 and more, another sentence on the same topic 0.5 and less.
_ALIKE = 0.6
_RUNS_ALIKE = 0.25
_RUN = 5
# A longer quote is looked for word for word alone: to find what is like it takes its square.
_LONGEST_LIKENED = 5000


def most_alike(quote: str, text: str) -> tuple[int, int] | None:
    """Where the passage of `text` stands that is most like the quote; None where none is."""
    runs = {quote[place : place + _RUN] for place in range(len(quote) - _RUN + 1)}
    if not runs or not text or len(quote) > _LONGEST_LIKENED:
        return None
    kept = [text[place : place + _RUN] in runs for place in range(len(text))]
    before = np.concatenate([[0], np.cumsum(kept)])
    # How many runs of the quote stand in the window of its length that starts here.
    size = min(len(quote), len(text))
    count = before[size:] - before[: len(before) - size]
    at = int(count.argmax())
    if count[at] < _RUNS_ALIKE * len(runs):
        return None
    margin = size // 2
    low, high = max(0, at - margin), min(len(text), at + size + margin)
    matcher = SequenceMatcher(None, text[low:high], quote, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size >= _RUN]
    if not blocks:
        return None
    start, end = low + blocks[0].a, low + blocks[-1].a + blocks[-1].size
    # What was put in the place of the first and the last words belongs to it.
    start, end = _to_border(
        text, start, end, blocks[0].b > 0, blocks[-1].b + blocks[-1].size < len(quote)
    )
    found = text[start:end]
    if SequenceMatcher(None, found, quote, autojunk=False).ratio() < _ALIKE:
        return None
    return start, end


def _to_border(text: str, start: int, end: int, left: bool, right: bool) -> tuple[int, int]:
    """The span grown to whole words, or, on a side that lacks something, to the sentence's end."""
    while start > 0 and (text[start - 1] not in ".!?\n" if left else text[start - 1].isalnum()):
        start -= 1
    while end < len(text) and (text[end - 1] not in ".!?\n" if right else text[end].isalnum()):
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
