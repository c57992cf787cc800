"""Backup and restore: all comes back, and nothing there is harmed before all is verified."""

from __future__ import annotations

import json
import os
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from index import open_index
from index.build.lock import writing
from index.build.verify import verify_generation
from index.errors import IndexBusyError, IndexDamagedError
from qa.backup import Places, back_up, restore
from qa.cli.app import run
from qa.errors import SettingError
from qa.passwords import Users, set_password

SETTINGS = {"REFDESK_MODEL": "ollama:llama3.2"}


@pytest.fixture(autouse=True)
def verified_here(monkeypatch):
    monkeypatch.setattr("qa.backup.verify_apart", verify_generation)


@pytest.fixture
def places(own_index, tmp_path):
    """An index with gaps, conversations that another program has open, and users."""
    found = Places(
        index=own_index, conversations=tmp_path / "talk.db", users=tmp_path / "users.txt"
    )
    set_password(found.users, "ada", "correct horse")
    (own_index / "audit.jsonl").write_text('{"act": "edit"}\n')
    tell(found.conversations, "first")
    tell(own_index / "gaps.db", "gap")
    return found


def tell(database, said):
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("CREATE TABLE IF NOT EXISTS told (said TEXT)")
        opened.execute("INSERT INTO told VALUES (?)", (said,))
        opened.commit()


def told(database):
    with closing(sqlite3.connect(database)) as opened:
        return [said for (said,) in opened.execute("SELECT said FROM told")]


def contents(folder):
    """All files below a folder, with what is in them."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("LOCK", "checked.json")
    }


def rewritten(file, change):
    """The archive with its files, as a dict by name, changed."""
    with zipfile.ZipFile(file) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    change(held)
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)


def test_all_comes_back_in_another_place(places, tmp_path, opened):
    with closing(sqlite3.connect(places.conversations)) as held:
        held.execute("PRAGMA journal_mode=WAL")
        held.execute("INSERT INTO told VALUES ('not yet in the file itself')")
        held.commit()
        made = back_up(tmp_path / "all.zip", places, SETTINGS)
    there = Places(
        index=tmp_path / "new" / "index",
        conversations=tmp_path / "new" / "talk.db",
        users=tmp_path / "new" / "users.txt",
    )
    found, before = restore(tmp_path / "all.zip", there)
    assert found == made and before == [] and found.settings == SETTINGS
    index = open_index(there.index)
    assert index.generation.name == opened.generation.name
    texts = [[hit.text for hit in one.search("dredged harbour", 3)] for one in (index, opened)]
    assert texts[0] == texts[1]
    assert told(there.conversations) == ["first", "not yet in the file itself"]
    assert told(there.index / "gaps.db") == ["gap"]
    assert (there.index / "audit.jsonl").read_text() == '{"act": "edit"}\n'
    assert Users(there.users).check("ada", "correct horse")
    if os.name != "nt":
        for file in (tmp_path / "all.zip", there.conversations, there.users):
            assert file.stat().st_mode & 0o077 == 0
    assert {one.name for one in (tmp_path / "new").iterdir()} == {"index", "talk.db", "users.txt"}


def test_what_stood_there_is_kept_beside(places, tmp_path):
    file = tmp_path / "all.zip"
    back_up(file, places, {})
    tell(places.conversations, "later")
    (places.index / "audit.jsonl").write_text("later\n")
    _, before = restore(file, places)
    assert told(places.conversations) == ["first"]
    assert [path.name.split(".before-")[0] for path in before] == ["index", "talk.db", "users.txt"]
    assert told(before[1]) == ["first", "later"]
    assert (before[0] / "audit.jsonl").read_text() == "later\n"
    assert open_index(before[0]).search("harbour") and open_index(places.index).search("harbour")


def flip(held):
    name = next(name for name in held if name.endswith("sources.db"))
    held[name] = held[name][:-1] + bytes([held[name][-1] ^ 1])


def relist(held, name, data):
    """Put a file in, and have the list name it as it is."""
    from hashlib import sha256

    sums = json.loads(held["backup.json"])
    sums["members"][name] = [len(data), sha256(data).hexdigest()]
    held["backup.json"] = json.dumps(sums).encode()
    held[name] = data


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (flip, SettingError),
        (lambda held: held.pop("users.txt"), SettingError),
        (lambda held: held.update({"index/more": b"x"}), SettingError),
        (lambda held: held.pop("backup.json"), SettingError),
        (lambda held: held.update({"backup.json": b"[]"}), SettingError),
        (lambda held: held.update({"backup.json": b'{"format": "other"}'}), SettingError),
        (lambda held: relist(held, "index/../../evil", b"x"), SettingError),
        (lambda held: relist(held, "/evil", b"x"), SettingError),
        (lambda held: relist(held, "conversations.db", b"not a database" * 99), SettingError),
        (lambda held: relist(held, "users.txt", b"root:x"), SettingError),
        (
            lambda held: relist(
                held, next(name for name in held if name.endswith("units.npy")), b"x"
            ),
            IndexDamagedError,
        ),
    ],
)
def test_a_damaged_or_forged_archive_harms_nothing(places, tmp_path, change, error):
    file = tmp_path / "all.zip"
    back_up(file, places, {})
    rewritten(file, change)
    before = contents(tmp_path)
    with pytest.raises(error) as caught:
        restore(file, places)
    assert "\n" not in str(caught.value)
    assert contents(tmp_path) == before


def test_what_breaks_off_in_the_end_is_undone(places, tmp_path, monkeypatch):
    file = tmp_path / "all.zip"
    back_up(file, places, {})
    before = contents(tmp_path)
    rename = Path.rename

    failed = []

    def fails(self, target):
        if Path(target) == places.users and not failed:  # the last of the three
            failed.append(self)
            raise OSError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(SettingError, match="nothing was restored"):
        restore(file, places)
    assert failed and contents(tmp_path) == before


def test_nothing_is_restored_during_a_rebuild(places, tmp_path):
    back_up(tmp_path / "all.zip", places, {})
    with writing(places.index), pytest.raises(IndexBusyError):
        restore(tmp_path / "all.zip", places)
    assert told(places.conversations) == ["first"]


def test_a_backup_that_cannot_be_made_leaves_the_last_one(places, tmp_path):
    file = tmp_path / "all.zip"
    back_up(file, places, {})
    before = file.read_bytes()
    places.conversations.write_bytes(b"not a database" * 99)
    with pytest.raises(SettingError, match="no backup was written"):
        back_up(file, places, {})
    assert file.read_bytes() == before
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".new")]


def test_the_commands(places, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("REFDESK_CONVERSATIONS", str(places.conversations))
    monkeypatch.setenv("REFDESK_MODEL", "ollama:llama3.2")
    file = tmp_path / "all.zip"
    named = [str(file), "--index", str(places.index), "--auth", str(places.users)]
    assert run(["backup", *named]) == 0
    tell(places.conversations, "later")
    monkeypatch.delenv("REFDESK_MODEL")
    assert run(["restore", *named]) == 0
    shown = capsys.readouterr().out
    assert "REFDESK_MODEL=ollama:llama3.2" in shown and ".before-" in shown
    assert told(places.conversations) == ["first"]
    assert run(["restore", str(places.users), "--index", str(places.index)]) == 1
    assert "no whole backup" in capsys.readouterr().err
