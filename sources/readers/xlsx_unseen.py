"""What of a workbook no one sees: hidden, tiny, or of the colour of its ground."""

from __future__ import annotations

from typing import Any

from sources.readers.unseen import SMALLEST, is_white


def unseen_cell(cell: Any) -> str:
    """Why what a cell holds is not seen; "" where it is."""
    font = cell.font
    shown_as = cell.number_format.replace('"', "").replace(" ", "").lower()
    if shown_as == ";;;":
        return "hidden"
    if font is None:
        return ""
    if font.sz is not None and font.sz < SMALLEST:
        return "tiny"
    colour = font.color
    if "[white]" in shown_as and (not cell.fill or not cell.fill.fill_type):
        return "white"
    if colour is None:
        return ""
    if not (_is_white(colour) or (colour.type == "theme" and colour.theme == 0)):
        same = colour.type == "rgb" and _on_its_own(str(colour.rgb), cell.fill)
        return "the colour of its ground" if same else ""
    fill = cell.fill
    return "white" if fill is None or not fill.fill_type or _is_white(fill.fgColor) else ""


def _on_its_own(colour: str, fill: Any) -> bool:
    """Whether a cell is filled with the colour of its text."""
    if fill is None or fill.fill_type != "solid" or fill.fgColor.type != "rgb":
        return False
    return str(fill.fgColor.rgb)[-6:].upper() == colour[-6:].upper()


def _is_white(colour: Any) -> bool:
    return bool(colour.type == "rgb" and is_white(str(colour.rgb)[-6:]))
