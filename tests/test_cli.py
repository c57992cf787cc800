"""The command line: what it writes where, its exit status, and what bad input gets."""

import importlib.util
import json
import os
import shlex
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from qa.cli.app import app, main, run
from qa.cli.terminal import clean, telling_progress
from qa.settings import VARIABLES

REFDESK = [sys.executable, "-c", "from qa.cli.app import main; main()"]
COMMANDS = (
    "chat ask report search rebuild watch status verify rollback sources add eval check gaps mcp "
    "backup restore user".split()
)
HARBOUR = """---
title: The harbour of Quillport
standing: government
publisher: Quillport Council
published: 2021-05-04
url: https://quillport.example/harbour
---
# Quay

The north quay of Quillport was rebuilt in 1954 after the great storm. Its crane lifts 40 tonnes.
"""
MILL = "The mill of Ostrander grinds rye twice a week. The miller keeps the keys of the granary."
# What a terminal would obey, and what rich would take for markup.
HOSTILE = (
    "The lantern of Brockhaven burns \x1b[31mwhale oil\x1b[0m [bold red]all night[/bold red] "
    "\x9b2Jlong \u202eagain[/]. The keeper trims it at dawn."
)


def refdesk(*arguments, **options):
    """The real command in a process of its own."""
    return subprocess.run(
        [*REFDESK, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A small library and its index, as (library, index)."""
    folder = tmp_path_factory.mktemp("cli")
    library = folder / "library"
    library.mkdir()
    (library / "harbour.md").write_text(HARBOUR)
    (library / "mill.txt").write_text(MILL)
    (library / "lantern.txt").write_text(HOSTILE)
    (library / "lantern.txt.yaml").write_text("title: 'Lantern [link=x]'\n")
    assert run(["rebuild", str(library), "--index", str(folder / "index")]) == 0
    return library, folder / "index"


@pytest.fixture(autouse=True)
def settings(built, monkeypatch):
    """No settings but the library and the index of the tests."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REFDESK_INDEX", str(built[1]))
    monkeypatch.setenv("REFDESK_GAPS", "off")


@pytest.fixture
def library(tmp_path):
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "good.txt").write_text(MILL)
    return folder


