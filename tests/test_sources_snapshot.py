"""Adding to a library: names, metadata, and that nothing is overwritten or half there."""

from datetime import UTC, datetime

import pytest
from samples import pdf
from test_sources_fetch import ROUTES, server  # noqa: F401  a fixture

from sources import MetadataError, SnapshotError, add_source, load_sources
from sources.front_matter import split_front_matter
from sources.names import name_of

SAID = {
    "standing": "government",
    "publisher": "Ministry",
    "published": "2019",
    "topics": ["a", "b"],
}


@pytest.fixture
def library(tmp_path):
    return tmp_path / "library"


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(pdf("The works began."))
    (folder / "a.md").write_bytes(
        b"---\ntitle: 'No: yes'\npublished: 2018\nlanguage: no\n---\n\r\nBody\r\nends."
    )
    (folder / "plain.txt").write_text("Text.")
    return folder


def everything(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*") if path.is_file()
    }  # fmt: skip


def test_a_file_gets_a_sidecar_with_what_is_said(files, library):
    added = add_source(str(files / "a.pdf"), library, SAID)
    assert sorted(everything(library)) == ["a.pdf", "a.pdf.yaml"]
    assert (library / "a.pdf").read_bytes() == (files / "a.pdf").read_bytes()
    (source,) = load_sources(library)
    assert source == added
    assert (source.standing, source.publisher, source.published, source.topics) == (
        "government", "Ministry", "2019", ("a", "b"),
    )  # fmt: skip
    assert source.accessed is None


def test_markdown_keeps_its_front_matter_and_body(files, library):
    added = add_source(str(files / "a.md"), library, SAID, name="deep/er/name")
    assert (added.id, added.path) == ("deep/er/name", "deep/er/name.md")
    text = (library / "deep/er/name.md").read_bytes().decode()
    assert split_front_matter(text)[1] == added.text == "\r\nBody\r\nends."
    assert (added.title, added.published, added.language, added.standing) == (
        "No: yes", "2019", "no", "government",
    )  # fmt: skip


def test_a_sidecar_comes_along(files, library):
    (files / "a.pdf.yaml").write_text(
        "author: Ann\nstanding: news\nreferences:\n  - title: Gazette\n    published: 2021-05\n"
    )
    added = add_source(str(files / "a.pdf"), library, {"standing": "primary"})
    assert (added.author, added.standing) == ("Ann", "primary")
    assert added.references[0].published == "2021-05"


def test_without_anything_to_say_there_is_no_sidecar(files, library):
    add_source(str(files / "plain.txt"), library)
    assert everything(library) == {"plain.txt": b"Text."}


@pytest.fixture
def page(server, monkeypatch):  # noqa: F811
    """The address of a path that the server answers with a body of a type."""

    def made(path, type_, body):
        monkeypatch.setitem(ROUTES, path, (200, {"Content-Type": type_}, body))
        return f"http://127.0.0.1:{server.server_port}{path}"

    return made


def test_a_web_page_is_kept_with_its_address_and_day(page, library):
    body = b"<title>Works</title><h1>The works</h1><p>They began in May."
    url = page("/reports/The%20Works/", "text/html", body)
    added = add_source(url, library, {"standing": "news"}, allow_private=True)
    assert (added.id, added.url, added.title, added.standing) == (
        "the-works", url, "The works", "news",
    )  # fmt: skip
    assert added.accessed in {datetime.now(UTC).date().isoformat(), added.accessed}
    assert (library / "the-works.html").read_bytes() == body


def test_a_page_does_not_say_what_it_is_worth(page, library):
    body = b"---\ntitle: T\nstanding: primary\npublisher: UN\nx: y\npublished: soon\n---\nX."
    url = page("/a.md", "text/markdown", body)
    added = add_source(url, library, allow_private=True)
    assert (added.title, added.standing, added.publisher, added.published) == (
        "T", "other", None, None,
    )  # fmt: skip


