"""Light markups and their kin: what is prose, a step, a listing or a table is read as such."""

import pytest
from markups import ASCIIDOC, BOOK, LATEX, ORG, RST, RTF, SRT, VTT, WIKI
from test_sources_text import assert_sound

from sources.errors import UnreadableError
from sources.formats import FORMATS, read


def found(suffix, data):
    data = data if isinstance(data, bytes) else data.encode()
    extract = read(data, FORMATS[suffix], f"a{suffix}")
    assert_sound(extract.text, extract.blocks)
    return extract, [(b.kind, b.level, extract.text[b.start : b.end]) for b in extract.blocks]


@pytest.mark.parametrize(
    ("suffix", "text", "title"),
    [
        (".rst", RST, 1), (".org", ORG, 1), (".adoc", ASCIIDOC, 1), (".tex", LATEX, 2),
        (".wiki", WIKI, 2),
    ],
)  # fmt: skip
def test_each_part_is_read_as_what_it_is(suffix, text, title):
    extract, blocks = found(suffix, text)
    kinds = {words: (kind, level) for kind, level, words in blocks}
    assert kinds.get("Kites", kinds.get("Kite works")) == ("heading", title)
    assert kinds["Cut the cloth."] == ("item", 1)
    assert kinds["Mind the edge."] == ("item", 2)
    assert (kinds["Bridle"][0], kinds["The lines."][0]) == ("term", "definition")
    assert kinds["Kite: Wisp | Span: 31"][0] == "record"
    (code,) = [b for b in extract.blocks if b.kind == "code"]
    assert code.language.lower() == "python"
    assert extract.text[code.start : code.end].startswith("SPAN = 31")
    assert next(b for b in extract.blocks if b.kind == "item").marker[0].isdecimal()
    for never in ("remark", "free", "Category", "Infobox", "passwd", "root:", "Never read", "\\"):
        assert never not in extract.text


def test_marks_inside_a_line_are_left_out():
    for suffix, text, words in (
        (".rst", RST, "Kites are sewn by the club ."),
        (".rst", RST, "2.1 The wisp kite."),
        (".rst", RST, "Run the tool."),
        (".rst", RST, "Keeper: Alma"),
        (".org", ORG, "Kites are sewn by the club, now."),
        (".adoc", ASCIIDOC, "Version 3 is sewn by the club."),
        (".tex", LATEX, "Der Drachen ist schön und kostet 5 % mehr."),
        (".wiki", WIKI, "Kites are sewn by the club."),
    ):
        assert words in [words for _, _, words in found(suffix, text)[1]]


def test_notes_are_notes_and_included_files_are_told():
    notes = [
        (b.marker, b.kind)
        for b in found(".rst", RST)[0].blocks
        if b.marker in ("note", "deprecated")
    ]
    assert notes == [("note", "note"), ("deprecated", "note")]
    extract, _ = found(".adoc", ASCIIDOC)
    assert [b.marker for b in extract.blocks if b.kind == "note"] == ["note", "warning"]
    assert [name for name, _ in extract.unread] == ["other.adoc"]
    assert extract.hints["author"] == "Alma Reyes"


def test_rtf_is_read_without_what_is_hidden_or_struck_out():
    extract, blocks = found(".rtf", RTF)
    assert blocks == [
        ("heading", 1, "Kites"),
        ("paragraph", 0, "Kites are sewn by Michèle Да. So."),
        ("item", 0, "Cut the cloth."),
        ("record", 0, "Kite: Wisp | Span: 31"),
        ("paragraph", 0, "After."),
    ]
    assert extract.unread == (("struck-out text", "1 part is struck out: not content"),)


def test_a_notebook_is_its_prose_its_code_and_what_that_printed():
    extract, blocks = found(".ipynb", BOOK)
    assert blocks == [
        ("heading", 1, "Kites"),
        ("paragraph", 0, "They cost 4."),
        ("code", 0, "print(31)"),
        ("code", 0, "31"),
        ("code", 0, "plot()"),
    ]
    assert [b.language for b in extract.blocks if b.kind == "code"] == ["python", "", "python"]
    assert "1 outputs are pictures" in extract.unread[0][1]


def test_subtitles_are_sentences_behind_their_times():
    assert [words for _, _, words in found(".srt", SRT)[1]] == [
        "[0:00:01] The kite was sewn in 1950 by Alma.",
        "[1:02:03] Who flew it?",
    ]
    assert found(".vtt", VTT)[0].text == "[0:00:01] Alma: It flew & fell."


@pytest.mark.parametrize("suffix", [".srt", ".ipynb", ".rtf"])
def test_what_is_of_another_kind_is_refused(suffix):
    with pytest.raises(UnreadableError):
        read(b"Only words.", FORMATS[suffix], f"a{suffix}")


SPHINX = """
Log
===

.. autoclass:: Log(name)
   :members:

   A log of a ship.

   .. method:: Log.write(text)

      Writes a line.

.. autofunction:: find

.. confval:: depth
   :type: int
   :no-index:

   How deep it goes.

.. code-block::
   :linenos:

   log.write("Leath")

.. figure:: lock.png
   :alt: a lock

   The lock at Leath.

   Built in 1911.

.. include:: more.rst

.. literalinclude:: code.py
"""


def test_what_stands_below_a_directive_that_asks_for_code_is_read_and_the_rest_is_told():
    extract, blocks = found(".rst", SPHINX)
    assert [(kind, words) for kind, _, words in blocks] == [
        ("heading", "Log"),
        ("term", "Log(name)"),
        ("definition", "A log of a ship."),
        ("term", "Log.write(text)"),
        ("definition", "Writes a line."),
        ("term", "depth"),
        ("definition", "How deep it goes."),
        ("paragraph", "type: int"),
        ("code", 'log.write("Leath")'),
        ("paragraph", "The lock at Leath."),
        ("paragraph", "Built in 1911."),
    ]
    assert next(b for b in extract.blocks if b.kind == "code").language == ""
    assert [name for name, _ in extract.unread] == ["find", "more.rst", "code.py"]


def test_a_page_of_a_manual_is_named_with_its_section():
    said = "See linkgit:git-push[1], man:ls[1], link:a.html[the page] and https://x.org[2]."
    words = "See git-push(1), ls(1), the page and 2."
    assert [one for _, _, one in found(".adoc", said)[1]] == [words]
