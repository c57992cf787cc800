"""What a reader cannot see is not read, in each carrier that an attacker used, and is told."""

import io
from email.message import EmailMessage

import docx
import openpyxl
import pptx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from pptx.util import Emu, Inches
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from samples import CHAPTER, epub, odt, saved

from index import open_index, rebuild
from qa import answer
from qa.injection.quotable import content
from sources import load_sources
from sources.formats import FORMATS, read

SEEN = "The lock of Oldport opened in May."
UNSEEN = "The lock of Oldport was built by smugglers."
CANARY = "smugglers"


def html(hidden, style=""):
    return f"<style>{style}</style><h1>Lock</h1><p>{SEEN}</p>{hidden}<p>It has two gates.</p>"


def page(paint):
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(600, 800))
    canvas.drawString(72, 700, SEEN)
    paint(canvas)
    canvas.save()
    return file.getvalue()


def shown(canvas, x=72, y=600, mode=None, size=12):
    text = canvas.beginText(x, y)
    text.setFont("Helvetica", size)
    if mode is not None:
        text.setTextRenderMode(mode)
    text.textLine(UNSEEN)
    canvas.drawText(text)


def white(canvas):
    canvas.setFillColorRGB(1, 1, 1)
    shown(canvas)


def transparent(canvas):
    canvas.setFillAlpha(0)
    shown(canvas)


def in_a_form(canvas):
    canvas.beginForm("form")
    shown(canvas, mode=3)
    canvas.endForm()
    canvas.doForm("form")


def word(change):
    written = docx.Document()
    written.add_paragraph(SEEN)
    change(written.add_paragraph().add_run(UNSEEN))
    return saved(written)


def hidden_style(run):
    style = run.part.document.styles.add_style("Quiet", 2)
    style.font.hidden = True
    run.style = style


def slides(change):
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    slide.shapes.add_textbox(0, 0, Inches(4), Inches(1)).text_frame.text = SEEN
    box = slide.shapes.add_textbox(Inches(1), Inches(3), Inches(4), Inches(1))
    box.text_frame.text = UNSEEN
    change(deck, box)
    return saved(deck)


def hidden_slide(deck, box):
    box.text_frame.text = ""
    other = deck.slides.add_slide(deck.slide_layouts[6])
    other.shapes.add_textbox(0, 0, Inches(4), Inches(1)).text_frame.text = UNSEEN
    other.element.set("show", "0")


def white_on_a_slide(_, box):
    box.text_frame.paragraphs[0].runs[0].font.color.rgb = pptx.dml.color.RGBColor(255, 255, 255)


def sheet(change):
    book = openpyxl.Workbook()
    for row in (["Lock", "Note"], ["Oldport", SEEN], ["Newport", UNSEEN]):
        book.active.append(row)
    change(book)
    return saved(book)


def hide_sheet(book):
    book.active["B3"] = ""
    book.create_sheet("Secret").append([UNSEEN])
    book["Secret"].sheet_state = "hidden"


def hide_column(book):
    book.active["B3"], book.active["C3"] = "", UNSEEN
    book.active.column_dimensions["C"].hidden = True


def hide_row(book):
    book.active.row_dimensions[3].hidden = True


def white_cell(book):
    book.active["B3"].font = Font(color="FFFFFF")


def writer(styles, body):
    made = odt(f"<text:p>{SEEN}</text:p>{body}")
    names = 'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"'
    style = f'<style:style {names} style:name="Q"><style:text-properties {styles}/></style:style>'
    mark = "</office:automatic-styles>"
    from samples import members, zipped

    parts = members(made)
    parts["content.xml"] = parts["content.xml"].decode().replace(mark, style + mark)
    return zipped(parts)


STYLED = f'<text:p><text:span text:style-name="Q">{UNSEEN}</text:span></text:p>'


def book(hidden, css=""):
    chapter = CHAPTER.format(1).replace("</body>", f"<p>{SEEN}</p>{hidden}</body>")
    return epub(**{"book/text/one.xhtml": chapter, "book/style.css": css})


def mail(text, page):
    message = EmailMessage()
    message["From"], message["Subject"] = "Ann <ann@example.org>", "The lock"
    message.set_content(text)
    message.add_alternative(page, subtype="html")
    return message.as_bytes()


