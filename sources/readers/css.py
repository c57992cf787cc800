"""Style sheets: which rules hold on every screen, and which elements their selectors mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

_BRACES = re.compile(r"([{}])")
_COMPOUND = re.compile(
    r"([a-z][\w-]*|\*)?((?:[.#][\w-]+|\[[^\]]{1,80}\]|:(?:not|is|where)\([^()]{1,120}\)"
    r"|:(?:(?:first|last|only)-(?:child|of-type)|nth-(?:last-)?(?:child|of-type)"
    r"\(\s*\d{1,4}\s*\)))*)",
    re.IGNORECASE,
)
_PART = re.compile(r"[.#][\w-]+")
_TEST = re.compile(
    r"\[\s*([\w-]+)\s*(?:([~|^$*]?=)\s*[\"']?([^\"'\]]*)[\"']?\s*i?\s*)?\]|:(not|is|where)\(([^()]*)\)"
    r"|:(first|last|only|nth|nth-last)-(child|of-type)(?:\(\s*(\d+)\s*\))?",
    re.IGNORECASE,
)
# What holds on every screen: none is narrower than 300 pixels.
_EVERYWHERE = re.compile(
    r"@(?:media\s+(?:(?:all|screen)\b\s*(?:and\s*)?)?(?:\(\s*min-width\s*:\s*[0-2]?\d{1,2}px\s*\))?"
    r"|supports\b(?!\s*not).{1,200}|layer\b.{0,100})\s*",
    re.IGNORECASE | re.DOTALL,
)
_MOST_DEEP = 20
_MOST_BESIDE = 500
LONGEST_STYLE = 2_000

Element = Any
"""An element of the page: lxml has no types."""


@dataclass(frozen=True, slots=True)
class Compound:
    """What a selector asks of one element, and how that stands to the next one of the chain."""

    tag: str
    parts: frozenset[str]
    tests: tuple[tuple[str, ...], ...]
    joint: str = " "


def css_rules(css: str) -> Iterator[tuple[str, str]]:
    """Selectors and what they say; not what holds for some media only. Linear in its length."""
    first, *rest = css.split("/*")
    css = first + "".join(part.partition("*/")[2] for part in rest)
    # What holds in the block that is open: None where that is for some media
    open_: list[str | None] = []
    before = ""
    for part in _BRACES.split(css):
        if part == "{":
            said, _, named = before.rpartition(";")
            if open_ and open_[-1] and said:
                yield open_[-1], said
            open_.append(_opened(open_[-1] if open_ else "", named.strip(), len(open_)))
            before = ""
        elif part == "}":
            inner = open_.pop() if open_ else None
            if inner and before.strip():
                yield inner, before
            before = ""
        else:
            before = part


def _opened(around: str | None, named: str, deep: int) -> str | None:
    """The selectors of a block in another one."""
    if around is None or deep >= _MOST_DEEP or len(around) + len(named) > LONGEST_STYLE:
        return None
    if named.startswith("@"):
        return around if _EVERYWHERE.fullmatch(named) else None
    if not around:
        return named
    if "," in around or "," in named:
        return None
    return named.replace("&", around) if "&" in named else f"{around} {named}"


def listed(selectors: str) -> list[str]:
    """The selectors of a list; a comma in brackets parts none."""
    found, deep = [""], 0
    for char in selectors:
        deep += (char in "([") - (char in ")]")
        if char == "," and deep == 0:
            found.append("")
        else:
            found[-1] += char
    return found


def chain_of(selector: str) -> list[Compound]:
    """A selector as the compounds of its descent; [] for one that is not understood."""
    chain: list[Compound] = []
    joint = " "
    for part in _pieces(selector):
        if part in (">", "+", "~"):
            joint = part
            continue
        found = _COMPOUND.fullmatch(part)
        if not found:
            return []
        tests = tuple(
            tuple(one or "" for one in test.groups()) for test in _TEST.finditer(found[2])
        )
        bare = _TEST.sub("", found[2])
        chain.append(
            Compound((found[1] or "*").lower(), frozenset(_PART.findall(bare)), tests, joint)
        )
        joint = " "
    return chain


def _pieces(selector: str) -> list[str]:
    """The compounds of a selector and the signs between them; brackets stay whole."""
    found, deep = [""], 0
    for char in selector:
        deep += (char in "([") - (char in ")]")
        if deep == 0 and char in ">+~":
            found += [char, ""]
        elif deep == 0 and char.isspace():
            found.append("")
        else:
            found[-1] += char
    return [one for one in found if one]


def own_names(element: Element) -> set[str]:
    """The classes and the id of an element, as a selector writes them."""
    own = {f".{name}" for name in element.get("class", "").split()}
    return own | ({f"#{element.get('id')}"} if element.get("id") else set())


def meets(element: Element, own: set[str], compound: Compound) -> bool:
    """Whether an element, with its `own` names, is what a compound means."""
    return (
        compound.tag in ("*", element.tag)
        and compound.parts <= own
        and all(_passes(element, own, test) for test in compound.tests)
    )


def _passes(element: Element, own: set[str], test: tuple[str, ...]) -> bool:
    """Whether an element passes one test in brackets or after a colon."""
    attribute, sign, wanted, any_of, selectors, place, among, nth = test
    if attribute:
        value = element.get(attribute.lower())
        if value is None or not sign:
            return value is not None
        held: dict[str, bool] = {
            "=": value == wanted,
            "~=": wanted in value.split(),
            "|=": value == wanted or value.startswith(f"{wanted}-"),
            "^=": bool(wanted) and value.startswith(wanted),
            "$=": bool(wanted) and value.endswith(wanted),
            "*=": bool(wanted) and wanted in value,
        }
        return held[sign]
    if any_of:
        # Only compounds: of a longer selector it is not known
        chains = [chain_of(one) for one in selectors.split(",")]
        if not all(len(one) == 1 for one in chains):
            return False
        return any(meets(element, own, one[0]) for one in chains) == (any_of.lower() != "not")
    tag = element.tag if among.lower() == "of-type" else None
    match place.lower():
        case "first":
            return _beside(element, tag, after=False) == 0
        case "last":
            return _beside(element, tag, after=True) == 0
        case "only":
            return not (_beside(element, tag, after=False) or _beside(element, tag, after=True))
    return _beside(element, tag, after=place.lower() == "nth-last") + 1 == int(nth or 0)


def _beside(element: Element, tag: str | None, *, after: bool) -> int:
    """How many siblings an element has before or after it, of a tag or of any."""
    siblings = islice(element.itersiblings(preceding=not after), _MOST_BESIDE)
    return sum(1 for one in siblings if isinstance(one.tag, str) and tag in (None, one.tag))


def within(element: Element, chain: list[Compound]) -> bool:
    """Whether the compounds are met by what is around an element, from the innermost out.

    Each is sought from where the last was found: a chain that could be met only by another choice
    is missed.
    """
    for place in range(len(chain) - 1, 0, -1):
        wanted = chain[place - 1]
        match chain[place].joint:
            case ">":
                around: Iterable[Element] = islice(element.iterancestors(), 1)
            case "+":
                siblings = element.itersiblings(preceding=True)
                around = islice((one for one in siblings if isinstance(one.tag, str)), 1)
            case "~":
                around = islice(element.itersiblings(preceding=True), _MOST_BESIDE)
            case _:
                around = element.iterancestors()
        found = next((one for one in around if meets(one, own_names(one), wanted)), None)
        if found is None:
            return False
        element = found
    return True
