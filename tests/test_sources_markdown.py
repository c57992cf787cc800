"""Markdown: blocks of the raw text, without markers."""
# ruff: noqa: E501  test data on one line

import base64
import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_sources_text import LONG, assert_sound

from sources.markup import without_markup
from sources.readers.markdown import read_markdown
from sources.readers.text import read_text


def blocks(text):
    return [(b.kind, text[b.start : b.end]) for b in read_markdown(text).blocks]


def headings(text):
    return [
        (b.level, b.title, text[b.start : b.end])
        for b in read_markdown(text).blocks
        if b.kind == "heading"
    ]


def test_headings_of_all_kinds():
    text = "# One *two* `x` #\n\nText.\n\nUnder\nlined\n===\n\n  ### A#b\n\n> ## Quoted ##\n\n# # #\n\n#\n"
    assert headings(text) == [
        (1, "One two x", "One *two* `x`"),
        (1, "Under lined", "Under\nlined"),
        (3, "A#b", "A#b"),
        (2, "Quoted", "Quoted"),
        (1, "#", "#"),
    ]


def test_markers_of_lists_and_quotes_are_left_out():
    text = "- one\n- two\n  goes on\n\n  a paragraph\n  - [ ] deep\n\n> said\n> more\n\n12) last\n"
    assert blocks(text) == [
        ("item", "one"),
        ("item", "two\n  goes on"),
        ("paragraph", "a paragraph"),
        ("item", "[ ] deep"),
        ("paragraph", "said\n> more"),
        ("item", "last"),
    ]


def test_each_table_row_is_a_block():
    text = "| Country | Year |\n|---|---|\n| Iran | 2023 |\n| *North* Korea | a \\| b |\n"
    assert blocks(text) == [
        ("row", "Country | Year"),
        ("row", "Iran | 2023"),
        ("row", "*North* Korea | a \\| b"),
    ]
    nested = "> | a | b |\n> |---|---|\n> | c | d |\n"
    assert blocks(nested) == [("row", "a | b"), ("row", "c | d")]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_code_with_any_newline(newline):
    text = newline.join(
        ["```python", "x = 1", "", "y = 2", "```", "", "    indented", "    more", ""]
    )
    assert blocks(text) == [
        ("code", newline.join(["x = 1", "", "y = 2"])),
        ("code", newline.join(["indented", "    more"])),
    ]
    assert blocks("> ```\n> a\n> b\n> ```\n") == [("code", "a\n> b")]
    assert blocks("```\nopen") == [("code", "open")]


def test_html_definitions_rules_and_images_are_no_blocks():
    text = (
        "<!-- a\ncomment -->\n\n<div>\n<img>\n</div>\n\n[ref]: https://example.org 'T'\n\n"
        "![an image](a.png)\n\n[![badge](b.svg)](https://example.org) ![c][ref]\n\n---\n\n"
        "![image](a.png) with words.\n"
    )
    assert blocks(text) == [("paragraph", "![image](a.png) with words.")]


def test_inline_markup_stays_in_the_text():
    text = "A **bold** [link](https://example.org) and `code`, <b>tag</b> &amp; \\* too.\n"
    assert blocks(text) == [("paragraph", text.strip())]


def test_paragraphs_follow_the_rules_of_plain_text():
    text = f"**A Short Line**\n\n{LONG}Glued Heading Here\n{LONG}\n\n- Item\n\n> Quoted words\n\nEnd.\n"
    assert blocks(text) == [
        ("heading", "**A Short Line**"),
        ("paragraph", LONG),
        ("heading", "Glued Heading Here"),
        ("paragraph", LONG),
        ("item", "Item"),
        ("paragraph", "Quoted words"),
        ("paragraph", "End."),
    ]
    assert headings(text)[0] == (6, "A Short Line", "**A Short Line**")


def test_lists_tables_and_code_know_their_groups_markers_and_columns():
    text = (
        "Do this:\n\n3. Fill the kettle.\n   - with rain\n\n     and wait\n4. Heat it.\n\nThen:\n\n"
        "```sh -x\nboil --now\n```\n\n| Tea | *Minutes* |\n|---|---|\n| Green | 2 |\n\nDone.\n"
    )
    found = read_markdown(text).blocks
    assert [(b.kind, b.marker, b.level, b.group) for b in found] == [
        ("paragraph", "", 0, 1), ("item", "3.", 1, 1), ("item", "-", 2, 1), ("paragraph", "", 2, 1),
        ("item", "4.", 1, 1), ("paragraph", "", 0, 2), ("code", "", 0, 2), ("row", "header", 0, 3),
        ("row", "", 0, 3), ("paragraph", "", 0, 0),
    ]  # fmt: skip
    assert (found[6].language, found[8].fields) == ("sh", ("Tea", "Minutes"))