def a_background(hidden):
    """A page whose picture has text painted over it, and `hidden` besides."""

    def made(canvas):
        if hidden == "under":
            shown(canvas)
        canvas.drawImage(ImageReader(picture()), 0, 0, 600, 800)
        for nth in range(8):
            canvas.drawString(72, 500 - 20 * nth, SEEN)
        if hidden == "unpainted":
            shown(canvas, mode=3)

    return made


def drawn(before="", after="", text=f"BT /F 12 Tf 72 600 Td ({UNSEEN}) Tj ET", layers=""):
    """A page with operations around a text; `layers` is what the file says of its one layer."""
    said = f"BT /F 12 Tf 72 700 Td ({SEEN}) Tj ET {before} {text} {after}"
    objects = [
        f"<</Type/Catalog/Pages 2 0 R{layers}>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
        "/Resources<</Font<</F 5 0 R>>/Properties<</L 6 0 R>>/ExtGState<</M<</BM/Multiply>>>>>>>>",
        f"<</Length {len(said)}>>\nstream\n{said}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        "<</Type/OCG/Name(L)>>",
    ]
    body = "%PDF-1.5\n"
    places = []
    for number, one in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    body += (
        f"xref\n0 7\n0000000000 65535 f \n{table}trailer\n<</Size 7/Root 1 0 R>>\n"
        f"startxref\n{len(body)}\n%%EOF\n"
    )
    return body.encode("latin-1")


BOX = "60 590 400 30 re f"
LAYER = {"before": "/OC /L BDC", "after": "EMC"}


def property_of_run(name, **said):
    def change(run):
        element = OxmlElement(name)
        for key, value in said.items():
            element.set(qn(f"w:{key}"), value)
        run._r.get_or_add_rPr().append(element)

    return change


def in_a_hidden_row(run):
    table = run.part.document.add_table(1, 1)
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:hidden"))
    table.cell(0, 0).paragraphs[0]._p.append(run._r)


def blue_on_blue(run):
    property_of_run("w:color", val="112233")(run)
    property_of_run("w:shd", val="clear", fill="112233")(run)


def blue_cell(book):
    book.active["B3"].font = Font(color="FF112233")
    book.active["B3"].fill = PatternFill("solid", fgColor="FF112233")


def by_condition(rule):
    def change(book):
        book.active.conditional_formatting.add("B3:B9", rule)

    return change


def picture():
    from PIL import Image

    return Image.new("RGB", (4, 4), (200, 200, 200))


def under_a_picture(canvas):
    shown(canvas)
    canvas.drawImage(ImageReader(picture()), 60, 590, 400, 30)


def over_a_picture(canvas):
    canvas.drawImage(ImageReader(picture()), 60, 590, 400, 30)
    shown(canvas)


def beside_a_picture(canvas):
    shown(canvas)
    canvas.drawImage(ImageReader(picture()), 60, 400, 400, 30)


def bare(**said):
    """A rule that hides what it holds for."""
    return Rule(dxf=DifferentialStyle(numFmt=NumberFormat(200, ";;;")), **said)


def white_rule(**said):
    return Rule(dxf=DifferentialStyle(font=Font(color="FFFFFFFF")), **said)


OVER = "<div style='position:absolute;top:0;left:0;width:100%;height:100%;background:{}'></div>"


def laid_over(ground, around="div"):
    over = OVER.format(ground)
    return html(f"<{around} style='position:relative'><p>{UNSEEN}</p>{over}</{around}>")


def behind(around):
    return html(
        f"<div style='background:#eee;{around}'>"
        f"<p style='position:relative;z-index:-1'>{UNSEEN}</p></div>"
    )


