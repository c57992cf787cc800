"""Verification: what it finds in a generation whose files are as the manifest says, but wrong."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from index import IndexDamagedError
from index.build.verify import verify_current, verify_generation
from index.chroma_files import seal
from index.file_check import hash_files
from index.generation import Manifest, current_generation
from index.store import VectorStore


@pytest.fixture
def generation(own_index):
    return current_generation(own_index)


def sign(folder, **changes):
    """Have the manifest agree with the files."""
    manifest = Manifest.read(folder)
    (folder / "manifest.json").unlink()
    replace(manifest, files=hash_files(folder), **changes).write(folder)
    (folder / "candidate.json").rename(folder / "manifest.json")


def store_anew(folder, spoil):
    """Store other vectors than the ones that were."""
    with closing(VectorStore.in_files(folder / "vectors")) as store:
        units, windows = (
            store.get(name, np.arange(store.count(name))) for name in ("units", "windows")
        )
    shutil.rmtree(folder / "vectors")
    with closing(VectorStore.in_files(folder / "vectors", writing=True)) as store:
        for name, vectors in (("units", spoil(units.copy())), ("windows", windows)):
            store.create(name, len(vectors))
            store.add(name, np.arange(len(vectors)), vectors, ["s"] * len(vectors))
    seal(folder / "vectors")


def test_what_was_built_verifies(generation):
    manifest = verify_generation(generation)
    assert manifest.generation == generation.name
    assert (manifest.embedding_model, manifest.dimension) == ("all-MiniLM-L6-v2", 384)
    sign(generation)
    assert verify_generation(generation) == manifest


def longer(vectors):
    vectors[7] *= 1.5
    return vectors


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda vectors: vectors[:-1], "vectors are stored, not"),
        (lambda vectors: vectors[:, :100], "shape"),
        (longer, "not of length 1"),
    ],
)
def test_wrong_vectors_are_found(generation, spoil, said):
    store_anew(generation, spoil)
    sign(generation)
    with pytest.raises(IndexDamagedError, match=said):
        verify_generation(generation)


def test_a_search_structure_that_finds_nothing_is_found(own_index, generation):
    """The vectors of two collections changed places: each is whole, and neither is right."""
    units, windows = (path for path in (generation / "vectors").iterdir() if path.is_dir())
    for name in ("link_lists.bin", "data_level0.bin", "length.bin", "header.bin"):
        content = (units / name).read_bytes()
        (units / name).write_bytes((windows / name).read_bytes())
        (windows / name).write_bytes(content)
    sign(generation)
    with pytest.raises(IndexDamagedError):
        verify_current(own_index)


def test_missing_sources_are_found(generation):
    with closing(sqlite3.connect(generation / "sources.db")) as database, database:
        database.execute("DELETE FROM source WHERE row = 2")
    sign(generation)
    with pytest.raises(IndexDamagedError, match=r"sources\.db"):
        verify_generation(generation)


def test_a_manifest_that_was_edited_is_found(generation):
    fields = json.loads((generation / "manifest.json").read_text())
    fields["language"] = "de"
    (generation / "manifest.json").write_text(json.dumps(fields))
    with pytest.raises(IndexDamagedError, match="manifest"):
        verify_generation(generation)


@pytest.mark.parametrize("name", ["chroma.sqlite3", "data_level0.bin", "index_metadata.pickle"])
def test_a_file_that_could_kill_its_reader_is_signed_and_kills_nobody(own_index, generation, name):
    path = max(generation.rglob(name), key=lambda path: path.stat().st_size)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    sign(generation)
    with pytest.raises(IndexDamagedError, match="does not verify") as error:
        verify_current(own_index)
    assert "\n" not in str(error.value)


def test_the_command_says_what_is_wrong_in_one_line(generation):
    def verify():
        command = [sys.executable, "-m", "index.build.verify", str(generation)]
        return subprocess.run(command, capture_output=True, text=True)

    assert (verify().returncode, verify().stdout) == (0, "")
    (generation / "windows.npy").write_bytes(np.zeros(3).tobytes())
    result = verify()
    assert result.returncode == 1
    assert result.stdout.count("\n") == 1
    assert "windows.npy has changed" in result.stdout
    assert result.stderr == ""
