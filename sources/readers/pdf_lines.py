"""The lines of a page of a PDF, where they stand, as pypdf or PDFium finds them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from pypdf import PageObject

from sources.readers.pdf_unseen import UnseenText
from sources.readers.text_builder import TextBuilder

_SAME_LINE = 0.4
BULLET = re.compile(r"[•‣◦▪●○■□](?: |$)|[-–*] (?=\S)")
LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
_NARROW = frozenset("iljtfrI.,;:'|!() ")
_BULLETS = str.maketrans(dict.fromkeys("\x7f\uf0b7\uf0a7", "•"))  # as some fonts have them
_BOLD = re.compile("bold|black|heavy|cmbx", re.IGNORECASE)
SOFT_HYPHEN = "\xad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Text that OCR has read in one piece: its `place` on the page as left, top, width and height
    in shares of the page, and how sure it is, from 0 to 1."""

    text: str
    place: tuple[float, ...]
    sure: float


@dataclass(slots=True, kw_only=True)
class Line:
    """A line as it is printed; x, y and size in points, y upwards from the foot of the page."""

    page: int
    x: float
    y: float
    size: float
    bold: bool
    text: str
    cells: list[tuple[float, str]] = field(default_factory=list)
    fields: tuple[str, ...] = ()
    is_row: bool = False
    runs: bool = False
    parts: list[Part] = field(default_factory=list)


def page_lines(
    page: PageObject, number: int, builder: TextBuilder, unseen: Counter[str]
) -> list[Line]:
    """The lines of a page in the order of the file; parts at one height are one line.

    What no one sees is counted by why in `unseen`.
    """
    lines: list[Line] = []
    parts: list[Line] = []
    left, low, right, high = map(float, page.cropbox)

    def close() -> None:
        raw = "".join(part.text for part in parts)
        text = builder.clean(raw.translate(_BULLETS))
        if text:
            text += SOFT_HYPHEN if raw.rstrip().endswith(SOFT_HYPHEN) else ""
            line = replace(parts[0], text=text, bold=all(part.bold for part in parts))
            line.size = usual_size(parts)
            line.cells = [(part.x, part.text) for part in parts]
            joined(lines, line)
        parts.clear()

    def visit(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        scale = ((tm[2] ** 2 + tm[3] ** 2) * (cm[2] ** 2 + cm[3] ** 2)) ** 0.5
        size = round(abs(size) * scale, 1) or 1.0
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        if x == y == 0 and lines:  # pypdf has lost the place
            x, y = lines[-1].x, lines[-1].y - size
        bold = bool(_BOLD.search(str((font or {}).get("/BaseFont"))))
        text = text.translate(LIGATURES)
        if not low <= y <= high or x > right or x + width(text, size) < left:
            return
        for nth, part in enumerate(text.split("\n")):
            if nth:
                close()
            if part.strip():
                parts.append(Line(page=number, x=x, y=y, size=size, bold=bold, text=part))
            elif parts:
                parts[-1].text += part

    def extract(hidden: UnseenText) -> UnseenText:
        page.extract_text(
            visitor_operand_before=hidden.before,
            visitor_operand_after=hidden.after,
            visitor_text=visit,
        )
        close()
        return hidden

    invisible = builder.invisible
    hidden = extract(UnseenText(page))
    # The image of a scan may be painted over its text, and a box over what it is to cover
    if hidden.late_image or hidden.covered:
        lines.clear()
        builder.invisible = invisible
        images = hidden.images if hidden.late_image else []
        hidden = extract(UnseenText(page, images=images, later=hidden.covers))
    if hidden.shows_over_scan:
        lines.clear()
        builder.invisible = invisible
        known, later = hidden.images, [*hidden.covers, *hidden.scans]
        again = UnseenText(page, images=known, scans=hidden.scans, later=later, background=True)
        hidden = extract(again)
    unseen.update(+hidden.found)
    return lines


def joined(lines: list[Line], line: Line) -> None:
    """Add a line to those before it, or to the last where that is to the left at its height."""
    before = lines[-1] if lines else line
    if abs(before.y - line.y) < _SAME_LINE * line.size and before.x < line.x:
        line.text = f"{before.text} {line.text}"
        line.cells = before.cells + line.cells
        if not BULLET.fullmatch(before.text):
            line.x, line.size = before.x, before.size
            line.bold = before.bold and line.bold
        lines[-1] = line
    else:
        lines.append(line)


def usual_size(lines: Iterable[Line]) -> float:
    """The size that most characters have."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0]


def width(text: str, size: float) -> float:
    """About how wide text is in points, in a common font."""
    wide = sum(0.28 if c in _NARROW else 0.7 if c.isupper() else 0.53 for c in text.strip())
    return wide * size


def fill_in(page: PageObject, number: int, lines: list[Line], builder: TextBuilder) -> None:
    """Put the values of a form's fields behind the labels at their height."""
    for reference in page.get("/Annots") or ():
        widget = reference.get_object()
        value = widget.get("/V", (widget.get("/Parent") or {}).get("/V"))
        if widget.get("/Subtype") != "/Widget" or not isinstance(value, str):
            continue
        left, low, _, high = map(float, widget["/Rect"])
        text = builder.clean(value)
        beside = [one for one in lines if low - 2 <= one.y <= high and one.x < left]
        if text and beside:
            label = max(beside, key=lambda one: one.x)
            label.text += f" {text}"
        elif text:
            size = lines[0].size if lines else 10.0
            lines.append(Line(page=number, x=left, y=low, size=size, bold=False, text=text))