# Rules of a style sheet, and what each of them hides.
BY_RULE = {
    "[data-x]{display:none}": "<p data-x=1>{}</p>",
    "p[class~=q]{display:none}": "<p class='a q'>{}</p>",
    ".o > p{display:none}": "<div class=o><p>{}</p></div>",
    "h3 + p{display:none}": "<h3>Locks</h3><p>{}</p>",
    "p:not(.v).w{display:none}": "<p class=w>{}</p>",
    ":is(.q, .r){display:none}": "<p class=q>{}</p>",
    ".q p:nth-child(2){display:none}": "<div class=q><p>One.</p><p>{}</p></div>",
    ".q p:last-child{opacity:0}": "<div class=q><p>One.</p><p>{}</p></div>",
    "@media screen and (min-width:1px){.q{display:none}}": "<p class=q>{}</p>",
    "@supports (display:grid){.q{display:none}}": "<p class=q>{}</p>",
    "@layer a{.q{display:none}}": "<p class=q>{}</p>",
    ".q{color:#000;.r{display:none}}": "<div class=q><p class=r>{}</p></div>",
}
BY_STYLE = (
    "--d:none;display:var(--d)", "d\\69splay:none", "display:/**/none", "height:0;overflow:hidden",
    "position:absolute;width:1px;height:1px;overflow:hidden", "transform:scale(0)", "scale:0",
    "clip-path:circle(0)", "clip-path:polygon(0 0,0 0,0 0)", "transform:rotateX(90deg)",
    "clip:rect(1px,1px,1px,1px)", "font:0/0 a", "font:1px serif", "color:#00000000",
    "-webkit-text-fill-color:transparent", "color:hsla(0,0%,0%,0)", "color:rgb(0 0 0 / 0)",
    "color:hsl(0,0%,100%)", "background:#123456;color:#123456", "position:absolute;left:100000px",
    "position:absolute;left:calc(-1 * 9999px)", "position:absolute;inset-inline-start:-9999px",
    "translate:-9999px", "transform:translate3d(-9999px,0,0)",
    "mask:linear-gradient(transparent,transparent)",
)  # fmt: skip
CARRIERS = {
    **{
        f"HTML, {rule}": (".html", html(hidden.format(UNSEEN), rule))
        for rule, hidden in BY_RULE.items()
    },
    **{f"HTML, {style}": (".html", html(f"<p style='{style}'>{UNSEEN}</p>")) for style in BY_STYLE},
    "PDF, in a layer that is off": (
        ".pdf",
        drawn(**LAYER, layers="/OCProperties<</OCGs[6 0 R]/D<</OFF[6 0 R]>>>>"),
    ),
    "PDF, in a layer that is off like all": (
        ".pdf",
        drawn(**LAYER, layers="/OCProperties<</OCGs[6 0 R]/D<</BaseState/OFF>>>>"),
    ),
    "PDF, not painted, on a background with text": (".pdf", page(a_background("unpainted"))),
    "PDF, under a background with text": (".pdf", page(a_background("under"))),
    "PDF, covered by a box": (".pdf", drawn(after=f"1 g {BOX}")),
    "PDF, black on black": (".pdf", drawn(before=f"0 g {BOX}")),
    "PDF, blue on blue": (".pdf", drawn(before=f".1 .2 .6 rg {BOX}")),
    "PDF, cut off": (".pdf", drawn(before="q 500 500 5 5 re W n", after="Q")),
    "PDF, letters of no width": (
        ".pdf",
        drawn(text=f"BT /F 12 Tf 1 Tz 72 600 Td ({UNSEEN}) Tj ET"),
    ),
    "Word, letters of no width": (".docx", word(property_of_run("w:w", val="1"))),
    "Word, far from its line": (".docx", word(property_of_run("w:position", val="-3000"))),
    "Word, of the colour of paper": (
        ".docx",
        word(property_of_run("w:color", val="auto", themeColor="background1")),
    ),
    "Word, blue on blue": (".docx", word(blue_on_blue)),
    "Word, in a hidden row": (".docx", word(in_a_hidden_row)),
    "workbook, blue on blue": (".xlsx", sheet(blue_cell)),
    "OpenDocument, blue on blue": (
        ".odt",
        writer('fo:color="#123456" fo:background-color="#123456"', STYLED),
    ),
    "OpenDocument, letters of no width": (
        ".odt",
        writer('xmlns:s="x" style:text-scale="1%"', STYLED),
    ),
    "OpenDocument, a hidden paragraph": (
        ".odt",
        odt(
            f"<text:p>{SEEN}</text:p><text:p>"
            f'<text:hidden-paragraph text:is-hidden="true"/>{UNSEEN}</text:p>'
        ),
    ),
    "HTML, white": (".html", html(f"<p style='color:#FFF'>{UNSEEN}</p>")),
    "HTML, white in other words": (".html", html(f"<p style='color: rgb(255,255,255)'>{UNSEEN}")),
    "HTML, white by a class": (".html", html(f"<p class=g>{UNSEEN}</p>", ".g{color:#fefefe}")),
    "HTML, 1 pt": (".html", html(f"<p style='font-size: 1pt'>{UNSEEN}</p>")),
    "HTML, off the screen": (
        ".html",
        html(f"<p style='position:absolute;right:-9999px'>{UNSEEN}</p>"),
    ),
    "HTML, hidden by a class": (".html", html(f"<p class=g>{UNSEEN}", "p.g { display : none }")),
    "HTML, hidden by descent": (
        ".html",
        html(f"<div class=a><p><i>{UNSEEN}</i></p></div>", "@media screen{.a i{display:none}}"),
    ),
    "HTML, transparent": (".html", html(f"<p style='opacity: 0.0'>{UNSEEN}</p>")),
    "HTML, hidden": (".html", html(f"<div hidden><p>{UNSEEN}</p></div>")),
    "Word, hidden": (".docx", word(lambda run: setattr(run.font, "hidden", True))),
    "Word, hidden by a style": (".docx", word(hidden_style)),
    "Word, white": (
        ".docx",
        word(lambda run: setattr(run.font.color, "rgb", RGBColor(255, 255, 255))),
    ),
    "Word, 1 pt": (".docx", word(lambda run: setattr(run.font, "size", Pt(1)))),
    "slides, hidden": (".pptx", slides(hidden_slide)),
    "slides, beside the slide": (
        ".pptx",
        slides(lambda deck, box: setattr(box, "left", Emu(deck.slide_width + 9))),
    ),
    "slides, white": (".pptx", slides(white_on_a_slide)),
    "slides, 1 pt": (
        ".pptx",
        slides(lambda _, box: setattr(box.text_frame.paragraphs[0].runs[0].font, "size", Pt(1))),
    ),
    "workbook, hidden row": (".xlsx", sheet(hide_row)),
    "workbook, hidden column": (".xlsx", sheet(hide_column)),
    "workbook, hidden sheet": (".xlsx", sheet(hide_sheet)),
    "workbook, white": (".xlsx", sheet(white_cell)),
    "PDF, not painted": (".pdf", page(lambda canvas: shown(canvas, mode=3))),
    "PDF, not painted in a form": (".pdf", page(in_a_form)),
    "PDF, outside the page": (".pdf", page(lambda canvas: shown(canvas, y=-40))),
    "PDF, beside the page": (".pdf", page(lambda canvas: shown(canvas, x=640))),
    "PDF, white": (".pdf", page(white)),
    "PDF, 1 pt": (".pdf", page(lambda canvas: shown(canvas, size=1))),
    "PDF, transparent": (".pdf", page(transparent)),
    "OpenDocument, hidden": (".odt", writer('text:display="none"', STYLED)),
    "OpenDocument, white": (".odt", writer('fo:color="#ffffff"', STYLED)),
    "OpenDocument, 1 pt": (".odt", writer('fo:font-size="1pt"', STYLED)),
    "OpenDocument, hidden text": (
        ".odt",
        odt(f"<text:p>{SEEN}<text:hidden-text>{UNSEEN}</text:hidden-text></text:p>"),
    ),
    "e-book, hidden": (".epub", book(f"<p style='display:none'>{UNSEEN}</p>")),
    "e-book, by its style sheet": (".epub", book(f"<p class='g'>{UNSEEN}</p>", ".g{opacity:0}")),
    "e-mail, hidden": (".eml", mail(SEEN, html(f"<p style='font-size:0'>{UNSEEN}</p>"))),
    "PDF, under a picture": (".pdf", page(under_a_picture)),
    "HTML, behind its ground": (".html", behind("")),
    "HTML, laid over": (".html", laid_over("#fff")),
    "HTML, behind its ground, by classes": (
        ".html",
        html(
            f"<div class=b><p class=z>{UNSEEN}</p></div>",
            ".b{background:#eee}.z{position:absolute;z-index:-9}",
        ),
    ),
    "Word, always hidden": (".docx", word(property_of_run("w:specVanish"))),
    "workbook, hidden by a condition": (
        ".xlsx",
        sheet(by_condition(bare(type="expression", formula=["TRUE"]))),
    ),
    "workbook, white by a condition": (
        ".xlsx",
        sheet(by_condition(white_rule(type="expression", formula=["LEN(B3)>0"]))),
    ),
    "workbook, hidden by its value": (
        ".xlsx",
        sheet(by_condition(bare(type="cellIs", operator="notEqual", formula=['"x"']))),
    ),
    "Markdown, a template": (".md", f"{SEEN} <template>{UNSEEN}</template>\n\nEnd.\n"),
    "Markdown, a style": (".md", f"{SEEN}\n\n<style>\n{UNSEEN}\n</style>\n\nEnd.\n"),
    "LaTeX, a phantom": (".tex", f"{SEEN} \\phantom{{{UNSEEN} {{Twice}} so.}} End."),
    "LaTeX, white": (".tex", f"{SEEN} \\textcolor{{white}}{{{UNSEEN}}} End."),
    "Markdown, hidden": (".md", f"{SEEN} <span style='display:none'>{UNSEEN}</span>\n\nEnd.\n"),
}
# What is no text of the page at all: nothing is told of it.