def test_private_addresses_are_refused_without_the_flag(page, library):
    url = page("/b.md", "text/markdown", b"Text.")
    with pytest.raises(SnapshotError, match="--allow-private"):
        add_source(url, library)
    assert not library.exists()


def test_nothing_is_overwritten_unless_that_is_said(files, library):
    add_source(str(files / "a.pdf"), library, SAID)
    before = everything(library)
    (files / "a.pdf").write_bytes(pdf("It is over."))
    with pytest.raises(SnapshotError, match=r"a\.pdf is there already: give another --name"):
        add_source(str(files / "a.pdf"), library)
    with pytest.raises(SnapshotError, match=r"a\.pdf has the same id as .*a\.md would"):
        add_source(str(files / "a.md"), library, overwrite=True)
    assert everything(library) == before
    added = add_source(str(files / "a.pdf"), library, {"author": "Ann"}, overwrite=True)
    assert (added.text, added.author, added.publisher) == ("It is over.", "Ann", "Ministry")
    (library / "a.pdf").unlink()
    with pytest.raises(SnapshotError, match="is there already"):  # its sidecar
        add_source(str(files / "a.pdf"), library)


@pytest.mark.parametrize(
    ("item", "options", "error", "reason"),
    [
        ("nowhere.pdf", {}, SnapshotError, "is not there: name a file, or an address"),
        ("", {}, SnapshotError, "is a folder: name the files in it"),
        ("a.zip", {}, SnapshotError, "an archive: unpack it"),
        ("scan.pdf", {}, SnapshotError, "no text in it, nor in its images"),
        ("a.pdf", {"name": "../out"}, SnapshotError, "is no name in a library"),
        ("a.pdf", {"name": "/out"}, SnapshotError, "is no name in a library"),
        ("a.pdf", {"name": "x/.hidden"}, SnapshotError, "is no name in a library"),
        ("a.pdf", {"name": "x\ny"}, SnapshotError, "is no name in a library"),
        ("a.pdf", {"metadata": {"standing": "good"}}, MetadataError, "standing: 'good' is unknown"),
        ("a.pdf", {"metadata": {"published": "May"}}, MetadataError, "published: 'May' is no date"),
        ("a.pdf", {"metadata": {"url": "x"}}, MetadataError, "url: 'x' is no address"),
        ("bad.md", {}, MetadataError, r"bad\.md:3: standing: 'x' is unknown"),
    ],
)
def test_what_does_not_hold_up_is_refused_and_leaves_nothing(
    files, library, item, options, error, reason
):
    (files / "a.zip").write_bytes(b"PK")
    (files / "scan.pdf").write_bytes(pdf(""))
    (files / "bad.md").write_text("---\ntitle: A\nstanding: x\n---\nText.")
    with pytest.raises(error, match=reason):
        add_source(str(files / item), library, **options)
    assert not library.exists()


def test_a_link_that_leads_out_of_the_library_is_no_way_in(files, library):
    library.mkdir()
    (library / "out").symlink_to(files)
    with pytest.raises(SnapshotError, match="leads out of"):
        add_source(str(files / "a.pdf"), library, name="out/b")
    (library / "a.pdf").symlink_to(files / "plain.txt")
    add_source(str(files / "a.pdf"), library, overwrite=True)
    assert (files / "plain.txt").read_text() == "Text."


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/", "example.org"),
        ("https://example.org/a/River%20Works.HTML?x=1", "river-works"),
        ("https://example.org/river/index.html", "river"),
        ("https://example.org/..%2f..%2fetc/passwd", "passwd"),
        ("https://example.org/..%2f..%2f.hidden", "hidden"),
        ("https://example.org/Größe/", "größe"),
        ("https://example.org/" + "a" * 300, "a" * 80),
    ],
)
def test_a_page_is_named_by_its_address(url, name):
    assert name_of(url) == name
