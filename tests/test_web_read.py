"""Reading in the page: whole documents, pages of a PDF with the quote marked, long documents."""

from __future__ import annotations

import re
import shutil

import pytest
from browser import MARKS, ask, build, expect
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

from qa.web import build_app
from qa.web.reader.page_image import original, page_image
from qa.web.server.serve import serving

pytestmark = MARKS

DEPTH = "The reservoir of Hollin Moor is thirty-one metres deep at its eastern wall."
KEEPER = "The keeper of the reservoir, Agnes Whitlow, measured its depth in 1954."


def write_pdf(file):
    """Three pages; the quotes are on the second, one of them over two lines."""
    canvas = Canvas(str(file), pagesize=A5)
    for page in range(3):
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(50, 520, ("Foreword", "Measurements", "Afterword")[page])
        canvas.setFont("Helvetica", 11)
        lines = (
            ["Water has been kept on the moor since the monks dug", "the first ponds there."],
            ["The reservoir of Hollin Moor is thirty-one metres deep at", "its eastern wall. "
             "The keeper of the reservoir, Agnes", "Whitlow, measured its depth in 1954."],
            ["Sheep drink from it in dry summers, and nobody minds."],
        )[page]  # fmt: skip
        for place, line in enumerate(lines):
            canvas.drawString(50, 480 - 15 * place, line)
        canvas.showPage()
    canvas.save()


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    write_pdf(folder / "reservoir.pdf")
    (folder / "reservoir.pdf.yaml").write_text("title: The reservoir of Hollin Moor\n")
    paragraphs = "\n\n".join(
        f"## Parish {number}\n\nThe parish of Saint {number} kept a ledger of its candles."
        f" {'It was copied fair each spring. ' * 12}"
        for number in range(500)
    )
    (folder / "ledger.md").write_text(
        f"# The ledgers\n\n{paragraphs}\n\n## The last\n\nThe sexton Bram Oakes hid the silver "
        "chalice under the belfry.\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def index(library, tmp_path_factory):
    return build(library, tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def address(index, library):
    with serving(build_app(index=index, library=library)) as address:
        yield address


def test_a_quote_is_found_on_its_page_also_over_two_lines(library):
    found = page_image(library / "reservoir.pdf", 2, [DEPTH, KEEPER])
    assert found is not None and (found.number, found.pages) == (2, 3)
    assert len(found.boxes) == 4  # each quote stands on two lines
    for box in found.boxes:
        assert 0 < box.left < box.left + box.width < 1
        assert 0 < box.top < box.top + box.height < 0.3
    assert found.boxes[0].top < found.boxes[-1].top
    assert page_image(library / "reservoir.pdf", 1, [DEPTH]).boxes == ()


def test_a_quote_that_goes_on_on_the_next_page_is_marked_as_far_as_it_is_there(library):
    found = page_image(library / "reservoir.pdf", 2, [f"{KEEPER} {'And more on the next. ' * 3}"])
    assert found.boxes


@pytest.mark.parametrize("number", [0, 4, 10**9])
def test_a_page_that_is_not_there_is_none(library, number):
    assert page_image(library / "reservoir.pdf", number) is None


def test_what_is_no_pdf_is_no_image(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 nothing of the kind")
    assert page_image(tmp_path / "a.pdf", 1) is None


def test_only_a_file_of_the_library_is_opened(index, library, tmp_path):
    source = index.source("reservoir")
    assert original(str(library), source) == (library / "reservoir.pdf").resolve()
    assert original(str(tmp_path), source) is None
    shutil.copy(library / "reservoir.pdf", tmp_path / "elsewhere.pdf")
    inside = tmp_path / "library"
    inside.mkdir()
    (inside / "reservoir.pdf").symlink_to(tmp_path / "elsewhere.pdf")
    assert original(str(inside), source) is None


def test_a_pdf_citation_shows_its_page_with_the_quote_marked(open_page, address):
    page = open_page(address)
    turn = ask(page, "How deep is the reservoir of Hollin Moor?")
    expect(turn.locator(".sentence").first).to_contain_text("thirty-one metres")
    turn.locator(".chip").first.click()
    figure = page.locator(".page")
    expect(figure.locator("figcaption")).to_contain_text("Page 2 of 3")
    expect(figure.locator(".hl").first).to_be_in_viewport()
    image = figure.locator("img")
    assert image.evaluate("(image) => image.complete && image.naturalWidth") > 500
    box, mark = image.bounding_box(), figure.locator(".hl").first.bounding_box()
    assert box["x"] < mark["x"] and mark["x"] + mark["width"] < box["x"] + box["width"]
    expect(page.locator(".document mark").first).to_contain_text("thirty-one metres")
    figure.get_by_role("button", name="Next page").click()
    expect(figure.locator("figcaption")).to_contain_text("Page 3 of 3")
    expect(figure.locator(".hl")).to_have_count(0)
    expect(figure.get_by_role("button", name="Next page")).to_have_count(0)


def test_a_long_document_opens_at_its_passage_and_its_contents_lead_elsewhere(open_page, address):
    page = open_page(address)
    turn = ask(page, "Who hid the silver chalice under the belfry?")
    turn.locator(".chip").first.click()
    expect(page.locator(".reader .anchor:focus")).to_be_in_viewport()
    third = page.locator(".document h4", has_text=re.compile(r"^Parish 3$"))
    expect(third).to_have_count(0)
    page.get_by_text(re.compile("Contents: ")).click()
    page.locator(".contents a", has_text=re.compile(r"^Parish 3$")).click()
    expect(third).to_be_in_viewport()
    expect(page.locator(".document")).not_to_contain_text("Bram Oakes")


def test_a_source_is_read_from_the_list_of_the_library(open_page, address):
    page = open_page(address)
    page.locator("#panel").get_by_role("button", name="The reservoir").click()
    expect(page.locator(".reader h2")).to_be_focused()
    expect(page.locator(".page figcaption")).to_contain_text("Page 1 of 3")
    expect(page.locator(".reader")).to_contain_text("Agnes Whitlow")
    expect(page.locator(".reader mark")).to_have_count(0)


def test_every_passage_that_was_considered_can_be_unfolded(open_page, address):
    page = open_page(address)
    ask(page, "How deep is the reservoir of Hollin Moor?")
    fold = page.locator(".considered")
    expect(fold.locator("li").first).not_to_be_visible()
    fold.locator("summary").click()
    expect(fold.locator(".badge.used").first).to_contain_text("cited as 1")
    expect(fold).to_contain_text("not cited")
    fold.locator("button.read").last.click()
    expect(page.locator(".reader .anchor.near, .reader .sheet").first).to_be_in_viewport()
