"""E-books."""

import pytest
from samples import CHAPTER, PACKAGE, epub

from sources import UnreadableError, load_sources
from sources.readers.epub import read_epub


def test_chapters_come_in_reading_order_with_the_metadata_of_the_book(tmp_path):
    (tmp_path / "a.epub").write_bytes(epub())
    (source,) = load_sources(tmp_path)
    assert source.text.split("\n\n") == [
        "Chapter 1", "The works began.", "A lock", "Chapter 2", "The works began.", "A lock",
    ]  # fmt: skip
    assert source.title == "The Works"
    assert (source.author, source.publisher, source.published, source.language) == (
        "A. Writer", "The Press", "2021-05-04", "en",
    )  # fmt: skip


def test_a_chapter_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "a.epub").write_bytes(epub(**{"book/text/one.xhtml": b"<p>\xff"}))
    skips = {}
    (source,) = load_sources(tmp_path, on_skip=skips.__setitem__)
    assert source.text.startswith("Chapter 2")
    ((path, reason),) = skips.items()
    assert path == "a.epub/book/text/one.xhtml"
    assert reason.startswith("not UTF-8 (0xff at byte 3)")


def test_a_protected_book_is_refused_and_one_with_hidden_fonts_is_not():
    locked = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:CipherData>'
        '<enc:CipherReference URI="{}"/></enc:CipherData></enc:EncryptedData></encryption>'
    )
    name = "META-INF/encryption.xml"
    with pytest.raises(UnreadableError, match="encrypted"):
        read_epub(epub(**{name: locked.format("book/text/one.xhtml")}))
    assert read_epub(epub(**{name: locked.format("book/font.otf")})).blocks


def test_nothing_outside_the_book_is_read():
    package = PACKAGE.replace("text/one.xhtml", "../../../../etc/passwd")
    found = read_epub(epub(**{"book/package.opf": package}))
    assert found.text.startswith("Chapter 2")
    entity = CHAPTER.format("&e;").replace(
        "<!DOCTYPE html>", '<!DOCTYPE html [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    )
    found = read_epub(epub(**{"book/text/one.xhtml": entity}))
    assert found.text.split("\n\n")[0] in ("Chapter", "Chapter &e;", "]>")


def test_a_book_without_a_package_is_refused():
    with pytest.raises(UnreadableError, match="no book in it"):
        read_epub(epub(**{"META-INF/container.xml": "<container/>"}))
