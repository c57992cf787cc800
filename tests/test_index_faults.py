"""Rebuilds that are killed, or whose writes fail, at chosen moments: what was served goes on.

A process loads the model once and is forked for each moment. Moments are counted in what Python
tells its audit hooks: files and databases opened, renamed and removed, processes started.
"""

import os
import signal
import subprocess
import sys

import pytest

from index import open_index, rebuild
from index.generation import complete_generations, current_generation

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

SCRIPT = """
import errno, os, shutil, signal, sys
from pathlib import Path
from index import IndexingError, rebuild
from index.build.rebuild import load_embedder, BUNDLED_MODEL
import index.store

library, template, work, step = sys.argv[1:]
load_embedder(BUNDLED_MODEL)
EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "sqlite3.connect", "subprocess.Popen")
index, count, limit, busy = "", 0, 0, False

def strike(event, arguments):
    global count, busy
    if event not in EVENTS or busy or not index:
        return
    busy = True  # what the hook does itself does not count
    told = " ".join(map(str, arguments))
    writes = event != "open" or set("wa+") & set(str(arguments[1]))
    if index in told and writes:
        count += 1
        if count == limit:
            if fault == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            busy = False
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    busy = False

def attempt(number):
    global index, limit
    target = f"{work}/{fault}/{number}"
    shutil.copytree(template, target)
    index, limit = target, number
    sys.addaudithook(strike)
    try:
        rebuild(library, index=target)
    except IndexingError as error:
        return 1 if "No space left" in str(error) and chr(10) not in str(error) else 2
    return 0 if count < limit else 3

for fault in ("kill", "full"):
    for number in range(1, 1000, int(step)):
        child = os.fork()
        if not child:
            code = 4
            try:
                code = attempt(number)
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(fault, number, code, flush=True)
        if code == 0:
            break
"""


# Every moment, in a few minutes: REFDESK_TEST_STEP=1 pytest tests/test_index_faults.py
STEP = int(os.environ.get("REFDESK_TEST_STEP", "12"))
SERVED, FAILED, WORKED_AROUND = 0, 1, 3


@pytest.fixture(scope="module")
def struck(tmp_path_factory):
    """The library, and for each fault the index of each moment with how its rebuild ended."""
    folder = tmp_path_factory.mktemp("faults")
    note = folder / "library/note.txt"
    note.parent.mkdir()
    note.write_text("The first version.")
    # Beside so much the note is little, and its store is changed in a copy.
    rest = " ".join(f"Buoy {number} of the bay is green." for number in range(100))
    (note.parent / "rest.txt").write_text(rest)
    rebuild(note.parent, index=folder / "index")
    note.write_text("The second version.")
    arguments = [note.parent, folder / "index", folder / "work", STEP]
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert result.returncode == 0, result.stderr
    ended = {"kill": {}, "full": {}}
    for fault, number, code in map(str.split, result.stdout.splitlines()):
        ended[fault][folder / "work" / fault / number] = int(code)
    assert min(map(len, ended.values())) > 40 / STEP
    counts = f"moments: {len(ended['kill'])} kills, {len(ended['full'])} failing writes"
    sys.stdout.write(f"\n{counts}\n")  # for benchmarks/faults.py
    return note.parent, ended


def served(index):
    return open_index(index).search("version")[0].text


def test_a_rebuild_that_is_killed_leaves_what_was_served(struck):
    library, ended = struck
    *killed, last = ended["kill"].values()
    assert (set(killed), last) == ({-signal.SIGKILL}, SERVED)
    texts = []
    for index in ended["kill"]:
        texts.append(served(index))
        report = rebuild(library, index=index)
        assert served(index) == "The second version."
        assert report.generation == current_generation(index).name
        assert sorted((index / "generations").iterdir()) == complete_generations(index)
        assert not (index / "LOCK.pid").exists()
    # First the old one, and from some moment on the new one.
    assert texts == sorted(texts)
    assert set(texts) == {"The first version.", "The second version."}


def test_a_rebuild_whose_writes_fail_says_so_and_leaves_what_was_served(struck):
    library, ended = struck
    for index, code in ended["full"].items():
        if code == FAILED:
            assert served(index) == "The first version."
            assert len(list((index / "generations").iterdir())) == 1
            assert not (index / "LOCK.pid").exists()
        else:
            assert code in (SERVED, WORKED_AROUND)
            assert served(index) == "The second version."
    assert list(ended["full"].values()).count(FAILED) > 30 / STEP
    rebuild(library, index=index)
    assert served(index) == "The second version."
