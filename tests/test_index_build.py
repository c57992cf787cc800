"""Rebuilding: what is reported, reused, kept and pruned, and what a failure leaves behind."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from index import (
    IndexBusyError,
    IndexingError,
    IndexNotFoundError,
    LibraryShrankError,
    ModelError,
    open_index,
    rebuild,
    rollback,
)
from index.build.lock import KEPT_GENERATIONS
from index.build.verify import verify_current, verify_generation
from index.chunking import split_units
from index.generation import Manifest, complete_generations, current_generation
from sources import SourceError


def contents(folder):
    """Every file but the note of who last wrote, which a failed write may leave."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "LOCK.pid"]
    return {path.relative_to(folder): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def tiny_built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "library").mkdir()
    (folder / "library/note.txt").write_text("Version 1 of the note.")
    rebuild(folder / "library", index=folder / "index")
    return folder


@pytest.fixture
def tiny(tiny_built, tmp_path):
    """A library of one short source, and its index."""
    shutil.copytree(tiny_built, tmp_path / "tiny")
    return tmp_path / "tiny/library", tmp_path / "tiny/index"


def test_a_report_tells_what_changed_and_only_that_is_embedded(own_library, own_index):
    opened = open_index(own_index)
    harbour = own_library / "ports/harbour.md"
    harbour.write_text(harbour.read_text().replace("standing: news", "standing: government"))
    canal = own_library / "ports/canal.md"
    canal.write_text(canal.read_text() + "\nA new lock was opened in 1950.\n")
    (own_library / "moved").mkdir()
    (own_library / "quiet.txt").rename(own_library / "moved/quiet.txt")
    (own_library / "new.txt").write_text("Whales pass the cape in June.")
    (own_library / "binary.txt").write_bytes(b"\0\1\2")
    (own_library / "latin.txt").write_bytes("Zürich".encode("latin-1"))

    report = rebuild(own_library, index=own_index)
    assert report.added == ("moved/quiet", "new")
    assert report.updated == ("ports/canal", "ports/harbour")
    assert report.removed == ("quiet",)
    assert len(report.unchanged) == 7
    assert [path for path, _ in report.skipped] == ["binary.txt", "latin.txt"]
    # One sentence and the window around it in each of canal and new, and the section of canal that
    # begins with it; nothing for the rest.
    assert report.embedded == 5
    assert report.to_dict()["skipped"][0][0] == "binary.txt"
    assert report.chunks == opened.generation.manifest.windows
    assert report.generation == opened.generation.name
    assert report.seconds > 0

    assert opened.source("ports/harbour").standing == "government"
    assert opened.search("When do whales pass?")[0].chunk.source_id == "new"
    assert opened.search("trims a lamp", k=1)[0].chunk.source_id == "moved/quiet"


def test_what_is_reused_answers_as_what_is_embedded_anew(own_library, own_index):
    (own_library / "lighthouses.txt").unlink()
    assert rebuild(own_library, index=own_index).removed == ("lighthouses",)
    before = open_index(own_index)
    queries = ["lighthouse", "茶叶", "observatory", "ferry"]
    expected = [before.search(query) for query in queries]
    (own_library / "quiet.txt.yaml").write_text("publisher: The Lamp")
    again = rebuild(own_library, index=own_index)
    assert (again.embedded, again.updated) == (0, ("quiet",))
    assert [open_index(own_index).search(query) for query in queries] == expected
    anew = rebuild(own_library, index=own_index, full=True)
    assert anew.embedded > 20
    assert len(anew.unchanged) == 9
    assert anew.generation > again.generation
    for query, hits in zip(queries, expected, strict=True):
        for hit, old in zip(open_index(own_index).search(query), hits, strict=True):
            assert (hit.chunk, hit.text) == (old.chunk, old.text)
            assert hit.score == pytest.approx(old.score, abs=0.05)  # batches round differently


def test_a_damaged_generation_lends_no_vectors(tiny):
    library, index = tiny
    next(current_generation(index).glob("vectors/*/data_level0.bin")).write_bytes(b"\xff" * 1000)
    assert rebuild(library, index=index).embedded == 2
    verify_current(index)


