"""Reading images of text with RapidOCR, whose models lie in its package: nothing is fetched."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from sources.errors import UnreadableError
from sources.readers.pdf_lines import Line, Part
from sources.readers.text_builder import TextBuilder

INSTALL = "`pip install 'refdesk[ocr]'`, then `refdesk rebuild`, has it read"
MOST_PAGES = 300  # of a file

_MODELS = {
    "PP-OCRv6_det_small.onnx": "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    "PP-OCRv6_rec_small.onnx": "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    "ch_ppocr_mobile_v2.0_cls_mobile.onnx": (
        "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c"
    ),
}
_LEAST_SURE = 0.5  # as RapidOCR itself has it
_LONGEST = 2000  # pixels, what RapidOCR scales a page down to
_MOST_PIXELS = 100_000_000
_WIDTH = 595.0  # points: an image does not say how large its page is
_TYPE_SIZE = 0.75  # of the height of a line's box
_ONE_SIZE = 0.25  # boxes that differ by less are of one size
_KINDS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP")


def ocr_version() -> str:
    """The version of RapidOCR that is installed; "" for none."""
    try:
        return version("rapidocr") if importlib.util.find_spec("rapidocr") else ""
    except PackageNotFoundError:
        return ""


@cache
def _engine() -> Any:
    import rapidocr

    models = Path(rapidocr.__file__).parent / "models"
    for name, digest in _MODELS.items():
        if sha256((models / name).read_bytes()).hexdigest() != digest:
            raise UnreadableError(f"RapidOCR's model {name} is not what it was: install it again")
    return rapidocr.RapidOCR(params={"Global.log_level": "critical", "Global.text_score": 0.0})


@dataclass(slots=True)
class Recognizer:
    """Reads pages, and counts the lines that it is too unsure of."""

    unsure: int = 0

    def lines(self, image: Any, page: int, builder: TextBuilder) -> list[Line]:
        """The lines of a page as Pillow has it, of a width of 595 points; what stands at one height
        is one line, with cells."""
        import numpy as np

        image = image.convert("RGB")
        found = _engine()(np.asarray(image))
        scale = _WIDTH / image.width
        parts: list[tuple[float, float, Part]] = []  # with the height and the middle of its box
        for box, said, sure in zip(*_all(found), strict=True):
            text = builder.clean(str(said))
            if text and sure < _LEAST_SURE:
                self.unsure += 1
            elif text:
                (left, top), (right, low) = box.min(axis=0), box.max(axis=0)
                shares = (
                    left / image.width, top / image.height,
                    (right - left) / image.width, (low - top) / image.height,
                )  # fmt: skip
                place = tuple(round(min(1.0, max(0.0, float(one))), 4) for one in shares)
                part = Part(text=text, place=place, sure=round(float(sure), 3))
                parts.append((float(low - top), float(low + top) / 2, part))
        usual = median(high for high, _, _ in parts) if parts else 1.0
        lines = []
        for row in _rows(sorted(parts, key=lambda one: one[1])):
            high = median(high for high, _, _ in row)
            high = usual if abs(high - usual) < _ONE_SIZE * usual else high
            row.sort(key=lambda one: one[2].place[0])
            cells = [(part.place[0] * _WIDTH, part.text) for _, _, part in row]
            middle = sum(middle for _, middle, _ in row) / len(row)
            line = Line(
                page=page, x=cells[0][0], y=(image.height - middle - high / 2) * scale,
                size=round(_TYPE_SIZE * high * scale, 1) or 1.0, bold=False,
                text=" ".join(text for _, text in cells),
            )  # fmt: skip
            line.cells, line.parts = cells, [part for _, _, part in row]
            lines.append(line)
        return lines


def _all(found: Any) -> tuple[Any, Any, Any]:
    return (found.boxes, found.txts, found.scores) if found.boxes is not None else ((), (), ())


def _rows(parts: list[tuple[float, float, Part]]) -> Iterator[list[tuple[float, float, Part]]]:
    """The parts, ordered by their middles, that stand at one height."""
    row: list[tuple[float, float, Part]] = []
    for part in parts:
        if row and part[1] - row[0][1] > min(part[0], row[0][0]) / 2:
            yield row
            row = []
        row.append(part)
    if row:
        yield row


def open_images(data: bytes) -> Iterator[Any]:
    """The pages of an image file, as Pillow has them. Raises UnreadableError."""
    from PIL import Image, ImageOps, ImageSequence

    image = Image.open(io.BytesIO(data), formats=_KINDS)
    for frame in ImageSequence.Iterator(image):
        if frame.width * frame.height > _MOST_PIXELS:
            raise UnreadableError(f"has more than {_MOST_PIXELS:,} pixels: make it smaller")
        shown = ImageOps.exif_transpose(frame)
        shown.thumbnail((2 * _LONGEST, 2 * _LONGEST))
        yield shown
