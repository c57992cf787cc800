"""PDF: paragraphs, headings and pages of files that a real library writes."""

import io
from collections import Counter

import pytest
from pypdf import PdfReader, PdfWriter
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    ListFlowable,
    ListItem,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)
from test_sources_text import assert_sound

from sources import load_sources
from sources.readers import pdf
from sources.readers.pdf import read_pdf
from sources.readers.pdf_lines import LIGATURES, Line, Part
from sources.readers.pdf_second import is_garbled, mixes_scripts
from sources.readers.text_builder import TextBuilder

STYLES = getSampleStyleSheet()
SENTENCE = "The treaty number {} obliges either side to help the other without any delay."


def text(first, last):
    return " ".join(SENTENCE.format(number) for number in range(first, last))


def body(words):
    return Paragraph(words, STYLES["BodyText"])


def make_pdf(flow, *, head=True):
    file = io.BytesIO()

    def running(canvas, document):
        if head:
            canvas.drawString(72, A4[1] - 40, "Annual Report")
            canvas.drawRightString(500, 30, f"Page {document.page} of 3")

    SimpleDocTemplate(file, pagesize=A4).build(flow, onFirstPage=running, onLaterPages=running)
    return file.getvalue()


def draw(*lines):
    """A page with text at places: (x, y, text)."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4)
    for x, y, words in lines:
        canvas.drawString(x, y, words)
    canvas.save()
    return file.getvalue()


def blocks(data):
    found = read_pdf(data)
    assert_sound(found.text, found.blocks)
    return [(b.kind, found.text[b.start : b.end]) for b in found.blocks]


def test_paragraphs_headings_items_and_pages(tmp_path):
    flow = [
        Paragraph("Part One", STYLES["Heading1"]),
        body(text(0, 6)),
        body(text(6, 9)),
        PageBreak(),
        Paragraph("A Chapter", STYLES["Heading2"]),
        body(text(9, 12)),
        ListFlowable(
            [ListItem(body("First item")), ListItem(body(text(12, 15)))], bulletType="bullet"
        ),
        PageBreak(),
        Table([["Country", "Year"], ["Iran", "2023"]]),
    ]
    (tmp_path / "a.pdf").write_bytes(make_pdf(flow))
    (source,) = load_sources(tmp_path)
    assert [(b.kind, source.text[b.start : b.end]) for b in source.blocks] == [
        ("paragraph", "Annual Report"),
        ("heading", "Part One"),
        ("paragraph", text(0, 6)),
        ("paragraph", text(6, 9)),
        ("heading", "A Chapter"),
        ("paragraph", text(9, 12)),
        ("item", "First item"),
        ("item", text(12, 15)),
        ("paragraph", "Country Year"),
        ("paragraph", "Iran 2023"),
    ]
    assert source.text.count("Annual Report") == 1
    assert len(source.pages) == 3
    where = source.text.index("number 13")
    assert source.page_at(where) == 2
    assert source.heading_at(where) == "Part One > A Chapter"
    assert source.page_at(source.text.index("Part One")) == 1
    assert source.page_at(source.text.index("Iran")) == 3
    assert (source.title, source.format) == ("Part One", "pdf")


def test_a_sentence_goes_on_over_the_page():
    found = read_pdf(make_pdf([Spacer(1, 500), body(text(0, 30))]))
    head, block, other = found.blocks  # two pages are no reason to drop one
    assert {found.text[b.start : b.end] for b in (head, other)} == {"Annual Report"}
    assert found.text[block.start : block.end] == text(0, 30)
    assert block.start < found.pages[1] < block.end
    assert found.text[found.pages[1] - 1] == " "


def test_an_empty_page_is_counted():
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.append(PdfReader(io.BytesIO(make_pdf([body("Text that ends.")], head=False))))
    file = io.BytesIO()
    writer.write(file)
    assert read_pdf(file.getvalue()).pages == (0, 0)


def test_a_word_split_at_the_end_of_a_line_is_joined_if_it_is_known():
    lines = [
        "The agreement holds, and the agree-",
        "ment is long-",
        "term and costs much to co-",
        "operate.",
    ]
    data = draw(*((72, 700 - 14 * row, words) for row, words in enumerate(lines)))
    assert blocks(data) == [
        (
            "paragraph",
            "The agreement holds, and the agreement is long-term and costs much to co-operate.",
        )
    ]


def test_columns_and_indents_make_paragraphs():
    left = [(72, 700, "A first column of text that"), (72, 686, "runs on to the"), (84, 672, "")]
    right = [
        (320, 700, "next column and ends."),
        (332, 686, "A new paragraph is indented."),
        (320, 672, "So."),
    ]
    assert blocks(draw(*left, *right)) == [
        ("paragraph", "A first column of text that runs on to the next column and ends."),
        ("paragraph", "A new paragraph is indented. So."),
    ]


def test_a_bold_line_is_a_heading():
    flow = [body("<b>The Bold Line</b>"), body(text(0, 4)), body("It is <b>bold</b> here.")]
    found = blocks(make_pdf(flow, head=False))
    assert [kind for kind, _ in found] == ["heading", "paragraph", "paragraph"]


def test_the_title_of_the_file_is_used_if_it_is_one(tmp_path):
    for name, title in (
        ("a.pdf", "The Real Title"),
        ("b.pdf", "Microsoft Word - x.doc"),
        ("c.pdf", "x.indd"),
    ):
        file = tmp_path / name
        canvas = Canvas(str(file))
        canvas.setTitle(title)
        canvas.drawString(72, 700, "Text that ends.")
        canvas.save()
    assert [source.title for source in load_sources(tmp_path)] == ["The Real Title", "b", "c"]


def skipped(tmp_path, data):
    (tmp_path / "a.pdf").write_bytes(data)
    (tmp_path / "b.txt").write_text("Text.")
    skips = {}
    load_sources(tmp_path, on_skip=skips.__setitem__)
    return skips


def encrypt(**options):
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(make_pdf([body("Text that ends.")]))))
    writer.encrypt(algorithm="RC4-128", **options)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_an_encrypted_file_is_skipped(tmp_path):
    reason = "encrypted: save a copy without a password"
    assert skipped(tmp_path, encrypt(user_password="secret")) == {"a.pdf": reason}


def test_a_file_that_only_limits_printing_is_read(tmp_path):
    assert skipped(tmp_path, encrypt(user_password="", owner_password="secret")) == {}


def test_a_scan_is_skipped(tmp_path):
    assert "no text in it" in skipped(tmp_path, draw())["a.pdf"]


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9])
def test_a_broken_file_is_read_or_skipped(tmp_path, caplog, cut):
    data = make_pdf([body(text(0, 9))])
    skips = skipped(tmp_path, data[: int(cut * len(data))])
    assert all("cannot be read as pdf" in why or "no text" in why for why in skips.values())
    assert caplog.text == ""


def drawn(*pages, size=11, box=None):
    """Pages of (x, y, text), each drawn on its own; the visible part of a page is `box`."""
    file = io.BytesIO()
    paper = Canvas(file, pagesize=(600, 800))
    for page in pages:
        for x, y, words in page:
            paper.setFont("Helvetica", size)
            paper.drawString(x, y, words)
        if box:
            paper.setCropBox(box)
        paper.showPage()
    paper.save()
    return file.getvalue()


def grid(rows, columns, leading):
    """The cells of rows at their places."""
    return [
        (x, 700 - leading * n, cell)
        for n, row in enumerate(rows)
        for x, cell in zip(columns, row, strict=True)
    ]


def test_two_columns_drawn_row_by_row_are_two_columns():
    rows = [
        ("The red kite was sewn", "The blue kite was sewn"),
        ("by Alma Reyes in 1950", "by Otto Lind in 1971"),
        ("and flew over the bay.", "and never left the shed."),
    ]
    page = grid(rows, (50, 320), 14)
    assert blocks(drawn(page)) == [
        ("paragraph", " ".join(row[0] for row in rows)),
        ("paragraph", " ".join(row[1] for row in rows)),
    ]


def test_a_table_comes_as_rows_that_name_their_columns():
    rows = [("Kite", "2001", "2002"), ("Wisp", "31", "40"), ("Rook", "7", "1,200")]
    page = grid(rows, (50, 200, 300), 16)
    found = read_pdf(drawn(page))
    assert found.text.split("\n") == [
        "Kite | 2001 | 2002",
        "",
        "Kite: Wisp | 2001: 31 | 2002: 40",
        "Kite: Rook | 2001: 7 | 2002: 1,200",
    ]
    assert {b.fields for b in found.blocks} == {("Kite", "2001", "2002")}


def test_what_differs_in_its_digits_is_no_running_head_and_what_repeats_stays_once():
    pages = [
        [(50, 760, "Kite Club"), (50, 746, f"Bill {80 + n}"), (50, 400, f"For {n} kites."),
         (50, 60, f"Due on {n} May"), (50, 40, f"Page {n} of 3")]
        for n in (1, 2, 3)
    ]  # fmt: skip
    found = read_pdf(drawn(*pages)).text
    assert found.count("Kite Club") == 1
    assert all(f"Bill {80 + n}" in found and f"Due on {n} May" in found for n in (1, 2, 3))
    assert "Page" not in found


def test_what_two_pages_have_in_common_stays_and_what_closes_a_letter_stays_at_its_end():
    letters = [
        [(50, 760, "Kite Club, 4 May 2021"), (50, 700, f"Dear {name}, the kite is yours."),
         (50, 120, "Yours, Alma Reyes")]
        for name in ("Otto", "Ines", "Paul")
    ]  # fmt: skip
    two = [words for _, words in blocks(drawn(*letters[:2]))]
    assert two.count("Kite Club, 4 May 2021") == two.count("Yours, Alma Reyes") == 2
    three = read_pdf(drawn(*letters))
    assert three.text.index("Otto") < three.text.index("Alma") < three.text.index("Ines")
    assert three.text.count("Alma") == three.text.count("Kite Club") == 1
    (told,) = three.unread
    assert told[0] == "running heads"
    assert "'Kite Club, 4 May 2021' (3 pages)" in told[1]


def test_the_last_line_of_a_paragraph_is_no_running_head():
    pages = [
        [(50, 700, f"Kite {n} was flown by the master of the"), (50, 686, "club on the first day.")]
        for n in (4, 5, 6)
    ]
    assert read_pdf(drawn(*pages)).text.count("club on the first day.") == 3


def test_a_number_on_a_page_counts_pages_only_where_it_goes_up_with_them():
    pages = [[(50, 700, "The wind of the day was"), (50, 400, n)] for n in ("31", "7", "31")]
    assert [b for _, b in blocks(drawn(*pages)) if b.isdecimal()] == ["31", "7", "31"]


def test_lines_that_end_early_are_lines_of_their_own():
    page = [(50, 700, "Kite Club"), (50, 686, "Income: 45 million crowns"),
            (50, 672, "Spending: 40 million crowns"),
            (50, 600, "The club has flown its kites over the bay for more than forty years, and"),
            (50, 586, "it will fly them.")]  # fmt: skip
    assert [words for _, words in blocks(drawn(page))][:3] == [
        "Kite Club", "Income: 45 million crowns", "Spending: 40 million crowns",
    ]  # fmt: skip


def test_text_outside_the_box_of_a_page_is_on_no_page_and_ligatures_are_letters():
    page = [(50, 700, "Seen here."), (400, 700, "Cut away.")]
    assert blocks(drawn(page, box=(0, 0, 300, 800))) == [("paragraph", "Seen here.")]
    assert LIGATURES[0xFB03] == "ffi"


def test_one_bad_page_costs_that_page(monkeypatch):
    laid_out = pdf.laid_out
    monkeypatch.setattr(pdf, "laid_out", lambda lines: laid_out(lines) if lines[0].page else 1 / 0)
    found = read_pdf(drawn([(50, 700, "First words.")], [(50, 700, "Second words.")]))
    assert found.text == "Second words."
    assert found.unread == (("page 1", "cannot be read (ZeroDivisionError): see it in the file"),)


GARBLED = [
    "\ue001\ue002\ue003 \ue004",
    "/g12/g7/g33 /g12/g9 /uni0041/g4 /g12/g7/g33 /g12/g9 /uni0041/g4",
    "#$% &!# $$%% ()+ " * 6,
    " ".join(["Wklv", "nlwh", "zdv", "vhzq", "ehirdq", "wkhp"] * 10),
]


@pytest.mark.parametrize("words", GARBLED)
def test_where_the_text_is_no_text_the_second_reader_reads_the_page(monkeypatch, words):
    assert is_garbled([words])
    page_lines = pdf.page_lines

    def garbled(page, number, builder, unseen):
        lines = page_lines(page, number, builder, unseen)
        lines[0].text = words if number == 0 else lines[0].text
        return lines[:1]

    monkeypatch.setattr(pdf, "page_lines", garbled)
    data = drawn([(50, 700, "First words."), (50, 600, "A kite.")], [(50, 700, "Second.")])
    found = read_pdf(data)
    assert found.text.split("\n\n") == ["First words.", "A kite.", "Second."]
    monkeypatch.setattr(pdf.SecondReader, "lines", lambda *_: [])
    found = read_pdf(data)
    assert (found.text, [name for name, _ in found.unread]) == ("Second.", ["page 1"])


def test_where_the_words_run_together_the_second_reader_parts_them(monkeypatch):
    page_lines = pdf.page_lines

    def together(page, number, builder, unseen):
        lines = page_lines(page, number, builder, unseen)
        for line in lines:
            line.text = line.text.replace(" ", "")
        return lines

    monkeypatch.setattr(pdf, "page_lines", together)
    data = drawn([(50, 700, "It was sewn in the club’s house and flown at Leath.")])
    words = "It was sewn in the club’s house and flown at Leath."
    assert read_pdf(data).text == words
    monkeypatch.setattr(pdf.SecondReader, "lines", lambda *_: [])
    assert read_pdf(data).text == words.replace(" ", "")  # better than nothing


def test_where_words_are_lost_the_second_reader_reads_the_page(monkeypatch):
    page_lines = pdf.page_lines
    shown = [
        (50, 700 - 15 * nth, f"The kite number {nth} was sewn in the club.") for nth in range(9)
    ]
    data = drawn(shown)
    whole = read_pdf(data).text
    assert whole.count("sewn") == 9
    monkeypatch.setattr(pdf, "page_lines", lambda *given: page_lines(*given)[2:])
    assert read_pdf(data).text.split() == whole.split()

    def hidden(page, number, builder, unseen):
        unseen["white"] += 1
        return page_lines(page, number, builder, unseen)[2:]

    monkeypatch.setattr(pdf, "page_lines", hidden)  # the second reader would show what is not seen
    assert read_pdf(data).text.count("sewn") == 7


def test_lines_whose_words_mix_scripts_are_read_by_the_second_reader_or_told(monkeypatch):
    page_lines = pdf.page_lines

    def mixed(page, number, builder, unseen):
        lines = page_lines(page, number, builder, unseen)
        lines[0].text = "ӝ߸ࣿചীࠁې޷ܲٮউӝࣿ"
        return lines

    monkeypatch.setattr(pdf, "page_lines", mixed)
    data = drawn([(50, 700, "First words."), (50, 600, "A kite.")])
    assert read_pdf(data).text.split("\n\n") == ["First words.", "A kite."]
    monkeypatch.setattr(pdf.SecondReader, "lines", lambda *_: [])
    found = read_pdf(data)
    assert found.text == "A kite."
    ((name, why),) = found.unread
    assert name == "page 1" and why.startswith("1 of its lines mix scripts")


@pytest.mark.parametrize(
    "words",
    [
        "The μTP of α-β in 𝛼x² and ℵ0 at 5 Ω",
        "日本語のABCテストとК線とЖ線",
        "한국어漢字カナ English",
        "English/Русский/العربية/עברית/ไทย",
        "API’шный ГОСТ-R и الـAPI",
        "हिन्दी में ५ किताबें",
    ],
)
def test_scripts_that_stand_together_are_no_mixture(words):
    assert not mixes_scripts([words])


def test_what_ocr_takes_for_a_dot_is_no_text():
    def line(text, y):
        part = Part(text=text, place=(0.1, 0.1, 0.1, 0.1), sure=0.9)
        read = Line(page=0, x=50, y=y, size=10, bold=False, text=text)
        read.parts = [part]
        return [read]

    found = pdf.composed(TextBuilder(), [line("A kite.", 700), line("•", 300)], (), Counter(), {})
    assert found.text == "A kite." and found.pages == (0, 7)
    assert [(span.start, span.end) for span in found.ocr] == [(0, 7)]


@pytest.mark.parametrize(
    "words",
    [
        "The kite was sewn by the club.",
        "1,310 | 45 | 12.5",
        "Contents ........ 5",
        "风筝长三米。",
        "Wklv",
    ],
)
def test_text_of_any_kind_is_text(words):
    assert not is_garbled([words])
    assert not is_garbled([words] * 10) or words == "Wklv"


def test_a_file_in_aes_that_only_limits_printing_is_read(tmp_path):
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(make_pdf([body("Text that ends.")]))))
    writer.encrypt(algorithm="AES-256", user_password="", owner_password="secret")
    file = io.BytesIO()
    writer.write(file)
    assert skipped(tmp_path, file.getvalue()) == {}