def failed(capsys, *arguments, status=1):
    """The one line that a command which fails writes to stderr."""
    assert run([str(argument) for argument in arguments]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("refdesk: error: ")
    assert err.count("\n") == 1
    return err


def succeeded(capsys, *arguments, status=0):
    """What a command writes to stdout."""
    assert run([str(argument) for argument in arguments]) == status
    return capsys.readouterr().out


def generation(index):
    return (index / "CURRENT").read_text().strip()


def test_every_command_has_help_with_an_example(capsys):
    assert [
        command.name or command.callback.__name__ for command in app.registered_commands
    ] == COMMANDS
    for name in COMMANDS:
        shown = succeeded(capsys, name, "--help")
        assert f"Example: refdesk {name}" in shown
        assert "--index" in shown or name == "user"


def test_help_is_light_and_is_what_no_arguments_show():
    heavy = "{'torch', 'chromadb', 'gradio', 'transformers', 'langchain', 'numpy'}"
    code = f"import sys; from qa.cli.app import run; run([]); assert not {heavy} & set(sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == refdesk("--help").stdout
    assert all(name in shown.stdout for name in COMMANDS)


def test_an_answer_for_a_person(capsys):
    shown = succeeded(capsys, "ask", "When was the north quay of Quillport rebuilt?")
    lines = shown.splitlines()
    assert lines[0].startswith("The north quay of Quillport was rebuilt in 1954")
    assert "[1]" in lines[0]
    assert any(
        "confidence: about " in line and "in 100 such answers are right" in line for line in lines
    )
    source = "[1] The harbour of Quillport · Quillport Council · 2021-05-04 · government"
    at = lines.index(source)
    assert lines[at + 1].strip() == (
        "“The north quay of Quillport was rebuilt in 1954 after the great storm.”"
    )
    assert lines[at + 2].strip().endswith(" https://quillport.example/harbour")
    assert not any("Understood as" in line for line in lines)


def test_an_answer_as_json(capsys, built):
    question = "When was the north quay of Quillport rebuilt?"
    found = json.loads(succeeded(capsys, "ask", question, "--json"))
    assert found["abstained"] is False
    first = found["citations"][found["sentences"][0]["citations"][0] - 1]
    body = HARBOUR.split("---\n")[2]
    assert body[first["start"] : first["end"]] == first["quote"]
    assert found["generation"] == generation(built[1])


def test_an_abstention_exits_3_with_the_nearest_passages(capsys):
    shown = succeeded(capsys, "ask", "Who won the chess olympiad?", status=3)
    assert shown.startswith("The sources do not answer this.")
    assert "Nearest passages" in shown
    assert "The harbour of Quillport" in shown
    as_json = refdesk("ask", "Who won the chess olympiad?", "--json")
    assert (as_json.returncode, as_json.stderr) == (3, "")
    assert len(json.loads(as_json.stdout)["nearest"]) == 3


def test_search(capsys):
    best, *_ = shown = succeeded(capsys, "search", "grinding rye", "-k", 2).splitlines()
    assert best == "1. mill · other"
    assert sum(line.startswith(("1. ", "2. ", "3. ")) for line in shown) == 2
    found = json.loads(succeeded(capsys, "search", "grinding rye", "--max-chars", 50, "--json"))
    assert [(hit["source_id"], hit["quote"]) for hit in found] == [("mill", MILL[:46])]
    only = json.loads(succeeded(capsys, "search", "rye", "--source", "h*", "--json"))
    assert {hit["source_id"] for hit in only} == {"harbour"}


def test_nothing_of_a_document_reaches_the_terminal_raw(capsys):
    for arguments in (
        ("ask", "What does the lantern of Brockhaven burn?", "--source", "lantern"),
        ("ask", "What does the lantern of Brockhaven burn?", "--source", "lantern", "--json"),
        ("search", "lantern"),
        ("sources",),
    ):
        shown = succeeded(capsys, *arguments)
        assert "Lantern [link=x]" in shown
        assert clean(shown) == shown
    # As text, not as markup
    assert "[bold red]all night[/bold red]" in succeeded(capsys, "search", "lantern")
    # JSON holds what the source says, escaped
    found = json.loads(succeeded(capsys, "search", "lantern", "--source", "lantern", "--json"))
    assert found[0]["quote"] == HOSTILE


def test_an_error_is_cleaned_too(capsys):
    assert "\x1b" not in failed(capsys, "ask", "x", "--source", "\x1b[31mred\nline")


def test_rebuild_reports_what_it_did(capsys, library, tmp_path):
    def rebuilt(*options):
        arguments = ("rebuild", library, "--index", tmp_path / "ix", "--json", *options)
        return json.loads(succeeded(capsys, *arguments))

    (library / "other.txt").write_text("Ducks winter on the pond.")
    assert rebuilt()["added"] == ["good", "other"]
    (library / "good.txt").write_text(MILL + " It is old.")
    (library / "other.txt").unlink()
    (library / "third.txt").write_text("Geese winter on the lake.")
    report = rebuilt()
    assert (report["added"], report["updated"], report["removed"]) == (
        ["third"],
        ["good"],
        ["other"],
    )
    shown = succeeded(capsys, "rebuild", library, "--full", "--index", tmp_path / "ix")
    lines = {line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1].strip() for line in
             shown.splitlines()}  # fmt: skip
    assert lines["unchanged"] == "2 good, third"
    assert lines["added"] == lines["skipped"] == "0"
    assert lines["generation"] == generation(tmp_path / "ix")


def test_status_verify_and_rollback(capsys, library, tmp_path):
    index = tmp_path / "ix"
    at = ("--index", index, "--json")
    succeeded(capsys, "rebuild", library, "--index", index)
    first = json.loads(succeeded(capsys, "status", *at))
    assert (first["sources"], first["sentences"], first["older"]) == (1, 2, [])
    assert Path(first["library"]) == library
    assert first["bytes"] == sum(p.stat().st_size for p in index.rglob("*") if p.is_file())
    (library / "good.txt").write_text("Ducks winter on the pond.")
    # Without a library, it is the one that the index was built from.
    succeeded(capsys, "rebuild", "--index", index)
    second = json.loads(succeeded(capsys, "status", *at))
    assert (second["sentences"], second["older"]) == (1, [first["generation"]])
    assert f"older {first['generation']}" in " ".join(
        succeeded(capsys, "status", "--index", index).split()
    )
    verified = json.loads(succeeded(capsys, "verify", *at))
    assert verified["verified"] == second["generation"]
    assert json.loads(succeeded(capsys, "rollback", *at)) == {"generation": first["generation"]}
    assert generation(index) == first["generation"]
    assert "no older generation" in failed(capsys, "rollback", "--index", index)
    damaged = index / "generations" / first["generation"] / "units.npy"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\xff")
    assert "refdesk rebuild" in failed(capsys, "verify", "--index", index)


