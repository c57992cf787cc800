"""The vectors in Chroma: exact rows back, scope, files that stay as they are."""

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest

from index import IndexDamagedError
from index.generation import hash_files
from index.store import VectorStore, seal


def unit_vectors(rows, dimension=16, seed=1):
    vectors = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def make(path, vectors, source_ids):
    with closing(VectorStore.in_files(path, create=True)) as store:
        store.create("units", len(vectors))
        store.add("units", vectors, source_ids)
    seal(path)
    return path


@pytest.fixture(scope="module")
def vectors():
    return unit_vectors(2500)


@pytest.fixture(scope="module")
def stored(vectors, tmp_path_factory):
    ids = [f"source {row // 5}" for row in range(len(vectors))]
    return make(tmp_path_factory.mktemp("store") / "vectors", vectors, ids)


def test_vectors_come_back_in_the_order_of_their_rows(stored, vectors):
    with closing(VectorStore.in_files(stored)) as store:
        assert store.count("units") == len(vectors)
        np.testing.assert_array_equal(store.vectors("units"), vectors)


def test_the_nearest_are_found_with_their_cosine(stored, vectors):
    with closing(VectorStore.in_files(stored)) as store:
        for query in unit_vectors(5, seed=2):
            rows, similarity = store.query("units", query, 20)
            cosines = vectors @ query
            np.testing.assert_allclose(similarity, cosines[rows], atol=1e-5)
            assert (np.diff(similarity) <= 0).all()
            assert len(set(rows.tolist()) & set(np.argsort(-cosines)[:20].tolist())) >= 19


@pytest.mark.parametrize("count", [1, 400])
def test_a_scope_yields_all_of_its_rows_and_no_other(stored, vectors, count):
    ids = [f"source {number}" for number in range(0, count)]
    with closing(VectorStore.in_files(stored)) as store:
        rows, _ = store.query("units", unit_vectors(1, seed=3)[0], 256, ids)
    assert len(rows) == min(256, 5 * count)
    assert rows.max() < 5 * count


@pytest.mark.parametrize("rows", [1, 2, 3, 101])
def test_any_number_of_rows_will_do(tmp_path, rows):
    vectors = unit_vectors(rows)
    make(tmp_path / "vectors", vectors, ["s"] * rows)
    with closing(VectorStore.in_files(tmp_path / "vectors")) as store:
        np.testing.assert_array_equal(store.vectors("units"), vectors)
        found, _ = store.query("units", vectors[-1], rows)
        assert sorted(found.tolist()) == list(range(rows))
        assert found[0] == rows - 1


def test_reading_changes_no_file(stored):
    before = hash_files(stored)
    for _ in range(3):
        with closing(VectorStore.in_files(stored)) as store:
            store.query("units", unit_vectors(1)[0], 3, ["source 1"])
            store.vectors("units")
    assert hash_files(stored) == before
    assert "chroma.sqlite3" in before


def test_many_threads_open_and_ask_at_once(stored, vectors):
    def ask(row):
        with closing(VectorStore.in_files(stored)) as store:
            return int(store.query("units", vectors[row], 1)[0][0])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(40))) == list(range(40))


def test_a_store_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"chroma\.sqlite3"):
        VectorStore.in_files(tmp_path / "vectors")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_opened_is_a_store_error_until_it_is_mended(tmp_path):
    path = make(tmp_path / "vectors", unit_vectors(3), ["s"] * 3)
    content = (path / "chroma.sqlite3").read_bytes()
    (path / "chroma.sqlite3").write_bytes(b"not a database" * 1000)
    for _ in range(2):
        with pytest.raises(IndexDamagedError):
            VectorStore.in_files(path)
    (path / "chroma.sqlite3").write_bytes(content)
    with closing(VectorStore.in_files(path)) as store:
        assert store.count("units") == 3


def test_the_copy_of_a_read_only_store_goes_when_closed(stored, vectors, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with closing(VectorStore.in_files(stored)) as store:
        assert len(list(tmp_path.iterdir())) == 1
        np.testing.assert_array_equal(store.vectors("units"), vectors)
    assert list(tmp_path.iterdir()) == []


def test_the_log_of_all_vectors_is_not_kept(stored):
    with closing(sqlite3.connect(stored / "chroma.sqlite3")) as database:
        assert database.execute("PRAGMA freelist_count").fetchone() == (0,)
