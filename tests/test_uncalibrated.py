"""With an embedding model that no confidence was fitted to: it is said, and ranks decide."""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import write_library
from test_calibrate import calibration, run_of
from test_calibrate import judged as judged_questions
from test_index_embedding import copy_model

from index import open_index, rebuild
from qa import answer
from qa.cli.app import run
from qa.desk import open_desk
from qa.evaluation.runs import calibrate_on
from qa.retrieve.agreement import LEAST, agreement
from qa.retrieve.calibration import calibration_note, in_force, weights_digest
from qa.retrieve.evidence import gather
from qa.settings import read_settings
from qa.web.chat.conversation import ask
from qa.web.chat.scope import Choice, Scope
from qa.web.chat.transcript import transcript
from qa.web.library.rebuilding import rebuilding

FILES = {
    "harbour.md": "The harbour of Oldport was dredged to a depth of eleven metres in 1987. Fishing "
    "boats moved to the eastern quay while it went on.\n\nTimber is the first export.\n",
    "honey.md": "The beekeeper of Tarn sells heather honey on Thursdays. The hives stand on the "
    "moor above the village.\n",
    "lamp.md": "On the Isle of Morn a keeper trims a lamp each night. Seals sleep below.\n",
}
QUESTION = "How deep was the harbour of Oldport dredged in 1987?"
OFF_TOPIC = "Who painted the Sistine Chapel?"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Another model, as far as its name tells: the bundled one, cut short."""
    return str(copy_model(tmp_path_factory.mktemp("model") / "other", max_seq_length=64))


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    return write_library(tmp_path_factory.mktemp("uncalibrated") / "library", FILES)


@pytest.fixture
def folder(three, model, tmp_path):
    rebuild(three, index=tmp_path / "index", embedding_model=model)
    return tmp_path / "index"


def test_rebuild_and_status_say_that_it_is_not_calibrated(
    three, model, tmp_path, capsys, monkeypatch
):
    folder = str(tmp_path / "index")
    monkeypatch.setenv("REFDESK_EMBEDDING_MODEL", model)
    for arguments in (["rebuild", str(three)], ["status"]):
        assert run([*arguments, "--index", folder]) == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert f"not calibrated for the embedding model {model}" in shown
        assert "refused by rank alone until `refdesk eval QUESTIONS.jsonl --calibrate`" in shown
        assert run([*arguments, "--index", folder, "--json"]) == 0
        assert "rank alone" in json.loads(capsys.readouterr().out)["calibration_note"]
    *_, page = rebuilding(three, tmp_path / "index", force=False)
    assert "Confidence is not calibrated" in page


def test_the_bundled_model_is_calibrated_with_a_reader_and_without(opened, index_folder, capsys):
    manifest = opened.generation.manifest
    for read in (False, True):
        assert calibration_note(index_folder, manifest, read) is None
    assert answer(QUESTION, index=opened).calibrated
    assert run(["status", "--index", str(index_folder)]) == 0
    assert "calibrated" not in capsys.readouterr().out
    assert run(["status", "--index", str(index_folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["calibration_note"] is None


def test_answers_and_the_chat_say_it_and_ranks_decide(folder, capsys):
    opened = open_index(folder)
    found, off = (answer(one, index=opened) for one in (QUESTION, OFF_TOPIC))
    assert found.outcome == "answered" and "eleven metres" in found.text
    assert off.outcome == "none"
    told = (
        "Confidence is not calibrated for this embedding model: questions are refused by rank "
        "alone until `refdesk eval QUESTIONS.jsonl --calibrate`."
    )
    for one in (found, off):
        assert one.calibrated is False and one.confidence_told == told
        assert one.to_dict()["calibrated"] is False
    assert run(["ask", QUESTION, "--index", str(folder)]) == 0
    assert "Confidence is not calibrated" in capsys.readouterr().out
    desk = open_desk(read_settings(), index=opened)
    for one in (QUESTION, OFF_TOPIC):
        *_, turns = ask(one, (), Scope(choice=Choice(), words="all", patterns=None), desk=desk)
        said = transcript(turns)
        assert "Confidence is not calibrated" in said and "<meter" not in said
    assert "Copy with sources" not in said, "the last was refused"


def test_how_sure_it_seems_does_not_matter_then(folder):
    desk = open_desk(read_settings(), index=open_index(folder))
    evidence = desk.retrieve(QUESTION)
    assert not evidence.calibrated and evidence.answerable
    assert replace(evidence, confidence=0.0).answerable
    off = desk.retrieve(OFF_TOPIC)
    assert not replace(off, confidence=1.0).answerable


def test_a_calibration_of_that_model_ends_it(folder, model):
    opened = open_index(folder)
    fitted = calibrate_on(
        folder, run_of(judged_questions(300), embedding_model=model), false_refusals=0.05
    )
    found = answer(QUESTION, index=opened)
    assert found.calibrated and " in 100 " in found.confidence_told
    assert calibration_note(folder, opened.generation.manifest, read=False) is None
    assert in_force(folder, opened.generation.manifest) == fitted
    note = calibration_note(folder, opened.generation.manifest, read=True)
    assert "not calibrated for the embedding model" in note, "it was fitted without a reader"


def test_a_calibration_with_another_reader_than_answers_is_told(own_index, capsys):
    calibration(weights=weights_digest(read=True)).write(own_index)
    opened = open_index(own_index)
    assert answer(QUESTION, index=opened).calibrated, "by the weights that are shipped"
    assert run(["status", "--index", str(own_index)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "was fitted with the model that reads and is not used" in shown


def test_agreement_is_of_ranks_alone(opened):
    ranking = gather(opened.generation, QUESTION).ranking
    assert agreement(ranking) >= LEAST > 0
    other = replace(ranking, similarity=0.9 + ranking.similarity / 100, lexical=ranking.lexical * 7)
    assert agreement(other) == agreement(ranking)
    apart = replace(ranking, lexical=np.full_like(ranking.lexical, -1))
    assert agreement(apart) == 1 < LEAST, "nothing holds words of the question"
