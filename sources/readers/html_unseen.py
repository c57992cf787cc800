"""What of a web page no one sees: hidden, off the screen, transparent, white, or too small."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sources.readers.css import LONGEST_STYLE, chain_of, css_rules, listed, meets, own_names, within

_REASONS = {
    "hidden": re.compile(
        r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|content-visibility\s*:\s*hidden"
        r"|clip\s*:\s*rect\(\s*[01]?(?:px)?[\s,]+[01]?(?:px)?[\s,]+[01]?(?:px)?[\s,]+[01]?(?:px)?\s*\)"
        r"|clip\s*:\s*rect\(\s*0|clip-path\s*:\s*inset\(\s*(?:[5-9]\d|100)%"
        r"|clip-path\s*:\s*(?:circle|ellipse)\(\s*0(?!\.?\d)"
        r"|clip-path\s*:\s*polygon\((?:\s*0\w{0,2}[\s,]){2,20}\s*0\w{0,2}\s*\)"
        r"|scale(?:3d|X|Y)?\(\s*0(?!\.?\d)|(?<![\w-])scale\s*:\s*0(?!\.?\d)|rotate[XY]\(\s*-?90deg"
        r"|mask(?:-image)?\s*:\s*linear-gradient\(\s*transparent\s*,\s*transparent|mso-hide\s*:\s*all",
        re.IGNORECASE,
    ),
    "transparent": re.compile(
        r"opacity\s*[:(]\s*0?(?:\.0\d*)?%?\s*(?:[);!]|$)"
        r"|(?<![\w-])(?:color|-webkit-text-fill-color)\s*:\s*(?:transparent\b"
        r"|(?:rgb|hsl)a?\((?:(?:[^,/)]{1,12},){3}|[^)/]{1,40}/)\s*0?(?:\.0\d*)?%?\s*\)"
        r"|#(?:[\da-f]{6}0\d|[\da-f]{3}0)\s*(?:[;!]|$))",
        re.IGNORECASE,
    ),
    "tiny": re.compile(
        r"font-size\s*:\s*(?:0(?:\.0*)?(?:[a-z%]+)?\s*(?:[;!]|$)|(?:0?\.\d+|1(?:\.\d+)?)(?:px|pt)"
        r"|0?\.0\d*r?em)"
        r"|(?<![\w-])font\s*:[^;:]{0,80}?(?<![\w.])(?:0(?:\.0*)?(?:px|pt|r?em|%)?|0?\.\d+(?:px|pt)"
        r"|1(?:\.\d+)?(?:px|pt))[\s/]"
        r"|(?:scale(?:3d)?\(|(?<![\w-])(?:scale|zoom)\s*:)\s*(?:0?\.0\d*(?![\d%])|\d(?:\.\d+)?%)",
        re.IGNORECASE,
    ),
    "off the screen": re.compile(
        r"(?:left|right|top|bottom|inset[\w-]*|text-indent)\s*:\s*-(?:\d{3,}|\d{2,}r?em)"
        r"|margin[\w-]*\s*:\s*-\d{4,}|(?:left|top|inset[\w-]*)\s*:\s*\d{5,}px"
        r"|translate(?:3d|X|Y)?\s*[(:]\s*-(?:\d{4,}px|[1-9]\d{2,}%)",
        re.IGNORECASE,
    ),
}
_CUT_OFF = re.compile(r"overflow(?:-[xy])?\s*:\s*(?:hidden|clip)", re.IGNORECASE)
_NO_ROOM = re.compile(
    r"(?<![\w-])(?:max-)?(?:height|width)\s*:\s*[01](?:\.0*)?(?:px|pt|r?em|%)?\s*(?:[;!]|$)",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"z-index\s*:\s*-\d")
_PLACED = re.compile(r"position\s*:\s*(?:absolute|fixed|relative|sticky)", re.IGNORECASE)
_LAID_OVER = re.compile(r"position\s*:\s*absolute", re.IGNORECASE)
_WHOLE = tuple(
    re.compile(rf"(?<![\w-]){side}\s*:\s*0(?![.\d])|(?<![\w-])inset\s*:\s*0(?:px)?\s*(?:[;!]|$)"
               rf"|(?<![\w-]){size}\s*:\s*100%", re.IGNORECASE)
    for side, size in (("top", "top"), ("left", "left"), ("right", "width"), ("bottom", "height"))
)  # fmt: skip
_CLEAR = re.compile(r"rgba|hsla|opacity|blend|filter|transform|visibility|/\s*0?\.", re.IGNORECASE)
_OWN_LAYERS = re.compile(r"z-index|transform|opacity|isolation|filter|contain|mask", re.IGNORECASE)
_OPENS = re.compile(r"transition", re.IGNORECASE)
_COLOUR = re.compile(r"(?:^|[;\s{])color\s*:\s*([^;!}]{1,40})", re.IGNORECASE)
_GROUND = re.compile(r"background(?:-color|-image)?\s*:\s*([^;!}]{1,200})", re.IGNORECASE)
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})")
_HSL = re.compile(r"hsla?\(\s*[\d.]+(?:deg)?[\s,]+[\d.]+%[\s,]+([\d.]+)%")
_HEX = re.compile(r"#?([\da-f]{3}|[\da-f]{6})", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([\da-f]{1,6})\s?", re.IGNORECASE)
_COMMENT = re.compile(r"/\*[^*]{0,500}\*/")
_VARIABLE = re.compile(r"(--[\w-]{1,60})\s*:\s*([^;{}]{1,100})")
_USED = re.compile(r"var\(\s*(--[\w-]{1,60})[^)]{0,60}\)")
_CALC = re.compile(
    r"calc\(\s*(?:(?:0\w{0,3}\s*-\s*|-\s?1\s*\*\s*)(\d{1,6}\w{0,3})|(-\d{1,6}\w{0,3}))\s*\)"
)
_MOST_RULES = 2_000
_NO_GROUND = ("none", "transparent", "inherit", "initial", "unset", "")
_PAPER = (255, 255, 255)
_NAMES = {"white": _PAPER, "black": (0, 0, 0), "red": (255, 0, 0), "blue": (0, 0, 255)}
_ALIKE = 15  # of 255, in each colour

Colour = tuple[int, int, int] | str
"""Red, green and blue from 0 to 255, or what else a file calls it."""

Element = Any
"""An element of the page: lxml has no types."""


class UnseenElements:
    """Finds what a page's own styles keep from being seen."""

    def __init__(self, css: str) -> None:
        said = [(selectors, _plain(rule[:LONGEST_STYLE])) for selectors, rule in css_rules(css)]
        # What hides comes first: the rest can at most show that white text is seen
        said = [one for one in said if _hides(one[1])] + [
            one
            for one in said
            if not _hides(one[1]) and (_colours(one[1]) or _PLACED.search(one[1]))
        ]
        chains = ((chain_of(one), rule) for selectors, rule in said for one in listed(selectors))
        self._rules = [(chain, rule) for chain, rule in islice(chains, _MOST_RULES) if chain]
        self._by_key: dict[str, list[int]] = {}
        for place, (chain, _) in enumerate(self._rules):
            last = chain[-1]
            self._by_key.setdefault(min(last.parts, default=last.tag), []).append(place)

    def among(self, elements: Iterable[Element]) -> dict[Element, str]:
        """Of elements in the order of the page, those that are not seen, and why."""
        found: dict[Element, str] = {}
        grounds: dict[Element, Colour] = {}
        coloured: list[Element] = []
        layers: dict[Element, bool] = {}  # what has a ground, and whether it keeps layers inside
        for element in elements:
            styles = [*self._styles(element), _plain(element.get("style", "")[:LONGEST_STYLE])]
            said = ";".join(filter(None, styles))
            own_ground = _ground(element, said)
            ground = own_ground or grounds.get(element.getparent(), _PAPER)
            grounds[element] = ground
            if own_ground and element.tag not in ("html", "body"):
                layers[element] = bool(_OWN_LAYERS.search(said))
            own = _own_colour(element, said)
            if reason := _reason(said) or _lost(own, ground) or _behind(element, said, layers):
                found[element] = reason
            elif element in layers and _lies_over(element, said, ground):
                covered = (one for one in element.itersiblings(preceding=True) if one not in found)
                found |= dict.fromkeys(covered, "covered")
            elif own:
                coloured.append(element)
        # Text that has its own colour is seen in what else is of the colour of its ground
        for element in coloured:
            for above in element.iterancestors():
                if found.get(above) in _LOST:
                    del found[above]
        return found

    def _styles(self, element: Element) -> Iterator[str]:
        """What the rules say of an element; the last rule does not undo one before."""
        if not self._rules:
            return
        own = own_names(element)
        for key in (element.tag, "*", *own):
            for place in self._by_key.get(key, ()):
                chain, said = self._rules[place]
                if meets(element, own, chain[-1]) and within(element, chain):
                    yield said


