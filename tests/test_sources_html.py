"""HTML: what is read of a page, and what is not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_sources_text import assert_sound

from sources import UnreadableError, load_sources
from sources.readers.html import read_html


def blocks(html):
    found = read_html(html.encode())
    assert_sound(found.text, found.blocks)
    return [(b.kind, found.text[b.start : b.end]) for b in found.blocks]


def test_blocks_of_all_kinds_in_order():
    html = """
    <h1>The <em>Title</em><a class="headerlink" href="#t">¶</a></h1>
    <p>Some <b>bold</b>,
       wrapped text<sup><a href="#fn1">1</a></sup>.<br>Goes on<sup>[2]</sup>.</p>
    <div>A second.<br><br>A third.</div>
    <h3>Deep</h3>
    <ul><li>One<ul><li>Sub</li></ul></li><li><p>Two</p><p>More of two</p></li></ul>
    <dl><dt>Term</dt><dd>Meaning</dd></dl>
    <table><caption>A caption</caption><thead><tr><th>A</th><th>B</th></tr></thead>
      <tbody><tr><td><p>1</p><p>2</p></td><td>x<br>y<ul><li>z</ul></td></tr></tbody></table>
    <pre>
      if x:
          y
    </pre>
    <blockquote>Quoted.</blockquote>bare text
    """
    assert blocks(html) == [
        ("heading", "The Title"),
        ("paragraph", "Some bold, wrapped text. Goes on."),
        ("paragraph", "A second."),
        ("paragraph", "A third."),
        ("heading", "Deep"),
        ("item", "One"),
        ("item", "Sub"),
        ("item", "Two"),
        ("paragraph", "More of two"),
        ("term", "Term"),
        ("definition", "Meaning"),
        ("paragraph", "A caption"),
        ("row", "A | B"),
        ("record", "A: 1 2 | B: x y z"),
        ("code", "if x:\n    y"),
        ("paragraph", "Quoted."),
        ("paragraph", "bare text"),
    ]
    found = read_html(html.encode()).blocks
    assert [(b.level, b.title) for b in found if b.kind == "heading"] == [
        (1, "The Title"),
        (3, "Deep"),
    ]


LONG = "<p>" + "The treaty obliges either side to help the other without delay. " * 8 + "</p>"


@pytest.mark.parametrize(
    "noise",
    [
        "<nav><a href=/>SPAM</a></nav>",
        "<footer>SPAM</footer>",
        "<script>SPAM</script>",
        "<style>SPAM</style>",
        "<noscript>SPAM</noscript>",
        "<template>SPAM</template>",
        "<!-- SPAM -->",
        "<aside>SPAM</aside>",
        "<div role=navigation>SPAM</div>",
        "<p hidden>SPAM</p>",
        "<p aria-hidden='true'>SPAM</p>",
        "<p style='color:red; DISPLAY : none'>SPAM</p>",
        "<p style='visibility:hidden'>SPAM</p>",
        "<p style='font-size: 0px'>SPAM</p>",
        "<span style='opacity:0'>SPAM</span>",
        "<span class='sr-only'>SPAM</span>",
        "<div class='cookie-banner'><p>We use SPAM to serve you.</p><button>OK</button></div>",
        "<div class='gdpr-consent'><p>SPAM</p></div>",
        "<ul class='breadcrumbs'><li>SPAM</ul>",
        "<div class='social share'><a href=x>SPAM</a></div>",
        "<ul><li><a>SPAM</a><li><a>b</a><li><a>c</a></ul>",
        "<form><button>SPAM</button><select><option>SPAM</select><textarea>SPAM</textarea></form>",
        "<dialog>SPAM</dialog>",
        "<svg><text>SPAM</text></svg>",
        "<iframe>SPAM</iframe>",
        '<script type=\'application/ld+json\'>{"articleBody": "' + "SPAM " * 99 + '"}</script>',
    ],
)
def test_what_surrounds_or_hides_is_not_read(noise):
    read = "".join(text for _, text in blocks(f"<body class='has-nav'>{noise}{LONG}{noise}</body>"))
    assert "SPAM" not in read
    assert "The treaty obliges" in read


def test_the_main_part_wins_and_keeps_its_title(tmp_path):
    for part in ("main", "article", "div class=post-content"):
        page = (
            f"<h1>Title</h1><p>SPAM</p><{part}>{LONG}<h2>Head</h2>{LONG}</{part.split()[0]}><p>SPAM"
        )
        assert [kind for kind, _ in blocks(page)] == ["paragraph", "heading", "paragraph"]
    (tmp_path / "a.html").write_text(page)
    assert load_sources(tmp_path)[0].title == "Title"


def test_content_with_a_telling_name_is_kept():
    html = (
        "<div class='page with-sidebar nav-open'><section id='navigation'><h2>Navigation</h2>"
        "<p>Ships are steered so.</p></section>"
        f"<p class='overflow-hidden'>Kept.</p>{LONG}</div>"
    )
    read = [text for _, text in blocks(html)]
    assert read[:3] == ["Navigation", "Ships are steered so.", "Kept."]


def test_a_form_or_broken_navigation_around_the_page_is_kept():
    assert blocks("<form><p>A short page.</p></form>") == [("paragraph", "A short page.")]
    assert blocks(f"<nav><a>Home</a><div>{LONG * 3}</div></nav>")[-1][0] == "paragraph"


@pytest.mark.parametrize(
    "page",
    [
        "<p>One line.",
        "<ul><li>One<li>Two</ul>",
        "<table><tr><td>One<td>Two</table>",
        "<h1>Head</h1><p>One</p><h2>Two</h2><ul><li><a href=x>Three</a></ul>",
        f"<nav>SPAM</nav><h2>Head</h2>{LONG}<h3>Deeper</h3>{LONG}<pre>plain text</pre>",
        "<p>" + "<b>a</b> " * 21_000,
    ],
)
def test_a_plain_page_is_read_whole(page):
    words = re.sub("<nav>.*</nav>|<.*?>", " ", page).split()
    read = " ".join(text for _, text in blocks(page))
    assert read.replace(" | ", " ").split() == words


def test_only_a_header_that_names_all_columns_is_used():
    head = "<tr><th>Port<th>Ships<th>Year</tr>"
    table = f"<table>{head}<tr><td>Oldport<td>212<td>1990</tr>{{}}</table>"
    spanned = table.format("<tr><td colspan=2>all<td>1991</tr>")
    table = table.format("<tr><td>all<td>212</tr>")
    sides = "<table><tr><th>Port<td>Oldport</tr><tr><th>Ships<td>212</tr></table>"
    assert blocks(LONG + table)[1:] == [
        ("row", "Port | Ships | Year"),
        ("record", "Port: Oldport | Ships: 212 | Year: 1990"),
        ("record", "Port: all | Ships: 212"),
    ]
    assert blocks(LONG + spanned)[2:] == [("row", "Oldport | 212 | 1990"), ("row", "all | 1991")]
    assert blocks(sides) == [("row", "Port | Oldport"), ("row", "Ships | 212")]


def test_a_table_for_layout_is_not_a_row():
    cells = "<td><h2>Head</h2><p>Text.</p></td><td><table><tr><td>a</td><td>b</td></tr></table>"
    assert [kind for kind, _ in blocks(f"<table><tr>{cells}</table>")] == [
        "heading",
        "paragraph",
        "row",
    ]
    assert blocks("<table><tr><td><td>Alone.</table>") == [("paragraph", "Alone.")]


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("<meta charset=windows-1251>", "windows-1251"),
        ("<meta http-equiv=Content-Type content='text/html; charset=shift_jis'>", "shift_jis"),
        ("<meta charset=iso-8859-1>", "windows-1252"),
        (
            "<?xml version='1.0' encoding='utf-8'?><html xmlns='http://www.w3.org/1999/xhtml'>",
            "utf-8",
        ),
        ("", "utf-8-sig"),
        ("", "utf-8"),
    ],
)
def test_charsets(head, encoding):
    word = {"windows-1251": "Москва", "shift_jis": "東京"}.get(encoding, "“Zürich”")
    assert read_html(f"{head}<p>{word}".encode(encoding)).text == word


PAGE = """<html lang="en_GB"><head><title>The Title | The Site</title>
<meta name="author" content="Ann Writer"><meta property="og:site_name" content="The Site">
<meta property="article:published_time" content="2024-06-19T10:00:00Z">
<link rel="canonical" href="https://example.org/a"></head>
<body><h1>The Title</h1><p>Text that ends.</p></body></html>"""


def test_the_head_speaks_where_the_sidecar_is_silent(tmp_path):
    (tmp_path / "a.html").write_text(PAGE)
    (source,) = load_sources(tmp_path)
    assert (source.title, source.language, source.author) == ("The Title", "en-GB", "Ann Writer")
    assert (source.published, source.url) == ("2024-06-19", "https://example.org/a")
    assert source.publisher == "The Site"
    (tmp_path / "a.html.yaml").write_text("title: Named\nlanguage: pt\npublished: 2020")
    (source,) = load_sources(tmp_path)
    assert (source.title, source.language, source.published) == ("Named", "pt", "2020")
    assert source.author == "Ann Writer"


def test_a_head_that_does_not_hold_up_is_not_heard(tmp_path):
    page = PAGE.replace("2024-06-19T", "June 2024 ").replace("https:", "javascript:")
    (tmp_path / "a.html").write_text(page.replace('"en_GB"', '"not a language"'))
    (source,) = load_sources(tmp_path)
    assert (source.published, source.url, source.language) == (None, None, "en")


@pytest.mark.parametrize(
    "html",
    [
        "<div class=nav>" * 200 + "text",
        "<table><tr><td>" * 60 + "text",
        "<sup>" * 200 + "text",
        "<ul><li>" * 100 + "text",
        "<p>" + "<b>" * 200 + "text",
        "<table>" + "<tr><td rowspan=100 colspan=100>text" * 3000,
        "<br>text" * 50_000,
        "<br hidden>" * 20_000 + "text",
        "<p>a<p hidden>b" * 5000 + "<p>text",
        "</p></div>text<<<>&#0;&#xD800;&bogus;<td>",
        "text",
        "http://example.org/text",
    ],
)
def test_hostile_pages_are_read(html):
    assert "text" in "".join(text for _, text in blocks(html))


@pytest.mark.parametrize("tags", ["<div>", "<table><tr><td>", "<ul><li>", "<b>", "<sup>"])
def test_pages_nested_too_deep_are_refused(tags):
    with pytest.raises(UnreadableError, match="nested too deep: save it as text"):
        read_html(f"<p>text{tags * 100_000}text".encode())


TAGS = st.sampled_from(
    ("<p> </p> <li> <ul> </ul> <table> <tr> <td> </table> <h2> </h2> <pre> </pre> <br> <b> text "
     "<!-- --> <div> </div> <caption> <main> <article> <a> </a> <sup> <dd> <nav> </nav> &amp; "
     "\u00ad").split()
)  # fmt: skip


@given(st.lists(TAGS, max_size=30))
def test_any_tags_give_sound_blocks(tags):
    blocks("<p>" + " ".join(tags))


@given(st.binary())
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("library")
    (folder / "a.html").write_bytes(data)
    (folder / "b.txt").write_text("Text.")
    assert load_sources(folder, on_skip=lambda *_: None)[-1].id == "b"


def test_what_is_struck_out_or_cannot_be_seen_is_left_out_and_told():
    page = (
        "<style>/* x */ .ghost, p.far { color: white } @media print { .here { display: none } }"
        "#low { position: absolute; left: -9000px }</style>"
        f"<p>{LONG}</p><p>Tea costs <s>3</s> 4 crowns. <del>Cake is free.</del></p>"
        "<p class='ghost'>Ghost.</p><p id='low'>Low.</p><p class='here'>Here it stands, seen.</p>"
        "<p style='font-size:1pt'>Tiny.</p>"
    )
    found = read_html(page.encode())
    assert "Tea costs 4 crowns." in found.text and "seen" in found.text
    assert not any(word in found.text for word in ("Cake", "Ghost", "Low", "Tiny"))
    assert found.unread == (
        ("struck-out text", "2 parts are struck out: not content"),
        (
            "hidden text",
            "3 parts are not to be seen on the page (white 1, off the screen 1, tiny 1): "
            "not content",
        ),
    )


def test_an_unmarked_header_over_a_column_of_numbers_names_the_columns():
    rows = (("Kite", "Maker", "Span"), ("Wisp", "Orr", "3 m"))
    cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    table = f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
    found = read_html(f"<p>{LONG}</p>{table}".encode())
    assert found.text.endswith("Kite: Wisp | Maker: Orr | Span: 3 m")
    assert found.blocks[-1].fields == ("Kite", "Maker", "Span")
    words = table.replace("3 m", "wide")  # it may as well be two facts
    assert read_html(f"<p>{LONG}</p>{words}".encode()).text.endswith("Span\nWisp | Orr | wide")


def test_what_a_page_marks_as_its_content_is_read_whole_without_what_leads_elsewhere():
    links = "".join(f"<li><a href={n}>Another page {n}</a></li>" for n in range(3))
    page = f"""<body><nav>Menu</nav><main><h1>Kites</h1>
