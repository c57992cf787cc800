"""Image files: the text that OCR reads of them, laid out as that of a page of a PDF."""

from __future__ import annotations

from collections import Counter

from sources.errors import UnreadableError
from sources.readers.extract import Extract
from sources.readers.ocr import MOST_PAGES, Recognizer, open_images
from sources.readers.pdf import composed, told_of_ocr
from sources.readers.pdf_layout import laid_out
from sources.readers.pdf_lines import Line
from sources.readers.text_builder import TextBuilder

_LEAST_SIDE, _LEAST_LENGTH = 16, 100  # pixels: smaller is an icon


def read_image(data: bytes) -> Extract:
    """The text of an image, or of the pages of a TIFF. Raises UnreadableError."""
    builder, recognizer = TextBuilder(), Recognizer()
    pages: list[list[Line]] = []
    many = 0
    for many, image in enumerate(open_images(data), start=1):
        if min(image.size) < _LEAST_SIDE or max(image.size) < _LEAST_LENGTH:
            pages.append([])
        elif many <= MOST_PAGES:
            pages.append(laid_out(recognizer.lines(image, many - 1, builder)))
    left = range(MOST_PAGES, many)
    if not any(pages):
        raise UnreadableError("no text in it: remove it")
    return composed(builder, pages, told_of_ocr(recognizer, left), Counter(), {})
