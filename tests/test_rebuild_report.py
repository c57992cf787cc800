"""What a rebuild tells of each file: in the index, on the terminal, as JSON, and on the page."""

import json

import pytest

from index import rebuild
from index.build.file_report import FileReport, amounts, file_reports, read_file_reports
from index.generation import current_generation
from qa.cli.app import run
from qa.web.library.lists import files_read
from sources import load_sources

GUIDE = """---
mood: calm
---
# The pumps

The station has two pumps. ~~They are loud, and nobody is let in.~~ Both were built in 1931.

| Pump | Power |
|---|---|
| Anna | 40 kW |
| Berta | 55 kW |

1. Close the valve.
2. Start the pump.

```sh
start pump
```
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    library = folder / "library"
    library.mkdir()
    (library / "guide.md").write_text(GUIDE)
    (library / "note.txt").write_text("The lock\u200b was built in 1911 by Ada Lund.")
    for number in range(12):
        (library / f"drawing{number:02}.svg").write_text("<svg/>")
    return library, folder / "index", rebuild(library, index=folder / "index")


def test_a_file_is_told_with_what_was_read_and_what_was_not(built):
    library, index, report = built
    files = {file.path: file for file in report.files}
    assert list(files) == sorted(path.name for path in library.iterdir())
    guide = files["guide.md"]
    assert (guide.source, guide.format, guide.language) == ("guide", "markdown", "en")
    assert (guide.headings, guide.tables, guide.rows, guide.items, guide.code) == (1, 1, 2, 2, 1)
    assert [part for part, _ in guide.left_out] == ["struck-out text"]
    assert files["note.txt"].invisible == 1
    drawing = files["drawing00.svg"]
    assert drawing.source is None and "unsupported suffix" in drawing.left_out[0][1]
    assert read_file_reports(current_generation(index)) == report.files
    assert rebuild(library, index=index).files == report.files  # where nothing has changed


def test_a_part_of_a_file_is_told_with_its_file_and_not_as_one(tmp_path):
    (tmp_path / "a.txt").mkdir()
    (tmp_path / "a.txt" / "b.md").write_text("The lock was built in 1911.")
    sources = load_sources(tmp_path)
    skipped = [("a.txt/b.md/page 3", "no text"), ("a.txt/c.svg", "unsupported")]
    files = file_reports(sources, skipped)
    assert [(file.path, file.left_out) for file in files] == [
        ("a.txt/b.md", (("page 3", "no text"),)),
        ("a.txt/c.svg", (("", "unsupported"),)),
    ]


def test_the_terminal_is_short_unless_asked_for_all(built, capsys):
    library, index, _ = built
    assert run(["rebuild", str(library), "--index", str(index)]) == 0
    short = capsys.readouterr().out
    lines = dict(line.split(maxsplit=1) for line in short.splitlines() if line[0] != " ")
    assert lines["read"] == "2 files: 1 heading, 3 paragraphs, 2 list items, 1 table, 2 rows, " \
                            "1 code listing"  # fmt: skip
    assert lines["skipped"] == "12" and lines["left"] == "out    1 part of 1 file"
    assert short.count("drawing") == 8 and "and 4 more; --files tells all" in short
    assert run(["rebuild", str(library), "--index", str(index), "--files"]) == 0
    full = capsys.readouterr().out
    assert full.count(".svg: skipped") == 12
    told = full[full.index("guide.md: markdown, en; 1 heading") :].splitlines()
    assert told[1].strip().startswith("left out: struck-out text")
    assert told[2].strip().startswith("note: ") and "'mood'" in told[2] and "(line 2)" in told[2]
    assert "1 invisible character\n" in full
    assert run(["rebuild", str(library), "--index", str(index), "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert len(files) == 14
    assert files[12]["path"] == "guide.md" and files[12]["rows"] == 2


def test_the_page_tells_what_was_left_out_first_and_escapes_what_files_say():
    hostile = "<img src=x onerror=alert(1)>"
    files = [FileReport(path="a.md", source="a", format="markdown", paragraphs=2)]
    files += [FileReport(path=hostile, left_out=(("", hostile),))]
    said = files_read(files)
    assert "<img" not in said and "&lt;img" in said
    assert said.index("onerror") < said.index("a.md") and "2 files: 2 paragraphs" in said
    assert files_read([]) == "" and amounts([]) == "nothing"
