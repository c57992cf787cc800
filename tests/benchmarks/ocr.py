"""The character error rate of OCR on a page of known prose and a table, sharp and as bad scans are.

    python tests/benchmarks/ocr.py

Pages are drawn by PDFium; a bad scan has fewer dots, is tilted by half a degree, and is grainy.
"""

import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from test_sources_ocr import PROSE, TABLE, errors, photographed, printed, saved

from sources.formats import read


def grainy(image, dots, noise, tilt):
    size = round(image.width * dots / 150), round(image.height * dots / 150)
    small = image.resize(size).rotate(tilt, fillcolor="white")
    grain = np.random.default_rng(13).normal(0, noise, np.asarray(small).shape)
    return Image.fromarray((np.asarray(small) + grain).clip(0, 255).astype("uint8"))


def main():
    image = photographed(printed(PROSE, TABLE))
    named = [
        " | ".join(f"{n}: {c}" for n, c in zip(TABLE[0], row, strict=True)) for row in TABLE[1:]
    ]
    print("| page | prose | table | sure | seconds |\n|---|---|---|---|---|")
    for dots, noise, tilt in ((150, 0, 0), (100, 20, 0.5), (75, 20, 0.5), (60, 30, 0.5)):
        start = time.perf_counter()
        found = read(saved(grainy(image, dots, noise, tilt), "PNG"), "image", "a.png", ocr=True)
        seconds = time.perf_counter() - start
        rows = [found.text[b.start : b.end] for b in found.blocks if b.kind in ("row", "record")]
        prose = [found.text[b.start : b.end] for b in found.blocks if b.kind == "paragraph"]
        sure = sum(span.sure for span in found.ocr) / len(found.ocr)
        table = errors("\n".join(rows[1:]), "\n".join(named))
        words = errors(" ".join(prose), " ".join(PROSE))
        print(
            f"| {dots} dots an inch, noise {noise}, tilt {tilt} | {words:.3f} | {table:.3f} "
            f"| {sure:.2f} | {seconds:.1f} |"
        )


if __name__ == "__main__":
    main()