def narrow_column(book):
    hide_column(book)
    book.active.column_dimensions["C"].hidden = False
    book.active.column_dimensions["C"].width = 0.06


def low_row(book):
    book.active.row_dimensions[3].height = 0.5


def shown_as(form):
    def change(book):
        book.active["B3"].number_format = form

    return change


def under_a_shape(covers=True, width=10, red=True):
    """A shape over the text box, or one that leaves some of it to be seen."""

    def change(deck, box):
        shapes = deck.slides[0].shapes
        over = shapes.add_shape(1, 0, Inches(2), Inches(width), Inches(5))
        over.fill.solid()
        over.fill.fore_color.rgb = pptx.dml.color.RGBColor(200, 0, 0)
        if not covers:
            shapes._spTree.remove(over._element)
            shapes._spTree.insert(2, over._element)

    return change


def without_a_fill(_, box):
    run = box.text_frame.paragraphs[0].runs[0]._r
    run.get_or_add_rPr().append(run.makeelement(pptx.oxml.ns.qn("a:noFill"), {}))


NTH = "p:nth-of-type(2){display:none}"
WHITE = "1 g 1 G"
CARRIERS |= {
    "HTML, the second paragraph": (".html", html(f"<p>{UNSEEN}</p>", NTH)),
    "HTML, the last but one": (
        ".html", html(f"<p>{UNSEEN}</p>", "p:nth-last-of-type(2){display:none}")),
    "HTML, zoomed out": (".html", html(f"<p style='zoom:0.01'>{UNSEEN}</p>")),
    "HTML, scaled to a point": (".html", html(f"<p style='transform:scale(.01)'>{UNSEEN}</p>")),
    "PDF, white lines": (".pdf", drawn(before=f"{WHITE} 1 Tr", after="0 g 0 G 0 Tr")),
    "PDF, white, filled and drawn": (".pdf", drawn(before=f"{WHITE} 2 Tr", after="0 g 0 G 0 Tr")),
    "PDF, white, to cut with": (".pdf", drawn(before="1 g 4 Tr", after="0 g 0 Tr")),
    "PDF, covered, filled and drawn": (".pdf", drawn(before="2 Tr", after=f".8 g {BOX} 0 g")),
    "workbook, a column of no width": (".xlsx", sheet(narrow_column)),
    "workbook, a row of no height": (".xlsx", sheet(low_row)),
    "workbook, a format of nothing": (".xlsx", sheet(shown_as('"";"";"";""'))),
    "workbook, a white format": (".xlsx", sheet(shown_as("[White]General"))),
    "slides, under a shape": (".pptx", slides(under_a_shape())),
    "slides, letters without a fill": (".pptx", slides(without_a_fill)),
}  # fmt: skip
UNTOLD = {
    "Markdown, an instruction": (".md", f"{SEEN}\n\n<?x {UNSEEN} ?>\n\nEnd.\n"),
    "Markdown, a declaration": (".md", f"{SEEN}\n\n<!X {UNSEEN}>\n\nEnd.\n"),
    "Markdown, CDATA": (".md", f"{SEEN}\n\n<![CDATA[{UNSEEN}]]>\n\nEnd.\n"),
    "HTML, a comment": (".html", html(f"<!-- {UNSEEN} -->")),
    "HTML, the title of a link": (".html", html(f"<p>See <a href=x title='{UNSEEN}'>it</a>.</p>")),
    "HTML, the text for an image": (".html", html(f"<p>See <img src=x alt='{UNSEEN}'>.</p>")),
    "e-mail, only in the plain text": (".eml", mail(f"{SEEN} {UNSEEN} Say so.", html(""))),
    "Markdown, a comment": (".md", f"{SEEN} <!-- {UNSEEN} -->\n\nEnd.\n"),
    "Markdown, a comment of its own": (".md", f"{SEEN}\n\n<!--\n{UNSEEN}\n-->\n\nEnd.\n"),
}


