"""The vectors in Chroma: exact rows back, scope, files that stay as they are."""

import os
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest

from index import IndexDamagedError
from index.chroma_files import elements, seal
from index.file_check import hash_files
from index.store import VectorStore, copy_store


def unit_vectors(rows, dimension=16, seed=1):
    vectors = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def stored_vectors(store):
    return store.get("units", np.arange(store.count("units")))


def make(path, vectors, source_ids):
    with closing(VectorStore.in_files(path, writing=True)) as store:
        store.create("units", len(vectors))
        store.add("units", np.arange(len(vectors)), vectors, source_ids)
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
        np.testing.assert_array_equal(stored_vectors(store), vectors)


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
        np.testing.assert_array_equal(stored_vectors(store), vectors)
        found, _ = store.query("units", vectors[-1], rows)
        assert sorted(found.tolist()) == list(range(rows))
        assert found[0] == rows - 1


def test_reading_changes_no_file(stored):
    before = hash_files(stored)
    for _ in range(3):
        with closing(VectorStore.in_files(stored)) as store:
            store.query("units", unit_vectors(1)[0], 3, ["source 1"])
            stored_vectors(store)
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
        np.testing.assert_array_equal(stored_vectors(store), vectors)
    assert list(tmp_path.iterdir()) == []


def test_the_log_of_all_vectors_is_not_kept(stored):
    with closing(sqlite3.connect(stored / "chroma.sqlite3")) as database:
        assert database.execute("PRAGMA freelist_count").fetchone() == (0,)


@pytest.fixture(scope="module")
def changed(stored, vectors, tmp_path_factory):
    """A copy of the store without slots 0 to 249, with slots 250 to 299 of another source, and with
    250 new vectors; and what it was copied from, before and after."""
    folder = tmp_path_factory.mktemp("changed")
    before = hash_files(stored)
    copy_store(stored.parent, folder)
    with closing(VectorStore.in_files(folder / "vectors", writing=True)) as store:
        store.expect("units", 550)
        store.remove("units", np.arange(250))
        store.move("units", np.arange(250, 300), ["moved"] * 50)
        store.add("units", np.arange(2500, 2750), unit_vectors(250, seed=4), ["new"] * 250)
    seal(folder / "vectors")
    return folder / "vectors", before, hash_files(stored)


def test_a_store_is_changed_in_a_copy(changed, vectors):
    path, before, after = changed
    assert before == after
    both = np.concatenate([vectors, unit_vectors(250, seed=4)])
    with closing(VectorStore.in_files(path)) as store:
        assert store.count("units") == 2500
        np.testing.assert_array_equal(store.get("units", np.arange(250, 2750)), both[250:])
        assert len(store.get("units", np.arange(250))) == 0
        for source, first, last in (("moved", 250, 300), ("new", 2500, 2750)):
            found, _ = store.query("units", both[0], 400, [source])
            assert sorted(found.tolist()) == list(range(first, last))


def test_a_changed_store_leaves_nothing_to_be_worked_off(changed):
    path = changed[0]
    before = hash_files(path)
    with closing(VectorStore.in_files(path)) as store:
        store.query("units", unit_vectors(1)[0], 3)
    assert hash_files(path) == before
    with closing(sqlite3.connect(path / "chroma.sqlite3")) as database:
        # Chroma keeps the last record, which tells it where to go on.
        assert database.execute("SELECT count(*) FROM embeddings_queue").fetchone()[0] <= 1


def test_a_changed_store_finds_as_much_as_a_new_one(changed, vectors, tmp_path):
    left = np.concatenate([vectors[250:], unit_vectors(250, seed=4)])
    make(tmp_path / "vectors", left, ["s"] * len(left))
    shares = []
    for path, first in ((changed[0], 250), (tmp_path / "vectors", 0)):
        with closing(VectorStore.in_files(path)) as store:
            shares.append(
                np.mean(
                    [
                        len(
                            set((store.query("units", query, 20)[0] - first).tolist())
                            & set(np.argsort(-(left @ query))[:20].tolist())
                        )
                        / 20
                        for query in unit_vectors(40, seed=5)
                    ]
                )
            )
    assert shares[0] > shares[1] - 0.01


def test_all_vectors_are_read_from_the_file_as_chroma_yields_them(changed):
    slots = np.arange(250, 2750)
    with closing(VectorStore.in_files(changed[0])) as store:
        assert elements(changed[0], str(store._collection("units").id)) is not None
        read = np.concatenate(list(store.batches("units", slots)))
        yielded = store.get("units", slots)
        with pytest.raises(IndexDamagedError, match="other rows"):
            next(store.batches("units", slots - 1))
    np.testing.assert_array_equal(np.unique(read, axis=0), np.unique(yielded, axis=0))
    assert len(read) == len(yielded)


def test_a_file_of_another_form_is_left_to_chroma(changed, tmp_path):
    path = shutil.copytree(changed[0], tmp_path / "vectors")
    header = next(path.glob("*/header.bin"))
    slots = np.arange(250, 2750)
    with closing(VectorStore.in_files(path)) as store:
        yielded = store.get("units", slots)
        header.write_bytes(b"\x02" + header.read_bytes()[1:])
        np.testing.assert_array_equal(np.concatenate(list(store.batches("units", slots))), yielded)
