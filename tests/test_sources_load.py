"""Walking a library: ids, order, what is skipped and why, and what stops it."""

import logging
import os
import subprocess
import sys
import unicodedata

import pytest

from sources import LibraryNotFoundError, NoSourcesError, list_files, load_sources


@pytest.fixture
def library(tmp_path):
    """A library in a folder with a neighbour; it holds one good source."""
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "good.txt").write_text("Text that ends.")
    return folder


def skipped(library, **options):
    skips = {}
    found = load_sources(library, on_skip=skips.__setitem__, **options)
    assert [source.id for source in found] == ["good"]
    return skips


def test_sources_come_sorted_by_id_from_all_folders(tmp_path):
    for path in ("b.txt", "a/c.md", "a/b.notes.HTML", "Z.text", ".hidden.txt", ".git/x.txt",
                 "__pycache__/x.txt", "a/.x/y.txt"):  # fmt: skip
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text("Text that ends.")
    assert [(s.id, s.path, s.format) for s in load_sources(tmp_path)] == [
        ("Z", "Z.text", "text"),
        ("a/b.notes", "a/b.notes.HTML", "html"),
        ("a/c", "a/c.md", "markdown"),
        ("b", "b.txt", "text"),
    ]  # fmt: skip
    assert list_files(str(tmp_path)) == ["Z.text", "a/b.notes.HTML", "a/c.md", "b.txt"]


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_the_text_is_the_body_exactly(tmp_path, name):
    body = "\r\n A title\r\n\r\nÄ line\rwith\x0c\x1b controls\u2028and \U0001f600.  \n\n"
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + body.encode())
    (source,) = load_sources(tmp_path)
    assert source.text == body
    for block in source.blocks:
        assert source.text[block.start : block.end].strip()


def test_one_file_is_a_library_and_brings_its_sidecar(library):
    (library / "good.txt.yaml").write_text("title: Named")
    (library / "link.txt").symlink_to(library / "good.txt")
    (source,) = load_sources(library / "good.txt")
    assert (source.id, source.path, source.title) == ("good", "good.txt", "Named")
    assert load_sources(library / "link.txt")[0].id == "link"


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("some_file.txt", "Text that ends.", "some file"),
        ("a.txt", "The Heading\n\nText that ends.", "The Heading"),
        ("a.md", "Intro.\n\n## Two\n\n# One\n\nText.", "One"),
        ("a.md", "Intro.\n\n## Two\n\nText.", "a"),
    ],
)
def test_a_title_is_found_where_none_is_given(tmp_path, name, text, title):
    (tmp_path / name).write_text(text)
    assert load_sources(tmp_path)[0].title == title


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("x.txt", b"", "empty: write it, or remove it"),
        ("x.md", b"\xef\xbb\xbf \n", "no text in it"),
        ("x.md", b"<!-- nothing -->", "no text in it"),
        ("x.txt", b"----\n****\n", "no text in it"),
        ("x.txt", b"a\0b", "binary (a NUL byte at byte 1): save it as text, or remove it"),
        ("x.txt", "é".encode("latin-1"), "not UTF-8 (0xe9 at byte 0): convert it, as `iconv -f "
                                         "WINDOWS-1252 -t UTF-8 x.txt > utf8.txt`"),
        ("x.txt", "hello".encode("utf-16"), "UTF-16, not UTF-8: convert it, as `iconv -f UTF-16"),
        ("x.log", b"a,b", "unsupported suffix '.log': save it as one of .md"),
        ("x.MSG", b"a", "unsupported suffix '.msg': open it, and save it as .eml"),
        ("x.tar.gz", b"a", "an archive: unpack it, and put the documents it holds into the"),
        ("x.zip", b"PK", "an archive: unpack it"),
        ("README", b"a", "unsupported suffix ''"),
        ("x.txt.yaml", b"title: A", "a sidecar without its document: add 'x.txt' beside it"),
        ("good.txt.yml", b"title: A", "a sidecar ends in .yaml: rename it"),
        ("x.pdf", b"%PDF-1.4 broken", "cannot be read as pdf ("),
        ("x.docx", b"PK\x03\x04 broken", "cannot be read as docx ("),
        ("x.docx", b"\xd0\xcf\x11\xe0 old", "encrypted, or of an old kind: save it as DOCX"),
        ("x.html", b"<p>a\0", "binary or UTF-16"),
        ("x.html", b"<p>\xff\xfe", "not UTF-8 (0xff at byte 3)"),
        ("x.html", b"<meta charset=klingon><p>a", "its charset 'klingon' is unknown"),
        ("x.html", b"<script>only()</script>", "no text in it"),
        ("a\nb.txt", b"a", "its name is not readable text: rename it"),
    ],
)  # fmt: skip
def test_a_file_without_text_is_skipped_with_its_reason(library, name, data, reason):
    (library / name).write_bytes(data)
    ((path, said),) = skipped(library).items()
    assert path == name.replace("\n", "\\n")
    assert reason in said
    assert "\n" not in said


