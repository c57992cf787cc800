"""An open index: what opening does, and what a reader sees of a rebuild."""

import os
import shutil
import signal
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from index import (
    IndexDamagedError,
    IndexingError,
    IndexNotFoundError,
    ModelError,
    StoreError,
    open_index,
    rebuild,
    rollback,
)
from index.build.verify import verify_current
from index.embedding import Embedder, load_embedder
from index.file_check import CHECKED, hash_file, hash_files
from index.generation import Manifest, current_generation, library_of
from index.opened import Index
from index.search import search


def test_opening_what_is_not_there_makes_nothing(tmp_path):
    for name in ("none", "none/deeper"):
        with pytest.raises(IndexNotFoundError, match="refdesk rebuild"):
            open_index(tmp_path / name)
    (tmp_path / "empty").mkdir()
    with pytest.raises(IndexNotFoundError):
        open_index(tmp_path / "empty")
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


@pytest.mark.parametrize("content", [b"", b"\n", b"..", b"no-such", b"a/b", b"\xff\xfe", b"\0" * 9])
def test_a_pointer_of_garbage(own_index, content, caplog):
    """What was good last is served, and the log says what to do."""
    (own_index / "CURRENT").write_bytes(content)
    assert open_index(own_index).search("harbour")
    assert "refdesk r" in caplog.text
    shutil.rmtree(own_index / "generations")
    with pytest.raises(IndexDamagedError, match="refdesk r"):
        open_index(own_index)


def test_a_pointer_that_is_gone(own_index, caplog):
    (own_index / "CURRENT").unlink()
    assert open_index(own_index).search("harbour")
    assert "is gone; run `refdesk rollback`" in caplog.text


def test_searching_leaves_every_file_as_it_is(own_index):
    folder = current_generation(own_index)
    before = hash_files(folder)
    opened = open_index(own_index)
    opened.search("harbour")
    del opened
    assert hash_files(folder) == before


def test_a_flipped_byte_in_any_file_is_noticed(own_index):
    folder = current_generation(own_index)
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != CHECKED]
    assert "chroma.sqlite3" in {path.name for path in files}
    for path in files:
        content = path.read_bytes()
        for place in {0, len(content) // 2, len(content) - 1}:
            flipped = bytearray(content)
            flipped[place] ^= 0x10
            path.write_bytes(flipped)
            with pytest.raises(IndexDamagedError, match="refdesk rebuild") as error:
                open_index(own_index)
            assert "\n" not in str(error.value)
        path.write_bytes(content)
    open_index(own_index)


def test_a_file_that_is_cut_short_or_gone_is_noticed(own_index):
    folder = current_generation(own_index)
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != CHECKED]
    for path in files:
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        with pytest.raises(IndexDamagedError):
            open_index(own_index)
        path.unlink()
        with pytest.raises(IndexDamagedError):
            open_index(own_index)
        path.write_bytes(content)
    open_index(own_index)


def hashed(folder, monkeypatch):
    """The names of the files of a generation that opening it hashes."""
    names = []

    def count(path):
        names.append(path.relative_to(folder).as_posix())
        return hash_file(path)

    with monkeypatch.context() as patched:
        patched.setattr("index.file_check.hash_file", count)
        open_index(folder.parents[1])
    return names


def test_opening_hashes_what_has_another_size_or_time_only(own_index, monkeypatch):
    folder = current_generation(own_index)
    assert hashed(folder, monkeypatch) == []
    os.utime(folder / "units.npy", ns=(1, 1))
    assert hashed(folder, monkeypatch) == ["units.npy"]
    assert hashed(folder, monkeypatch) == []
    for content in ("", "{", "[1]", '{"units.npy": 3}', None):
        (folder / CHECKED).unlink()
        if content is not None:
            (folder / CHECKED).write_text(content)
        assert sorted(hashed(folder, monkeypatch)) == sorted(Manifest.read(folder).files)
        assert hashed(folder, monkeypatch) == []


@pytest.mark.parametrize("name", ["units.npy", "sources.db", "vectors/chroma.sqlite3"])
def test_a_byte_changed_under_the_same_size_and_time_is_found_by_verify(own_index, name):
    path = current_generation(own_index) / name
    about = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 0x10
    path.write_bytes(content)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    open_index(own_index)
    with pytest.raises(IndexDamagedError, match=f"{name} has changed"):
        verify_current(own_index)
    with pytest.raises(IndexDamagedError, match=f"{name} has changed"):  # from now on
        open_index(own_index)


def test_an_index_of_another_schema_says_what_to_run(own_index):
    folder = current_generation(own_index)
    manifest = Manifest.read(folder)
    replace(manifest, schema=99).write(folder)
    (folder / "candidate.json").replace(folder / "manifest.json")
    with pytest.raises(IndexDamagedError, match=r"schema 99.*refdesk rebuild"):
        open_index(own_index)
    assert library_of(own_index) == manifest.library