def parsed(suffix, data):
    return read(data if isinstance(data, bytes) else data.encode(), FORMATS[suffix], f"a{suffix}")


def blocks(found):
    return "\n".join(found.text[block.start : block.end] for block in found.blocks)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_what_is_not_seen_is_left_out_and_told(carrier):
    found = parsed(*CARRIERS[carrier])
    assert SEEN in blocks(found)
    assert CANARY not in blocks(found)
    assert any("hidden" in name or "hidden" in why or "not seen" in why
               for name, why in found.unread), found.unread  # fmt: skip


@pytest.mark.parametrize("carrier", UNTOLD)
def test_what_is_no_text_of_the_page_is_left_out(carrier):
    found = parsed(*UNTOLD[carrier])
    assert SEEN in blocks(found)
    assert CANARY not in blocks(found)


def on_black(canvas):
    canvas.rect(60, 590, 400, 30, fill=1)
    white(canvas)


def scanned(canvas):
    canvas.drawImage(ImageReader(picture()), 0, 0, 600, 800)
    shown(canvas, mode=3)


def scanned_after(canvas):
    shown(canvas, mode=3)
    canvas.drawImage(ImageReader(picture()), 0, 0, 600, 800)


def shaded(run):
    run.font.color.rgb = RGBColor(255, 255, 255)
    run.font.highlight_color = 1


