"""Which cells a workbook's conditional formats hide, as far as that can be told of their rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from openpyxl.utils.cell import range_boundaries

from sources.readers.unseen import is_white

_MOST = 1_000  # rules of a sheet, and ranges of a rule
_TRUE = re.compile(r"=?\s*(?:TRUE(?:\(\))?|[1-9]\d*|(\w+)\s*=\s*\1)\s*", re.IGNORECASE)
_FILLED = re.compile(
    r"=?\s*(?:LEN\(\$?[A-Z]+\$?\d+\)\s*>\s*0|\$?[A-Z]+\$?\d+\s*<>\s*\"\""
    r"|NOT\(ISBLANK\(\$?[A-Z]+\$?\d+\)\))\s*",
    re.IGNORECASE,
)
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "equal": lambda a, b: bool(a == b),
    "notEqual": lambda a, b: bool(a != b),
    "greaterThan": lambda a, b: bool(a > b),
    "lessThan": lambda a, b: bool(a < b),
    "greaterThanOrEqual": lambda a, b: bool(a >= b),
    "lessThanOrEqual": lambda a, b: bool(a <= b),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule that hides the cells of its `ranges` (columns and rows from 1) that `holds` for."""

    ranges: tuple[tuple[int, int, int, int], ...]
    holds: Callable[[Any], bool]

    def hides(self, row: int, column: int, value: Any) -> bool:
        """Whether a cell of this value is hidden by it."""
        inside = any(a <= column <= c and b <= row <= d for a, b, c, d in self.ranges)
        return inside and self.holds(value)


def conditions(elements: list[tuple[str, Any]], styles: Any) -> list[Condition]:
    """The rules that hide, of (cells that a rule is for, its element), by the book's `styles`.

    What a rule with another formula hides is not known: its cells are read.
    """
    found = []
    for cells, rule in elements[:_MOST]:
        number = rule.get("dxfId") or ""
        style = styles[int(number)] if number.isdecimal() and int(number) < len(styles) else None
        holds = _holds(rule) if style is not None and _hides(style) else None
        if holds:
            ranges = (range_boundaries(one) for one in cells.split()[:_MOST])
            found.append(Condition(tuple(one for one in ranges if all(one)), holds))
    return found


def _hides(style: Any) -> bool:
    if style.numFmt is not None and (style.numFmt.formatCode or "").strip() == ";;;":
        return True
    colour = style.font.color if style.font is not None else None
    ground = style.fill.bgColor if style.fill is not None else None
    white = colour is not None and (
        (colour.type == "rgb" and is_white(str(colour.rgb)[-6:]))
        or (colour.type == "theme" and colour.theme == 0)
    )
    bare = ground is None or (ground.type == "rgb" and str(ground.rgb)[-6:] in ("000000", "FFFFFF"))
    return white and bare


def _holds(rule: Any) -> Callable[[Any], bool] | None:
    """What tells of a value whether a rule holds; None where that is not known."""
    formula = next((one.text or "" for one in rule if one.tag.endswith("}formula")), "")
    if rule.get("type") == "notContainsBlanks":
        return lambda value: True
    if rule.get("type") == "expression" and (
        _TRUE.fullmatch(formula) or _FILLED.fullmatch(formula)
    ):
        return lambda value: True
    compare = _COMPARED.get(rule.get("operator", "")) if rule.get("type") == "cellIs" else None
    if compare is None:
        return None
    if formula[:1] == '"':
        text = formula.strip('"').casefold()
        return lambda value: isinstance(value, str) and compare(value.casefold(), text)
    try:
        number = float(formula)
    except ValueError:
        return None
    return lambda value: isinstance(value, (int, float)) and compare(value, number)