def test_what_writers_add_to_markdown_is_read_as_what_it_is():
    text = (
        "import Box from './box';\n\n:::tip Cold days\n\nCover the hives.\n\n:::\n\n"
        '!!! danger "Smoke"\n    Keep the smoker lit.\n\n    Two lines.\n\n'
        "> [!NOTE]\n> Bees sleep.\n\n<Box kind='x'>\n\nOpen the lid.[^a]\n\n</Box>\n\n"
        "[^a]: Slowly.\n\n{{< figure src=x >}}\n\nSuper\n: A box for honey.\n\n"
        "```\nimport x from 'y'\n~~z.~~\n```\n"
    )
    found = read_markdown(text).blocks
    assert [(b.kind, b.marker, b.title, text[b.start : b.end]) for b in found] == [
        ("note", "tip", "Cold days", "Cover the hives."),
        ("note", "danger", "Smoke", "Keep the smoker lit."),
        ("note", "danger", "Smoke", "Two lines."),
        ("note", "note", "", "Bees sleep."),
        ("paragraph", "", "", "Open the lid.[^a]"),
        ("paragraph", "", "", "Slowly."),
        ("term", "", "", "Super"),
        ("definition", "", "", "A box for honey."),
        ("code", "", "", "import x from 'y'\n~~z.~~"),
    ]


def test_what_stands_between_the_tags_of_a_template_is_text():
    text = (
        "Bring:\n{% list check %}\n{% list_item %}A map of the *field*.{% endlist_item %}\n"
        "{%- list_item -%}Ink.{% endlist_item %}\n{% endlist %}\n\n"
        "{% include note.html %} Knock first. {{% icon bell %}}\n\n"
        "Write `{% raw %}` yourself.\n\n{{ page.title }}\n"
    )
    found = read_markdown(text)
    assert_sound(text, found.blocks)
    assert [(b.kind, b.marker, text[b.start : b.end]) for b in found.blocks] == [
        ("paragraph", "", "Bring:"),
        ("item", "-", "A map of the *field*."),
        ("item", "-", "Ink."),
        ("paragraph", "", "Knock first."),
        ("paragraph", "", "Write `{% raw %}` yourself."),
        ("paragraph", "", "{{ page.title }}"),
    ]


def test_what_stands_in_an_element_of_markdown_is_markdown():
    text = '<div class="goals" markdown="1">\nYou will learn:\n* to graft\n* to prune\n\n</div>\n\nBuds.\n'
    assert blocks(text) == [
        ("paragraph", "You will learn:"),
        ("item", "to graft"),
        ("item", "to prune"),
        ("paragraph", "Buds."),
    ]
    said = 'The **bud**{: data-type="term"} opens. See [the form]({{ "/form.pdf" | url }}) {#form .wide}'
    assert without_markup(said) == "The **bud** opens. See [the form](#)"
    assert without_markup("Use `{% raw %}` or a{%b%}") == "Use `{% raw %}` or a "


def test_struck_out_sentences_are_no_content_and_are_told():
    text = "Honey costs ~~9~~ 11 crowns. ~~Wax is free.~~ Wax costs 4.\n\n- ~~Gone.~~\n- Here.\n"
    assert blocks(text) == [
        ("paragraph", "Honey costs ~~9~~ 11 crowns."),
        ("paragraph", "Wax costs 4."),
        ("item", "Here."),
    ]
    assert read_markdown(text).unread == (
        ("struck-out text", "3 parts are struck out: not content"),
    )


def test_white_space_that_markdown_does_not_know_loses_no_line():
    text = "\xa0\nfoo\n\xa0\nbar\u2028baz\x0b\n"
    assert "".join(read for _, read in blocks(text)).split() == ["foo", "bar", "baz"]


def test_deep_nesting_and_many_brackets_are_read():
    assert blocks("> " * 40 + "deep") == [("paragraph", "deep")]
    assert len(blocks("[" * 50_000)) == 1
    assert len(blocks(">" * 50_000 + "x\n\nAfter it.")) >= 1


PIECES = st.sampled_from(
    ["# Head", "word", "- item", "1. one", "> said", "    code", "```", "| a | b |", "|---|---|", "===",
     "---", "**bold**", "", "", "\t", "\xa0", "* * *", "Text that ends.", "End.Glued Heading Here", LONG]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14), st.sampled_from(["\n", "\r\n", "\r"]))
def test_no_letter_is_lost(pieces, newline):
    text = newline.join(pieces)
    found = read_markdown(text).blocks
    assert_sound(text, found)
    inside = "".join(text[b.start : b.end] for b in found)
    assert [c for c in inside if c.isalpha()] == [c for c in text if c.isalpha()]


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")))
def test_any_text_gives_sound_blocks(text):
    assert_sound(text, read_markdown(text).blocks)