@contextmanager
def reading_only(folder):
    """No right to write `folder`; root, who may write anywhere, is another user meanwhile."""
    above = [path for path in folder.parents if path.name.startswith(("pytest", "popen-", "test_"))]
    modes = {path: path.stat().st_mode for path in above}
    for path in above:
        path.chmod(0o755)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.getuid() == 0
    if root:
        os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        if root:
            os.setresuid(0, 0, 0)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755)
        for path, mode in modes.items():
            path.chmod(mode)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_an_index_that_may_only_be_read_is_searched(opened, own_index):
    expected = opened.search("harbour")
    with reading_only(own_index):
        with pytest.raises(PermissionError):
            (own_index / "new").touch()
        with pytest.raises(IndexingError, match="Permission denied"):
            rollback(own_index)
        reader = open_index(own_index)
        assert reader.search("harbour") == expected
        del reader


def test_a_reader_notices_a_rebuild_and_what_it_holds_stays(own_library, own_index):
    opened = open_index(own_index)
    held = opened.generation
    (own_library / "ports/harbour.md").write_text("The harbour of Oldport silted up in 2031.\n")
    report = rebuild(own_library, index=own_index)
    query = "What happened to the harbour of Oldport?"
    assert opened.generation.name == report.generation
    assert "silted up" in opened.search(query)[0].text
    assert "silted up" in opened.source("ports/harbour").text
    assert "dredged" in held.search(query)[0].text
    assert held.source("ports/canal").publisher == "Société du Canal"
    assert rollback(own_index) == opened.generation.name == held.name


def test_what_is_open_is_served_when_the_new_one_is_damaged(own_library, own_index, caplog):
    opened = open_index(own_index)
    before = opened.search("harbour")
    rebuild(own_library, index=own_index)
    (current_generation(own_index) / "units.npy").write_bytes(b"")
    assert opened.search("harbour") == before
    assert opened.search("harbour") == before
    assert [record.levelname for record in caplog.records] == ["WARNING"]  # told once
    assert "units.npy has changed" in caplog.text
    assert open_index(own_index).search("harbour") == before
    assert "older" in caplog.text
    rebuild(own_library, index=own_index)
    assert opened.generation.name == current_generation(own_index).name


def test_what_is_open_is_served_when_the_pointer_is_gone(own_index):
    opened = open_index(own_index)
    before = opened.search("harbour")
    (own_index / "CURRENT").unlink()
    assert opened.search("harbour") == before


def test_files_that_go_while_they_are_open_are_no_strange_error(own_index):
    opened = open_index(own_index)
    shutil.rmtree(own_index)
    with suppress(IndexDamagedError):  # whether Chroma had read them is its own affair
        assert "dredged" in opened.search("How deep is the harbour?")[0].text
    assert "dredged" in opened.source("ports/harbour").text


def test_a_model_that_did_not_build_the_index_is_refused(index_folder):
    class Other(Embedder):
        dimension = 768

    model = load_embedder()._model
    for embedder in (Embedder("another", model), Other("all-MiniLM-L6-v2", model)):
        with pytest.raises(ModelError, match="refdesk rebuild"):
            Index(index_folder, embedder=embedder).search("harbour")


def test_the_retriever_gives_documents_with_what_cites_them(opened):
    retriever = opened.as_retriever(k=2, sources=("ports/*",))
    documents = retriever.invoke("How deep is the harbour of Oldport?")
    assert len(documents) == 2
    first = documents[0]
    assert first.metadata | {"score": 0, "heading": ""} == {
        "source": "ports/harbour", "start": first.metadata["start"], "end": first.metadata["end"],
        "page": None, "heading": "", "score": 0, "title": "The harbour of Oldport",
        "url": "https://example.org/harbour", "publisher": "Oldport Gazette",
        "published": "2021-05-04", "standing": "news", "ocr_sure": None,
    }  # fmt: skip
    text = opened.source("ports/harbour").text
    assert first.page_content == text[first.metadata["start"] : first.metadata["end"]]
    assert first.id == f"ports/harbour:{first.metadata['start']}-{first.metadata['end']}"
    assert len({document.id for document in documents}) == 2
    budget = opened.as_retriever(max_chars=300).batch(["harbour", "canal"])
    assert all(0 < sum(len(d.page_content) for d in found) <= 300 for found in budget)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_an_index_that_was_opened_before_a_fork_answers_in_the_child(own_index):
    index = open_index(own_index)
    generation = index.generation
    found = [hit.text for hit in index.search("harbour")]
    child = os.fork()
    if not child:
        signal.alarm(100)  # where it would wait for ever
        code = 1
        try:
            again = [hit.text for hit in index.search("harbour")]
            with pytest.raises(StoreError, match="before a fork"):
                search(generation, "harbour", 5, None, None)
            code = int(again != found)
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert [hit.text for hit in index.search("harbour")] == found
