"""Plain text: offsets, and headings by their looks."""
# ruff: noqa: E501  test data on one line

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.readers.text import read_text

LONG = "The treaty of 2024 obliges either side to help the other " * 4 + "without any delay."


def blocks(text):
    return [(b.kind, text[b.start : b.end]) for b in read_text(text).blocks]


def headings(text):
    return [(b.level, b.title) for b in read_text(text).blocks if b.kind == "heading"]


def assert_sound(text, found):
    """Blocks are in order, apart, inside the text, and begin and end with what can be seen."""
    end = 0
    for block in found:
        assert end <= block.start < block.end <= len(text)
        assert not text[block.start].isspace()
        assert not text[block.end - 1].isspace()
        assert block.kind != "heading" or block.level in range(1, 7)
        end = block.end


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_paragraphs_of_wrapped_lines_stay_together(newline):
    text = newline.join(["The first line", "goes on here.", "", "  A second one.  ", ""])
    assert blocks(text) == [
        ("paragraph", f"The first line{newline}goes on here."),
        ("paragraph", "A second one."),
    ]


def test_a_long_line_means_that_each_line_is_a_paragraph():
    text = f"{LONG}\nA short one.\n{LONG}\n"
    assert blocks(text) == [("paragraph", LONG), ("paragraph", "A short one."), ("paragraph", LONG)]


def test_a_short_line_alone_before_text_is_a_heading():
    text = f"The Title\n\nA Chapter\n{LONG}\n\nAnother Chapter\n\nText that ends.\n"
    assert headings(text) == [(6, "The Title"), (6, "A Chapter"), (6, "Another Chapter")]


@pytest.mark.parametrize(
    "line",
    [
        "It ends.",
        "Is it?",
        "Here:",
        "First,",
        'He said "no."',
        "終わり。",
        "AUDIENCE: Boo —",
        "x" * 101,
    ],
)
def test_a_line_that_ends_as_a_sentence_or_is_long_is_no_heading(line):
    assert headings(f"{line}\n\nMore text follows here.\n") == []


def test_a_short_line_that_no_text_follows_is_no_heading():
    assert headings("Some text that ends.\n\nThe End\n") == []
    assert headings("Short\n\nA Chapter\n\nThe End") == []
    assert headings("Dangling line\n\n= Chapter =\n\nText that ends.") == [(1, "Chapter")]


def test_verse_and_addresses_stay_together():
    text = "Roses are red\nViolets are blue\n\nThe Ministry\nMain Street 1\nTown\n\nIt ends here."
    assert headings(text) == []
    assert blocks(text)[0] == ("paragraph", "Roses are red\nViolets are blue")


def test_a_long_run_of_short_lines_is_a_list_of_facts():
    text = "Area: large\n\nCapital: a city\n\nMoney: coins\n\nLanguage: many\n\nThis is text."
    assert headings(text) == []
    assert len(blocks(text)) == 5


def test_wiki_headings_have_levels_and_leave_out_their_marks():
    text = (
        f" = Title = \n {LONG} \n = = Part = = \n {LONG} \n=== Deep = Down ===\n{LONG}\n= odd ==\n"
    )
    assert headings(text) == [(1, "Title"), (2, "Part"), (3, "Deep = Down")]
    assert blocks(text)[0] == ("heading", "Title")
    assert ("paragraph", "= odd ==") in blocks(text)


def test_an_underlined_line_is_a_heading():
    text = "Title\n=====\n\nPart\n----\nText that ends.\n"
    assert headings(text) == [(1, "Title"), (2, "Part")]
    assert blocks(text)[-1] == ("paragraph", "Text that ends.")


def test_a_heading_glued_to_the_end_of_a_line_is_found():
    glued = 'Unpacking the "CRINKs": Individual Dynamics'
    text = f"{LONG}{glued}\n{LONG}Conclusion\n{LONG}\n"
    assert blocks(text) == [
        ("paragraph", LONG),
        ("heading", glued),
        ("paragraph", LONG),
        ("heading", "Conclusion"),
        ("paragraph", LONG),
    ]


def test_a_heading_glued_to_emphasis_is_found():
    bold = f"{LONG[:-1]} **of the river**."
    assert blocks(f"{bold}Conclusion\n{LONG}\n") == [
        ("paragraph", bold),
        ("heading", "Conclusion"),
        ("paragraph", LONG),
    ]


