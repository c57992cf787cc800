"""A small file of each format, for the tests that must hold for all of them."""

import io
import zipfile

import docx
import openpyxl
import pptx
from markups import ASCIIDOC, BOOK, LATEX, ORG, RST, RTF, SRT, VTT, WIKI
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches
from reportlab.pdfgen.canvas import Canvas

CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""
PACKAGE = """<?xml version="1.0"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Works</dc:title>
<dc:creator>A. Writer</dc:creator><dc:publisher>The Press</dc:publisher>
<dc:date>2021-05-04T00:00:00Z</dc:date><dc:language>en</dc:language></metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="two" href="text/two%20b.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="text/one.xhtml" media-type="application/xhtml+xml"/>
<item id="art" href="art.png" media-type="image/png"/>
</manifest>
<spine><itemref idref="nav"/><itemref idref="one"/><itemref idref="two"/><itemref idref="art"/>
</spine>
</package>"""
CHAPTER = """<?xml version="1.0"?><!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head>
<body><h1>Chapter {}</h1><p>The works&#160;began.</p><ul><li>A lock</li></ul></body></html>"""
ODT_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "style", "text", "table", "meta", "manifest", "draw")
)
ODT_BODY = """<text:p text:style-name="P1">The Report</text:p>
<text:h text:outline-level="2">Part</text:h>
<text:p>Text<text:s text:c="3"/>with <text:span>a span</text:span>.</text:p>
<text:list><text:list-item><text:p>one</text:p></text:list-item></text:list>
<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>
<table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>"""
EMAIL = """From: Ann Able <ann@example.org>
To: Bob <bob@example.org>
Date: Wed, 19 Jun 2024 10:00:00 +0000
Subject: The works
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Dear Bob,

the works began on Monday.

> When did they begin?

-- 
Ann
"""  # noqa: W291


def zipped(members, compression=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def saved(document):
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def odt(body=ODT_BODY, **others):
    content = f"""<?xml version="1.0"?><office:document-content {ODT_NAMES}>
<office:automatic-styles><style:style style:name="P1" style:parent-style-name="Title"/>
</office:automatic-styles><office:body><office:text>{body}</office:text></office:body>
</office:document-content>"""
    return zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content}
                  | others)  # fmt: skip


def epub(**changes):
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "book/package.opf": PACKAGE,
        "book/nav.xhtml": CHAPTER.format("nav"),
        "book/text/one.xhtml": CHAPTER.format(1),
        "book/text/two b.xhtml": CHAPTER.format(2),
    }
    return zipped(parts | changes)


def presentation():
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "The Works"
    slide.placeholders[1].text = "They began.\nThey went on."
    slide.notes_slide.notes_text_frame.text = "Say why."
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    table = slide.shapes.add_table(2, 2, 0, 0, Inches(4), Inches(1)).table
    for place, text in enumerate(["Year", "Ships", "1990", "212"]):
        table.cell(*divmod(place, 2)).text = text
    return deck


def chart():
    data = CategoryChartData()
    data.categories = ["1990", "2000"]
    data.add_series("Ships", (212, 341.5))
    return XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(4), Inches(3), data


def workbook():
    book = openpyxl.Workbook()
    for row in (["Year", "Ships"], [1990, 212], [2000, 341]):
        book.active.append(row)
    return book


def document():
    written = docx.Document()
    written.add_heading("The Works", 1)
    written.add_paragraph("They began in May.")
    table = written.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "a", "b"
    return written


def pdf(*pages):
    file = io.BytesIO()
    canvas = Canvas(file)
    for page in pages or ("The works began in May.", "They went on in June."):
        canvas.drawString(72, 700, page)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def samples():
    """The bytes of a file by its suffix."""
    return {
        ".md": b"---\ntitle: A\n---\n# Works\n\n- They began.\n\n| a | b |\n|---|---|\n| 1 | 2 |",
        ".txt": b"The works\n\nThey began in May.\n",
        ".html": b"<html><head><title>A</title></head><body><h1>The works</h1><p>They began in May."
        b"</p><table><tr><td>a</td><td>b</td></tr></table></body></html>",
        ".pdf": pdf(),
        ".docx": saved(document()),
        ".pptx": saved(presentation()),
        ".odt": odt(),
        ".epub": epub(),
        ".csv": b"Year,Ships\n1990,212\n2000,341\n",
        ".xlsx": saved(workbook()),
        ".json": b'{"title": "Ships", "years": [{"year": 1990, "ships": 212}, {"year": 2000}]}',
        ".jsonl": b'{"year": 1990, "ships": 212}\n{"year": 2000, "ships": 341}\n',
        ".eml": EMAIL.encode(),
        ".rst": RST.encode(),
        ".ipynb": BOOK.encode(),
        ".srt": SRT.encode(),
        ".vtt": VTT.encode(),
        ".rtf": RTF,
        ".org": ORG.encode(),
        ".adoc": ASCIIDOC.encode(),
        ".tex": LATEX.encode(),
        ".wiki": WIKI.encode(),
    }
