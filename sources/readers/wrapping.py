"""Lines of a paragraph: which are broken off, and which are a paragraph each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

WRAP = 160  # characters: a longer line means that the paragraph is not hard-wrapped
WRAPPED = 60  # characters: nobody breaks off lines that are shorter
RAGGED = 0.9  # of the width: lines that were edited since they were broken off

# What opens a line of a name and its value: "lead: ...".
_KEY = re.compile(r"[\w-]+:\s")
# What makes a line longer than it reads: addresses, tags, and words that cannot be broken.
_UNBROKEN = re.compile(r"(?<=\])\([^()\n]*\)|<[^<>\n]*>|[!-~]{40,}")
# No sentence or heading ends so.
_OPEN = re.compile(
    r"\s(?:a|an|the|of|in|on|at|to|by|for|from|with|as|and|or|but|that|which|who|is|are|was|were|be"
    r"|our|your|their|its|this|these)\Z"
)


def goes_on(text: str, before: tuple[int, int], start: int, *, wrapped: bool) -> bool:
    """Whether a line begins in the middle of the sentence that the line before it leaves open: with
    a small letter, or where lines are `wrapped`."""
    if _OPEN.search(text, *before):
        return True
    if text[before[1] - 1] in ".!?:;" or _KEY.match(text, start):
        return False
    return text[start].islower() or (wrapped and text[start].isalpha())


def is_wrapped(text: str, lines: Sequence[tuple[int, int]]) -> bool:
    """Whether each line that breaks off, but for long ones, has no room for the next word."""
    width = max((end - start for start, end in lines if end - start <= WRAP), default=0)
    return width >= WRAPPED and all(
        end - start > WRAP
        or text[end - 1] in ".!?:;"
        or end - start + len(text[slice(*after)].split(maxsplit=1)[0]) >= RAGGED * width
        for (start, end), after in pairwise(lines)
    )


def is_long(text: str, start: int, end: int) -> bool:
    """Whether a line is longer than any that is broken off, also without what cannot be broken."""
    return end - start > WRAP < len(_UNBROKEN.sub("", text[start:end]))