def slots(folder):
    """The slot of each unit by its source and offsets."""
    ids = list(Manifest.read(folder).sources)
    places = [
        (ids[unit["source"]], unit["start"], unit["end"]) for unit in np.load(folder / "units.npy")
    ]
    return dict(zip(places, np.load(folder / "unit-slots.npy").tolist(), strict=True))


def test_a_small_change_leaves_the_other_vectors_where_they_are(own_library, own_index):
    first = current_generation(own_index)
    quiet = own_library / "quiet.txt"
    quiet.write_text("A new keeper trims the lamp. " + quiet.read_text())
    (own_library / "notes/[draft] 1.md").unlink()
    rebuild(own_library, index=own_index)
    second = current_generation(own_index)
    before, after = slots(first), slots(second)
    assert set(before) - set(after)
    for place, slot in after.items():
        if place[0] != "quiet":
            assert before[place] == slot
    # The sentences that quiet.txt had moved, but kept their vectors; the new one has a new slot.
    had = {slot for place, slot in before.items() if place[0] == "quiet"}
    has = {slot for place, slot in after.items() if place[0] == "quiet"}
    assert has - had == {len(before)}
    assert had < has
    assert Manifest.read(second).slots["units"] == len(before) + 1
    for folder in (first, second):
        verify_generation(folder)


def test_after_many_changes_the_store_is_made_anew(own_library, own_index):
    notes = own_library / "notes.txt"
    filled = []
    for number in range(4):
        notes.write_text("\n\n".join(f"Note {number} {line} is new." for line in range(40)))
        rebuild(own_library, index=own_index)
        manifest = Manifest.read(current_generation(own_index))
        filled.append(manifest.slots["units"] - manifest.units)
    assert filled == [0, 40, 0, 40]
    opened = open_index(own_index)
    assert opened.search("Note 3 17", k=1)[0].chunk.source_id == "notes"


def test_other_code_takes_nothing_over_but_vectors(own_library, own_index, monkeypatch):
    monkeypatch.setattr("index.build.earlier.code_fingerprint", lambda: "of another version")
    (own_library / "quiet.txt").write_text("Seals sleep below.")
    split = []
    monkeypatch.setattr(
        "index.rows.split_units", lambda source: split.append(source.id) or split_units(source)
    )
    report = rebuild(own_library, index=own_index)
    assert len(split) == 10
    assert report.embedded == 1  # the window; the sentence was there


def test_where_nothing_has_changed_nothing_is_done(tiny):
    library, index = tiny
    (library / "scan.xyz").write_bytes(b"\0")
    first = rebuild(library, index=index)
    before = contents(index)
    again = rebuild(library, index=index)
    assert again.generation == first.generation
    assert (again.unchanged, again.skipped, again.chunks) == (("note",), first.skipped, 1)
    assert again.embedded == 0
    assert contents(index) == before
    for change in (
        lambda: (library / "scan.xyz").write_bytes(b"\0\1"),
        lambda: (library / "note.txt.yaml").write_text("title: A note"),
        lambda: next(current_generation(index).rglob("units.npy")).write_bytes(b""),
    ):
        change()
        assert rebuild(library, index=index).generation > again.generation
        again = rebuild(library, index=index)


def test_metadata_and_moves_embed_nothing(own_library, own_index):
    harbour = own_library / "ports/harbour.md"
    text = harbour.read_text().replace("title: The harbour of Oldport", "title: Oldport, its quays")
    harbour.write_text(text.replace("standing: news", "standing: academic"))
    (own_library / "asia").rename(own_library / "east")
    (own_library / "quiet.txt.yaml").write_text("title: The keeper of Morn\npublished: 2020")
    report = rebuild(own_library, index=own_index)
    assert report.updated == ("ports/harbour", "quiet")
    assert report.added == ("east/rice", "east/tea")
    assert report.embedded == 0
    opened = open_index(own_index)
    assert opened.source("quiet").title == "The keeper of Morn"
    # The title is searched by its words, the new one and not the old.
    assert opened.search("its quays", k=1)[0].chunk.source_id == "ports/harbour"


