"""Several files are read at a time, and the sources are those that one after the other gives."""

import threading

import pytest
from samples import document, pdf, saved

import sources.side_by_side as reading
from sources import load_sources
from sources.apart import DEFAULT_LIMITS, ApartReader
from sources.errors import UnreadableError
from sources.side_by_side import read_in_order


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    for number in range(8):
        (folder / f"{number}a.pdf").write_bytes(pdf(f"Ship {number} was built in 19{number:02}."))
        (folder / f"{number}b.csv").write_text(f"Ship,Built\nHilda {number},19{number:02}\n")
        (folder / f"{number}c.md").write_text(f"Ship {number} ~~sank~~ sails. {'Far. ' * number}")
    (folder / "3d.docx").write_bytes(saved(document()))
    (folder / "4d.docx").write_bytes(b"nonsense")
    return folder


def read(folder, monkeypatch, most):
    monkeypatch.setattr(reading.os, "cpu_count", lambda: most)
    told, done = [], []
    found = load_sources(
        folder, on_skip=lambda *one: told.append(one), progress=lambda *one: done.append(one)
    )
    return found, told, done


def test_three_readers_give_what_one_gives_in_the_same_order(shelf, monkeypatch):
    one = read(shelf, monkeypatch, 1)
    started = []
    start = ApartReader._start
    monkeypatch.setattr(reading, "_FILES_A_READER", 1)
    monkeypatch.setattr(
        ApartReader, "_start", lambda self: started.append(threading.get_ident()) or start(self)
    )
    three = read(shelf, monkeypatch, 3)
    assert three == one and len(one[0]) == 25
    assert [path for path, _ in one[1] if path.endswith("docx")] == ["4d.docx"]
    assert len(started) >= 2  # one waits from before


def test_what_cannot_be_read_comes_in_its_place(shelf):
    files = [(shelf / "1b.csv", "csv"), (shelf / "gone.csv", "csv"), (shelf / "2b.csv", "csv")]
    first, gone, last = read_in_order(files, 1000, DEFAULT_LIMITS)
    assert "Hilda 1" in first.text and "Hilda 2" in last.text
    assert isinstance(gone, UnreadableError)


def test_no_child_is_left_where_reading_is_broken_off(shelf, monkeypatch):
    ended = []
    leave = ApartReader.__exit__
    monkeypatch.setattr(
        ApartReader, "__exit__", lambda self, *why: ended.append(self) or leave(self, *why)
    )
    files = [(shelf / f"{number}b.csv", "csv") for number in range(8)]
    found = read_in_order(files, 1000, DEFAULT_LIMITS)
    next(found)
    found.close()
    assert len(ended) == 2  # the reader, and that of images
