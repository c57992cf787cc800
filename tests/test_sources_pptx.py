"""Presentations that a real library writes."""

import pptx
from pptx.util import Inches
from samples import chart, presentation, saved

from sources import load_sources
from sources.readers.pptx import read_pptx


def blocks(deck):
    found = read_pptx(saved(deck))
    return [(b.kind, found.text[b.start : b.end]) for b in found.blocks]


def test_slides_are_pages_with_their_titles_lists_tables_and_notes(tmp_path):
    (tmp_path / "a.pptx").write_bytes(saved(presentation()))
    (source,) = load_sources(tmp_path)
    assert [(b.kind, source.text[b.start : b.end]) for b in source.blocks] == [
        ("heading", "The Works"),
        ("item", "They began."),
        ("item", "They went on."),
        ("paragraph", "Say why."),
        ("record", "Year: 1990 | Ships: 212"),
    ]
    assert (source.title, source.format, len(source.pages)) == ("The Works", "pptx", 2)
    assert [source.page_at(b.start) for b in source.blocks] == [1, 1, 1, 1, 2]


def test_pages_count_slides_that_are_hidden_or_empty():
    deck = pptx.Presentation()
    for text in ("one", "two", "", "four"):
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        slide.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = text
    deck.slides[1].element.set("show", "0")
    found = read_pptx(saved(deck))
    assert found.text == "one\n\nfour"
    assert found.pages == (0, 5, 5, 5)


def test_the_title_comes_first_and_groups_are_read():
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    group = slide.shapes.add_group_shape()
    inner = group.shapes.add_group_shape()
    inner.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "In a\vgroup."
    other = deck.slides.add_slide(deck.slide_layouts[5])
    title = other.shapes.title
    title.text = "Title"
    other.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "Before."
    title._element.getparent().append(title._element)
    assert blocks(deck) == [
        ("paragraph", "In a group."),
        ("heading", "Title"),
        ("paragraph", "Before."),
    ]


def test_a_chart_is_a_table():
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    added = slide.shapes.add_chart(*chart()).chart
    added.has_title = True
    added.chart_title.text_frame.text = "Ships by year"
    assert blocks(deck) == [
        ("paragraph", "Ships by year"),
        ("record", "1990 | Ships: 212"),
        ("record", "2000 | Ships: 341.5"),
    ]


def test_shapes_are_read_from_the_top_to_the_foot_and_columns_one_after_the_other():
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    for words, left, top in (
        ("right, second", 5, 3.5), ("foot", 1, 6), ("left, second", 1, 4), ("right, first", 5, 1.2),
        ("left, first", 1, 2), ("head", 1, 0),
    ):  # fmt: skip
        box = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(3.5), Inches(0.9))
        box.text_frame.text = words
        box.height = Inches(2.6) if "right" in words else Inches(0.9)
    assert read_pptx(saved(deck)).text.split("\n\n") == [
        "head", "left, first", "left, second", "right, first", "right, second", "foot",
    ]  # fmt: skip
