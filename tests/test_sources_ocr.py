"""Scans: pages and files that are images are read by OCR where it is installed, else told."""

import io
import socket
from types import SimpleNamespace

import pypdfium2
import pytest
from PIL import Image
from reportlab.pdfgen import canvas

from index.build.file_report import file_reports, told_of_ocr
from index.build.fingerprint import library_fingerprint
from index.chunking import Chunk
from index.search import Hit
from index.source_table import SourceTable, write_sources
from qa.retrieve.evidence import passage
from qa.web.chat.opening import _page
from qa.web.reader.document import Mark
from sources import NoSourcesError, Source, load_sources, side_by_side
from sources.formats import read
from sources.readers.ocr import ocr_version
from sources.source import OcrSpan

HEAD = "The lock at Leath"
PROSE = [
    "The lock at Leath was built in 1911 by Piet Storm, who had learned his",
    "trade on the Vecht. It is 82.5 metres long and 11.4 metres wide.",
    "Opening hours are 06:30 to 21:45; it is closed on Sundays.",
]
TABLE = [
    ("Ship", "Length", "Built"),
    ("Hilda", "38.5 m", "1931"),
    ("Berta", "41.0 m", "1928"),
    ("Wilhelmina", "67.2 m", "1954"),
]
needs_ocr = pytest.mark.skipif(
    not ocr_version(), reason="needs the extra ocr: pip install 'refdesk[ocr]'"
)


def printed(lines, table=(), head=HEAD):
    file = io.BytesIO()
    page = canvas.Canvas(file, pagesize=(595, 842))
    page.setFont("Helvetica-Bold", 18)
    page.drawString(60, 780, head)
    page.setFont("Helvetica", 11)
    for number, line in enumerate(lines):
        page.drawString(60, 740 - 15 * number, line)
    for number, row in enumerate(table):
        for x, cell in zip((60, 220, 380), row, strict=True):
            page.drawString(x, 640 - 18 * number, cell)
    page.save()
    return file.getvalue()


def photographed(pdf):
    return pypdfium2.PdfDocument(pdf)[0].render(scale=150 / 72).to_pil().convert("RGB")


def saved(image, kind):
    file = io.BytesIO()
    image.save(file, kind, **({"resolution": 150} if kind == "PDF" else {}))
    return file.getvalue()