_LOST = ("white", "the colour of its ground")


def _reason(said: str) -> str:
    if not said:
        return ""
    for reason, pattern in _REASONS.items():
        if pattern.search(said):
            return reason
    return "hidden" if _no_room(said) else ""


def _behind(element: Element, said: str, layers: dict[Element, bool]) -> str:
    """Whether it lies behind the ground of what it is in."""
    if not (_BEHIND.search(said) and _PLACED.search(said)):
        return ""
    around = next((one for one in element.iterancestors() if one in layers), None)
    return "covered" if around is not None and not layers[around] else ""


def _lies_over(element: Element, said: str, ground: Colour) -> bool:
    """Whether it covers all that stands before it in a part of the page."""
    parent = element.getparent()
    return (
        isinstance(ground, tuple)
        and bool(_LAID_OVER.search(said))
        and all(side.search(said) for side in _WHOLE)
        and not _CLEAR.search(said)
        and parent is not None
        and parent.tag not in ("body", "html", "main")
    )


def _no_room(said: str) -> bool:
    """Whether it is cut off to nothing, and does not open."""
    cut = _NO_ROOM.search(said) and _CUT_OFF.search(said)
    return bool(cut) and not _OPENS.search(said)


def _plain(said: str) -> str:
    """Declarations without comments, escapes, variables of their own and simple sums."""
    if "\\" in said or "/*" in said:
        said = _COMMENT.sub("", said)
        said = _ESCAPED.sub(lambda code: chr(min(int(code[1], 16), 0x10FFFF)), said)
    if "var(" in said:
        values = dict(_VARIABLE.findall(said))
        said = _USED.sub(lambda used: values.get(used[1], used[0]), said)
    if "calc(" in said:
        said = _CALC.sub(lambda sum_: sum_[2] or f"-{sum_[1]}", said)
    return said


