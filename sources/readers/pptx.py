"""Presentations: the text, tables, charts and notes of each slide; a slide is a page."""

from __future__ import annotations

import io
from collections.abc import Iterable
from contextlib import suppress
from operator import attrgetter
from typing import Any

import pptx
from lxml import etree
from pptx.enum.shapes import PP_PLACEHOLDER as Place
from pptx.oxml.ns import qn

from sources.readers.archive import CONTENT_TYPES, Archive, parse_xml, transitional
from sources.readers.extract import Extract
from sources.readers.pptx_unseen import BREAKS, UnseenShapes
from sources.readers.records import add_rows, add_table
from sources.readers.text_builder import TextBuilder, clean
from sources.readers.unseen import told

_NOT_READ = frozenset((Place.FOOTER, Place.SLIDE_NUMBER, Place.DATE, Place.HEADER))
_TITLES = frozenset((Place.TITLE, Place.CENTER_TITLE, Place.VERTICAL_TITLE))
_TEMPLATE_TITLE = "PowerPoint Presentation"
_CHART = "a chart of a kind that is not read: add its numbers as a table"
_DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_DIAGRAM = f"{_DGM}relIds"
_DEEPEST = 20


def read_pptx(data: bytes) -> Extract:
    """The text of a presentation with the offset of each slide; hidden slides are empty."""
    Archive(data, ".pptx", CONTENT_TYPES)
    deck = pptx.Presentation(io.BytesIO(transitional(data)))
    builder = TextBuilder()
    firsts = []
    unread: list[tuple[str, str]] = []
    unseen = UnseenShapes(deck)
    hidden = 0
    for slide in deck.slides:
        firsts.append(len(builder.blocks))
        if slide.element.get("show") in ("0", "false"):
            hidden += 1
        else:
            unseen.enter(slide)
            _slide(builder, slide, unread, unseen)
    if hidden:
        unread.append(("slides", f"hidden slides ({hidden}): show them to have them read"))
    unread += told(unseen.found)
    title = clean(deck.core_properties.title)
    titled = bool(builder.blocks) and builder.blocks[0].kind == "heading"
    starts = [*(block.start for block in builder.blocks), len(builder.text)]
    return builder.extract(
        pages=tuple(starts[first] for first in firsts),
        unread=tuple(unread),
        hints={} if titled or title == _TEMPLATE_TITLE else {"title": title},
    )


def _slide(
    builder: TextBuilder, slide: Any, unread: list[tuple[str, str]], unseen: UnseenShapes
) -> None:
    shapes = in_reading_order([one for one in slide.shapes if not unseen.hides(one)])
    _shapes(builder, sorted(shapes, key=lambda shape: not _is(shape, _TITLES)), unread, unseen)
    if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame) is not None:
        for paragraph in notes.paragraphs:
            builder.add("paragraph", str(paragraph.text).translate(BREAKS))


def _shapes(
    builder: TextBuilder,
    shapes: Iterable[Any],
    unread: list[tuple[str, str]],
    unseen: UnseenShapes,
) -> None:
    for shape in shapes:
        if _is(shape, _NOT_READ):
            continue
        if hasattr(shape, "shapes"):
            _shapes(builder, in_reading_order(list(shape.shapes)), unread, unseen)
        elif getattr(shape, "has_table", False):
            rows = ([clean(cell.text) for cell in row.cells] for row in shape.table.rows)
            if shape.table.first_row:
                add_table(builder, rows)
            else:
                for row in rows:
                    builder.add("row", " | ".join(row))
        elif getattr(shape, "has_chart", False):
            try:
                _chart(builder, shape.chart)
            except (KeyError, ValueError, AttributeError, NotImplementedError):
                unread.append((clean(shape.name), _CHART))
        elif (diagram := shape.element.find(f".//{_DIAGRAM}")) is not None:
            _smart_art(builder, shape, diagram)
        elif shape.has_text_frame:
            if _is(shape, _TITLES):
                said = (unseen.text(paragraph, shape) for paragraph in shape.text_frame.paragraphs)
                builder.add("heading", " ".join(said), level=1)
            else:
                for paragraph in shape.text_frame.paragraphs:
                    builder.add(_kind(shape, paragraph), unseen.text(paragraph, shape))


def in_reading_order(shapes: list[Any]) -> list[Any]:
    """Shapes from the top to the foot, those beside each other from left to right.

    They are cut where a straight line across all of them meets none: first into rows, then into
    columns. What has no place stays first.
    """
    placed = [shape for shape in shapes if None not in (shape.top, shape.left)]
    others = [shape for shape in shapes if None in (shape.top, shape.left)]
    return others + _cut(placed, 0)


def _cut(shapes: list[Any], depth: int) -> list[Any]:
    if len(shapes) < 2 or depth > _DEEPEST:
        return shapes
    for start, size in (("top", "height"), ("left", "width")):
        ordered = sorted(shapes, key=attrgetter(start))
        groups: list[list[Any]] = []
        end = 0
        for shape in ordered:
            if not groups or getattr(shape, start) >= end:
                groups.append([])
            groups[-1].append(shape)
            # A little may overlap
            end = max(end, getattr(shape, start) + int(0.9 * (getattr(shape, size) or 0)))
        if len(groups) > 1:
            return [shape for group in groups for shape in _cut(group, depth + 1)]
    return sorted(shapes, key=lambda shape: (shape.top, shape.left))


def _smart_art(builder: TextBuilder, shape: Any, diagram: Any) -> None:
    """The words of a drawing of boxes, as a list."""
    with suppress(KeyError, etree.XMLSyntaxError):  # a damaged drawing costs itself
        data = parse_xml(shape.part.related_part(diagram.get(qn("r:dm"))).blob)
        for point in data.iter(f"{_DGM}pt"):
            words = "".join(text.text or "" for text in point.iter(qn("a:t")))
            if point.get("type", "node") == "node":
                builder.add("item", words)


def _chart(builder: TextBuilder, chart: Any) -> None:
    """The numbers of a chart as a table: a row for each category."""
    if chart.has_title and chart.chart_title.has_text_frame:
        builder.add("paragraph", chart.chart_title.text_frame.text)
    for plot in chart.plots:
        header = ["", *(str(series.name) for series in plot.series)]
        columns = [[str(label) for label in plot.categories]]
        columns += [[_number(value) for value in series.values] for series in plot.series]
        add_rows(builder, header, map(list, zip(*columns, strict=False)))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.15g}"


def _kind(shape: Any, paragraph: Any) -> Any:
    """Whether a paragraph has a bullet: one of its own, or that of the body placeholder."""
    properties = paragraph._p.pPr
    if properties is not None:
        if properties.find(qn("a:buNone")) is not None:
            return "paragraph"
        if any(properties.find(qn(f"a:bu{kind}")) is not None for kind in ("Char", "AutoNum")):
            return "item"
    body = (Place.BODY, Place.OBJECT)
    return "item" if _is(shape, body) else "paragraph"


def _is(shape: Any, kinds: Iterable[Any]) -> bool:
    return shape.is_placeholder and shape.placeholder_format.type in kinds
