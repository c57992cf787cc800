"""Reading in a child process: its limits, its end, and that it learns and returns nothing odd."""

import os
import sys
import zlib
from pathlib import Path

import pytest
from samples import samples, zipped

from sources import Limits, UnreadableError, load_sources
from sources.apart import DEFAULT_LIMITS, ApartReader, _checked
from sources.child import _forbid
from sources.formats import FORMATS, PLAIN, read

HTML = b"<p>A page of text."
LOOPING = b"BT /F1 12 Tf 72 700 Td (Text) Tj ET\n"


@pytest.fixture
def reader():
    with ApartReader(DEFAULT_LIMITS) as opened:
        yield opened


def looping_pdf():
    """A page that draws as many texts as take minutes to read, in a few kilobytes."""
    data = zlib.compress(LOOPING * 1_600_000, 9)
    return (
        b"%%PDF-1.4\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n"
        b"2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj\n"
        b"3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources "
        b"<</Font <</F1 <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>>>>> endobj\n"
        b"4 0 obj <</Filter /FlateDecode /Length %d>> stream\n%s\nendstream endobj\n"
        b"trailer <</Root 1 0 R>>\nstartxref\n0\n%%%%EOF" % (len(data), data)
    )


def test_what_is_read_apart_is_what_is_read_here(reader):
    for suffix, data in samples().items():
        if FORMATS[suffix] not in PLAIN:
            name = f"a{suffix}"
            here = read(data, FORMATS[suffix], name)
            assert reader.read(data, FORMATS[suffix], name) == here, suffix


def test_one_child_reads_all_files_and_waits_for_the_next_reader():
    pids = set()
    for _ in range(2):
        with ApartReader(DEFAULT_LIMITS) as reader:
            for _ in range(3):
                reader.read(HTML, "html", "a.html")
                pids.add(reader._child.pid)
    assert len(pids) == 1


def test_a_child_that_was_killed_is_replaced(reader):
    reader.read(HTML, "html", "a.html")
    reader._child.kill()
    reader._child.wait()
    assert reader.read(HTML, "html", "a.html").text == "A page of text."


def library(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    (tmp_path / "z.html").write_bytes(HTML)
    return tmp_path


def skipped(folder, **limits):
    """Why the one file is skipped; the other is read after it."""
    skips = {}
    found = load_sources(folder, on_skip=skips.__setitem__, limits=Limits(**limits))
    assert [source.id for source in found] == ["z"]
    (reason,) = skips.values()
    return reason


def test_a_file_that_takes_too_long_is_skipped(tmp_path):
    reason = skipped(library(tmp_path, "a.pdf", looping_pdf()), seconds=6)
    assert reason.startswith("takes longer than 6 s to read: split it")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process")
def test_a_file_that_takes_too_much_memory_is_skipped(tmp_path):
    bomb = b"<w:p>" * 20_000_000
    data = zipped({"[Content_Types].xml": "", "word/document.xml": bomb})
    reason = skipped(library(tmp_path, "a.docx", data), memory=200 << 20)
    assert reason == "needs more memory than a file may take: split it"


def test_a_file_at_which_the_reader_crashes_is_skipped(monkeypatch):
    monkeypatch.setattr("sources.apart._START", "import os; input(); os.abort()")
    with ApartReader(Limits(text=2000)) as reader:
        for _ in range(2):
            with pytest.raises(UnreadableError, match=r"cannot be read as html \(its reader crash"):
                reader.read(HTML, "html", "a.html")


def test_a_file_that_gives_too_much_text_is_skipped(tmp_path):
    data = b"<p>" + b"word " * 100
    assert "more than 100 characters" in skipped(library(tmp_path, "a.html", data), text=100)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc here")
def test_the_child_learns_no_secret(monkeypatch):
    monkeypatch.setenv("REFDESK_TEST_SECRET", "hidden")
    with ApartReader(Limits(text=1000)) as reader:
        reader.read(HTML, "html", "a.html")
        environment = Path(f"/proc/{reader._child.pid}/environ").read_bytes()
    assert b"SECRET" not in environment


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("a", "w", os.O_WRONLY)),
        ("open", (b"a", "r+b", os.O_RDWR)),
        ("open", ("a", None, os.O_WRONLY | os.O_CREAT)),
        ("socket.connect", (None, ("127.0.0.1", 80))),
        ("subprocess.Popen", ("ls", [], None, None)),
    ],
)
def test_the_child_neither_writes_nor_calls_out(event, arguments):
    with pytest.raises(PermissionError):
        _forbid(event, arguments)
    _forbid("open", ("a", "r", os.O_RDONLY))


GOOD = {
    "text": "Head\n\nText.", "blocks": [[0, 4, "heading", 1, "Head"], [6, 11, "paragraph", 0, ""]],
    "pages": [0], "hints": {"title": "a"}, "invisible": 0, "unread": [],
}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"text": 5},
        {"text": "a \ud800"},
        {"blocks": [[6, 12, "paragraph", 0, ""]]},
        {"blocks": [[-1, 2, "paragraph", 0, ""]]},
        {"blocks": [[0, 4, "paragraph", 0, ""], [3, 5, "paragraph", 0, ""]]},
        {"blocks": [[0, 4, "script", 0, ""]]},
        {"blocks": [[0, 4, "heading", 9, ""]]},
        {"blocks": [[0, 4, "heading", 1, ["x"]]]},
        {"blocks": [[0.5, 4, "heading", 1, ""]]},
        {"blocks": None},
        {"pages": [99]},
        {"pages": ["0"]},
        {"hints": []},
        {"invisible": "many"},
        {"unread": [1]},
    ],
)
def test_an_answer_that_does_not_hold_up_is_refused(changes):
    assert _checked(GOOD, "html").blocks[1].end == 11
    with pytest.raises(UnreadableError, match="its reader gave nonsense"):
        _checked(GOOD | changes, "html")


def test_a_reason_is_one_line():
    with pytest.raises(UnreadableError) as raised:
        _checked({"error": "bad\n\x1b[31m\u202e" + "x" * 1000}, "html")
    assert str(raised.value).startswith("bad [31m xxx")
    assert len(str(raised.value)) <= 300
