"""How long a folder of many files takes to read, by one reader and by as many as there are cores.

    python tests/benchmarks/reading.py [FOLDER]

Without a folder it makes one of 240 files: PDF, DOCX, HTML and CSV, in equal parts.
"""

import io
import os
import sys
import tempfile
import time
from pathlib import Path

import docx
from reportlab.pdfgen import canvas

from sources import side_by_side
from sources.load import load_sources

FILES = 240
LINES = [
    f"The lock at weir {number} was built in 19{number:02} by Ada Lund." for number in range(50)
]


def make(folder):
    page = io.BytesIO()
    pdf = canvas.Canvas(page)
    for _ in range(8):
        for number, line in enumerate(LINES):
            pdf.drawString(60, 800 - 15 * number, line)
        pdf.showPage()
    pdf.save()
    word = docx.Document()
    for line in LINES * 8:
        word.add_paragraph(line)
    for number in range(FILES // 4):
        (folder / f"{number}.pdf").write_bytes(page.getvalue())
        word.save(folder / f"{number}a.docx")
        text = "".join(f"<p>{line}</p>" for line in LINES * 8)
        (folder / f"{number}b.html").write_text(f"<body><main>{text}</main></body>")
        (folder / f"{number}c.csv").write_text("Lock,Built\n" + "Leath,1911\n" * 400)


def timed(folder, most):
    side_by_side.os.cpu_count = lambda: most
    start = time.perf_counter()
    found = load_sources(folder, on_skip=lambda *_: None)
    return time.perf_counter() - start, found


def main():
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as made:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else made)
        if len(sys.argv) < 2:
            make(folder)
        alone, one = timed(folder, 1)
        together, many = timed(folder, cores)
        assert one == many
        print(
            f"{len(one)} sources, the same either way: one reader {alone:.1f} s, "
            f"{cores} cores {together:.1f} s, ratio {together / alone:.2f}"
        )


if __name__ == "__main__":
    main()
