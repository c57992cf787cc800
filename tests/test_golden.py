"""Golden questions: asked of the old and the new generation when a library is rebuilt."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from test_entailment import make

from index import AnswersLostError, open_index, rebuild
from index.generation import complete_generations, current_generation
from qa import answer
from qa.cli.app import run
from qa.desk import Only, open_desk
from qa.errors import SettingError
from qa.evaluation.golden import _ask as golden_answer
from qa.evaluation.golden import golden_questions
from qa.evaluation.questions import read_questions
from qa.gap_log import GapLog
from qa.gaps import list_gaps
from qa.retrieve.calibration import Calibration, weights_digest
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
    assert "The Baltic Dredging Company" in shown.out.partition("before: ")[2]
    assert "refdesk rebuild --force" in shown.err.splitlines()[-1]
    assert run([*arguments, "--force"]) == 0
    shown = capsys.readouterr().out
    assert "golden questions: 2 of 3 answered right, 2 before" in shown
    assert "gained: 1" in shown
    assert "Whales pass the cape in June. [new:0-29]" in shown
    assert open_index(own_index).source("new")


EDITING = """
import sys
from pathlib import Path
import index.build.fingerprint as built
import sources.cache as cache
from qa.evaluation.golden import golden_questions
from qa.evaluation.questions import read_questions
from qa.gap_log import GapLog
from qa.gaps import list_gaps
from qa.retrieve.calibration import Calibration, weights_digest
from qa.settings import read_settings

root, library = Path(sys.argv[1]), Path(sys.argv[2])
assert Path(built.__file__).is_relative_to(root)

def tell():
    built.code_fingerprint.cache_clear(), cache._code.cache_clear()
    golden = golden_questions(library, read_settings())
    print(built.library_fingerprint(library), built.code_fingerprint(), cache._code().hex(),
          golden.fingerprint)

tell()
for name in ("sources/readers/csv.py", "index/build/reuse.py", "qa/condense/readings.py",
             "qa/cli/user.py"):
    with (root / name).open("a") as file:
        file.write("# changed\\n")
    tell()
"""


def test_changed_code_in_any_folder_is_noticed(golden_library, tmp_path):
    for package in ("sources", "index", "qa"):
        unneeded = shutil.ignore_patterns("documents", "static", "__pycache__")
        shutil.copytree(Path(package), tmp_path / package, ignore=unneeded)
    done = subprocess.run(
        [sys.executable, "-c", EDITING, str(tmp_path), str(golden_library)],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = [line.split() for line in done.stdout.splitlines()]
    changed = [
        [one != other for one, other in zip(before, after, strict=True)]
        for before, after in pairwise(told)
    ]
    reader, build, condense, command = changed
    assert reader == [True, True, True, False]
    assert build == [True, True, False, False]
    assert condense == [False, False, False, True]
    assert command == [False, False, False, False]


def test_golden_questions_are_asked_again_when_what_answers_has_changed(golden_library, own_index):
    golden = golden_questions(golden_library, read_settings())
    first = rebuild(golden_library, index=own_index, golden=golden)
    assert first.golden and rebuild(golden_library, index=own_index, golden=golden).golden is None
    other = golden_questions(golden_library, replace(read_settings(), reranker="another"))
    assert other.fingerprint != golden.fingerprint
    other = Answering(golden, other.fingerprint)
    again = rebuild(golden_library, index=own_index, golden=other)
    assert again.golden.asked == 3 and again.embedded == 0
    assert rebuild(golden_library, index=own_index).generation == again.generation


@dataclass(frozen=True)
class Answering:
    """Golden questions that are answered by other code, for all that a rebuild knows."""

    golden: Any
    fingerprint: str

    def __call__(self, before, after, progress):
        return self.golden(before, after, progress)


@pytest.fixture
def calibrated(starter_index, tmp_path):
    """An index of the starter library, a calibration that refuses much beside it."""
    folder = shutil.copytree(starter_index, tmp_path / "starter")
    Calibration(
        slope=0.8, intercept=-0.2, threshold=0.7, false_refusals=0.05, created="2026-01-01",
        questions=100, answerable=50, weights=weights_digest(read=False),
        embedding_model="all-MiniLM-L6-v2", held_out={},
    ).write(folder)  # fmt: skip
    return open_index(folder)


def test_answer_gaps_and_golden_questions_decide_alike(calibrated, tmp_path, monkeypatch):
    """With a calibration, a reranker and a scope in force, on questions of the library."""
    monkeypatch.setenv("REFDESK_RERANKER", make(tmp_path / "model", [0.0], labels=("LABEL_0",)))
    settings = read_settings()
    asked = read_questions(starter_library().parent / "questions.jsonl")
    questions = [one for one in asked if not one.history][::6]
    scope = tuple(name for name in calibrated.generation.source_ids if name < "m")
    answers = {one.question: answer(one.question, index=calibrated) for one in questions}
    scoped = {
        one.question: answer(one.question, sources=scope, index=calibrated) for one in questions
    }
    assert len({one.abstained for one in answers.values()}) == 2
    log = GapLog(calibrated.folder)
    for one in questions:
        log.note(one.question, None, "an older one")
        log.note(one.question, scope, "an older one")
    desk = open_desk(settings, index=calibrated, model="")
    found = list_gaps(log, desk)
    assert len(found) == 2 * len(questions)
    for gap in found:
        given = (scoped if gap.scope else answers)[gap.question]
        assert (gap.answered, gap.confidence) == (not given.abstained, given.confidence)
    golden_desk = open_desk(settings, index=Only(calibrated.generation), model="")
    for one in questions:
        golden, given = golden_answer(one, golden_desk), answers[one.question]
        assert (golden.text is None) == given.abstained
        assert len(golden.citations) == len(given.citations)
