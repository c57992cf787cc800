"""What of a web page no one sees: hidden, off the screen, transparent, white, or too small."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sources.readers.unseen import is_white

_REASONS = {
    "hidden": re.compile(
        r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|content-visibility\s*:\s*hidden"
        r"|clip\s*:\s*rect\(\s*0|clip-path\s*:\s*inset\(\s*(?:[5-9]\d|100)%",
        re.IGNORECASE,
    ),
    "transparent": re.compile(
        r"opacity\s*[:(]\s*0?(?:\.0\d*)?%?\s*(?:[);!]|$)|(?<![\w-])color\s*:\s*(?:transparent\b"
        r"|rgba\([^)]{0,40},\s*0?(?:\.0\d*)?\s*\))",
        re.IGNORECASE,
    ),
    "tiny": re.compile(
        r"font-size\s*:\s*(?:0(?:\.0*)?(?:[a-z%]+)?\s*(?:[;!]|$)|(?:0?\.\d+|1(?:\.\d+)?)(?:px|pt)"
        r"|0?\.0\d*r?em)",
        re.IGNORECASE,
    ),
    "off the screen": re.compile(
        r"(?:left|right|top|text-indent)\s*:\s*-(?:\d{3,}|\d{2,}r?em)|margin[\w-]*\s*:\s*-\d{4,}"
        r"|translate[XY]?\(\s*-(?:\d{4,}px|[1-9]\d{2,}%)",
        re.IGNORECASE,
    ),
}
_COLOUR = re.compile(r"(?:^|[;\s{])color\s*:\s*([^;!}]{1,40})", re.IGNORECASE)
_GROUND = re.compile(r"background(?:-color|-image)?\s*:\s*([^;!}]{1,200})", re.IGNORECASE)
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})")
_BRACES = re.compile(r"([{}])")
_COMPOUND = re.compile(r"([a-z][\w-]*|\*)?((?:[.#][\w-]+)*)", re.IGNORECASE)
_PART = re.compile(r"[.#][\w-]+")
_EVERYWHERE = re.compile(r"\s*@media\s+(?:all|screen)\s*", re.IGNORECASE)
_MOST_RULES = 2_000
_LONGEST_STYLE = 2_000
_NO_GROUND = ("none", "transparent", "inherit", "initial", "unset", "")

Element = Any
"""An element of the page: lxml has no types."""

Compound = tuple[str, frozenset[str]]


class UnseenElements:
    """Finds what a page's own styles keep from being seen."""

    def __init__(self, css: str) -> None:
        said = [(selectors, rule[:_LONGEST_STYLE]) for selectors, rule in _css_rules(css)]
        # What hides comes first: the rest can at most show that white text is seen
        said = [one for one in said if _hides(one[1])] + [
            one for one in said if not _hides(one[1]) and _colours(one[1])
        ]
        chains = ((_chain(one), rule) for selectors, rule in said for one in selectors.split(","))
        self._rules = [(chain, rule) for chain, rule in islice(chains, _MOST_RULES) if chain]
        self._by_key: dict[str, list[int]] = {}
        for place, (chain, _) in enumerate(self._rules):
            tag, parts = chain[-1]
            self._by_key.setdefault(min(parts, default=tag), []).append(place)

    def among(self, elements: Iterable[Element]) -> dict[Element, str]:
        """Of elements in the order of the page, those that are not seen, and why."""
        found: dict[Element, str] = {}
        grounds: dict[Element, bool] = {}
        for element in elements:
            styles = [*self._styles(element), element.get("style", "")[:_LONGEST_STYLE]]
            said = ";".join(filter(None, styles))
            ground = grounds.get(element.getparent(), False) or _has_ground(element, said)
            grounds[element] = ground
            if reason := _reason(element, said, ground):
                found[element] = reason
        return found

    def _styles(self, element: Element) -> Iterator[str]:
        """What the rules say of an element; the last rule does not undo one before."""
        if not self._rules:
            return
        own = _own(element)
        for key in (element.tag, "*", *own):
            for place in self._by_key.get(key, ()):
                chain, said = self._rules[place]
                if _meets(element, own, chain[-1]) and _within(element, chain[:-1]):
                    yield said


def _reason(element: Element, said: str, ground: bool) -> str:
    for reason, pattern in _REASONS.items():
        if said and pattern.search(said):
            return reason
    colour = _COLOUR.findall(said)
    shown = colour[-1].strip() if colour else element.get("color", "")
    return "white" if shown and not ground and _is_white(shown) else ""


def _has_ground(element: Element, said: str) -> bool:
    """Whether an element is painted under by something that is not white."""
    found = [one.strip() for one in _GROUND.findall(said)] if said else []
    grounds = [*found, element.get("bgcolor", ""), "image" if element.get("background") else ""]
    return any(one.lower() not in _NO_GROUND and not _is_white(one) for one in grounds)


def _is_white(colour: str) -> bool:
    rgb = _RGB.match(colour)
    return min(map(int, rgb.groups())) >= 240 if rgb else is_white(colour)


def _hides(said: str) -> bool:
    return any(pattern.search(said) for pattern in _REASONS.values())


def _colours(said: str) -> bool:
    return bool(_COLOUR.search(said) or _GROUND.search(said))


def _css_rules(css: str) -> Iterator[tuple[str, str]]:
    """Selectors and what they say; not what holds for some media only. Linear in its length."""
    first, *rest = css.split("/*")
    css = first + "".join(part.partition("*/")[2] for part in rest)
    depth, before, everywhere = 0, "", 0
    for part in _BRACES.split(css):
        if part == "{":
            depth += 1
            if _EVERYWHERE.fullmatch(before) and depth == 1:
                everywhere = 1
        elif part == "}":
            depth = max(0, depth - 1)
            everywhere = everywhere if depth else 0
        else:
            if depth == 1 + everywhere and "@" not in before:
                yield before, part
            before = part


def _chain(selector: str) -> list[Compound]:
    """A selector of tags, classes and ids, as the compounds of its descent; [] for another."""
    chain: list[Compound] = []
    for compound in selector.replace(">", " ").split():
        found = _COMPOUND.fullmatch(compound)
        if not found:
            return []
        chain.append(((found[1] or "*").lower(), frozenset(_PART.findall(found[2]))))
    return chain


def _own(element: Element) -> set[str]:
    own = {f".{name}" for name in element.get("class", "").split()}
    return own | ({f"#{element.get('id')}"} if element.get("id") else set())


def _meets(element: Element, own: set[str], compound: Compound) -> bool:
    tag, parts = compound
    return tag in ("*", element.tag) and parts <= own


def _within(element: Element, chain: list[Compound]) -> bool:
    """Whether the compounds are met by what is above an element, from the outermost in."""
    left = list(chain)
    for above in element.iterancestors():
        if not left:
            return True
        if _meets(above, _own(above), left[-1]):
            left.pop()
    return not left
