"""Faults that an index must survive, and how often it did.

    python tests/benchmarks/faults.py [--kills N]

After each fault the last good generation must answer as before, the process must live, and a rerun
must succeed. A line is printed for each kind of fault; the exit status is 1 if one was not
survived. Each kind runs in a process forked from this one, which loads the model and never opens
Chroma: its threads do not outlive a fork.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # a process with threads is not forked

import index.build.rebuild as build
import index.build.write as write
from index import IndexingError, IndexNotFoundError, open_index, rebuild
from index.embedding import load_embedder
from index.file_check import CHECKED
from index.generation import Manifest, complete_generations, current_generation
from index.opened import Index

QUERY = "Which version is it?"
ROOT = Path(__file__).parent.parent.parent


class Trial:
    """A library of a few sources, and an index of its first version; the second one is due."""

    template: Path

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="refdesk-faults-"))
        self.library, self.index = self.folder / "library", self.folder / "index"
        shutil.copytree(self.template, self.index)
        write_library(self.library)
        self.version(2)

    def version(self, number: int) -> None:
        (self.library / "note.txt").write_text(f"Version {number} of the note.")

    def served(self) -> str:
        return open_index(self.index).search(QUERY, k=1)[0].text

    def is_sound(self, served: str) -> bool:
        """Whether `served` is served, and a rerun succeeds and leaves nothing behind."""
        if self.served() not in (served, "Version 2 of the note."):
            return False
        report = rebuild(self.library, index=self.index)
        folders = sorted((self.index / "generations").iterdir())
        return (
            self.served() == (self.library / "note.txt").read_text()
            and current_generation(self.index).name == report.generation
            and folders == complete_generations(self.index)
            and not (self.index / "LOCK.pid").exists()
        )

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def write_library(library: Path) -> None:
    library.mkdir()
    for number in range(4):
        (library / f"other {number}.txt").write_text(f"Lake {number} is deep. " * 20)
    (library / "note.txt").write_text(FIRST)


FIRST = "Version 1 of the note."


def forked(run: Callable[[], object]) -> int:
    child = os.fork()
    if not child:
        code = 1
        with suppress(BaseException):
            run()
            code = 0
        os._exit(code)
    return child


def killed_at_random(kills: int) -> tuple[int, int, str]:
    trial = Trial()
    started = time.monotonic()
    os.waitpid(forked(lambda: rebuild(trial.library, index=trial.index)), 0)
    usual = time.monotonic() - started
    trial.close()
    chance = random.Random(4)
    trials = [Trial() for _ in range(kills)]
    struck = 0
    for trial in trials:
        child = forked(lambda trial=trial: rebuild(trial.library, index=trial.index))
        time.sleep(chance.uniform(0, usual * 1.1))
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        struck += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    sound = sum(trial.is_sound(FIRST) for trial in trials)
    for trial in trials:
        trial.close()
    return kills, sound, f"{struck} died before they were done"


STEPS = ("load_sources", "write_generation", "verify_apart", "sync_tree", "set_current", "prune")
# Of these the moments are in writing: when the old store is copied, and when the copy is changed.
WRITING = ("copy_store", "create_store", "seal", "hash_files")
STAGES = ("reading", "embedding", "storing", "verifying", "asking")


def killed_at_each_step() -> tuple[int, int, str]:
    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def around(name: str, before: bool) -> None:
        module = write if name in WRITING else build
        original = getattr(module, name)

        def struck(*arguments: object, **named: object) -> object:
            if before:
                die()
            original(*arguments, **named)
            die()
            return None

        setattr(module, name, struck)

    def at_step(trial: Trial, name: str, before: bool) -> None:
        around(name, before)
        rebuild(trial.library, index=trial.index)

    def at_stage(trial: Trial, name: str, last: bool) -> None:
        def tell(stage: str, done: int, total: int) -> None:
            if stage == name and (not last or done == total):
                die()

        def ask(before: object, after: object, progress: Callable[[int, int], None]) -> object:
            progress(0, 1)
            progress(1, 1)
            raise AssertionError

        ask.fingerprint = ""  # type: ignore[attr-defined]
        rebuild(trial.library, index=trial.index, progress=tell, golden=ask)  # type: ignore[arg-type]

    moments = [(at_step, name, flag) for name in STEPS + WRITING for flag in (True, False)]
    moments += [(at_stage, name, flag) for name in STAGES for flag in (True, False)]
    trials = [Trial() for _ in moments]
    died = []
    for trial, (run, name, flag) in zip(trials, moments, strict=True):
        child = forked(lambda run=run, trial=trial, name=name, flag=flag: run(trial, name, flag))
        died.append(os.WIFSIGNALED(os.waitpid(child, 0)[1]))
    sound = [trial.is_sound(FIRST) for trial in trials]
    for trial in trials:
        trial.close()
    said = "before and after " + ", ".join(STEPS + WRITING + STAGES)
    return len(trials), sum(map(min, zip(died, sound, strict=True))), said


def each_write_fails() -> tuple[int, int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    environment = os.environ | {"REFDESK_TEST_STEP": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "-s", str(ROOT / "tests/test_index_faults.py")],
        env=environment, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    counts = [line for line in done.stdout.splitlines() if line.startswith("moments:")]
    said = counts[0].removeprefix("moments: ") if counts else done.stdout[-300:]
    tried = sum(int(word) for word in said.replace(",", " ").split() if word.isdecimal())
    return tried or 1, tried if done.returncode == 0 and tried else 0, said


def disk_full() -> tuple[int, int, str]:
    sound = tried = 0
    trial = Trial()
    disk = trial.folder / "disk"
    disk.mkdir()
    # A file, or a folder, takes whole pages.
    used = sum(-(-path.stat().st_size // 4096) * 4096 for path in trial.index.rglob("*"))
    for more in range(100_000, 3_000_000, 290_000):
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={used + more}", "tmpfs", str(disk)],
            capture_output=True,
        )
        if mounted.returncode:
            return 0, 0, "skipped: a small disk can only be made by root"
        try:
            shutil.copytree(trial.index, disk / "index")
            ended = "done"
            try:
                rebuild(trial.library, index=disk / "index")
            except IndexingError as error:
                ended = "refused" if "make room" in str(error) else f"odd: {error}"
            text = open_index(disk / "index").search(QUERY, k=1)[0].text
            tried += 1
            sound += (ended, text) in (
                ("refused", FIRST),
                ("done", "Version 2 of the note."),
            )
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=False)
    trial.close()
    return tried, sound, f"disks of {tried} sizes, until a rebuild fits"


def four_threads() -> tuple[int, int, str]:
    trial = Trial()
    opened = open_index(trial.index)
    asked, wrong = [0] * 4, []
    stop = threading.Event()

    def ask(number: int) -> None:
        while not stop.is_set():
            generation = opened.generation
            hit = generation.search(QUERY, k=1)[0]
            if generation.source(hit.chunk.source_id).text != hit.text:
                wrong.append(hit.text)
            asked[number] += 1

    threads = [threading.Thread(target=ask, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    late = 0.0
    for number in range(2, 8):
        trial.version(number)
        rebuild(trial.library, index=trial.index)
        swapped = time.monotonic()
        while str(number) not in opened.search(QUERY, k=1)[0].text:
            time.sleep(0.01)
        late = max(late, time.monotonic() - swapped)
    stop.set()
    for thread in threads:
        thread.join()
    trial.close()
    said = f"during 6 rebuilds; each was seen within {late:.2f} s"
    return sum(asked), sum(asked) - len(wrong), said


def two_at_once() -> tuple[int, int, str]:
    code = (
        "import sys; from index import *; from index.embedding import load_embedder\n"
        "load_embedder()\n"
        "try: rebuild(sys.argv[1], index=sys.argv[2]); print('done')\n"
        "except IndexBusyError as error: print('busy' if 'process ' in str(error) else error)"
    )
    sound = busy = 0
    for _ in range(5):
        trial = Trial()
        command = [sys.executable, "-c", code, str(trial.library), str(trial.index)]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        both = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
            for _ in range(2)
        ]
        said = sorted(process.communicate()[0].strip() for process in both)
        busy += said == ["busy", "done"]
        sound += said in (["busy", "done"], ["done", "done"]) and trial.is_sound(FIRST)
        trial.close()
    return 5, sound, f"{busy} times the second was told that it is busy"


def files_spoilt() -> tuple[int, int, str]:
    trial = Trial()
    rebuild(trial.library, index=trial.index)
    folder = current_generation(trial.index)
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != CHECKED]
    running = open_index(trial.index)
    sound = tried = 0

    def flip(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0x10
        path.write_bytes(content)

    spoil: tuple[Callable[[Path], object], ...] = (
        lambda path: os.truncate(path, path.stat().st_size // 2),
        flip,
        lambda path: path.unlink(),
    )
    for path in files:
        content = path.read_bytes()
        for damage in spoil:
            damage(path)
            tried += 1
            sound += trial.served() == FIRST  # the older one, in this very process
            path.write_bytes(content)
    alive = running.search(QUERY, k=1)[0].text == "Version 2 of the note."
    rebuilt = trial.is_sound("Version 2 of the note.")
    trial.close()
    return tried, sound if alive and rebuilt else 0, f"{len(files)} files cut, flipped, removed"


def pointers_and_paths() -> tuple[int, int, str]:
    checks: list[bool] = []
    for content in (None, b"", b"garbage", b"..", b"\xff\xfe", b"\0" * 9):
        trial = Trial()
        pointer = trial.index / "CURRENT"
        pointer.unlink()
        if content is not None:
            pointer.write_bytes(content)
        checks.append(trial.served() == FIRST and trial.is_sound(FIRST))
        trial.close()
    trial = Trial()
    with suppress(IndexNotFoundError):
        open_index(trial.folder / "none")
        checks.append(False)
    checks.append(not (trial.folder / "none").exists())
    # An index of an older schema says so, and is built anew from the library that it names.
    folder = current_generation(trial.index)
    replace(Manifest.read(folder), schema=1).write(folder)
    (folder / "candidate.json").replace(folder / "manifest.json")
    try:
        open_index(trial.index)
        checks.append(False)
    except IndexingError as error:
        checks.append("refdesk rebuild" in str(error))
    rebuild(trial.library, index=trial.index)
    checks.append(trial.served() == "Version 2 of the note.")
    trial.close()
    return len(checks), sum(checks), "pointer gone or garbage, no index, an older schema"


def another_model() -> tuple[int, int, str]:
    from index.embedding import Embedder, Vectors

    trial = Trial()
    mine = load_embedder()

    class Other(Embedder):
        """Of the same name and dimension, but it turns every vector round."""

        def embed(self, texts: Sequence[str], progress: Any = None) -> Vectors:
            return mine.embed(texts)[:, ::-1]

    try:
        Index(trial.index, embedder=Other(mine.name, mine._model)).search(QUERY)
        refused = False
    except IndexingError as error:
        refused = "refdesk rebuild" in str(error)
    sound = trial.is_sound(FIRST)
    trial.close()
    return 1, int(refused and sound), "of the same name and dimension"


def twenty_rebuilds() -> tuple[int, int, str]:
    trial = Trial()
    opened = open_index(trial.index)
    sizes, memory, handles = [], [], []
    sound = 0
    for number in range(20):
        trial.version(number)
        rebuild(trial.library, index=trial.index)
        sound += opened.search(QUERY, k=1)[0].text == f"Version {number} of the note."
        sizes.append(sum(p.stat().st_size for p in trial.index.rglob("*") if p.is_file()))
        status = Path("/proc/self/status").read_text()
        memory.append(int(status.split("VmRSS:")[1].split()[0]) // 1024)
        handles.append(len(list(Path("/proc/self/fd").iterdir())))
    trial.close()
    bounded = max(sizes[3:]) < 1.2 * sizes[3] and handles[-1] - handles[3] < 15
    said = (
        f"disk {sizes[3] / 1e6:.2f} to {max(sizes[3:]) / 1e6:.2f} MB, memory {memory[3]} to "
        f"{memory[-1]} MB, handles {handles[3]} to {handles[-1]}"
    )
    return 20, sound if bounded else 0, said


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--only", default="", help="the name of one kind of fault")
    arguments = parser.parse_args()
    logging.disable()  # what is logged of each fault is not for here
    load_embedder().embed_query("warm")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_library(folder / "library")
        Trial.template = folder / "index"
        apart(lambda: rebuild(folder / "library", index=folder / "index").generation)
        return run_all(arguments.kills, arguments.only)


def run_all(kills: int, only: str) -> int:
    kinds: dict[str, Callable[[], tuple[int, int, str]]] = {
        "killed at a random moment": lambda: killed_at_random(kills),
        "killed at a named step": killed_at_each_step,
        "killed, or starved, at each write": each_write_fails,
        "disk full": disk_full,
        "answers of four threads": four_threads,
        "two rebuilds at once": two_at_once,
        "a file spoilt": files_spoilt,
        "pointers and paths": pointers_and_paths,
        "another model": another_model,
        "rebuilds in a row": twenty_rebuilds,
    }
    failed = 0
    for name, run in kinds.items():
        if only in name:
            tried, sound, said = apart(run)
            failed += sound != tried
            print(f"{name:<36}{tried:>6} tried {sound:>6} survived  {said}", flush=True)
    return 1 if failed else 0


def apart(run: Callable[[], object]) -> Any:
    """What `run` returns in a fork of this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, json.dumps(run()).encode())
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as told:
        text = told.read()
    os.waitpid(child, 0)
    return json.loads(text or '[1, 0, "it broke off"]')


if __name__ == "__main__":
    raise SystemExit(main())