def _own_colour(element: Element, said: str) -> Colour:
    colour = _COLOUR.findall(said)
    shown = colour[-1].strip() if colour else element.get("color", "")
    return _colour(shown) if shown else ""


def _lost(colour: Colour, ground: Colour) -> str:
    if not colour or not _same(colour, ground):
        return ""
    return "white" if _same(colour, _PAPER) else "the colour of its ground"


def _ground(element: Element, said: str) -> Colour:
    """What an element is painted on, where it says so."""
    found = [one.strip() for one in _GROUND.findall(said)] if said else []
    given = [*found, element.get("bgcolor", ""), "image" if element.get("background") else ""]
    grounds = [_colour(one) for one in given if one.lower() not in _NO_GROUND]
    # Of several, as where a picture lies over a colour, it is not known which is seen
    return grounds[0] if len(set(grounds)) == 1 else "several" if grounds else ""


def _same(one: Colour, other: Colour) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other and one not in ("image", "several", "inherit", "currentcolor")
    return all(abs(a - b) <= _ALIKE for a, b in zip(one, other, strict=True))


def _colour(said: str) -> Colour:
    said = said.strip().lower()
    if said in _NAMES:
        return _NAMES[said]
    if rgb := _RGB.match(said):
        return int(rgb[1]), int(rgb[2]), int(rgb[3])
    if (hsl := _HSL.match(said)) and float(hsl[1]) in (0.0, 100.0):
        return _PAPER if float(hsl[1]) else (0, 0, 0)
    if digits := _HEX.fullmatch(said):
        step = len(digits[1]) // 3
        red, green, blue = (
            int(digits[1][at * step : at * step + step] * (3 - step), 16) for at in range(3)
        )
        return red, green, blue
    return said


def _hides(said: str) -> bool:
    return any(pattern.search(said) for pattern in _REASONS.values()) or _no_room(said)


def _colours(said: str) -> bool:
    return bool(_COLOUR.search(said) or _GROUND.search(said))
