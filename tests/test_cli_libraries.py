"""`refdesk chat --library NAME=FOLDER`: names, folders, and where all that is of each is kept."""

from __future__ import annotations

import pytest

from index.generation import current_generation
from qa.cli.app import run
from qa.passwords import Users


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("REFDESK_INDEX", str(tmp_path / "data" / "index"))
    for name in ("ports", "mills"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "text.md").write_text(f"# {name}\n\nThe {name} were built in 1911.\n")
    return tmp_path


@pytest.fixture
def launched(monkeypatch):
    """What is served, in place of serving it."""
    calls = []
    monkeypatch.setattr("qa.web.launch", lambda **options: calls.append(options))
    return calls


def failed(capsys, *arguments):
    assert run(["chat", "--no-browser", *map(str, arguments)]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("refdesk: error: ") and err.count("\n") == 1
    return err


def library(home, name, folder=None):
    return ["--library", f"{name}={home / (folder or name)}"]


def test_each_library_has_a_place_of_its_own(home, launched):
    for _ in range(2):  # the second time the indexes are there
        chat = ["chat", "--no-browser", *library(home, "ports"), *library(home, "mills")]
        assert run(chat) == 0
        served = launched.pop()["libraries"]
        assert [one.name for one in served] == ["ports", "mills"]
        for one in served:
            place = home / "data" / "libraries" / one.name
            assert (one.folder, one.index) == (home / one.name, place / "index")
            assert one.conversations == place / "conversations.db"
            assert current_generation(one.index).is_dir()
    assert not (home / "data" / "index").exists()


def test_one_library_without_a_name_is_where_it_was(home, launched, monkeypatch):
    monkeypatch.setenv("REFDESK_LIBRARY", str(home / "ports"))
    monkeypatch.setenv("REFDESK_CONVERSATIONS", str(home / "kept.db"))
    assert run(["chat", "--no-browser"]) == 0
    [one] = launched[0]["libraries"]
    assert (one.name, one.folder, one.index) == ("", home / "ports", home / "data" / "index")
    assert one.conversations == home / "kept.db"
    assert not (home / "data" / "libraries").exists()


@pytest.mark.parametrize(
    "name",
    ["", "a b", "a/b", "..", ".", "a.b", "-a", "_a", "ä", "a%2fb", "a?b", "a\nb", "x" * 41,
     "library", "V1", "login", "fonts", "gradio_api"],
)  # fmt: skip
def test_a_name_that_is_no_part_of_an_address_is_refused(home, launched, capsys, name):
    said = failed(capsys, *library(home, name, "ports"))
    assert "no library can be called" in said and "letters, digits" in said
    assert not launched and not (home / "data").exists()


def test_no_two_libraries_have_one_name(home, launched, capsys):
    said = failed(capsys, *library(home, "ports"), *library(home, "Ports", "mills"))
    assert "two libraries are called Ports" in said
    assert not launched and not (home / "data").exists()


@pytest.mark.parametrize("given", ["ports=", "ports", "ports=nowhere"])
def test_a_folder_that_is_not_there_is_named(home, launched, capsys, given):
    said = failed(capsys, *library(home, "mills"), "--library", given)
    assert "no folder" in said and "--library ports=FOLDER" in said
    assert not launched and not (home / "data").exists()


def test_one_index_cannot_be_named_for_several(home, launched, capsys):
    said = failed(capsys, *library(home, "ports"), "--index", home / "other")
    assert "leave out --index" in said and not launched


def test_a_name_does_not_serve_the_index_of_another_folder(home, launched, capsys):
    assert run(["chat", "--no-browser", *library(home, "ports")]) == 0
    capsys.readouterr()
    said = failed(capsys, *library(home, "ports", "mills"))
    assert f"the index of ports is of {home / 'ports'}" in said and len(launched) == 1
    command = said.partition("`")[2].partition("`")[0].split()
    assert run(command[1:]) == 0
    assert run(["chat", "--no-browser", *library(home, "ports", "mills")]) == 0


def test_what_a_curator_copied_the_starter_library_to_is_served(home, launched):
    assert run(["chat", "--no-browser", *library(home, "ports")]) == 0
    place = home / "data" / "libraries" / "ports"
    (home / "ports").rename(place / "library")
    assert run(["rebuild", str(place / "library"), "--index", str(place / "index")]) == 0
    (home / "ports").mkdir()
    assert run(["chat", "--no-browser", *library(home, "ports")]) == 0
    assert launched[-1]["libraries"][0].folder == place / "library"


def test_each_is_watched_where_that_is_asked_for(home, launched, monkeypatch):
    watched = []
    monkeypatch.setattr(
        "qa.cli.watching.keep_up", lambda folder, index, stop: watched.append((folder, index))
    )
    chat = ["chat", "--no-browser", "--watch", *library(home, "ports"), *library(home, "mills")]
    assert run(chat) == 0
    served = launched[0]["libraries"]
    assert sorted(watched) == sorted((one.folder, one.index) for one in served)


def test_a_curator_is_one_of_the_libraries_that_are_named(home, monkeypatch, capsys):
    users = home / "users.txt"
    monkeypatch.setattr("qa.cli.user.typer.prompt", lambda *_, **__: "correct horse")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    user = ["user", "ada", "--auth", str(users)]
    assert run([*user, "--library", "ports"]) == 1
    assert "add --curator" in capsys.readouterr().err
    assert run([*user, "--curator", "--library", "a/b"]) == 1
    assert "no library can be called" in capsys.readouterr().err
    assert not users.exists()
    assert run([*user, "--curator", "--library", "ports", "--library", "mills"]) == 0
    found = Users(users)
    assert [found.may_curate("ada", name) for name in ("ports", "mills", "seas", "")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert run([*user, "--curator"]) == 0
    assert found.may_curate("ada", "seas") and found.may_curate("ada")