@given(st.text(alphabet="a#*->`|:[]()!1. \t\n\r=~<&\\_\xa0", max_size=80))
def test_any_markup_gives_sound_blocks(text):
    assert_sound(text, read_markdown(text).blocks)


def test_html_tables_lists_of_terms_and_details_are_what_they_are():
    text = (
        "<table>\n<tr><th>Kite <br>name</th><th>Span</th></tr>\n\n"
        "<tr><td>Wisp</td><td><code>31</code> cm</td></tr>\n</table>\n\n"
        "<dl><dt>Bridle</dt><dd>The lines at the front.</dd></dl>\n\n"
        "<details><summary>Who sews?</summary>\n\nAlma sews.\n\n</details>\n\n"
        '<div style="display: none">Never <p>this</p> one</div>\n\n'
        "<p align=center><b>Old</b> kites hang <em>here</em></p>\n"
    )
    found = read_markdown(text).blocks
    assert [(b.kind, b.title, text[b.start : b.end]) for b in found] == [
        ("row", "", "Kite <br>name</th><th>Span"),
        ("row", "", "Wisp</td><td><code>31</code> cm"),
        ("term", "", "Bridle"),
        ("definition", "", "The lines at the front."),
        ("heading", "Who sews?", "Who sews?"),
        ("paragraph", "", "Alma sews."),
        ("paragraph", "", "<b>Old</b> kites hang <em>here</em>"),
    ]
    assert {b.fields for b in found[:2]} == {("Kite name", "Span")}
    assert (found[0].marker, found[0].group) == ("header", found[1].group)


@pytest.mark.parametrize(
    "question", ["**Q: Who sews?**", "**Who sews?**", "Q. Who sews?", "__Who sews__"]
)
def test_an_answer_stands_under_its_question(question):
    text = f"{question}\nA: Alma does.\n\nA. Reyes does not.\n"
    title, answer, other = read_markdown(text).blocks
    assert (title.kind, title.title.rstrip("?")) == ("heading", "Who sews")
    assert text[answer.start : answer.end] == "Alma does."
    assert text[other.start : other.end] == "A. Reyes does not."


def test_struck_out_words_and_tags_are_not_searched():
    kept = without_markup("It costs ~~12~~ 15, <del>a lot</del> <b>now</b>: `~~x~~ <b>y</b>`")
    assert kept == "It costs 15, now: `~~x~~ <b>y</b>`"
    assert without_markup("Wisp</td><td><code>31</code> cm") == "Wisp | 31 cm"
    assert without_markup("1 < 2 and a ~~~ b") == "1 < 2 and a ~~~ b"


def test_directives_of_myst_are_notes_and_listings():
    text = (
        "```{warning} Mind it\n:class: x\n\nKeep the line\ndry.\n\nAnd wait.\n```\n\n"
        "```{code-block} python\nSPAN = 31\n```\n\n```{toctree}\nother\n```\n"
    )
    found = read_markdown(text).blocks
    assert [(b.kind, b.marker, b.title, b.language, text[b.start : b.end]) for b in found] == [
        ("note", "warning", "Mind it", "", "Keep the line\ndry."),
        ("note", "warning", "Mind it", "", "And wait."),
        ("code", "", "", "python", "SPAN = 31"),
    ]


def test_a_heading_that_states_a_fact_and_heads_nothing_is_a_field():
    text = (
        "# Meeting\n\n### Date: 4 March 2031\n### Chair: Ada Lund\n\n## Step 2: Rinse\n\nWith care.\n\n"
        "## Next: \n"
    )
    assert blocks(text) == [
        ("heading", "Meeting"),
        ("field", "Date: 4 March 2031"),
        ("field", "Chair: Ada Lund"),
        ("heading", "Step 2: Rinse"),
        ("paragraph", "With care."),
        ("heading", "Next:"),
    ]
    fields = [block for block in read_markdown(text).blocks if block.kind == "field"]
    assert fields[0].group == fields[1].group > 0


def test_one_long_line_does_not_tear_a_wrapped_paragraph_apart():
    address = "https://oldport.example.org/" + "ledger/" * 20
    text = (
        f"The [ledger of the port]({address}) was begun in 1921\n"
        "by the harbour master and his clerk\nand is kept in the town hall.\n"
    )
    (block,) = read_markdown(text).blocks
    assert (block.kind, block.start, block.end) == ("paragraph", 0, len(text.rstrip()))


def blocks_of(text):
    return [(block.kind, text[block.start : block.end]) for block in read_markdown(text).blocks]


def test_a_line_that_only_an_address_makes_long_is_wrapped_as_the_others_are():
    address = "https://oldport.example.org/" + "ledger/" * 20
    text = f"The [ledger]({address}) was begun by\nAda Lund, in the\nNorth. It is kept.\nOn show."
    assert blocks_of(text) == [("paragraph", text)]