def test_progress_is_told_in_order(tiny):
    library, index = tiny
    (library / "note.txt").write_text("Version 2. It is longer.")
    told = []
    rebuild(library, index=index, progress=lambda *step: told.append(step))
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert stages == ["reading", "embedding", "storing", "verifying"]
    assert all(0 <= done <= total for _, done, total in told)
    done = [done for stage, done, _ in told if stage == "embedding"]
    assert done == sorted(done)
    for stage in stages:
        last = [step for step in told if step[0] == stage][-1]
        assert last[1] == last[2] > 0


def test_rollback_goes_back_one_and_a_later_rebuild_goes_on_from_there(tiny):
    library, index = tiny
    opened = open_index(index)

    def version(number):
        (library / "note.txt").write_text(f"Version {number} of the note.")
        return rebuild(library, index=index).generation

    def text():
        return opened.search("version")[0].text

    first = opened.generation.name
    version(2)
    assert text() == "Version 2 of the note."
    assert rollback(index) == first
    assert text() == "Version 1 of the note."
    with pytest.raises(IndexingError, match=r"no older generation.*refdesk rebuild"):
        rollback(index)
    third = version(3)
    assert text() == "Version 3 of the note."
    assert rollback(index) == first  # not to the second, which was rolled back from
    assert [folder.name for folder in complete_generations(index)] == [first]
    # What was rolled back from is served no more, but it still lends its vectors.
    fourth = rebuild(library, index=index)
    assert fourth.embedded == 0
    assert text() == "Version 3 of the note."
    assert {path.name for path in (index / "generations").iterdir()} == {first, fourth.generation}
    assert third not in (first, fourth.generation)


def test_rollback_passes_over_a_damaged_generation_and_mends_a_pointer(tiny):
    library, index = tiny
    first = current_generation(index).name
    second = rebuild(library, index=index, full=True).generation
    third = rebuild(library, index=index, full=True).generation
    for spoil in (lambda pointer: pointer.write_text("garbage"), Path.unlink):
        spoil(index / "CURRENT")
        assert rollback(index) == third
    (index / "generations" / second / "sources.db").write_bytes(b"")
    assert rollback(index) == first
    assert open_index(index).generation.name == first


def test_rollback_of_nothing_makes_nothing(tmp_path):
    with pytest.raises(IndexNotFoundError):
        rollback(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_many_rebuilds_keep_a_few_generations_and_no_handles(tiny):
    library, index = tiny
    opened = open_index(index)
    handles = []
    for number in range(6):
        (library / "note.txt").write_text(f"Version {number} of the note.")
        report = rebuild(library, index=index)
        assert str(number) in opened.search("version")[0].text
        if Path("/proc/self/fd").is_dir():
            handles.append(len(list(Path("/proc/self/fd").iterdir())))
    names = [folder.name for folder in (index / "generations").iterdir()]
    assert len(names) == KEPT_GENERATIONS
    assert max(names) == report.generation
    assert sorted(path.name for path in index.iterdir()) in (
        ["CURRENT", "LOCK", "generations"],
        ["CURRENT", "generations"],
    )
    assert max(handles[1:], default=0) - min(handles[1:], default=0) < 15  # Chroma closes later


def test_a_library_that_shrank_needs_force(own_library, own_index):
    for name in ("asia", "ports", "twins"):
        shutil.rmtree(own_library / name)
    before = contents(own_index)
    with pytest.raises(LibraryShrankError, match=r"6 of the 10 .*refdesk rebuild --force"):
        rebuild(own_library, index=own_index)
    assert contents(own_index) == before
    assert len(rebuild(own_library, index=own_index, force=True).removed) == 6


@pytest.mark.parametrize(
    "spoil",
    [
        lambda library: (library / "note.txt").unlink(),
        lambda library: (library / "note.txt").write_bytes(b"\xff\xfe\0"),
        lambda library: (library / "note.txt").write_text(" \u00a0 \n"),
        shutil.rmtree,
    ],
    ids=["no file", "not text", "blank", "no folder"],
)
def test_a_library_that_cannot_be_read_leaves_all_as_it_is(tiny, spoil):
    library, index = tiny
    before = contents(index)
    spoil(library)
    with pytest.raises(SourceError):
        rebuild(library, index=index)
    assert contents(index) == before
    assert open_index(index).search("version")[0].text == "Version 1 of the note."


def test_a_wrong_model_leaves_all_as_it_is(tiny, tmp_path):
    library, index = tiny
    before = contents(index)
    for where in (index, tmp_path / "new index"):
        with pytest.raises(ModelError, match="no/such/model"):
            rebuild(library, index=where, embedding_model="/no/such/model")
    assert contents(index) == before
    assert not (tmp_path / "new index").exists()


def test_an_index_where_a_file_stands_says_what_to_do(tiny, tmp_path):
    (tmp_path / "file").touch()
    for where in (tmp_path / "file", tmp_path / "file/index"):
        with pytest.raises(IndexingError, match=r"cannot be written.*--index") as error:
            rebuild(tiny[0], index=where)
        assert "\n" not in str(error.value)


@pytest.mark.skipif(os.name == "nt", reason="there are no such limits on Windows")
@pytest.mark.parametrize("size", [0, 600, 5000, 100_000, 180_000, 300_000])
def test_a_write_that_fails_leaves_what_was_served(tiny, size):
    import resource

    library, index = tiny
    (library / "note.txt").write_text("Version 2 of the note.")
    before = contents(index)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))  # no file may become larger
    try:
        with pytest.raises(IndexingError) as error:
            rebuild(library, index=index)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(error.value)
    assert contents(index) == before
    assert open_index(index).search("version")[0].text == "Version 1 of the note."


