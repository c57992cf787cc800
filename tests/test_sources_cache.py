"""What was read is kept: an unchanged file is not parsed again, and damage is noticed."""

import os

import pytest
from samples import samples

from index import rebuild
from sources import ExtractCache, Limits, load_sources
from sources.apart import ApartReader
from sources.whole_file import write_whole


@pytest.fixture
def library(tmp_path):
    folder = tmp_path / "library"
    folder.mkdir()
    for suffix, data in samples().items():
        (folder / f"{suffix[1:]}{suffix}").write_bytes(data)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    return folder


def load(library, folder, **options):
    """The sources, what was skipped, and how many files were parsed."""
    skips = []
    cache = ExtractCache(folder, **options)
    parsed = []
    cache_put = cache.put
    cache.put = lambda key, answer: (parsed.append(key), cache_put(key, answer))
    found = load_sources(library, on_skip=lambda *skip: skips.append(skip), cache=cache)
    cache.prune()
    return found, skips, len(parsed)


def test_a_file_is_parsed_once_and_again_when_it_or_the_parsers_change(
    library, tmp_path, monkeypatch
):
    folder = tmp_path / "cache"
    plain = 2
    first, skips, parsed = load(library, folder)
    assert parsed == len(samples()) - plain == len(list(folder.iterdir()))
    assert load(library, folder) == (first, skips, 0)
    (library / "html.html").rename(library / "moved.html")
    found, _, parsed = load(library, folder)
    assert parsed == 0
    assert "moved" in {source.id for source in found}
    (library / "csv.csv").write_text("Year,Ships\n1990,213\n")
    assert load(library, folder)[2] == 1
    (library / "csv.csv").unlink()
    load(library, folder)
    assert len(list(folder.iterdir())) == len(samples()) - plain - 1
    monkeypatch.setattr("sources.cache._code", lambda: b"another version")
    assert load(library, folder)[2] == len(samples()) - plain - 1
    assert load(library, folder, fresh=True)[2] == len(samples()) - plain - 1


def test_a_damaged_answer_is_read_anew(library, tmp_path):
    folder = tmp_path / "cache"
    first, *_ = load(library, folder)
    for place, file in enumerate(sorted(folder.iterdir())):
        data = bytearray(file.read_bytes())
        if place % 3:
            data[-1 - place % len(data)] ^= 1
        file.write_bytes(data if place % 3 else data[: place * 4])
    found, _, parsed = load(library, folder)
    assert found == first
    assert parsed == len(list(folder.iterdir()))
    assert load(library, folder)[2] == 0


def test_a_cache_that_cannot_be_written_is_done_without(library, tmp_path):
    (tmp_path / "file").write_text("in the way")
    found, *_ = load(library, tmp_path / "file" / "cache")
    assert len(found) == len(samples())


def test_other_limits_are_another_answer(library, tmp_path):
    cache = ExtractCache(tmp_path / "cache")
    load_sources(library / "html.html", cache=cache)
    with pytest.raises(Exception, match="more than 5 characters"):
        load_sources(
            library / "html.html", cache=cache, limits=Limits(text=5), on_skip=lambda *_: None
        )


def test_a_rebuild_parses_only_what_has_changed(tmp_path, monkeypatch):
    library = tmp_path / "library"
    library.mkdir()
    (library / "a.html").write_bytes(samples()[".html"])
    (library / "b.txt").write_text("The works began in May.")
    rebuild(library, index=tmp_path / "index")
    (library / "b.txt").write_text("The works began in June.")
    monkeypatch.setattr(ApartReader, "_answer", lambda *_: pytest.fail("it was parsed again"))
    report = rebuild(library, index=tmp_path / "index")
    assert (report.updated, report.unchanged) == (("b",), ("a",))


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    file, folder = tmp_path / "kept", tmp_path / "folder"
    folder.mkdir()
    write_whole(file, "old\r\n")
    assert file.read_bytes() == b"old\r\n"
    with pytest.raises(OSError):
        write_whole(folder, "new")
    write_whole(file, b"new", private=True)
    assert file.read_bytes() == b"new"
    assert os.name == "nt" or not file.stat().st_mode & 0o077
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "kept"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe that has a name")
def test_a_pipe_or_device_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, "told")
    assert os.read(reader, 100) == b"told" and pipe.is_fifo()
    os.close(reader)