def test_a_name_goes_on_a_line_that_was_broken_off_beside_a_long_one():
    long = "and is kept in the town hall of the old port, " * 5
    wrapped = (
        "The ledger of the port was begun in 1921 by the first harbour master\n"
        "Ada Lund, who had come from the north that year, and by her brother\n"
        "Piet. It has been kept since then; and it has been added to, as all\n"
    )
    assert blocks_of(wrapped + long) == [("paragraph", (wrapped + long).rstrip())]
    # Lines that have room for the next word were broken off by nobody
    listed = "Picturesque Children ; J. Salmon , 1916\nA National Mission ; for Knowledge , 1917 ;"
    said = [text for _, text in blocks_of(f"{listed}\nShakespeare ; C. Faulkner , 1918\n{long}")]
    assert said[:1] == listed.split("\n")[:1]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ('| <img src="a.png" alt="Map"> |\n|---|\n', []),
        ("| ![a](a.png) | ![b](b.png) |\n|---|---|\n| Summer | Winter |", ["Summer | Winter"]),
        ("| A | B |\n|---|---|\n| ![a](a.png) | <br> |\n| 1 | 2 |", ["A | B", "1 | 2"]),
        ("| <img src=\"{{ 'a.jpg' | url }}\" /> |\n|:--:|\n| <b>A van space</b> |",
         ["<b>A van space</b>"]),
        ('<img src="a"> <img src="b">', []),
        ('<span data-type="media"> ![QR](a.png) </span>\nWater is critical.', ["Water is critical."]),
        ("It is verified.\n[OpenID]: https://openid.example.org", ["It is verified."]),
        ("Write `<img>` here.\n\n`<b>`\n\n<https://example.org>",
         ["Write `<img>` here.", "`<b>`", "<https://example.org>"]),
        ("| 1 | 2 |\n\n→ | ✓", ["1 | 2", "→ | ✓"]),
    ],
)  # fmt: skip
def test_what_shows_no_text_is_no_block(text, blocks):
    assert [said for _, said in blocks_of(text)] == blocks


def test_a_tag_that_is_spoken_of_hides_nothing():
    text = (
        "# \\<script setup>\n\nIt is sugar.\n\nA bare <script> tag is set up.\n\n"
        "```html\n<script>a</script>\n```\n\nIt ends.\n"
    )
    shown = [text[b.start : b.end] for b in read_markdown(text).blocks]
    assert shown == [
        "\\<script setup>", "It is sugar.", "A bare <script> tag is set up.",
        "<script>a</script>", "It ends.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ("{.yaml filename='a'}", "yaml"), ("{.r}", "r"), ("{r, echo=FALSE}", "r"), ("{r setup}", "r"),
        ("{code-block} python", "python"), ("python", "python"),
    ],
)  # fmt: skip
def test_the_language_of_a_listing_stands_in_its_attributes(info, language):
    (block,) = read_markdown(f"```{info}\nx <- 1\n```\n").blocks
    assert block.language == language


ENCODED = base64.encodebytes(random.Random(3).randbytes(200)).decode().rstrip("\n")


@pytest.mark.parametrize("read", [read_markdown, read_text])
def test_lines_of_an_encoded_file_are_told_and_no_text(read):
    found = read(f"The seal:\n{ENCODED}\nIt was set in May.\n\n{ENCODED}\n")
    said = [found.text[block.start : block.end] for block in found.blocks]
    assert said == ["The seal:", "It was set in May."]
    assert found.unread == (
        (
            "encoded data",
            "8 lines are a file in base64 or by uuencode, not text: "
            "save it into the library as a file",
        ),
    )


@pytest.mark.parametrize(
    "lines",
    [
        "\n".join(ENCODED.split("\n")[:2]),  # a key
        "\n".join(hashlib.sha256(bytes([at])).hexdigest() for at in range(5)),
        "\n".join(["ACGTTGCA" * 8] * 5),
        "\n".join(["Donaudampfschifffahrtsgesellschaftskapitaensmuetze"] * 4),
        "\n".join(["=" * 60] * 3 + ["A line 1 of prose."]),
        "\n".join(["MANY WORKS WERE SHUT IN MAY AND THE WEIRS WERE TOO, AS WAS TOLD."] * 2),
    ],
)
@pytest.mark.parametrize("read", [read_markdown, read_text])
def test_keys_hashes_and_long_words_are_no_encoded_file(read, lines):
    assert read(f"Here:\n{lines}\n").unread == ()


def test_a_listing_of_an_encoded_file_stays():
    found = read_markdown(f"```pem\n{ENCODED}\n```\n")
    assert found.text[found.blocks[0].start : found.blocks[0].end] == ENCODED
    assert found.unread == ()
