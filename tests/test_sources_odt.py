"""OpenDocument text."""

import pytest
from samples import ODT_NAMES, odt

from sources import UnreadableError, load_sources
from sources.readers.odt import read_odt


def blocks(body):
    found = read_odt(odt(body))
    return [(b.kind, found.text[b.start : b.end]) for b in found.blocks]


def test_blocks_of_all_kinds_in_order(tmp_path):
    (tmp_path / "a.odt").write_bytes(odt())
    (source,) = load_sources(tmp_path)
    assert [(b.kind, b.level, source.text[b.start : b.end]) for b in source.blocks] == [
        ("heading", 1, "The Report"),
        ("heading", 2, "Part"),
        ("paragraph", 0, "Text with a span."),
        ("item", 1, "one"),
        ("row", 0, "a | b"),
    ]
    assert (source.title, source.format) == ("The Report", "odt")


def test_a_header_names_the_cells_of_each_row():
    row = "<table:table-row>{}</table:table-row>".format
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>".format
    body = (
        "<table:table><table:table-header-rows>"
        + row(cell("Year") + cell("Ships"))
        + "</table:table-header-rows>"
        + row(cell("1990") + cell("212"))
        + row(cell("all") + "<table:covered-table-cell/>")
        + row(
            '<table:table-cell table:number-columns-repeated="2"><text:p>x</text:p>'
            "</table:table-cell>"
        )
        + "</table:table>"
    )
    assert blocks(body) == [
        ("record", "Year: 1990 | Ships: 212"),
        ("record", "Year: all"),
        ("record", "Year: x | Ships: x"),
    ]


def test_notes_and_boxes_follow_and_deleted_hidden_or_repeated_text_is_not_read():
    body = (
        "<text:tracked-changes><text:p>SPAM</text:p></text:tracked-changes>"
        "<text:table-of-content><text:p>SPAM</text:p></text:table-of-content>"
        "<text:section><text:p>Text<text:note><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>A note.</text:p></text:note-body></text:note> goes"
        "<office:annotation><text:p>SPAM</text:p></office:annotation> on"
        "<draw:frame><draw:text-box><text:p>A box.</text:p></draw:text-box></draw:frame>."
        "<text:hidden-text>SPAM</text:hidden-text></text:p></text:section>"
    )
    assert blocks(body) == [
        ("paragraph", "Text goes on."),
        ("paragraph", "A note."),
        ("paragraph", "A box."),
    ]


def test_properties_are_hints(tmp_path):
    meta = (
        f'<office:document-meta {ODT_NAMES} xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<office:meta><dc:title>From Properties</dc:title>"
        "<meta:initial-creator>A. Writer</meta:initial-creator><dc:language>en</dc:language>"
        "</office:meta></office:document-meta>"
    )
    (tmp_path / "a.odt").write_bytes(odt("<text:p>Text.</text:p>", **{"meta.xml": meta}))
    (source,) = load_sources(tmp_path)
    assert (source.title, source.author, source.language) == ("From Properties", "A. Writer", "en")


def test_what_is_encrypted_or_no_text_is_refused():
    manifest = (
        f"<manifest:manifest {ODT_NAMES}><manifest:file-entry><manifest:encryption-data/>"
        "</manifest:file-entry></manifest:manifest>"
    )
    with pytest.raises(UnreadableError, match="encrypted: save a copy without a password"):
        read_odt(odt(**{"META-INF/manifest.xml": manifest}))
    sheet = f"<office:document-content {ODT_NAMES}><office:body/></office:document-content>"
    with pytest.raises(UnreadableError, match="no text document"):
        read_odt(odt(**{"content.xml": sheet}))
    deep = "<text:section>" * 250 + "</text:section>" * 250
    with pytest.raises(UnreadableError, match="nested too deep"):
        read_odt(odt(deep))


def test_items_have_their_depth_and_number_and_what_is_struck_out_is_left_out():
    styles = (
        '<style:style style:name="S"><style:text-properties '
        'style:text-line-through-style="solid"/></style:style><text:list-style style:name="L">'
        '<text:list-level-style-number text:level="1"/><text:list-level-style-bullet '
        'text:level="2"/></text:list-style>'
    )
    item = "<text:list-item><text:p>{}</text:p>{}</text:list-item>"
    inner = f"<text:list>{item.format('Edge.', '')}</text:list>"
    body = (
        '<text:p>It costs <text:span text:style-name="S">3</text:span>4.</text:p>'
        f'<text:list text:style-name="L">{item.format("Cut.", inner)}{item.format("Sew.", "")}'
        "</text:list>"
    )
    styles = f"<office:document-styles {ODT_NAMES}>{styles}</office:document-styles>"
    found = read_odt(odt(body, **{"styles.xml": styles}))
    assert [(b.kind, b.level, b.marker, found.text[b.start : b.end]) for b in found.blocks] == [
        ("paragraph", 0, "", "It costs 4."),
        ("item", 1, "1.", "Cut."),
        ("item", 2, "-", "Edge."),
        ("item", 1, "2.", "Sew."),
    ]
    assert found.unread == (("struck-out text", "1 part is struck out: not content"),)