@pytest.mark.parametrize(
    "end",
    [
        "stability.Then it went on and ended.",  # prose with a space lost
        "stability.Short",
        "by Sega and U.S.Army in the long run of it",
        "stability.then a small letter follows here",
        "see example.com for what is Known Of It",
        "stability. A Space Is Before This One",
        "stability.It went further. And then it broke off somewhere",
        "stability." + "A" + "a" * 150,
    ],
)
def test_what_only_looks_like_a_glued_heading_stays(end):
    text = f"{LONG} It concerns global {end}\n{LONG}\n"
    assert headings(text) == []


def test_list_items_leave_out_their_markers():
    text = "Members:\n- China\n- Russia, which is\n  large\n\n1. First\n2) Second\n\nBorn in\n1917. Then more."
    assert blocks(text) == [
        ("paragraph", "Members:"),
        ("item", "China"),
        ("item", "Russia, which is\n  large"),
        ("item", "First"),
        ("item", "Second"),
        ("paragraph", "Born in\n1917. Then more."),
    ]


def test_rules_are_no_blocks():
    assert blocks("One.\n\n* * *\n\n-----\nTwo.\n") == [
        ("paragraph", "One."),
        ("paragraph", "Two."),
    ]


@given(st.text())
def test_any_text_gives_sound_blocks(text):
    assert_sound(text, read_text(text).blocks)


WORDS = st.sampled_from(
    [
        "Alpha",
        "beta",
        "end.",
        "End.Next",
        "a?",
        "- x",
        "= T =",
        "===",
        "12.",
        "naïve",
        "終わり。",
        LONG,
    ]
)
LINES = st.lists(WORDS, max_size=4).map(" ".join)


@given(st.lists(LINES, max_size=12), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_no_letter_is_lost(lines, newline):
    text = newline.join(lines)
    found = read_text(text).blocks
    assert_sound(text, found)
    inside = "".join(text[b.start : b.end] for b in found)
    assert [c for c in inside if c.isalpha()] == [c for c in text if c.isalpha()]


def test_each_entry_of_a_log_or_chat_is_a_block():
    log = "[2021-04-06 09:15] Ida: the kiln is cold\n  again\n[2021-04-06 09:17] Tor: light it at 5"
    assert blocks(f"The log.\n\n{log}\n") == [
        ("paragraph", "The log."),
        ("paragraph", "[2021-04-06 09:15] Ida: the kiln is cold\n  again"),
        ("paragraph", "[2021-04-06 09:17] Tor: light it at 5"),
    ]
    assert blocks("10:30 is when it opens,\nsays the sign.\n") == [
        ("paragraph", "10:30 is when it opens,\nsays the sign.")
    ]


@pytest.mark.parametrize(
    "table",
    [
        "Kite      Span  Year\nWisp        31  1950\nOld Rook   120  1971\n",
        "Kite | Span | Year\n-----+------+-----\nWisp | 31 | 1950\nOld Rook | 120 | 1971\n",
        "+----------+------+------+\n| Kite     | Span | Year |\n+==========+======+======+\n"
        "| Wisp     | 31   | 1950 |\n| Old Rook | 120  | 1971 |\n+----------+------+------+\n",
        "Kite\tSpan\tYear\nWisp\t31\t1950\nOld Rook\t120\t1971\n",
    ],
)
def test_a_table_of_aligned_columns_or_bars_is_rows(table):
    text = f"The kites:\n\n{table}\nThey fly.\n"
    _, *rows, last = read_text(text).blocks
    assert [b.kind for b in rows] == ["row"] * 3
    assert {b.fields for b in rows} == {("Kite", "Span", "Year")}
    assert [b.marker for b in rows] == ["header", "", ""]
    assert "".join(text[rows[2].start : rows[2].end].split()).startswith("OldRook")
    assert last.kind == "paragraph"


def test_prose_with_wide_gaps_is_no_table():
    text = (
        "This is text.  It has gaps.  So.\nAnd goes  on here with  more of it.\nAnd a  last line.\n"
    )
    assert [b.kind for b in read_text(text).blocks] == ["paragraph"]


def test_each_line_of_a_talk_and_each_fact_is_a_block():
    talk = "Ada: the gate is stuck\nBo: order a spare\nAda: done\n"
    facts = "Owner: Ada Lund\nVersion: 3\n"
    found = read_text(f"{talk}\n{facts}\n<ada> hi there\n<bo> ho\n").blocks
    assert [b.kind for b in found] == ["paragraph"] * 3 + ["field"] * 4
