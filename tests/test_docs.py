"""The documentation says what is so; `python tests/test_docs.py` writes what is generated."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from qa.cli.app import app
from qa.settings import VARIABLES, starter_library
from sources.front_matter import split_front_matter
from sources.load import FORMATS
from sources.metadata import parse_metadata
from sources.source import STANDINGS

ROOT = Path(__file__).parent.parent
MANUAL = "qa/README.md"  # the help and the settings stand there
DOCS = ["README.md", "sources/README.md", "index/README.md", MANUAL, "tests/benchmarks/README.md"]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def everything():
    """All the documentation as one text."""
    return "\n".join(read(name) for name in DOCS)


def blocks(name, language):
    """The code of a file that is fenced as `language`."""
    return re.findall(rf"^```{language}\n(.*?)^```", read(name), re.MULTILINE | re.DOTALL)


def help_text():
    """What `refdesk --help` shows in 80 columns."""
    plain = {"COLUMNS": "80", "TERM": "dumb", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    code = "from qa.cli.app import main; main()"
    shown = subprocess.run(
        [sys.executable, "-c", code, "--help"],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env=kept | plain,
    )
    lines = "\n".join(line.rstrip() for line in shown.stdout.splitlines()).strip("\n")
    return f"```text\n{lines}\n```"


def settings_table():
    """The variables, what each is, and its default."""
    rows = ["| variable | what | default |", "|---|---|---|"]
    for name, described in VARIABLES.items():
        what, _, default = described.partition("; default: ")
        rows.append(f"| `{name}` | {what} | {default or 'none'} |")
    return "\n".join(rows)


def generated(text):
    """The manual with what is generated in its place."""
    for name, content in (("help", help_text()), ("settings", settings_table())):
        text, count = re.subn(
            rf"(<!-- {name}: [^\n]*-->\n).*?(<!-- end of {name} -->)",
            lambda match, content=content: f"{match[1]}{content}\n{match[2]}",
            text,
            flags=re.DOTALL,
        )
        assert count == 1, f"the manual must have one block for {name}"
    return text


def test_the_generated_parts_of_the_manual_are_up_to_date():
    text = read(MANUAL)
    assert text == generated(text), "run `python tests/test_docs.py`"


def test_the_readme_is_short():
    assert len(read("README.md").splitlines()) <= 150


def test_the_docs_name_every_command_setting_format_and_standing():
    text = everything()
    commands = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert len(commands) > 1
    for name in [*commands, *VARIABLES, *STANDINGS]:
        assert re.search(rf"(?<![\w-]){name}(?![\w-])", text), name
    for suffix in FORMATS:
        assert f"`{suffix}`" in text, suffix


def test_the_commands_of_the_readme_are_there():
    named = re.findall(r"\brefdesk ([a-z]+)", everything())
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert set(named) <= commands
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b(?= |`|\n)", everything())) <= targets


def test_the_metadata_of_the_readme_hold_up():
    front_matter, sidecar = blocks("sources/README.md", "yaml")
    inner, body = split_front_matter(front_matter)
    assert body == ""
    for text in (inner, sidecar):
        metadata, problems = parse_metadata(text)
        assert metadata.title
        assert problems == []


def anchors_of(text):
    """What links within a page can name: its headings, as they are made into anchors."""
    headings = re.findall(r"^#+ (.+)", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).replace(" ", "-").lower() for heading in headings}


@pytest.mark.parametrize("name", [*DOCS, "CHANGELOG.md"])
def test_links_lead_somewhere(name):
    text = read(name)
    anchors = anchors_of(text)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif "://" not in target:
            path, _, anchor = target.partition("#")
            there = (ROOT / name).parent / path
            assert there.is_file(), target
            assert not anchor or anchor in anchors_of(there.read_text(encoding="utf-8")), target


def test_the_changelog_has_the_version_of_the_package():
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert re.search(rf"^## {re.escape(version)}\b", read("CHANGELOG.md"), re.MULTILINE)


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    (code,) = blocks("README.md", "python")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "documents").symlink_to(starter_library())
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    assert capsys.readouterr().out.startswith(f"{names['report'].chunks} passages; 0 files skipped")
    assert "19 June 2024" in names["found"].sentences[0].text
    assert "Pyongyang" in names["later"].text
    assert names["retriever"].invoke("drones")


if __name__ == "__main__":
    (ROOT / MANUAL).write_text(generated(read(MANUAL)), encoding="utf-8")
