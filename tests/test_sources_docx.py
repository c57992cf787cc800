"""Word documents that a real library writes."""

import io
import zipfile

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from lxml import etree
from samples import members, zipped
from test_sources_text import assert_sound

from sources import load_sources
from sources.readers import docx as reader
from sources.readers.archive import MAX_UNPACKED_BYTES
from sources.readers.docx import read_docx
from sources.readers.docx_numbers import Numbers


def saved(document):
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def with_body(body):
    """A document whose body is this XML."""
    parts = members(saved(docx.Document()))
    xml = parts["word/document.xml"].decode()
    start = xml.index("<w:body>") + len("<w:body>")
    parts["word/document.xml"] = f"{xml[:start]}{body}</w:body></w:document>".encode()
    return zipped(parts)


def blocks(document):
    found = reader.read_docx(saved(document))
    assert_sound(found.text, found.blocks)
    return [(b.kind, found.text[b.start : b.end]) for b in found.blocks]


def wrap(element, *tags):
    """Put an element into new ones, outermost first."""
    parent = element.getparent()
    place = parent.index(element)
    for tag in tags:
        new = OxmlElement(tag)
        parent.insert(place, new)
        parent, place = new, 0
    parent.append(element)


def test_blocks_of_all_kinds_in_order(tmp_path):
    document = docx.Document()
    document.add_heading("The Title", 0)
    document.add_heading("Part", 1)
    document.add_paragraph("Text\twith a tab\nand a  break.")
    document.add_heading("Chapter", 2)
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("two", style="List Number")
    table = document.add_table(2, 3)
    for column, words in enumerate(["A", "B", "C"]):
        table.cell(0, column).text = words
    table.cell(1, 0).merge(table.cell(1, 1)).text = "merged"
    table.cell(1, 2).text = "two\nlines"
    document.add_paragraph("The end.")
    document.add_paragraph("")
    (tmp_path / "a.docx").write_bytes(saved(document))
    (source,) = load_sources(tmp_path)
    assert [(b.kind, b.level, source.text[b.start : b.end]) for b in source.blocks] == [
        ("heading", 1, "The Title"),
        ("heading", 1, "Part"),
        ("paragraph", 0, "Text with a tab and a break."),
        ("heading", 2, "Chapter"),
        ("item", 1, "one"),
        ("item", 1, "two"),
        ("row", 0, "A | B | C"),
        ("row", 0, "merged | two lines"),
        ("paragraph", 0, "The end."),
    ]
    assert (source.title, source.format, source.pages) == ("The Title", "docx", ())
    assert source.heading_at(source.text.index("merged")) == "Part > Chapter"


