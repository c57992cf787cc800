"""What Chroma does that it does not document; each test fails where a version does otherwise."""

import inspect
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from chromadb.api.client import Client
from chromadb.api.fastapi import FastAPI
from chromadb.api.shared_system_client import SharedSystemClient

import index
from index import IndexDamagedError, chroma_files
from index.file_check import hash_files
from index.store import VectorStore

ROWS = 40


@pytest.fixture
def vectors():
    found = np.random.default_rng(6).normal(size=(ROWS, 8)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture
def unsealed(vectors, tmp_path):
    with closing(VectorStore.in_files(tmp_path / "vectors", writing=True)) as store:
        store.create("units", ROWS)
        store.add("units", np.arange(ROWS), vectors, ["s"] * ROWS)
    return tmp_path / "vectors"


def collection_in(path):
    with closing(sqlite3.connect(path / chroma_files.TABLES)) as database:
        return database.execute("SELECT id FROM collections").fetchone()[0]


def assert_same(found, expected):
    """The same vectors, in whatever order."""
    np.testing.assert_array_equal(np.unique(found, axis=0), np.unique(expected, axis=0))


def test_a_search_structure_lies_in_its_file_as_hnswlib_writes_it(unsealed, vectors):
    read = chroma_files.elements(unsealed, collection_in(unsealed))
    assert_same(chroma_files.vectors_of(read), vectors)
    with closing(VectorStore.in_files(unsealed, writing=True)) as store:
        store.expect("units", 10)
        store.remove("units", np.arange(10))
    read = chroma_files.elements(unsealed, collection_in(unsealed))
    assert len(read) == ROWS
    assert_same(chroma_files.vectors_of(read), vectors[10:])


def test_with_the_very_number_of_records_nothing_is_left_in_the_log(unsealed):
    with closing(sqlite3.connect(unsealed / chroma_files.TABLES)) as database:
        # Chroma keeps the last record, which tells it where to go on.
        assert database.execute("SELECT count(*) FROM embeddings_queue").fetchone()[0] <= 1


def test_opening_writes_a_row_that_nothing_reads_until_the_store_is_sealed(unsealed):
    def opened():
        with closing(VectorStore.in_files(unsealed)) as store:
            store.count("units")
        return hash_files(unsealed)

    before = hash_files(unsealed)
    after = opened()
    assert [name for name in before if before[name] != after[name]] == [chroma_files.TABLES]
    chroma_files.seal(unsealed)
    assert opened() == opened()
    chroma_files.unseal(unsealed)
    assert opened() != opened()


def test_what_did_not_start_is_kept_by_its_path_until_it_is_forgotten(unsealed, monkeypatch):
    for forgets in (False, True):
        if not forgets:
            monkeypatch.setattr(chroma_files, "forget", lambda registry, path: None)
        (unsealed / chroma_files.TABLES).write_bytes(b"no database" * 100)
        with pytest.raises(IndexDamagedError):
            VectorStore.in_files(unsealed)
        kept = str(unsealed) in SharedSystemClient._identifier_to_system
        assert kept is not forgets
        monkeypatch.undo()
        chroma_files.forget(SharedSystemClient, unsealed)


def test_the_connections_of_a_client_are_where_they_are_closed():
    assert "_admin_client" in inspect.getsource(Client.__init__)
    assert "_session" in inspect.getsource(FastAPI.__init__)


def test_nothing_else_knows_of_these():
    private = (
        "chroma.sqlite3",
        "acquire_write",
        "header.bin",
        "data_level0",
        "_identifier_to_system",
        "_admin_client",
    )
    for path in Path(index.__file__).parent.rglob("*.py"):
        if path.name != "chroma_files.py":
            text = path.read_text(encoding="utf-8")
            assert [name for name in private if name in text] == [], path
