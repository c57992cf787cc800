"""The automatic numbers of a Word document, counted as Word counts them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from docx.oxml.ns import qn

BULLET = "-"
_DEEPEST = 9
_PLACE = re.compile(r"%([1-9])")
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
          (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip

Element = Any
"""An element of the document: lxml has no types."""


@dataclass(frozen=True, slots=True)
class _Level:
    form: str
    text: str
    start: int


class Numbers:
    """Counts the paragraphs of each numbering; `root` is that of numbering.xml, or None."""

    def __init__(self, root: Element | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._abstract: dict[str, str] = {}
        self._starts: dict[tuple[str, int], int] = {}
        self._counts: dict[str, list[int | None]] = defaultdict(lambda: [None] * _DEEPEST)
        for abstract in root.iterchildren(qn("w:abstractNum")) if root is not None else ():
            self._levels[abstract.get(qn("w:abstractNumId"), "")] = {
                _number(level.get(qn("w:ilvl"))): _Level(
                    _value(level, "w:numFmt") or "decimal",
                    _value(level, "w:lvlText"),
                    _number(_value(level, "w:start") or "1"),
                )
                for level in abstract.iterchildren(qn("w:lvl"))
            }
        for num in root.iterchildren(qn("w:num")) if root is not None else ():
            name = num.get(qn("w:numId"), "")
            self._abstract[name] = _value(num, "w:abstractNumId")
            for override in num.iterchildren(qn("w:lvlOverride")):
                if start := _value(override, "w:startOverride"):
                    at = _number(override.get(qn("w:ilvl")))
                    self._starts[name, at] = _number(start)

    def next(self, name: str, depth: int) -> str:
        """The number of the next paragraph of a numbering at a depth from 0; "-" for a bullet."""
        abstract = self._abstract.get(name, "")
        levels = self._levels.get(abstract, {})
        depth = min(max(0, depth), _DEEPEST - 1)
        level = levels.get(depth)
        if level is None or level.form in ("bullet", "none") or not level.text.strip():
            return BULLET
        counts = self._counts[abstract]
        before = counts[depth]
        start = self._starts.pop((name, depth), None)  # a numbering that begins anew
        if start is not None or before is None:
            counts[depth] = level.start if start is None else start
        else:
            counts[depth] = before + 1
        counts[depth + 1 :] = [None] * (_DEEPEST - depth - 1)

        def shown(place: re.Match[str]) -> str:
            at = int(place[1]) - 1
            of = levels.get(at, level)
            count = counts[at]
            return _formed(of.start if count is None else count, of.form)

        return _PLACE.sub(shown, level.text).strip()


def _formed(count: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter") and count > 0:
        letters = chr(ord("a") + (count - 1) % 26) * min(1 + (count - 1) // 26, 10)
        return letters if form == "lowerLetter" else letters.upper()
    if form in ("lowerRoman", "upperRoman") and 0 < count < 4000:
        roman = ""
        for value, sign in _ROMAN:
            roman += sign * (count // value)
            count %= value
        return roman if form == "lowerRoman" else roman.upper()
    return f"{count:02}" if form == "decimalZero" else str(count)


def _value(element: Element, child: str) -> str:
    found = element.find(qn(child))
    return (found.get(qn("w:val")) or "") if found is not None else ""


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else 0
