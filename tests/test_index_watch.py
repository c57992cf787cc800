"""Watching a library: what counts as a change, and what a rebuild that fails does not stop."""

from pathlib import Path
from threading import Event

import pytest

from index.build import watch
from index.build.watch import concerns, settled
from index.errors import IndexBusyError, LibraryShrankError
from qa.cli import watching
from sources import LibraryNotFoundError


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("/l/a.md", True), ("/l/deep/a.pdf.yaml", True), ("/l/questions.jsonl", True),
        ("/l/.adding-x/a.md", False), ("/l/~$a.docx", False), ("/l/index/x.bin", False),
        ("/m/a.md", False),
    ],
)  # fmt: skip
def test_what_counts_as_a_change(path, counts):
    assert concerns(Path(path), Path("/l"), Path("/l/index")) is counts


def test_a_library_of_one_file_is_that_file_and_its_sidecar():
    for path, counts in (("/l/a.pdf", True), ("/l/a.pdf.yaml", True), ("/l/b.pdf", False)):
        assert concerns(Path(path), Path("/l/a.pdf"), Path("/x")) is counts


def test_a_change_is_told_and_a_stop_ends_it(tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    stop = Event()
    found = settled(library, tmp_path / "index", stop=stop, quiet_ms=50)
    assert next(found) is False  # it watches from here on
    (library / "a.md").write_text("The works began.")
    while not next(found):
        pass
    stop.set()
    assert not any(found)


def test_a_library_that_is_not_there_is_told(tmp_path):
    with pytest.raises(LibraryNotFoundError, match="is not there"):
        settled(tmp_path / "none", tmp_path / "index")


class Report:
    generation = "7"
    added, updated, removed, unchanged = ("a",), (), (), ("b", "c")
    skipped = ()


def test_it_rebuilds_first_and_after_changes_and_goes_on_after_errors(
    tmp_path, monkeypatch, capsys
):
    outcomes = [IndexBusyError("busy"), Report(), LibraryShrankError("half is lost"), Report()]
    built = []

    def build(library, index):
        built.append(library)
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(watching, "build", build)
    changes = [False, False, False, True, False, True]  # the second try as another was busy
    monkeypatch.setattr(watch, "settled", lambda library, index, stop: iter(changes))
    watching.keep_up(tmp_path, tmp_path / "index")
    assert len(built) == 4
    assert capsys.readouterr().err.splitlines() == [
        "serving 7: 1 added, 2 unchanged; waiting for changes",
        "not rebuilt: half is lost",
        "serving 7: 1 added, 2 unchanged; waiting for changes",
    ]


def test_an_interrupt_ends_it_quietly(tmp_path, monkeypatch, capsys):
    def interrupted(library, index):
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "build", interrupted)
    monkeypatch.setattr(watch, "settled", lambda library, index, stop: iter([False]))
    watching.watch(tmp_path, tmp_path / "index")
    assert capsys.readouterr() == ("", "")


def test_beside_the_chat_it_ends_with_it(tmp_path, monkeypatch, capsys):
    built = Event()
    monkeypatch.setattr(watching, "build", lambda library, index: built.set() or Report())
    with watching.watching(tmp_path, tmp_path / "index"):
        assert built.wait(60)
    with watching.watching(tmp_path / "none", tmp_path / "index"):
        pass
    assert "not watching: the library" in capsys.readouterr().err
