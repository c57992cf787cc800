"""Golden questions: asked of the old and the new generation when a library is rebuilt."""

import json
from pathlib import Path

import pytest

from index import AnswersLostError, open_index, rebuild
from index.generation import complete_generations, current_generation
from qa.cli.app import run
from qa.errors import SettingError
from qa.evaluation.golden import golden_questions
from qa.settings import read_settings, starter_library
from sources import load_sources

LINES = [
    {
        "question": "Which company dredged the harbour of Oldport?",
        "source": "ports/harbour",
        "answers": ["Baltic Dredging Company"],
    },
    {
        "question": "When do whales pass the cape?",
        "source": "new",
        "answers": ["in June"],
    },
    {
        "question": "Who sells heather honey on Thursdays?",
        "source": "notes/[draft] 1",
        "answers": None,
    },
]


@pytest.fixture
def golden_library(own_library):
    text = "".join(json.dumps(line) + "\n" for line in LINES)
    (own_library / "questions.jsonl").write_text(text)
    return own_library


def spoil(library):
    """Take an answer away, bring one, and have one come in other words."""
    harbour = library / "ports/harbour.md"
    harbour.write_text(harbour.read_text().replace("The Baltic Dredging Company", "A company"))
    (library / "new.txt").write_text("Whales pass the cape in June.")
    draft = library / "notes/[draft] 1.md"
    draft.write_text(draft.read_text().replace("of Tarn sells", "of Tarn always sells"))


def test_the_questions_are_no_source(golden_library):
    assert "questions" not in [source.id for source in load_sources(golden_library)]


def test_a_library_without_questions_is_asked_nothing(own_library, own_index):
    assert golden_questions(own_library, read_settings()) is None
    (own_library / "questions.jsonl").write_text("{")
    with pytest.raises(SettingError, match=r"questions\.jsonl:1"):
        golden_questions(own_library, read_settings())


def test_the_starter_library_has_its_questions_beside_it(monkeypatch):
    monkeypatch.chdir(starter_library().parent)
    assert golden_questions(Path("documents"), read_settings())


def test_a_rebuild_tells_which_answers_it_changed(golden_library, own_index):
    spoil(golden_library)
    golden = golden_questions(golden_library, read_settings())
    before = current_generation(own_index).name
    with pytest.raises(AnswersLostError, match=r"1 of the 2 .*Which company.*--force") as error:
        rebuild(golden_library, index=own_index, golden=golden)
    assert error.value.report.lost[0].before.right
    assert current_generation(own_index).name == before
    assert [folder.name for folder in complete_generations(own_index)] == [before]

    told = []
    report = rebuild(
        golden_library,
        index=own_index,
        golden=golden,
        force=True,
        progress=lambda *step: told.append(step),
    )
    assert report.embedded == 0  # the refused one has lent what it had embedded
    assert ("asking", 3, 3) in told
    found = report.golden
    assert (found.asked, found.right, found.right_before) == (3, 2, 2)
    (lost,), (gained,), (changed,) = found.lost, found.gained, found.changed
    assert lost.question == LINES[0]["question"]
    assert "Baltic" in lost.before.text
    assert lost.before.citations[0].startswith("ports/harbour:")
    assert "Baltic" not in (lost.after.text or "")
    assert gained.question == LINES[1]["question"]
    assert "June" in gained.after.text
    assert gained.after.citations == ("new:0-29",)
    assert "always" in changed.after.text
    assert json.loads(json.dumps(report.to_dict()))["golden"]["lost"][0]["before"]["right"]
    assert len(list((own_index / "generations").iterdir())) == 2


def test_a_first_build_has_nothing_to_lose(golden_library, tmp_path):
    report = rebuild(
        golden_library,
        index=tmp_path / "index",
        golden=golden_questions(golden_library, read_settings()),
    )
    found = report.golden
    assert (found.asked, found.right, found.right_before, found.lost) == (3, 2, None, ())


def test_the_command_shows_what_is_lost_and_what_changed(golden_library, own_index, capsys):
    spoil(golden_library)
    arguments = ["rebuild", str(golden_library), "--index", str(own_index)]
    assert run(arguments) == 1
    shown = capsys.readouterr()
    assert "lost: 1" in shown.out
    assert "before: The Baltic Dredging Company" in shown.out
    assert "refdesk rebuild --force" in shown.err.splitlines()[-1]
    assert run([*arguments, "--force"]) == 0
    shown = capsys.readouterr().out
    assert "golden questions: 2 of 3 answered right, 2 before" in shown
    assert "gained: 1" in shown
    assert "Whales pass the cape in June. [new:0-29]" in shown
    assert open_index(own_index).source("new")