def errors(read, right):
    """The share of characters that are wrong: edits over the length of what is right."""
    row = list(range(len(right) + 1))
    for at, char in enumerate(read, start=1):
        above, row[0] = row[0], at
        for place, other in enumerate(right, start=1):
            above, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, above + (char != other)),
            )
    return row[-1] / len(right)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A library of a scan, a picture, and a PDF whose second page alone is an image."""
    folder = tmp_path_factory.mktemp("scans")
    image = photographed(printed(PROSE, TABLE))
    (folder / "scan.pdf").write_bytes(saved(image, "PDF"))
    both = pypdfium2.PdfDocument(printed(["The weir was mended in 1950 by Ada Lund."], head="Weir"))
    both.import_pages(pypdfium2.PdfDocument(saved(photographed(printed(PROSE)), "PDF")))
    both.save(folder / "both.pdf")
    small = photographed(printed(PROSE)).crop((0, 0, 1240, 450))
    (folder / "sign.png").write_bytes(saved(small, "PNG"))
    return folder


@pytest.fixture(scope="module")
def scanned(shelf):
    told = []
    found = load_sources(shelf, on_skip=lambda *one: told.append(one))
    return {source.id: source for source in found}, told


def test_without_the_extra_the_report_says_what_to_install(shelf, monkeypatch):
    monkeypatch.setattr(side_by_side, "ocr_version", lambda: "")
    told = {}
    found = load_sources(shelf, on_skip=told.__setitem__)
    assert [source.id for source in found] == ["both"] and not found[0].ocr
    assert "pip install 'refdesk[ocr]'" in told["both.pdf/page 2"]
    assert "pip install 'refdesk[ocr]'" in told["scan.pdf"]
    assert "pip install 'refdesk[ocr]'" in told["sign.png"]


def test_a_blank_page_is_no_scan():
    file = io.BytesIO()
    page = canvas.Canvas(file)
    page.showPage()
    page.drawString(60, 700, "The lock was built in 1911.")
    page.save()
    assert read(file.getvalue(), "pdf", "a.pdf").scans == ()


def test_an_index_is_built_anew_once_the_extra_is_there(shelf, monkeypatch):
    monkeypatch.setattr("index.build.fingerprint.ocr_version", lambda: "")
    before = library_fingerprint(shelf)
    monkeypatch.setattr("index.build.fingerprint.ocr_version", lambda: "3.10.0")
    assert library_fingerprint(shelf) != before


def test_a_citation_is_as_sure_as_the_ocr_that_read_its_quote():
    text = "Built in 1911. Typed. Mended in 1950."
    place = {"left": 0, "top": 0, "width": 1, "height": 1}
    ocr = (OcrSpan(0, 14, **place, sure=0.9), OcrSpan(22, 37, **place, sure=0.6))
    source = Source(id="scan", title="Scan", text=text, format="pdf", path="scan.pdf", ocr=ocr)
    generation = SimpleNamespace(source=lambda name: source)

    def sure(start, end):
        chunk = Chunk(source_id="scan", start=start, end=end)
        return passage(generation, Hit(chunk, text[start:end], 1.0)).ocr_sure

    assert (sure(0, 14), sure(15, 21), sure(7, 21)) == (0.9, None, 0.9)
    assert sure(0, 37) == pytest.approx((14 * 0.9 + 15 * 0.6) / 29, abs=0.001)


@pytest.mark.ocr
@needs_ocr
def test_a_scan_is_read_with_its_paragraphs_and_its_table(scanned):
    source = scanned[0]["scan"]
    assert source.title == HEAD
    prose, *_ = [b for b in source.blocks if b.kind == "paragraph"]
    assert errors(source.text[prose.start : prose.end], " ".join(PROSE)) < 0.01
    rows = [source.text[b.start : b.end] for b in source.blocks if b.kind == "record"]
    right = [
        " | ".join(f"{name}: {cell}" for name, cell in zip(TABLE[0], row, strict=True))
        for row in TABLE[1:]
    ]
    assert errors("\n".join(rows), "\n".join(right)) < 0.02
    assert source.ocr_sure > 0.9 and not scanned[1]


@pytest.mark.ocr
@needs_ocr
def test_a_page_with_text_is_not_read_by_ocr_and_the_report_tells_those_that_are(scanned):
    both = scanned[0]["both"]
    assert {both.page_at(span.start) for span in both.ocr} == {2}
    assert "mended in 1950" in both.text and "built in 1911" in both.text
    (file,) = file_reports([both], [])
    assert file.ocr_pages == 1
    assert told_of_ocr(file).startswith("1 page read by OCR, 9")


@pytest.mark.ocr
@needs_ocr
@pytest.mark.parametrize("name", ["scan", "sign"])
def test_a_quote_is_marked_on_the_image_where_it_is_printed(scanned, shelf, tmp_path, name):
    write_sources(tmp_path / "sources.db", [scanned[0][name]])
    source = SourceTable(tmp_path / "sources.db").read(0)
    assert source == scanned[0][name]
    start = source.text.index("Opening hours")
    mark = Mark(number=1, start=start, end=start + 20)

    class Generation:
        class manifest:
            library = str(shelf)

    page, problem = _page(Generation, source, 1, [mark])
    assert not problem and page.pages == 1
    (box,) = page.boxes
    high = 842 if name == "scan" else 450 * 72 / 150
    assert abs((box.top + box.height / 2) * high - (842 - 710 - 4)) < 5  # points
    assert abs(box.left * 595 - 60) < 6


@pytest.mark.ocr
@needs_ocr
def test_nothing_is_fetched(monkeypatch, shelf):
    """Here, where the child's own guard does not stand, any connection fails the test."""

    def refuse(*_):
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert "1911" in read((shelf / "sign.png").read_bytes(), "image", "a.png", ocr=True).text


@pytest.mark.ocr
@needs_ocr
def test_an_image_that_is_broken_or_empty_is_skipped_with_a_reason(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"nonsense" * 9)
    (tmp_path / "blank.png").write_bytes(saved(Image.new("RGB", (300, 200), "white"), "PNG"))
    told = {}
    with pytest.raises(NoSourcesError):
        load_sources(tmp_path, on_skip=told.__setitem__)
    assert "cannot be read as image" in told["broken.png"] and "no text" in told["blank.png"]


def test_a_picture_in_a_page_is_no_document_unless_it_has_a_sidecar(tmp_path):
    image = Image.new("RGB", (200, 200), "white")
    more = ("other/lock plan.png", "scan.png", "kept.png")
    for name in ("img/lock plan.png", "img/weir.jpg", "a b.png", *more):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        image.save(tmp_path / name)
    (tmp_path / "kept.png.yaml").write_text("title: The plan\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text(
        "The lock.\n\n![a plan](../img/lock%20plan.png) ![[a b.png]]\n"
    )
    (tmp_path / "b.html").write_text(
        '<p>A weir.</p><img src="/img/weir.jpg?v=1"><img src=kept.png>'
    )
    skips = {}
    load_sources(tmp_path, on_skip=skips.__setitem__)
    pictures = {path: why for path, why in skips.items() if "a picture in" in why}
    assert pictures.keys() == {"img/lock plan.png", "img/weir.jpg", "a b.png"}
    assert "docs/a.md" in pictures["img/lock plan.png"]
    assert "lock plan.png.yaml" in pictures["img/lock plan.png"]
