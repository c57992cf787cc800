"""Old Office files are made into those that are read by LibreOffice, where it is installed."""

import io
import socketserver
import threading

import openpyxl
import pytest
from docx import Document
from pptx import Presentation

from index.build.fingerprint import library_fingerprint
from qa.cli.app import run
from sources import Limits, NoSourcesError, confined, converter, load_sources
from sources.converter import convert, find_converter

OLE = b"\xd0\xcf\x11\xe0" + "WordDocument".encode("utf-16-le")
needs_office = pytest.mark.skipif(
    find_converter() is None,
    reason="needs LibreOffice: `soffice` on the path",
)


def saved(document):
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def letter():
    document = Document()
    document.add_heading("The lock", 1)
    document.add_paragraph("It was built in 1911.")
    table = document.add_table(2, 2)
    for at, text in enumerate(("Ship", "Built", "Hilda", "1931")):
        table.cell(at // 2, at % 2).text = text
    document.add_paragraph("It is closed.").runs[0].font.hidden = True
    document.add_paragraph("It is 82.5 metres long.")
    return saved(document)


def slides():
    deck = Presentation()
    for title, said in (("Locks", "The lock is new."), ("Weirs", "The weir is old.")):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = title, said
    return saved(deck)


def sheet():
    book = openpyxl.Workbook()
    for row in (("Ship", "Built"), ("Hilda", 1931), ("Ghost", 1900), ("Berta", 1928)):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    return saved(book)


def reason(folder, **options):
    skips = {}
    with pytest.raises(NoSourcesError):
        load_sources(folder, on_skip=skips.__setitem__, **options)
    return skips.popitem()[1]


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """A program in the place of LibreOffice, that does as it is told; nothing, at first."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setattr(converter, "which", lambda name: str(programs / name))

    def write(script):
        (programs / "soffice").write_text(f"#!/bin/sh\n{script}\n")
        (programs / "soffice").chmod(0o755)

    write("")
    return write


@pytest.fixture
def old(tmp_path):
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "old.DOC").write_bytes(OLE)
    return folder


def test_without_a_converter_it_is_told_what_to_install(old, monkeypatch):
    monkeypatch.setattr(converter, "which", lambda name: None)
    monkeypatch.setattr(converter, "_PLACES", ())
    said = "is read with LibreOffice: install it, then `refdesk rebuild`; or save it as .docx"
    assert reason(old) == said


def test_the_program_that_is_named_is_used(old, tmp_path, monkeypatch, capsys):
    (tmp_path / "letter.docx").write_bytes(letter())
    office = tmp_path / "office"
    office.write_text(
        f'#!/bin/sh\nmkdir "$HOME/made" && cp {tmp_path}/letter.docx "$HOME/made/document.docx"\n'
    )
    monkeypatch.setattr(converter, "which", lambda name: None)
    monkeypatch.setattr(converter, "_PLACES", ())
    monkeypatch.setattr(converter, "_named", [])
    monkeypatch.setenv("REFDESK_LIBREOFFICE", str(office))
    assert run(["sources", str(old)]) == 1
    assert "REFDESK_LIBREOFFICE" in capsys.readouterr().err  # it may not be run
    office.chmod(0o755)
    assert run(["sources", str(old)]) == 0
    assert "The lock" in capsys.readouterr().out


def test_what_is_made_is_read_as_the_file_that_it_was_made_of(old, stand_in, tmp_path, monkeypatch):
    (tmp_path / "letter.docx").write_bytes(letter())
    monkeypatch.setenv("REFDESK_SECRET", "secret")
    before = library_fingerprint(old)
    stand_in(
        f'[ -z "$REFDESK_SECRET" ] && [ "$HOME" = "$PWD" ] && mkdir "$HOME/made" && '
        f'cp {tmp_path}/letter.docx "$HOME/made/document.docx" && grep -q Macro profile/user/*.xcu'
    )
    assert library_fingerprint(old) != before  # so a rebuild reads what it could not read before
    (source,) = load_sources(old)
    assert (source.id, source.path, source.format) == ("old", "old.DOC", "doc")
    assert "Ship | Built" in source.text and source.text.endswith("82.5 metres long.")
    assert (old / "old.DOC").read_bytes() == OLE


@pytest.mark.parametrize(
    ("script", "data", "said"),
    [
        ("exit 0", OLE, "LibreOffice cannot read it, or it has a password"),
        ("kill -SEGV $$", OLE, "LibreOffice cannot read it, or it has a password"),
        ("sleep 600 & wait", OLE, "takes LibreOffice longer than 1 s to open"),
        ("touch made", b"just text", "is damaged, or not what its name says"),
        ("touch made", OLE[:20], "is damaged, or not what its name says"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_converted_is_told(old, stand_in, script, data, said):
    (old / "old.DOC").write_bytes(data)
    stand_in(script)
    assert said in reason(old, limits=Limits(seconds=1))


@needs_office
@pytest.mark.office
@pytest.mark.parametrize(
    ("name", "made", "kind", "text", "pages"),
    [
        (".doc", letter, ".docx", "The lock\n\nIt was built in 1911.\n\nShip | Built\nHilda | 1931"
                                  "\n\nIt is 82.5 metres long.", ()),
        (".ppt", slides, ".pptx", "Locks\n\nThe lock is new.\n\nWeirs\n\nThe weir is old.",
         (0, 25)),
        (".xls", sheet, ".xlsx", "Ship: Hilda | Built: 1931\nShip: Berta | Built: 1928", ()),
    ],
)  # fmt: skip
def test_old_files_are_read(tmp_path, name, made, kind, text, pages):
    data = convert(made(), kind, name[1:], seconds=120, memory=1 << 30)
    assert data.startswith(OLE[:4])
    (tmp_path / f"old{name}").write_bytes(data)
    (source,) = load_sources(tmp_path)
    assert (source.text, source.pages) == (text, pages)


LINKS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
 xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.2"
 office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>
<text:section text:name="a"><text:section-source xlink:href="{file}" text:filter-name="Text"/>
<text:p>As it was.</text:p></text:section>
<text:p><draw:frame><draw:image xlink:href="{address}/a.png"/></draw:frame></text:p>
</office:text></office:body></office:document>"""


@needs_office
@pytest.mark.office
def test_links_to_files_and_addresses_are_not_followed(tmp_path, monkeypatch):
    asked = []

    class Heard(socketserver.BaseRequestHandler):
        def handle(self):
            asked.append(self.request.recv(100))

    (tmp_path / "secret.txt").write_text("Secret.")
    library = tmp_path / "library"
    library.mkdir()
    # Its own settings have to do where the system takes no network away
    monkeypatch.setattr(confined, "__file__", str(tmp_path / "only_runs.py"))
    (tmp_path / "only_runs.py").write_text("import os, sys\nos.execv(sys.argv[5], sys.argv[5:])")
    with socketserver.TCPServer(("127.0.0.1", 0), Heard) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        file = (tmp_path / "secret.txt").as_uri()
        (library / "links.fodt").write_text(LINKS.format(file=file, address=address))
        (source,) = load_sources(library)
        server.shutdown()
    assert source.text == "As it was." and not asked