def test_a_style_built_on_a_heading_is_one():
    document = docx.Document()
    style = document.styles.add_style("Own", docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Heading 3"]
    document.add_paragraph("Own heading", style="Own")
    style.base_style.base_style = style  # in a circle
    outlined = document.add_paragraph("Outlined")
    level = OxmlElement("w:outlineLvl")
    level.set(qn("w:val"), "1")
    outlined._p.get_or_add_pPr().append(level)
    found = reader.read_docx(saved(document)).blocks
    assert [(b.level, b.title) for b in found] == [(3, "Own heading"), (2, "Outlined")]


def test_inserted_linked_and_wrapped_text_is_read_and_deleted_or_hidden_text_is_not():
    document = docx.Document()
    paragraph = document.add_paragraph("Kept ")
    wrap(paragraph.add_run("inserted ")._r, "w:ins")
    wrap(paragraph.add_run("linked")._r, "w:hyperlink")
    wrap(paragraph.add_run("SPAM")._r, "w:del")
    paragraph.add_run("SPAM").font.hidden = True
    paragraph.add_run(".")
    wrap(document.add_paragraph("In a control.")._p, "w:sdt", "w:sdtContent")
    assert blocks(document) == [
        ("paragraph", "Kept inserted linked."),
        ("paragraph", "In a control."),
    ]


def test_a_table_of_contents_is_not_read():
    document = docx.Document()
    document.styles.add_style("toc 1", docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
    document.add_paragraph("Part\t7", style="toc 1")
    document.add_paragraph("Text.")
    assert blocks(document) == [("paragraph", "Text.")]


def test_a_row_that_is_repeated_on_each_page_names_the_cells():
    document = docx.Document()
    table = document.add_table(4, 2)
    for place, text in enumerate(["Year", "Ships", "1990", "212", "2000", ""]):
        table.cell(*divmod(place, 2)).text = text
    table.cell(3, 0).merge(table.cell(3, 1)).text = "A note."
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    assert blocks(document) == [
        ("row", "Year | Ships"),
        ("record", "Year: 1990 | Ships: 212"),
        ("record", "Year: 2000"),
        ("paragraph", "A note."),
    ]
    head, first, *_ = reader.read_docx(saved(document)).blocks
    assert (head.marker, head.fields, head.group) == ("header", ("Year", "Ships"), first.group)


def test_a_cell_that_only_places_text_is_not_a_row():
    document = docx.Document()
    document.add_table(1, 1).cell(0, 0).text = "Alone.\nAnd more."
    outer = document.add_table(1, 2)
    outer.cell(0, 0).text = "Beside."
    inner = outer.cell(0, 1).add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "a", "b"
    assert blocks(document) == [
        ("paragraph", "Alone. And more."),
        ("paragraph", "Beside."),
        ("row", "a | b"),
    ]


@pytest.mark.parametrize(("first", "title"), [("Text.", "From Properties"), ("", "Head")])
def test_the_title_of_the_properties_is_used_if_the_text_has_none(tmp_path, first, title):
    document = docx.Document()
    document.core_properties.title = "From Properties"
    document.add_paragraph(first)
    document.add_heading("Head", 1)
    (tmp_path / "a.docx").write_bytes(saved(document))
    assert load_sources(tmp_path)[0].title == title


def skipped(tmp_path, data):
    (tmp_path / "a.docx").write_bytes(data)
    (tmp_path / "b.txt").write_text("Text.")
    skips = {}
    load_sources(tmp_path, on_skip=skips.__setitem__)
    return skips["a.docx"]


def test_a_broken_document_is_skipped(tmp_path):
    data = saved(docx.Document())
    assert "cannot be read as docx" in skipped(tmp_path, data[: len(data) // 2])
    assert "cannot be read as docx" in skipped(tmp_path, b"not a zip")
    assert "no text in it" in skipped(tmp_path, data)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "not a document")
    assert "no DOCX but another archive" in skipped(tmp_path, file.getvalue())


def test_a_document_that_unpacks_to_too_much_is_skipped(tmp_path):
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w", force_zip64=True) as member,
    ):
        for _ in range(MAX_UNPACKED_BYTES // 2**20 + 1):
            member.write(bytes(2**20))
    assert "unpacks to more than 209,715,200 bytes: split it" in skipped(tmp_path, file.getvalue())


def test_a_document_with_entities_is_skipped(tmp_path):
    document = docx.Document()
    document.add_paragraph("MARK")
    source = io.BytesIO(saved(document))
    file = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "word/document.xml":
                start = data.index(b"<w:document")
                entity = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
                data = data[:start] + entity + data[start:].replace(b"MARK", b"MARK&e;")
            new.writestr(name, data)
    assert "declares XML entities" in skipped(tmp_path, file.getvalue())


def test_what_is_struck_out_is_no_content_and_is_told():
    body = (
        "<w:p><w:r><w:t>Rooms are free.</w:t></w:r><w:r><w:rPr><w:strike/></w:rPr>"
        "<w:t> Meals are free.</w:t></w:r></w:p>"
    )
    extract = read_docx(with_body(body))
    assert extract.text == "Rooms are free."
    assert extract.unread == (("struck-out text", "1 part is struck out: not content"),)


def test_formulas_are_text():
    math = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    body = (
        f"<w:p {math}><w:r><w:t xml:space='preserve'>At most </w:t></w:r><m:oMath><m:f><m:num>"
        "<m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath>"
        "<w:r><w:t xml:space='preserve'> litres.</w:t></w:r></w:p>"
    )
    assert read_docx(with_body(body)).text == "At most (a+b)/2 litres."


def test_notes_stand_where_they_are_called_and_headers_once_at_the_end():
    document = docx.Document()
    document.add_paragraph("The weir was built in 1911.")
    document.add_paragraph("It is old.")
    for section in (document.sections[0], document.add_section()):
        section.header.is_linked_to_previous = False
        section.header.paragraphs[0].text = "Version 7 of May 2020"
        section.footer.is_linked_to_previous = False
        section.footer.paragraphs[0].text = "Page 1 of 9"
    data = members(saved(document))
    names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    call = b'built in 1911.</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'
    data["word/document.xml"] = data["word/document.xml"].replace(
        b"built in 1911.</w:t></w:r>", call
    )
    data["word/footnotes.xml"] = (
        f'<w:footnotes {names}><w:footnote w:id="2"><w:p><w:r><w:t>By Odd Moe.</w:t></w:r></w:p>'
        "</w:footnote></w:footnotes>"
    ).encode()
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    data["word/_rels/document.xml.rels"] = data["word/_rels/document.xml.rels"].replace(
        b"</Relationships>",
        f'<Relationship Id="rId99" Type="{kind}" Target="footnotes.xml"/></Relationships>'.encode(),
    )
    extract = read_docx(zipped(data))
    assert extract.text.split("\n\n") == [
        "The weir was built in 1911.", "By Odd Moe.", "It is old.", "Version 7 of May 2020",
    ]  # fmt: skip


def test_a_first_row_that_looks_like_names_names_the_columns_also_in_strict_files():
    document = docx.Document()
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ("Gate", "Width", "North", "4 m"), strict=True):
        cell.text = text
    old, new = b"schemas.openxmlformats.org/", b"purl.oclc.org/ooxml/"
    strict = {
        name: part.replace(b"/2006/", b"/").replace(old, new) if b"wordprocessingml" in part
        and name == "word/document.xml" else part
        for name, part in members(saved(document)).items()
    }  # fmt: skip
    for data in (saved(document), zipped(strict)):
        assert read_docx(data).text.splitlines()[-1] == "Gate: North | Width: 4 m"


NUMBERING = """<w:numbering xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
<w:abstractNum w:abstractNumId="1">
<w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1%2)"/></w:lvl>
<w:lvl w:ilvl="2"><w:numFmt w:val="bullet"/><w:lvlText w:val="o"/></w:lvl>
</w:abstractNum><w:num w:numId="5"><w:abstractNumId w:val="1"/></w:num>
<w:num w:numId="6"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0">
<w:startOverride w:val="1"/></w:lvlOverride></w:num></w:numbering>"""


def test_automatic_numbers_are_counted_as_word_does():
    numbers = Numbers(etree.fromstring(NUMBERING))
    asked = ["50", "51", "51", "52", "50", "51", "60", "60", "90"]
    assert [numbers.next(one[0], int(one[1])) for one in asked] == [
        "3.", "3a)", "3b)", "-", "4.", "4a)", "1.", "2.", "-",
    ]  # fmt: skip


def test_items_have_their_depth_and_number():
    document = docx.Document()
    for words, style in (
        ("Cut.", "List Number"),
        ("Edge.", "List Bullet 2"),
        ("Sew.", "List Number"),
    ):
        document.add_paragraph(words, style=style)
    items = reader.read_docx(saved(document)).blocks
    assert [(b.kind, b.level, b.marker) for b in items] == [
        ("item", 1, "1."), ("item", 2, "-"), ("item", 1, "2."),
    ]  # fmt: skip