def test_sources_lists_metadata_and_names_what_it_skips(capsys, built):
    (built[0] / "picture.svg").write_bytes(b"PNG")
    try:
        assert run(["sources", str(built[0])]) == 0
    finally:
        (built[0] / "picture.svg").unlink()
    out, err = capsys.readouterr()
    head, first, *_ = (line.split() for line in out.splitlines())
    assert head == ["id", "title", "standing", "publisher", "published"]
    assert (first[0], *first[-2:]) == ("harbour", "Council", "2021-05-04")
    assert err.startswith("skipped picture.svg: unsupported suffix")


def test_sources_lists_all_problems_of_the_metadata(capsys, library):
    (library / "a.md").write_text("---\ncolour: red\nstanding: rumour\n---\nText that ends.")
    (library / "b.md").write_text("---\npublished: yesterday\n---\nText that ends.")
    assert run(["sources", str(library), "--strict"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    *problems, last = err.splitlines()
    found = sorted(problem.split(" ")[0] for problem in problems)
    assert found == ["a.md:2:", "a.md:3:", "b.md:2:"]
    assert "3 problems" in last and str(library) in last


def test_eval_as_table_and_json(capsys, tmp_path):
    file = tmp_path / "questions.jsonl"
    lines = [
        {"question": "When was the north quay rebuilt?", "source": "harbour", "answers": ["1954"]},
        {"question": "Who won the chess olympiad?", "source": None, "answers": []},
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    out = tmp_path / "out.json"
    found = json.loads(succeeded(capsys, "eval", file, "--json", "--out", out))
    assert found["questions"] == 2
    assert found["measures"]["answers_that_contain_gold"] == {"value": 1.0, "of": 1}
    assert found["measures"]["wrong_quotes"]["value"] == 0
    assert [one["question"]["line"] for one in json.loads(out.read_text())["records"]] == [1, 2]
    shown = [line.split() for line in succeeded(capsys, "eval", file, "--limit", 1).splitlines()]
    assert ["answers", "that", "contain", "gold", "1.000", "1"] in shown
    file.write_text("{}")
    assert "questions.jsonl:1: 'question'" in failed(capsys, "eval", file)
    file.write_text(json.dumps(lines[0]))
    error = failed(capsys, "eval", file, "--out", tmp_path / "none" / "out.json")
    assert "name another file with --out" in error  # and it was not asked before that


def test_eval_reports_compares_and_calibrates(capsys, built, tmp_path):
    file, kept, page = (tmp_path / name for name in ("questions.jsonl", "run.json", "run.html"))
    line = {"question": "When was the north quay rebuilt?", "source": "harbour"}
    file.write_text(json.dumps(line | {"answers": ["1954"]}))
    succeeded(capsys, "eval", file, "--out", kept, "--report", page)
    assert page.read_text().startswith("<!doctype html>")
    # The run is read in place of questions, and is as good as it was.
    shown = succeeded(capsys, "eval", kept, "--compare", kept)
    assert "against the earlier run" in shown and "no clear difference" in shown
    found = json.loads(succeeded(capsys, "eval", kept, "--compare", kept, "--json"))
    assert found["comparison"]["questions"] == 1
    assert "is no run" in failed(capsys, "eval", kept, "--compare", file)
    assert "no questions are named" in failed(capsys, "eval")

    assert run(["eval", str(file), "--calibrate"]) == 1
    assert "1 answerable questions are too few" in capsys.readouterr().err
    records = json.loads(kept.read_text())
    right = records["records"][0]
    wrong = {"would_be_right": False, "shipped_confidence": 0.4}
    half = right | {"answered": right["answered"] | wrong}
    records["records"] = [right, half] * 40
    kept.write_text(json.dumps(records))
    shown = succeeded(capsys, "eval", kept, "--calibrate", "--false-refusals", "0.1")
    assert "calibrated on 80 questions" in shown and "calibration error" in shown
    status = json.loads(succeeded(capsys, "status", "--json"))
    assert status["calibration"]["false_refusals"] == 0.1
    assert "calibration is gone" in succeeded(capsys, "eval", "--reset-calibration")
    assert "there was no calibration" in succeeded(capsys, "eval", "--reset-calibration")
    assert json.loads(succeeded(capsys, "status", "--json"))["calibration"] is None


def test_an_answer_is_exported_too(capsys, tmp_path):
    question = "When was the north quay of Quillport rebuilt?"
    files = [tmp_path / name for name in ("a.md", "a.json", "a.bib", "a.csl.json")]
    options = [part for file in files for part in ("--export", file)]
    succeeded(capsys, "ask", question, *options)
    assert files[0].read_text().startswith(f"# {question}\n")
    assert json.loads(files[1].read_text())["answer"]["question"] == question
    assert files[2].read_text().startswith("@misc{harbour-2021,")
    assert json.loads(files[3].read_text())[0]["id"] == "harbour-2021"
    error = failed(capsys, "ask", question, "--export", tmp_path / "a.odt")
    assert "end its name in one of .md, .json" in error


def test_check(capsys, built, tmp_path):
    file = tmp_path / "answer.json"
    question = "When was the north quay of Quillport rebuilt?"
    succeeded(capsys, "ask", question, "--export", file)
    shown = [line.split() for line in succeeded(capsys, "check", file).splitlines()]
    assert shown[1][1:5] == ["[1]", "still", "says", "it"]
    assert shown[-1][:5] == ["2", "of", "2", "citations", "hold,"]

    library = tmp_path / "library"
    library.mkdir()
    (library / "harbour.md").write_text(HARBOUR.replace("1954", "1957"))
    command = ("check", file, file, "--library", library)
    shown = succeeded(capsys, *command, status=1)
    assert shown.count("CHANGED") == 2
    assert "was rebuilt in 1957 after" in shown
    assert shown.splitlines()[-1] == f"2 of 4 citations hold, by {library}"
    first, _ = json.loads(succeeded(capsys, *command, "--json", status=1))
    assert (first["file"], first["holds"]) == (str(file), False)
    assert first["citations"][0]["status"] == "changed"
    assert "name what `refdesk ask" in failed(capsys, "check", library / "harbour.md")


def test_gaps(capsys, built, monkeypatch):
    assert succeeded(capsys, "gaps") == ""
    monkeypatch.setenv("REFDESK_GAPS", "on")
    for question in ("Who won the \x1b[31mchess olympiad?", "Who won the \x1b[31mchess olympiad?"):
        succeeded(capsys, "ask", question, status=3)
    shown = succeeded(capsys, "gaps")
    assert "\x1b" not in shown
    lines = shown.splitlines()
    assert lines[0] == "Who won the [31mchess olympiad?"
    assert lines[1].startswith("asked 2 ×, last 20")
    assert sum(line.startswith("- ") for line in lines) == 3
    (gap,) = json.loads(succeeded(capsys, "gaps", "--json", "--limit", 1))
    assert (gap["count"], len(gap["nearest"])) == (2, 3)
    assert succeeded(capsys, "gaps", "--clear").split() == ["cleared", "1"]
    assert json.loads(succeeded(capsys, "gaps", "--json")) == []


# Bad input


def test_usage_errors_exit_2():
    for arguments, said in (
        (["ask"], "Missing argument 'QUESTION'; `refdesk ask --help`"),
        (["aks", "x"], "'ask'"),
        (["search", "x", "-k", "0"], "'-k'"),
        (["ask", "x", "--colour"], "No such option: --colour"),
    ):
        result = refdesk(*arguments)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.startswith("refdesk: error: ")
        assert said in result.stderr
        assert result.stderr.count("\n") == 1


def test_an_error_of_the_real_command_is_one_line(built, tmp_path):
    for arguments, said in (
        (["ask", ""], "the question is empty"),
        (["ask", "x" * 100_000], "100000 characters"),
        (["ask", "x", "--source", "moon*"], "'moon*' matches no source"),
        (["ask", "x", "--index", tmp_path / "none"], "there is no index in"),
        (["rebuild", tmp_path / "none"], "is not there"),
    ):
        result = refdesk(*arguments)
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith("refdesk: error: ")
        assert said in result.stderr
        assert result.stderr.count("\n") == 1


def test_questions_of_no_use(capsys):
    assert "empty" in failed(capsys, "ask", "  \n ")
    error = failed(capsys, "ask", "x" * 1_000_000)
    assert "1000000 characters" in error
    assert len(error) < 200
    assert "empty" in failed(capsys, "search", "")


def test_no_index(capsys, tmp_path):
    for command in (["ask", "x"], ["search", "x"], ["status"], ["verify"], ["rollback"]):
        error = failed(capsys, *command, "--index", tmp_path / "none")
        assert "there is no index in" in error
        assert "refdesk rebuild" in error
    assert not (tmp_path / "none").exists()


def test_a_damaged_index_is_not_filled_with_another_library(capsys, tmp_path):
    (tmp_path / "ix").mkdir()
    (tmp_path / "ix" / "CURRENT").write_text("gone\n")
    assert "refdesk rebuild LIBRARY" in failed(capsys, "rebuild", "--index", tmp_path / "ix")


def test_a_library_of_no_use_leaves_the_index_serving(capsys, built, tmp_path):
    index = built[1]
    served = generation(index)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "no source to read" in failed(capsys, "rebuild", empty, "--index", index)
    (empty / "nothing.txt").touch()
    assert "nothing.txt" in failed_at_the_end(capsys, "rebuild", empty)
    assert "is not there" in failed(capsys, "rebuild", tmp_path / "none", "--index", index)
    assert generation(index) == served
    assert "1954" in succeeded(capsys, "ask", "When was the north quay of Quillport rebuilt?")


def failed_at_the_end(capsys, *arguments):
    """The last line on stderr of a command that fails after it told of its progress."""
    assert run([str(argument) for argument in arguments]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("refdesk: error: ")
    return last


def test_bad_files_are_named_and_the_others_are_indexed(capsys, library, tmp_path):
    (library / "empty.txt").touch()
    (library / "binary.txt").write_bytes(b"\x00\x01\x02")
    (library / "latin.txt").write_bytes("café".encode("latin-1"))
    (library / "broken.pdf").write_bytes(b"%PDF-1.4 but not really")
    (library / "\x1b[31mred.txt").write_text("Text that ends.")
    (library / "dangling.txt").symlink_to(library / "nowhere.txt")
    arguments = ("rebuild", library, "--index", tmp_path / "ix")
    shown = succeeded(capsys, *arguments)
    assert "added 1 good" in " ".join(shown.split())
    for path, reason in (
        ("empty.txt", "empty"),
        ("binary.txt", "binary"),
        ("latin.txt", "not UTF-8"),
        ("broken.pdf", "cannot be read"),
        ("red.txt", "its name"),
        ("dangling.txt", "cannot be opened"),
    ):
        assert any(path in line and reason in line for line in shown.splitlines())
    assert clean(shown) == shown
    skipped = json.loads(succeeded(capsys, *arguments, "--json"))["skipped"]
    assert len(skipped) == 6


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("llama3.2", "not of the form provider:name"),
        ("nonsense:llama3.2", "nonsense"),
        ("ollama:llama3.2", "pip install 'refdesk[ollama]'"),
        ("groq:llama3.2", "pip install langchain-groq"),
    ],
)
def test_a_model_that_cannot_be_used(capsys, model, said):
    provider = model.split(":")[0]
    if ":" in model and importlib.util.find_spec(f"langchain_{provider}"):
        pytest.skip("its package is installed here")
    question = "When was the north quay of Quillport rebuilt?"
    assert said in failed(capsys, "ask", question, "--model", model)


def test_a_setting_of_no_use(capsys, monkeypatch):
    monkeypatch.setenv("REFDESK_MODEL_TIMEOUT", "soon")
    assert "REFDESK_MODEL_TIMEOUT" in failed(capsys, "status")


def test_chat_on_a_port_in_use_builds_the_index_first(capsys, library, tmp_path, monkeypatch):
    monkeypatch.setenv("REFDESK_LIBRARY", str(library))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = failed_at_the_end(
            capsys, "chat", "--port", port, "--no-browser", "--index", tmp_path / "ix"
        )
    assert str(port) in error
    assert "good" in succeeded(capsys, "search", "rye", "--index", tmp_path / "ix")


def test_what_nobody_expected_is_one_line(capsys, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr("qa.pipeline.asked", fail)
    error = failed(capsys, "ask", "x")
    assert "unexpected ZeroDivisionError: two lines" in error
    assert "--debug" in error
    assert run(["--debug", "ask", "x"]) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_an_interrupt_is_one_line(capsys, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("qa.pipeline.asked", interrupt)
    assert "interrupted" in failed(capsys, "ask", "x")


def test_a_reader_that_leaves_costs_no_traceback(built):
    read, write = os.pipe()
    os.close(read)
    try:
        result = subprocess.run(
            [*REFDESK, "sources"], stdout=write, stderr=subprocess.PIPE, text=True, timeout=120
        )
    finally:
        os.close(write)
    assert (result.returncode, result.stderr) == (1, "")


def test_every_command_does_its_work_with_a_closed_standard_output(tmp_path, monkeypatch):
    def launch(**_):
        sys.stdout.write("Refdesk is at http://127.0.0.1:1/")

    def closed(*arguments):
        for name in ("stdin", "stdout", "stderr"):
            monkeypatch.setattr(sys, name, None)
        monkeypatch.setattr(sys, "argv", ["refdesk", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        for name in ("stdin", "stdout", "stderr"):
            getattr(sys, name).close()
        return left.value.code

    monkeypatch.setattr("qa.web.launch", launch)
    monkeypatch.setattr("qa.passwords._hash", lambda *_: b"hash")
    monkeypatch.setattr("qa.cli.user.typer.prompt", lambda *_, **__: "correct horse")
    users = tmp_path / "users.txt"
    commands = {
        "chat": ["--no-browser"], "ask": ["What does the mill grind?"], "search": ["rye"],
        "status": [], "verify": [], "sources": [], "gaps": [], "--help": [],
    }  # fmt: skip
    assert {name: closed(name, *more) for name, more in commands.items()} == dict.fromkeys(
        commands, 0
    )
    assert closed("user", "ada", "--auth", users) == 1  # no password came
    assert not users.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_standard_output_is_told_in_one_line():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*REFDESK, "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "no space is left" in done.stderr


def test_no_file_takes_the_place_of_a_closed_standard_output(built):
    command = " ".join(["exec", shlex.join([*REFDESK, "ask", "rye", "--json"]), ">&-"])
    result = subprocess.run(
        ["/bin/sh", "-c", command], stderr=subprocess.PIPE, text=True, timeout=120
    )
    assert (result.returncode, result.stderr) == (0, "")


# Progress


def test_progress_in_lines(capsys):
    with telling_progress() as tell:
        tell("reading", 0, 0)
        for done in range(9):
            tell("embedding", done, 8)
        tell("storing", 8, 8)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "embedding: 0 of 8",
        "embedding: 2 of 8",
        "embedding: 4 of 8",
        "embedding: 6 of 8",
        "embedding: 8 of 8",
        "storing: 8 of 8",
    ]


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")
def test_progress_on_a_terminal(monkeypatch):
    master, slave = os.openpty()
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(slave, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with telling_progress() as tell:
            tell("embedding", 0, 0)
            tell("embedding", 10, 200)
            tell("embedding", 200, 200)
    shown = ""
    with suppress(OSError):  # how a terminal that was closed ends
        while part := os.read(master, 100_000):  # it gives no more than a few thousand at once
            shown += part.decode()
    os.close(master)
    assert "embedding" in shown
    assert "200/200" in shown
    assert "/s" in shown


def test_sources_are_added_to_a_library(capsys, tmp_path):
    (tmp_path / "a.txt").write_text("The works began in May.")
    (tmp_path / "b.txt").write_text("")
    library = tmp_path / "my library"
    given = ["add", tmp_path / "a.txt", "--library", library, "--standing", "news"]
    assert run([*map(str, given), "--topic", "works", "--license", "CC BY 4.0"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[1].split()[:3] == ["a", "a", "news"]
    assert err.startswith("now run `refdesk rebuild '")
    assert (library / "a.txt.yaml").read_text() == (
        "license: CC BY 4.0\nstanding: news\ntopics:\n- works\n"
    )
    assert "a.txt is there already: give another --name" in failed(capsys, *given)
    both = ["add", tmp_path / "b.txt", tmp_path / "a.txt", "--library", library]
    assert "add one at a time" in failed(capsys, *both, "--title", "T")
    assert run([*map(str, both), "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    assert "b.txt: empty: write it, or remove it" in err
    assert json.loads(succeeded(capsys, *given, "--json", "--name", "c"))[0]["path"] == "c.txt"


def test_the_starter_library_is_not_added_to(capsys, monkeypatch, tmp_path):
    monkeypatch.delenv("REFDESK_LIBRARY", raising=False)
    said = failed(capsys, "add", tmp_path / "a.txt", "--index", tmp_path / "none")
    assert "name the folder of your library" in said
