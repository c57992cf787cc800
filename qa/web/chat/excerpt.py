"""A quote in its context: what stands before and after it in the source."""

from __future__ import annotations

from dataclasses import dataclass

from qa.injection import quotable_spans
from qa.result import Passage
from sources import Source

# Characters of context on each side.
AROUND = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """What stands `before` and `after` a quote, and whether that goes to the section's bounds."""

    before: str = ""
    after: str = ""
    opens: bool = False
    closes: bool = False


def excerpt(passage: Passage, source: Source) -> Excerpt:
    """What stands around `passage` in its section, cut between words.

    Nothing where the source is another text by now.
    """
    if source.sha256 != passage.sha256:
        return Excerpt()
    text = source.text
    opens, closes = _section(passage, source)
    first, last = max(opens, passage.start - AROUND), min(closes, passage.end + AROUND)
    # A context ends where a source gives orders to a model: these are shown nowhere beside a quote.
    shown = [
        span
        for span in quotable_spans(source, first, last)
        if span[0] <= passage.start and passage.end <= span[1]
    ]
    if not shown:
        return Excerpt()
    (first, last), reach = shown[0], (first, last)
    before, after = text[first : passage.start], text[passage.end : last]
    if first == reach[0] > opens:
        before = _after_first_space(before)
    if last == reach[1] < closes:
        after = _after_first_space(after[::-1])[::-1]
    return Excerpt(
        before=before.lstrip(), after=after.rstrip(), opens=first == opens, closes=last == closes
    )


def _section(passage: Passage, source: Source) -> tuple[int, int]:
    """Where the text between the headings around `passage` starts and ends."""
    opens, closes = 0, len(source.text)
    for block in source.blocks:
        if block.kind == "heading":
            if block.end <= passage.start:
                opens = block.end
            elif block.start >= passage.end:
                # The line, for what marks the heading stands before its block.
                closes = max(passage.end, source.text.rfind("\n", 0, block.start))
                break
    return opens, closes


def _after_first_space(text: str) -> str:
    """`text` without the part of a word that it opens with; all of it where it is one word."""
    for place, letter in enumerate(text):
        if letter.isspace():
            return text[place + 1 :]
    return text
