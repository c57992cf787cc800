"""Files written out in letters, in base64 or by uuencode: lines of them are no prose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from sources.readers.blocks import Span

_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
_BASE64_END = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_IN_BASE64 = [re.compile(part) for part in ("[A-Z]", "[a-z]", "[0-9]")]  # hashes, genes lack one
_UU = re.compile(r"M[ -`]{50,60}")
_UU_HEAD = re.compile(r"begin [0-7]{3} \S")
_UU_END = re.compile(r"[!-L][ -`]{1,60}|`|end")
_FEWEST = 3  # full lines: fewer are a key or a hash
_ONE_LINE = 240  # letters: no key or hash has as many


def without_encoded(text: str, lines: Sequence[Span]) -> tuple[list[list[Span]], int]:
    """The runs of lines of a paragraph that may be prose, and how many lines are not."""
    said = [text[slice(*line)] for line in lines]
    runs: list[list[Span]] = [[]]
    at = 0
    while at < len(lines):
        end, is_encoded = _stretch(said, at)
        if is_encoded:
            runs.append([])
        else:
            runs[-1] += lines[at:end]
        at = end
    runs = [run for run in runs if run]
    return runs, len(lines) - sum(map(len, runs))


def told_of_encoded(lines: int) -> tuple[tuple[str, str], ...]:
    """What the report says of as many lines."""
    are = "1 line is" if lines == 1 else f"{lines} lines are"
    why = "a file in base64 or by uuencode, not text: save it into the library as a file"
    return (("encoded data", f"{are} {why}"),) if lines else ()


def _stretch(lines: Sequence[str], start: int) -> tuple[int, bool]:
    """Where lines that look alike end, and whether they are an encoded file."""
    body = start + bool(_UU_HEAD.match(lines[start]))
    end = _end(lines, body, _UU)
    if end - body >= _FEWEST:
        while end < len(lines) and _UU_END.fullmatch(lines[end]):
            end += 1
        return end, True
    end = _end(lines, start, _BASE64)
    run = "".join(lines[start:end])
    if (end - start < _FEWEST and len(run) < _ONE_LINE) or not all(
        part.search(run) for part in _IN_BASE64
    ):
        return max(end, start + 1), False
    shorter = end < len(lines) and len(lines[end]) < len(lines[start])
    return end + bool(shorter and _BASE64_END.fullmatch(lines[end])), True


def _end(lines: Sequence[str], start: int, shape: re.Pattern[str]) -> int:
    """Where the lines of a shape, all but the last as wide as the first, end."""
    alike = takewhile(
        lambda at: shape.fullmatch(lines[at]) and len(lines[at]) <= len(lines[start]),
        range(start, len(lines)),
    )
    return start + sum(1 for _ in alike)