def test_a_second_rebuild_meanwhile_is_told_who_is_at_it(tiny):
    library, index = tiny
    (library / "note.txt").write_text("Version 2 of the note.")
    inside, go_on = threading.Event(), threading.Event()

    def wait(stage, done, total):
        if stage == "storing":
            inside.set()
            go_on.wait(60)

    thread = threading.Thread(
        target=rebuild, args=[library], kwargs={"index": index, "progress": wait}
    )
    thread.start()
    try:
        assert inside.wait(60)
        for write in (lambda: rebuild(library, index=index), lambda: rollback(index)):
            with pytest.raises(IndexBusyError, match=f"process {os.getpid()}"):
                write()
        assert open_index(index).search("version")
    finally:
        go_on.set()
        thread.join()
    assert len(complete_generations(index)) == 2


def test_verifying_does_not_mind_where_the_user_stands(tiny, tmp_path, monkeypatch):
    (tmp_path / "index").mkdir()
    (tmp_path / "index/__init__.py").write_text("raise SystemExit('the wrong package')")
    monkeypatch.chdir(tmp_path)
    assert verify_current(tiny[1]).units == 1


def test_verifying_runs_the_code_that_asks_for_it_also_where_nothing_is_installed(tiny, tmp_path):
    root = Path(__file__).parent.parent
    for package in ("index", "sources"):
        shutil.copytree(root / package, tmp_path / "checkout" / package)
    planted = tmp_path / "checkout/index/build/verify.py"
    planted.write_text("raise SystemExit('from the checkout')")
    code = f"from index.build.verify import verify_current; verify_current({str(tiny[1])!r})"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "checkout", capture_output=True, text=True
    )
    assert "from the checkout" in result.stderr.splitlines()[-1]


def test_front_matter_of_others_is_a_scope_and_is_named_once(tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    for name, shelf in (("a", "guide-a"), ("b", "guide-b"), ("c", "novel")):
        text = f"---\nshelf: {shelf}\ntags: [t{name}]\n---\nThe lock at {name} is deep.\n"
        (library / f"{name}.md").write_text(text)
    (library / "d.md").write_text("---\ntitle: [\n---\nThe weir is old.\n")
    report = rebuild(library, index=tmp_path / "index")
    again = rebuild(library, index=tmp_path / "index")
    assert [said for _, said in report.notes][1:] == [
        "unknown key 'shelf': kept as an extra field (in 3 files)"
    ]
    assert report.notes[0][0].startswith("d.md:")
    assert again.notes == report.notes
    opened = open_index(tmp_path / "index")
    found = {hit.chunk.source_id for hit in opened.search("lock", sources=["shelf=guide-*"])}
    assert found == {"a", "b"}
    found = {hit.chunk.source_id for hit in opened.search("lock", sources=["topics=tc"])}
    assert found == {"c"}
    assert {hit.chunk.source_id for hit in opened.search("weir")} > {"d"}
