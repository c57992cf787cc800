"""Which styles of an OpenDocument file show nothing that is seen."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sources.readers.archive import Element
from sources.readers.unseen import SMALLEST, is_white

_DEEP = 12  # styles build on each other, in a hostile file in a circle
_NAME = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0"
_STYLE, _TEXT, _TABLE = (f"{{{_NAME.format(name)}}}" for name in ("style", "text", "table"))
_DRAW = f"{{{_NAME.format('drawing')}}}"
_FO = f"{{{_NAME.format('xsl-fo-compatible')}}}"
_NAMED = (f"{_TABLE}style-name", f"{_TEXT}style-name", f"{_DRAW}style-name")
_HIDDEN = f"{_TEXT}hidden-paragraph"
_LEAST_WIDTH = 5  # per cent of the usual width of letters
_GROUNDS = (f"{_FO}background-color", f"{_DRAW}fill-color")
_LENGTH = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(pt|px|mm|cm|in)")
_POINTS = {"pt": 1.0, "px": 0.75, "mm": 2.835, "cm": 28.35, "in": 72.0}


class UnseenStyles:
    """The styles of a file by name, and why text in them is not seen."""

    def __init__(self, roots: Iterable[Element | None]) -> None:
        found = [root for root in roots if root is not None]
        self._styles = {
            style.get(f"{_STYLE}name", ""): style
            for root in found
            for style in root.iter(f"{_STYLE}style")
        }
        pages = (one for root in found for one in root.iter(f"{_STYLE}page-layout-properties"))
        self._on_paper = not any(_is_dark(dict(one.items())) for one in pages)
        self._given: dict[str, dict[str, str]] = {}

    def reason(self, element: Element) -> str:
        """Why a paragraph, span, section, row or the like is not seen; "" where it is."""
        if element.get(f"{_TEXT}display") == "none" or element.get(f"{_TABLE}visibility") in (
            "collapse",
            "filter",
        ):
            return "hidden"
        if any(one.get(f"{_TEXT}is-hidden") == "true" for one in element.iter(_HIDDEN)):
            return "hidden"
        name = element.get(f"{_TEXT}style-name")
        if not name:
            return ""
        given = self._of_style(name)
        if given.get(f"{_TEXT}display") == "none":
            return "hidden"
        size = _LENGTH.fullmatch(given.get(f"{_FO}font-size", ""))
        if size and float(size[1]) * _POINTS[size[2]] < SMALLEST:
            return "tiny"
        if _is_narrow(given.get(f"{_STYLE}text-scale", "")):
            return "tiny"
        colour = given.get(f"{_FO}color", "").lower()
        if colour and not is_white(colour) and colour == self._ground(element, given):
            return "the colour of its ground"
        if not is_white(given.get(f"{_FO}color")) or not self._on_paper or _is_dark(given):
            return ""
        names = (above.get(key) for above in element.iterancestors() for key in _NAMED)
        return "" if any(_is_dark(self._of_style(one)) for one in names if one) else "white"

    def _ground(self, element: Element, given: dict[str, str]) -> str:
        """The colour that the nearest style which names one paints under an element."""
        names = (above.get(key) for above in element.iterancestors() for key in _NAMED)
        for said in (given, *(self._of_style(name) for name in names if name)):
            for key in _GROUNDS:
                if said.get(key, "transparent") != "transparent":
                    return said[key].lower()
        return ""

    def _of_style(self, name: str) -> dict[str, str]:
        """What a style and those that it builds on say."""
        if name in self._given:
            return self._given[name]
        given = self._given[name] = {}
        style = self._styles.get(name)
        for _ in range(_DEEP):
            if style is None:
                break
            for properties in style:
                for key, value in properties.items():
                    given.setdefault(key, value)
            style = self._styles.get(style.get(f"{_STYLE}parent-style-name", ""))
        return given


def _is_narrow(scale: str) -> bool:
    bare = scale.removesuffix("%")
    return bare.isdecimal() and int(bare[:9]) < _LEAST_WIDTH


def _is_dark(given: dict[str, str]) -> bool:
    """Whether a style has a ground that is not white."""
    grounds = (given.get(key, "transparent") for key in _GROUNDS)
    return any(ground != "transparent" and not is_white(ground) for ground in grounds)
