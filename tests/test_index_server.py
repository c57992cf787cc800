"""Vectors on a Chroma server: a real `chroma run` on loopback, and the same of everything."""

import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from index import IndexDamagedError, IndexingError, StoreError, open_index, rebuild, rollback
from index.build.verify import verify_current
from index.generation import Manifest, complete_generations, current_generation
from index.store import Address, VectorStore
from qa.cli.app import run

CHROMA = Path(sys.executable).parent / "chroma"
QUERIES = ["How deep is the harbour?", "lighthouse at Cape 17", "茶叶 运往 俄罗斯", "honey"]

pytestmark = pytest.mark.skipif(not CHROMA.exists(), reason="the command chroma is not installed")


def start(folder, port):
    process = subprocess.Popen(
        [CHROMA, "run", "--path", folder, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(600):
        try:
            with urlopen(f"http://127.0.0.1:{port}/api/v2/heartbeat"):
                return process
        except OSError:
            assert process.poll() is None
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a running Chroma server."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    process = start(tmp_path_factory.mktemp("chroma"), port)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def served(server, library, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "index"
    rebuild(library, index=folder, store=server)
    return folder


@contextmanager
def connect(server):
    with closing(VectorStore.on_server(Address(url=server, prefix=""))) as store:
        yield store._client


def collections(server):
    with connect(server) as client:
        return {collection.name for collection in client.list_collections()}


def test_a_search_finds_the_same_as_in_files(served, opened):
    there = open_index(served)
    assert there.generation.manifest.store.startswith("http://127.0.0.1:")
    assert not (current_generation(served) / "vectors").exists()
    for query in QUERIES:
        for scope in (None, ["ports/*"], ["asia/tea", "quiet"]):
            found, expected = (index.search(query, sources=scope) for index in (there, opened))
            assert [hit.chunk for hit in found] == [hit.chunk for hit in expected]
            scores = [hit.score for hit in expected]
            assert [hit.score for hit in found] == pytest.approx(scores, abs=1e-3)
    assert verify_current(served) == there.generation.manifest


def test_generations_come_and_go_on_the_server_too(server, own_library, tmp_path):
    index = tmp_path / "index"
    before = collections(server)
    note = own_library / "quiet.txt"
    names = []
    for number in range(5):
        note.write_text(f"On the Isle of Morn {number} seals sleep.")
        report = rebuild(own_library, index=index, store=server if not number else None)
        names.append(report.generation)
        assert report.embedded == (2 if number else pytest.approx(report.embedded))
    kept = [folder.name for folder in complete_generations(index)]
    assert kept == names[-3:]
    assert collections(server) - before == {
        f"refdesk-{name}-{level}" for name in kept for level in ("units", "windows")
    }
    opened = open_index(index)
    assert "Morn 4" in opened.search("seals sleep", k=1)[0].text
    held = opened.generation
    assert rollback(index) == names[-2]
    assert "Morn 3" in opened.search("seals sleep", k=1)[0].text
    assert "Morn 4" in held.search("seals sleep", k=1)[0].text
    # Back to files: what was embedded comes from the server.
    report = rebuild(own_library, index=index, store="files")
    assert report.embedded == 0
    assert Manifest.read(current_generation(index)).store is None
    verify_current(index)


def test_what_is_missing_on_the_server_is_found(server, own_library, tmp_path):
    index = tmp_path / "index"
    for name in ("asia", "ports", "twins"):
        shutil.rmtree(own_library / name)
    generation = rebuild(own_library, index=index, store=server).generation
    with connect(server) as client:
        name = f"refdesk-{generation}-units"
        client.get_collection(name, embedding_function=None).delete(ids=["3"])
        with pytest.raises(IndexDamagedError, match="vectors are stored, not"):
            verify_current(index)
        client.delete_collection(name)
    with pytest.raises(StoreError, match="--store"):
        open_index(index).search("honey")
    assert rebuild(own_library, index=index, full=True).generation > generation
    assert open_index(index).search("honey")


def test_a_server_that_is_gone_harms_nothing(own_library, own_index, capsys):
    generation = current_generation(own_index).name
    for store in ("http://127.0.0.1:9", "ftp://127.0.0.1", "http://127.0.0.1:9/path", "nonsense"):
        with pytest.raises(IndexingError, match="--store") as error:
            rebuild(own_library, index=own_index, store=store)
        assert "\n" not in str(error.value)
        assert current_generation(own_index).name == generation
    assert len(list((own_index / "generations").iterdir())) == 1
    assert run(["rebuild", str(own_library), "--index", str(own_index), "--store", "cloud"]) == 1
    assert "CHROMA_API_KEY" in capsys.readouterr().err


def test_a_reader_is_told_when_the_server_stops(library, tmp_path):
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    process = start(tmp_path / "chroma", port)
    try:
        rebuild(library, index=tmp_path / "index", store=f"http://127.0.0.1:{port}")
        opened = open_index(tmp_path / "index")
        expected = opened.search("honey")
        process.kill()
        process.wait()
        with pytest.raises(StoreError, match="see that it runs"):
            opened.search("honey")
        process = start(tmp_path / "chroma", port)
        assert opened.search("honey") == expected
    finally:
        process.kill()
        process.wait()
