"""A page of a PDF as an image, and where on it a quote stands."""

from __future__ import annotations

import base64
import io
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from sources import Source, SourceError
from sources.load import MAX_FILE_BYTES
from sources.readers.ocr import open_images

# Pixels: sharp on a panel of 600 points, and no more than a page of any size may cost.
_WIDTH = 1100
_TALLEST = 4000
_QUALITY = 80
_log = logging.getLogger(__name__)
# PDFium is not made for several threads.
_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle on a page, in shares (0 to 1) of its width and height, from the upper left."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PageImage:
    """A page `number` (from 1) of `pages`: a JPEG in base 64, and the boxes of the quotes on it."""

    number: int
    pages: int
    data: str
    width: int
    height: int
    boxes: tuple[Box, ...]


def original(library: str, source: Source) -> Path | None:
    """The file of a source in the folder `library`; None where it is gone or leads out of it."""
    root = Path(library)
    if root.is_file():
        root = root.parent
    try:
        file = (root / source.path).resolve(strict=True)
        inside = file.is_relative_to(root.resolve(strict=True))
        return file if inside and file.stat().st_size <= MAX_FILE_BYTES else None
    except (OSError, ValueError, RuntimeError):
        return None


class Span(Protocol):
    """A part of the text of a source."""

    @property
    def start(self) -> int:
        """Where it begins."""

    @property
    def end(self) -> int:
        """Where it ends."""


def ocr_boxes(source: Source, number: int, marked: Sequence[Span]) -> tuple[Box, ...]:
    """Where page `number` shows what OCR has read of the parts that are marked."""
    return tuple(
        Box(left=span.left, top=span.top, width=span.width, height=span.height)
        for span in source.ocr
        if source.page_at(span.start) == number
        and any(span.start < one.end and one.start < span.end for one in marked)
    )


def page_image(
    file: Path, number: int, quotes: Sequence[str] = (), boxes: Sequence[Box] = ()
) -> PageImage | None:
    """Page `number` with the `quotes` that are found on it, and `boxes` beside; None where it
    cannot be shown."""
    import pypdfium2

    if file.suffix.lower() != ".pdf":
        return _of_image(file, number, boxes)
    with _ONE_AT_A_TIME:
        try:
            document = pypdfium2.PdfDocument(file)
            try:
                return _render(document, number, quotes, boxes)
            finally:
                document.close()
        except (pypdfium2.PdfiumError, OSError, ValueError) as error:
            _log.warning("page %d of %s cannot be shown: %s", number, file.name, error)
            return None


def _of_image(file: Path, number: int, boxes: Sequence[Box]) -> PageImage | None:
    try:
        pages = open_images(file.read_bytes())
        for at, picture in enumerate(pages, start=1):
            if at == number:
                picture.thumbnail((_WIDTH, _TALLEST))
                return _shown(picture, number, sum(1 for _ in pages) + at, boxes)
    except (OSError, ValueError, SourceError) as error:
        _log.warning("page %d of %s cannot be shown: %s", number, file.name, error)
    return None


def _render(
    document: Any, number: int, quotes: Sequence[str], boxes: Sequence[Box]
) -> PageImage | None:
    if not 1 <= number <= len(document):
        return None
    page = document[number - 1]
    width, height = page.get_size()
    if width <= 0 or height <= 0:
        return None
    scale = min(_WIDTH / width, _TALLEST / height)
    found = [box for quote in quotes for box in _boxes(page, quote, width, height)]
    return _shown(page.render(scale=scale).to_pil(), number, len(document), [*found, *boxes])


def _shown(picture: Any, number: int, pages: int, boxes: Sequence[Box]) -> PageImage:
    written = io.BytesIO()
    picture.convert("RGB").save(written, "JPEG", quality=_QUALITY)
    return PageImage(
        number=number,
        pages=pages,
        data=base64.b64encode(written.getvalue()).decode("ascii"),
        width=picture.width,
        height=picture.height,
        boxes=tuple(boxes),
    )


def _boxes(page: Any, quote: str, width: float, height: float) -> list[Box]:
    """Where the words of `quote` stand on the page: a box for each line of it.

    The extracted text and that of the page differ in spaces, line ends, hyphens and ligatures, so
    that only letters and digits are compared. A quote that began on the page before, or goes on
    on the next, is found by the half of it that is here.
    """
    textpage = page.get_textpage()
    told = textpage.get_text_range()
    places = [place for place, letter in enumerate(told) if letter.isalnum()]
    letters = "".join(told[place] for place in places).casefold()
    if len(letters) != len(places):  # a letter that folds into two, as "ß": compare as it stands
        letters = "".join(told[place] for place in places)
    wanted = "".join(re.findall(r"[^\W_]", quote)).casefold()
    half = len(wanted) // 2
    for part in (wanted, wanted[:half], wanted[half:]):
        at = letters.find(part) if len(part) >= 8 or part == wanted else -1
        if part and at >= 0:
            first, last = places[at], places[at + len(part) - 1]
            amount = textpage.count_rects(first, last - first + 1)
            rectangles = [textpage.get_rect(place) for place in range(amount)]
            return [
                Box(
                    left=left / width,
                    top=1 - top / height,
                    width=(right - left) / width,
                    height=(top - bottom) / height,
                )
                for left, bottom, right, top in rectangles
            ]
    return []
