"""Characters that nobody sees: counted everywhere, removed where text is extracted."""

import unicodedata

import pytest
from samples import EMAIL, document, odt, presentation, saved, workbook

from index import open_index, rebuild
from qa import answer
from sources import count_invisible, load_sources, strip_invisible

HIDDEN = "wo\u200brks\u202e\u2066\U000e0041\ufeff\xad"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain text\n\t\x0c", "plain text\n\t\x0c"),
        (HIDDEN, "works"),
        ("a\u200db\u200cc", "abc"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("می\u200c\u200c\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d🚀 ❤\ufe0f\u200d🔥", "👩\u200d🚀 ❤\u200d🔥"),
        ("a\x00\x1b[31m\x85b\x9b", "a[31m\x85b"),
        ("한\u3164글", "한글"),
    ],
)
def test_what_is_stripped_is_counted(text, seen):
    assert strip_invisible(text) == seen
    assert count_invisible(text) == len(text) - len(seen)
    assert strip_invisible(seen) == seen


def test_all_that_is_formatting_is_stripped_but_what_shows():
    kept = {
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) == "Cf" and strip_invisible(f"a{chr(code)}") != "a"
    }
    # The signs that embrace numbers in Arabic and Syriac are seen; so are those of old scripts
    assert {"\u200b", "\u200c", "\u202e", "\u2066", "\ufeff"}.isdisjoint(kept)
    assert kept <= {chr(code) for code in (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2)
                    } | {char for char in kept if ord(char) > 0x11000}  # fmt: skip


def files():
    deck = presentation()
    deck.slides[0].shapes.title.text = HIDDEN
    written = document()
    written.add_paragraph(HIDDEN)
    book = workbook()
    book.active["A2"] = HIDDEN
    return {
        ".docx": saved(written),
        ".pptx": saved(deck),
        ".xlsx": saved(book),
        ".odt": odt(f"<text:p>{HIDDEN}</text:p>"),
        ".html": f"<p>{HIDDEN}".encode(),
        ".csv": f"a,b\n{HIDDEN},x".encode(),
        ".json": f'["{HIDDEN}"]'.encode(),
        ".eml": EMAIL.replace("began", HIDDEN).encode(),
    }


def test_extracted_text_is_without_them_and_they_are_counted(tmp_path):
    for suffix, data in files().items():
        (tmp_path / f"{suffix[1:]}{suffix}").write_bytes(data)
    found = load_sources(tmp_path)
    assert len(found) == len(files())
    for source in found:
        assert "works" in source.text, source.path
        assert source.invisible == len(HIDDEN) - len("works"), source.path
        assert count_invisible(source.text) == 0


@pytest.mark.parametrize("suffix", [".md", ".txt"])
def test_plain_text_stays_exact_and_is_found_and_answered_without_them(tmp_path, suffix):
    body = "The dred\u200bging of Old\u2060port took \u202eeleven\u202c years.\n\nNobody paid.\n"
    library = tmp_path / "library"
    library.mkdir()
    (library / f"a{suffix}").write_text(body, encoding="utf-8")
    report = rebuild(library, index=tmp_path / "index")
    assert report.invisible == (("a", 4),)
    index = open_index(tmp_path / "index")
    assert index.source("a").text == body
    (hit, *_) = index.search("dredging", k=1)
    assert body[hit.chunk.start : hit.chunk.end] == hit.text
    found = answer("How many years did the dredging of Oldport take?", index=index)
    assert not found.abstained
    assert "The dredging of Oldport took eleven years." in found.text
    for citation in found.citations:
        assert body[citation.start : citation.end] == citation.quote
