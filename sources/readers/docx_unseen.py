"""What of a Word document's text no one sees: hidden, white on white, or too small to read."""

from __future__ import annotations

from collections import Counter
from typing import Any

from docx.oxml.ns import qn

from sources.readers.unseen import SMALLEST, is_white

_STYLES_DEEP = 12  # styles build on each other, in a hostile file in a circle
_R_PR, _P_PR, _SHD = qn("w:rPr"), qn("w:pPr"), qn("w:shd")
_VAL, _FILL, _THEME_FILL = qn("w:val"), qn("w:fill"), qn("w:themeFill")
_P, _TC, _TBL, _BOX = (qn(f"w:{name}") for name in ("p", "tc", "tbl", "txbxContent"))
_TR = qn("w:tr")
_THEME, _THEME_SHADE = qn("w:themeColor"), qn("w:themeShade")
_PAPER_THEMES = ("background1", "light1")
_NOT = ("0", "false", "off")
_LEAST_WIDTH = 5  # per cent of the usual width of letters
_FARTHEST = 400  # half points above or below the line
_HIGHLIGHTS = {"black": "000000", "red": "ff0000", "blue": "0000ff", "yellow": "ffff00"}

Element = Any
"""An element of the document: lxml has no types."""


class UnseenRuns:
    """Says of runs why they are not seen, and counts them by that."""

    def __init__(self, styles: dict[str | None, Element], document: Element | None = None) -> None:
        self._styles = styles
        self._unseen: dict[Element, str] = {}  # a header's cells are read more than once
        self._chains: dict[str | None, list[Element]] = {}
        background = document.find(qn("w:background")) if document is not None else None
        self._on_paper = background is None or is_white(background.get(qn("w:color")))

    @property
    def found(self) -> Counter[str]:
        """How many runs are not seen, by why."""
        return Counter(self._unseen.values())

    def hides(self, run: Element) -> bool:
        """Whether a run shows nothing that is seen; counted where it has text."""
        reason = self._reason(run)
        if reason and any(text.text for text in run.iter(qn("w:t"))):
            self._unseen[run] = reason
        return bool(reason)

    def _reason(self, run: Element) -> str:
        row = next(run.iterancestors(_TR), None)
        properties = row.find(qn("w:trPr")) if row is not None else None
        hidden = properties.find(qn("w:hidden")) if properties is not None else None
        if hidden is not None and hidden.get(_VAL) not in _NOT:
            return "hidden"
        given = self._given(run)
        for name in ("w:vanish", "w:specVanish"):
            vanish = _first(given, name)
            if vanish is not None and vanish.get(_VAL) not in _NOT:
                return "hidden"
        size = _first(given, "w:sz")
        if size is not None and _points(size.get(_VAL)) < SMALLEST:
            return "tiny"
        wide = _first(given, "w:w")
        if wide is not None and _number(wide.get(_VAL), 100) < _LEAST_WIDTH:
            return "tiny"
        raised = _first(given, "w:position")
        if raised is not None and abs(_number(raised.get(_VAL), 0)) > _FARTHEST:
            return "off the page"
        colour = _first(given, "w:color")
        if colour is None:
            return ""
        is_paper = colour.get(_THEME) in _PAPER_THEMES and colour.get(_THEME_SHADE) is None
        if (is_white(colour.get(_VAL)) or is_paper) and self._on_paper:
            return "" if _shaded(run, given) else "white"
        said = (colour.get(_VAL) or "").lower()
        ground = _ground(run, given)
        return "the colour of its ground" if ground and said == ground else ""

    def _given(self, run: Element) -> list[Element]:
        """The properties that hold for a run, the nearest first."""
        own = run.find(_R_PR)
        found = [own] if own is not None else []
        paragraph = next(run.iterancestors(_P), None)
        properties = paragraph.find(_P_PR) if paragraph is not None else None
        for of, name in ((own, "w:rStyle"), (properties, "w:pStyle")):
            named = of.find(qn(name)) if of is not None else None
            if named is not None:
                found += self._of_style(named.get(_VAL))
        return found

    def _of_style(self, name: str | None) -> list[Element]:
        """The properties of a style and of those that it builds on."""
        if name not in self._chains:
            found = []
            style = self._styles.get(name)
            for _ in range(_STYLES_DEEP):
                if style is None:
                    break
                inner = style.find(_R_PR)
                found += [inner] if inner is not None else []
                based = style.find(qn("w:basedOn"))
                style = self._styles.get(based.get(_VAL)) if based is not None else None
            self._chains[name] = found
        return self._chains[name]


def _first(given: list[Element], name: str) -> Element | None:
    return next((one for all_ in given if (one := all_.find(qn(name))) is not None), None)


def _shaded(run: Element, given: list[Element]) -> bool:
    """Whether white text may be seen: on shading, in a table with a style, or in a box."""
    if _first(given, "w:highlight") is not None or any(_dark(one.find(_SHD)) for one in given):
        return True
    for around in run.iterancestors(_P, _TC, _TBL, _BOX):
        if around.tag == _BOX:
            return True
        properties = around.find(f"{around.tag}Pr")
        if properties is None:
            continue
        if _dark(properties.find(_SHD)) or properties.find(qn("w:tblStyle")) is not None:
            return True
    return False


def _ground(run: Element, given: list[Element]) -> str:
    """The colour that a run is painted on, in six digits, where the nearest that says so does."""
    lit = _first(given, "w:highlight")
    if lit is not None:
        return _HIGHLIGHTS.get(lit.get(_VAL, ""), "")
    shadings = [one.find(_SHD) for one in given]
    for around in run.iterancestors(_P, _TC, _TBL):
        properties = around.find(f"{around.tag}Pr")
        shadings.append(properties.find(_SHD) if properties is not None else None)
    fills = (
        (one.get(_FILL) or "auto").lower()
        for one in shadings
        if one is not None and one.get(_THEME_FILL) is None
    )
    return next((fill for fill in fills if fill != "auto"), "")


def _dark(shading: Element | None) -> bool:
    if shading is None:
        return False
    fill = shading.get(_FILL, "auto")
    return shading.get(_THEME_FILL) is not None or (fill != "auto" and not is_white(fill))


def _number(said: str | None, otherwise: int) -> int:
    bare = (said or "").removesuffix("%")
    return int(bare) if bare.lstrip("-").isdecimal() and len(bare) < 9 else otherwise


def _points(half: str | None) -> float:
    return int(half) / 2 if half and half.isdecimal() else SMALLEST