def test_a_name_that_is_not_utf_8_is_skipped(library):
    try:
        (library / os.fsdecode(b"a\xff.txt")).write_text("Text.")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert skipped(library) == {"a\\udcff.txt": "its name is not readable text: rename it"}


def test_links_out_of_the_library_are_skipped(library):
    outside = library.parent / "outside.txt"
    outside.write_text("Secret.")
    (library / "x.txt").symlink_to(outside)
    (library / "folder").symlink_to(library.parent)
    (library / "gone.txt").symlink_to(library / "nowhere.txt")
    skips = skipped(library)
    assert skips["x.txt"] == "a link that leads out of the library: copy the file into it"
    assert "a link to a folder is not followed" in skips["folder"]
    assert skips["gone.txt"] == "cannot be opened: mend or remove the link"
    assert len(skips) == 3


def test_a_sidecar_that_links_out_is_not_read(library):
    outside = library.parent / "outside.yaml"
    outside.write_text("title: Secret")
    (library / "good.txt.yaml").symlink_to(outside)
    notes = []
    (source,) = load_sources(library, on_note=lambda *note: notes.append(note))
    assert source.title == "good"
    assert notes == [
        ("good.txt.yaml:1", "a link that leads out of the library: copy the file into it")
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_does_not_block(library):
    os.mkfifo(library / "pipe.txt")
    assert skipped(library) == {"pipe.txt": "not an ordinary file: remove it"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_what_may_not_be_read_is_skipped(library):
    (library / "x.txt").write_text("Text.")
    (library / "x.txt").chmod(0)
    (library / "folder").mkdir(0)
    skips = skipped(library)
    (library / "folder").chmod(0o700)
    assert "allow reading it" in skips["x.txt"]
    assert "allow reading it" in skips["folder"]


def test_a_file_over_the_limit_is_skipped(library):
    (library / "x.txt").write_text("x" * 101)
    assert skipped(library, max_file_bytes=100) == {"x.txt": "larger than 100 bytes: split it"}


def test_without_on_skip_a_warning_is_logged(library, caplog):
    (library / "x.log").write_text("a")
    with caplog.at_level(logging.WARNING, "sources"):
        load_sources(library)
    assert "skipped x.log: unsupported suffix" in caplog.text


def test_progress_counts_every_file(library):
    (library / "empty.txt").write_text("")
    calls = []
    load_sources(library, on_skip=lambda *_: None, progress=lambda *call: calls.append(call))
    assert calls == [(0, 2), (1, 2), (2, 2)]


def test_a_library_that_is_not_there(tmp_path):
    for call in (load_sources, list_files):
        with pytest.raises(LibraryNotFoundError, match="is not there: name a folder of sources"):
            call(tmp_path / "nowhere")
    with pytest.raises(LibraryNotFoundError):
        load_sources("a\0b")


def test_a_library_without_sources(tmp_path):
    with pytest.raises(NoSourcesError, match=r"add files of \.md"):
        load_sources(tmp_path)
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(NoSourcesError, match=r"\(skipped 1; the first: a\.txt: empty"):
        load_sources(tmp_path, on_skip=lambda *_: None)


def test_parsers_load_on_use():
    heavy = ["markdown_it", "bs4", "lxml", "pypdf", "docx", "pptx", "openpyxl"]
    code = f"import sys, sources; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_two_files_that_would_share_an_id_have_their_suffix_in_it(tmp_path):
    for path in ("report.md", "report.txt", "other.md", "report.md.txt", "a/x.md", "b/x.md"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("Text that ends.")
    assert {source.path: source.id for source in load_sources(tmp_path)} == {
        "report.md": "report.md",
        "report.txt": "report.txt",
        "report.md.txt": "report.md.txt",
        "other.md": "other",
        "a/x.md": "a/x",
        "b/x.md": "b/x",
    }


def test_a_name_is_one_however_its_accents_are_written(tmp_path):
    composed, apart = (unicodedata.normalize(form, "Brücke") for form in ("NFC", "NFD"))
    (tmp_path / f"{apart}.txt").write_text("Text that ends.")
    (source,) = load_sources(tmp_path)
    assert source.id == composed
    (tmp_path / f"{composed}.txt").write_text("Text that ends.")
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system takes them for one")
    skips = []
    assert len(load_sources(tmp_path, on_skip=lambda *skip: skips.append(skip))) == 1
    assert "its accents written in another way" in skips[0][1]


def test_what_programs_leave_behind_is_passed_over(library):
    for name in ("~$good.docx", "._good.txt", ".DS_Store", "Thumbs.db", "desktop.ini"):
        (library / name).write_bytes(b"\0")
    (library / "__MACOSX").mkdir()
    (library / "__MACOSX" / "good.txt").write_text("x")
    assert skipped(library) == {}
