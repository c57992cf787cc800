"""What of a presentation no one sees: shapes beside the slide or hidden, white or tiny text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pptx.oxml.ns import qn

from sources.readers.unseen import SMALLEST, is_white

BREAKS = str.maketrans("\v", " ")
"""White space for what breaks a line of a paragraph."""

_RUNS = frozenset(map(qn, ("a:r", "a:fld")))
_FILL = qn("a:solidFill")
_NO_FILL = qn("a:noFill")
_WHITES = ("bg1", "lt1")
_PAPER = frozenset(("bg1", "lt1", "bg2", "lt2"))


class UnseenShapes:
    """Says of the shapes of a slide, and of their text, what is not seen; counts it by why."""

    def __init__(self, deck: Any) -> None:
        self.found: Counter[str] = Counter()
        self._width, self._height = deck.slide_width, deck.slide_height
        self._on_white = False
        self._covers: list[tuple[int, tuple[int, int, int, int]]] = []
        self._places: dict[int, int] = {}

    def enter(self, slide: Any) -> None:
        """Begin with a slide: is all of it white paper, with no picture or filled shape?"""
        backgrounds = [part.element.find(f".//{qn('p:bg')}") for part in _behind(slide)]
        pictures = any(
            next(part.element.iter(qn("p:pic"), qn("a:blip"), qn("a:gradFill")), None) is not None
            for part in _behind(slide)
        )
        self._on_white = (
            not pictures
            and all(one is None or _is_paper(one) for one in backgrounds)
            and not any(_is_filled(shape) for part in _behind(slide) for shape in part.shapes)
        )
        # What moves may uncover what it lies on
        moves = slide.element.find(qn("p:timing")) is not None
        self._covers = (
            []
            if moves
            else [
                (place, box)
                for place, shape in enumerate(slide.shapes)
                if _is_solid_box(shape) and (box := _box(shape))
            ]
        )
        self._places = {shape.shape_id: place for place, shape in enumerate(slide.shapes)}

    def hides(self, shape: Any) -> bool:
        """Whether a shape is hidden, or wholly beside the slide; counted."""
        named = next(shape.element.iter(qn("p:cNvPr")), None)
        if named is not None and named.get("hidden") in ("1", "true"):
            reason = "hidden"
        else:
            box = _box(shape)
            if box is None:
                return False
            left, top, right, bottom = box
            beside = left >= self._width or top >= self._height
            if beside or right <= 0 < -left or bottom <= 0 < -top:
                reason = "outside the slide"
            elif self._is_covered(shape, box):
                reason = "covered"
            else:
                return False
        self.found[reason] += any(text.text for text in shape.element.iter(qn("a:t")))
        return True

    def _is_covered(self, shape: Any, box: tuple[int, int, int, int]) -> bool:
        own = self._places.get(shape.shape_id, len(self._places))
        return any(
            place > own and x <= box[0] and y <= box[1] and right >= box[2] and bottom >= box[3]
            for place, (x, y, right, bottom) in self._covers
        )

    def text(self, paragraph: Any, shape: Any) -> str:
        """The text of a paragraph that is seen."""
        unseen = [run for run in paragraph._p if run.tag in _RUNS and self._reason(run, shape)]
        if not unseen:
            return str(paragraph.text).translate(BREAKS)
        parts = []
        for part in paragraph._p:
            if part in unseen:
                self.found[self._reason(part, shape)] += bool(part.findtext(qn("a:t")))
            elif part.tag in _RUNS:
                parts.append(part.findtext(qn("a:t")) or "")
            elif part.tag == qn("a:br"):
                parts.append(" ")
        return "".join(parts)

    def _reason(self, run: Any, shape: Any) -> str:
        properties = run.find(qn("a:rPr"))
        if properties is None:
            return ""
        size = properties.get("sz", "")
        if size.isdecimal() and int(size) / 100 < SMALLEST:
            return "tiny"
        fill = properties.find(_FILL)
        outline = properties.find(qn("a:ln"))
        if properties.find(_NO_FILL) is not None and (
            outline is None or outline.find(_FILL) is None
        ):
            return "transparent"
        if fill is None or not len(fill):
            return ""
        if any(int(one.get("val", "100000")) < 2_000 for one in fill[0].iter(qn("a:alpha"))):
            return "transparent"
        white = is_white(fill[0].get("val")) or fill[0].get("val") in _WHITES
        return "white" if white and self._on_white and not _is_filled(shape) else ""


def _behind(slide: Any) -> Iterator[Any]:
    """The slide, its layout and its master."""
    yield slide
    yield slide.slide_layout
    yield slide.slide_layout.slide_master


def _box(shape: Any) -> tuple[int, int, int, int] | None:
    """Where a shape is: left, top, right, bottom; None where that is not known."""
    sides = (shape.left, shape.top, shape.width, shape.height)
    if any(side is None for side in sides):
        return None
    left, top, width, height = map(int, sides)
    return left, top, left + width, top + height


def _is_solid_box(shape: Any) -> bool:
    """Whether a shape is an upright rectangle that nothing is seen through."""
    own = shape.element.find(qn("p:spPr"))
    fill = own.find(_FILL) if own is not None else None
    form = own.find(qn("a:prstGeom")) if own is not None else None
    if fill is None or form is None or form.get("prst") != "rect" or shape.rotation:
        return False
    return next(fill.iter(qn("a:alpha")), None) is None


def _is_paper(background: Any) -> bool:
    """Whether a background is white, or the theme's own light one."""
    colours = [one.get("val") for one in background.iter(qn("a:schemeClr"), qn("a:srgbClr"))]
    return bool(colours) and all(one in _PAPER or is_white(one) for one in colours)


def _is_filled(shape: Any) -> bool:
    """Whether a shape has a fill of its own that is not white, or one from a style."""
    element = shape.element
    if element.find(qn("p:style")) is not None:
        return True
    own = element.find(qn("p:spPr"))
    fill = own.find(_FILL) if own is not None else None
    if fill is None:
        return element.tag in (qn("p:graphicFrame"), qn("p:grpSp"))
    colours = [one.get("val") for one in fill]
    return not all(is_white(one) or one in _WHITES for one in colours)