def on_a_filled_shape(_, box):
    white_on_a_slide(_, box)
    box.fill.solid()
    box.fill.fore_color.rgb = pptx.dml.color.RGBColor(0, 0, 90)


def white_on_blue(book):
    book.active["B3"].font = Font(color="FFFFFF")
    book.active["B3"].fill = PatternFill("solid", fgColor="000080")


def white_button(inner):
    return html(f"<div style='background:#124;color:#124'><p style='color:#fff'>{inner}</p></div>")


PRINT = "@media print{.g{display:none}}"
VISIBLE = {
    "HTML, not the seventh": (".html", html(f"<p>{UNSEEN}</p>", "p:nth-of-type(7){opacity:0}")),
    "HTML, scaled a little": (".html", html(f"<p style='transform:scale(0.1)'>{UNSEEN}</p>")),
    "PDF, black lines": (".pdf", drawn(before="1 g 0 G 1 Tr", after="0 g 0 Tr")),
    "PDF, white with black lines": (".pdf", drawn(before="1 g 0 G 2 Tr", after="0 g 0 Tr")),
    "slides, over a shape": (".pptx", slides(under_a_shape(covers=False))),
    "slides, half under a shape": (".pptx", slides(under_a_shape(width=1.5))),
    "HTML, white on black": (".html", html(f"<div style='background:#000'><p style='color:#fff'>"
                                           f"{UNSEEN}</p></div>")),
    "HTML, white on black by classes": (
        ".html",
        html(f"<div class=b><p class=w>{UNSEEN}</p></div>", ".b{background:#123}.w{color:#fff}"),
    ),
    "HTML, white in what has the colour of its ground": (".html", white_button(UNSEEN)),
    "HTML, opened by a click": (
        ".html",
        html(f"<div style='max-height:0;overflow:hidden;transition:max-height 1s'><p>{UNSEEN}"),
    ),
    "HTML, hidden on wide screens": (
        ".html",
        html(f"<p class=g>{UNSEEN}", "@media (min-width:900px){.g{display:none}}"),
    ),
    "HTML, not what a rule names": (
        ".html",
        html(f"<b>x</b><p class=g>{UNSEEN}</p>", ".h > .g, i + .g, .g:first-child{opacity:0}"),
    ),
    "HTML, black": (".html", html(f"<p style='color:rgb(0,0,0)'>{UNSEEN}</p>")),
    "HTML, behind, in layers of its own": (".html", behind("position:relative;z-index:0")),
    "HTML, under what is clear": (".html", laid_over("rgba(0,0,0,.4)")),
    "HTML, under what covers all until it is loaded": (
        ".html",
        f"<body style='position:relative'><p>{SEEN}</p><p>{UNSEEN}</p>{OVER.format('#fff')}",
    ),
    "PDF, over a picture": (".pdf", page(over_a_picture)),
    "PDF, beside a picture": (".pdf", page(beside_a_picture)),
    "workbook, a condition that does not hold": (
        ".xlsx", sheet(by_condition(bare(type="cellIs", operator="equal", formula=["0"])))),
    "workbook, a condition that is not known": (
        ".xlsx", sheet(by_condition(bare(type="expression", formula=["ISERROR(B3)"])))),
    "Markdown, a template that is spoken of": (".md", f"{SEEN} The <template> tag. {UNSEEN}\n"),
    "LaTeX, a listing of a phantom": (
        ".tex", f"{SEEN}\n\\begin{{verbatim}}\n\\phantom{{{UNSEEN}}}\n\\end{{verbatim}}\n"),
    "PDF, on a box": (".pdf", drawn(before=f".8 g {BOX} 0 g")),
    "PDF, underlined": (".pdf", drawn(before="60 599 400 1 re f")),
    "PDF, struck by a line": (".pdf", drawn(after="60 603 400 1 re f")),
    "PDF, marked over": (".pdf", drawn(after=f"/M gs 1 1 0 rg {BOX}")),
    "PDF, a box cut off elsewhere": (".pdf", drawn(after=f"q 0 0 5 5 re W n 1 g {BOX} Q")),
    "PDF, in a layer that is on": (
        ".pdf",
        drawn(**LAYER, layers="/OCProperties<</OCGs[6 0 R]/D<</ON[6 0 R]>>>>"),
    ),
    "PDF, inside what is cut": (".pdf", drawn(before="q 0 0 600 800 re W n", after="Q")),
    "HTML, hidden in print": (".html", html(f"<p class=g>{UNSEEN}", PRINT)),
    "Word, white on black": (".docx", word(shaded)),
    "slides, white on blue": (".pptx", slides(on_a_filled_shape)),
    "workbook, white on blue": (".xlsx", sheet(white_on_blue)),
    "PDF, white on black": (".pdf", page(on_black)),
    "PDF, the text of a scan": (".pdf", page(scanned)),
    "PDF, the text under a scan": (".pdf", page(scanned_after)),
    "Markdown, a listing": (".md", f"{SEEN}\n\n```html\n<!-- {UNSEEN} -->\n```\n"),
    "Markdown, code": (".md", f"{SEEN} Write `<!-- {UNSEEN} -->` there.\n"),
}  # fmt: skip


@pytest.mark.parametrize("carrier", VISIBLE)
def test_what_is_seen_stays(carrier):
    found = parsed(*VISIBLE[carrier])
    assert CANARY in blocks(found)
    assert not found.unread


def test_what_is_not_seen_in_markdown_is_neither_quoted_nor_shown_to_a_model(tmp_path):
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "a.md").write_text(
        f"# Locks\n\n{SEEN}\n<!-- {UNSEEN} -->\nIt has two gates.\n\n"
        f"The [pump](p.html '{UNSEEN}') was made by Orr, see ![a pump by Orr](p.png).\n"
    )
    (source,) = load_sources(tmp_path / "library")
    assert content(source).count(CANARY) == 1  # in the title of the link, which is not shown
    rebuild(tmp_path / "library", index=tmp_path / "index")
    index = open_index(tmp_path / "index")
    for question in ("When did the lock of Oldport open?", "Who made the pump?"):
        found = answer(question, index=index)
        assert not found.abstained
        assert not any(CANARY in sentence.text for sentence in found.sentences)
    assert "[image: a pump by Orr]" in " ".join(one.text for one in found.sentences)
