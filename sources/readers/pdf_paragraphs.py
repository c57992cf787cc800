"""The lines of PDF pages grouped in paragraphs, also those that a column or page has torn apart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from sources.readers.pdf_layout import ALIGNED
from sources.readers.pdf_lines import (
    BULLET,
    SOFT_HYPHEN,
    Line,
    width,
)

HEADING_SIZE = 1.12  # times the size of most text
_LEADING = 1.55  # times the size of a line: a wider gap ends a paragraph
_INDENT = 0.8
_SHORT = 0.75  # of the longest line of the page: the last line of a paragraph
_SENTENCE_END = re.compile(r"""[.!?:;。！？]["'”’)\]]*$""")
_NUMBERED = re.compile(r"(?:\(?\d{1,2}[.)]|\[\d{1,3}\]) ")


def paragraphs(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines of a page in groups that belong together."""
    longest: dict[int, float] = defaultdict(float)  # by where they begin
    for line in lines:
        at = round(line.x / ALIGNED)
        longest[at] = max(longest[at], width(line.text, line.size))
    groups: list[list[Line]] = []
    for line in lines:
        before = groups[-1][-1] if groups else None
        at = round(before.x / ALIGNED) if before else 0
        wide = max(longest.get(at - 1, 0), longest.get(at, 0))
        wide = max(wide, longest.get(at + 1, 0))
        if before and not _begins(line, before, wide):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _begins(line: Line, before: Line, longest: float) -> bool:
    """Whether a line begins a paragraph, by its place, size and the end of the line before.

    `longest` is how wide, in points, lines are that begin where the one before does.
    """
    if (
        line.is_row
        or before.is_row
        or line.runs != before.runs
        or line.bold != before.bold
        or abs(line.size - before.size) > (HEADING_SIZE - 1) * before.size
    ):
        return True
    if not 0 < before.y - line.y < _LEADING * max(line.size, before.size):
        return True
    ended = bool(_SENTENCE_END.search(before.text))
    if BULLET.match(line.text) or (_NUMBERED.match(line.text) and ended):
        return True
    indented = line.x > before.x + _INDENT * line.size
    wide = width(before.text, before.size)
    if ended:
        return indented or wide < _SHORT * longest
    # The line was ended on purpose, where the next word would have fitted with room to spare
    word = width(line.text.split()[0], line.size)
    goes_on = line.text[0].islower() or before.text[-1] in ",-–" + SOFT_HYPHEN
    return not goes_on and wide + 1.5 * word + line.size < _SHORT * longest


def join_broken(groups: list[list[Line]]) -> list[list[Line]]:
    """Join what a column or page has torn apart: a sentence without end, and its rest."""
    joined: list[list[Line]] = []
    for group in groups:
        at = len(joined) - 1
        while at > 0 and joined[at][0].runs:
            at -= 1
        before = joined[at][-1] if joined else None
        if (
            before
            and not (before.is_row or group[0].is_row or group[0].runs)
            and (before.page != group[0].page or before.y < group[0].y)
            and (before.size, before.bold) == (group[0].size, group[0].bold)
            and group[0].text[0].islower()
            and before.text[-1] not in ".!?:;"
        ):
            # What runs would tear the sentence that goes on over the page
            between, joined[at + 1 :] = joined[at + 1 :], []
            torn = joined.pop(at)
            joined += [one for one in between if one[0].page <= torn[-1].page]
            joined.append(torn + group)
            joined += [one for one in between if one[0].page > torn[-1].page]
        else:
            joined.append(group)
    return joined