<p>The kite was sewn by the club in the spring of 1950 by Alma Reyes and flown over the bay.</p>
<aside><p>Keep the line dry.</p></aside>
<dl><dt>Bridle</dt><dd>The lines.</dd></dl>
<details><summary>Who sews?</summary><p>Alma sews.</p></details>
<table><caption>Spans</caption><tr><th>Kite</th><th>Span</th></tr>
<tr><td>Wisp</td><td>31</td></tr></table>
<ol><li>Cut.<ul><li>Mind the edge.</li></ul></li><li>Sew.</li></ol>
<ul>{links}</ul></main><aside>Sidebar</aside><footer>Foot</footer></body>"""
    found = read_html(page.encode())
    told = [(b.kind, b.level, b.marker, found.text[b.start : b.end]) for b in found.blocks]
    assert told[2:] == [
        ("paragraph", 0, "", "Keep the line dry."),
        ("term", 0, "", "Bridle"),
        ("definition", 0, "", "The lines."),
        ("heading", 6, "", "Who sews?"),
        ("paragraph", 0, "", "Alma sews."),
        ("paragraph", 0, "", "Spans"),
        ("row", 0, "header", "Kite | Span"),
        ("record", 0, "", "Kite: Wisp | Span: 31"),
        ("item", 1, "1.", "Cut."),
        ("item", 2, "-", "Mind the edge."),
        ("item", 1, "2.", "Sew."),
    ]
