"""The third outcome: what the sources say on the topic of a question that they do not answer."""

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from index import open_index
from qa import answer, chain, check_answer, export_answer, stream_answer
from qa.assemble import ABSTENTION, RELATED
from qa.check.by_words import LEAST_SUPPORT
from qa.cli.app import run
from qa.cli.asking import ABSTAINED
from qa.cli.asking import RELATED as EXIT_RELATED
from qa.compose.related import MOST_RELATED
from qa.desk import open_desk
from qa.evaluation.questions import read_questions
from qa.evaluation.runs import run_questions
from qa.gap_log import GapLog
from qa.gaps import list_gaps
from qa.injection import without_instructions
from qa.result import Answer
from qa.retrieve.calibration import Calibration, weights_digest
from qa.settings import read_settings, starter_library
from qa.web.api.calls import Calls
from qa.web.api.tools import add_endpoints
from qa.web.chat.conversation import ask
from qa.web.chat.panel import panel
from qa.web.chat.scope import Choice, Scope
from qa.web.chat.transcript import transcript
from qa.web.library.lists import gaps_list

# The library tells of the ferry and of the ice, and not of this.
COVERED = "What does a ticket for the ferry to Grey Island cost?"
UNCOVERED = "Who painted the Sistine Chapel?"


def strict(index: Path, folder: Path) -> Path:
    """A copy of an index that answers nothing: what is related does not hang on how sure it is."""
    copy = shutil.copytree(index, folder / "index")
    Calibration(
        slope=1, intercept=0, threshold=2, false_refusals=1, created="2026-01-01", questions=1,
        answerable=1, weights=weights_digest(read=False), embedding_model="all-MiniLM-L6-v2",
        held_out={},
    ).write(copy)  # fmt: skip
    return copy


@pytest.fixture(scope="module")
def index_folder(index_folder, tmp_path_factory):
    return strict(index_folder, tmp_path_factory.mktemp("strict"))


@pytest.fixture(scope="module")
def opened(index_folder):
    return open_index(index_folder)


@pytest.fixture(scope="module")
def beside(opened):
    return answer(COVERED, index=opened)


def assert_quoted(found: Answer, opened) -> None:
    """What is related is quoted, cited and checked as an answer is."""
    assert found.outcome == "related" and found.abstained
    assert not found.sentences and not found.citations
    assert 1 <= len(found.related) <= MOST_RELATED
    numbers = [one.number for one in found.quoted]
    assert numbers == list(range(1, len(numbers) + 1))
    for part in found.related:
        assert part.citations and part.support >= LEAST_SUPPORT
        for one in part.citations:
            text = opened.source(one.source_id).text
            assert text[one.start : one.end] == one.quote
            assert without_instructions(text, one.start, one.end) == one.quote
    assert found.text.startswith(RELATED)


def test_what_the_sources_say_on_the_topic_is_quoted_and_is_no_answer(beside, opened):
    assert_quoted(beside, opened)
    assert "icebreaker" in beside.text or "seven every morning" in beside.text
    assert beside.nearest  # as for any other abstention
    assert beside.to_dict()["outcome"] == "related"
    (*_, streamed) = stream_answer(COVERED, index=opened)
    assert streamed == beside


def test_off_the_topic_there_is_nothing_related(opened):
    found = answer(UNCOVERED, index=opened)
    assert (found.outcome, found.related, found.text) == ("none", (), ABSTENTION)


def test_an_answer_has_nothing_related(starter):
    found = answer("When was the Russia-North Korea treaty signed?", index=starter)
    assert (found.outcome, found.related) == ("answered", ())
    assert found.quoted == found.citations


def test_what_is_out_of_scope_is_not_related(opened):
    assert answer(COVERED, index=opened, sources=["twins/*"]).outcome == "none"


@pytest.mark.parametrize(("question", "status"), [(COVERED, 4), (UNCOVERED, 3)])
def test_the_exit_status_tells_the_outcomes_apart(question, status, index_folder, capsys):
    assert (ABSTAINED, EXIT_RELATED) == (3, 4)
    assert run(["ask", question, "--index", str(index_folder)]) == status
    shown = capsys.readouterr().out
    assert (RELATED in shown) is (status == 4)
    assert (ABSTENTION in shown) is (status == 3)
    assert run(["ask", question, "--json", "--index", str(index_folder)]) == status
    assert json.loads(capsys.readouterr().out)["outcome"] == ("related" if status == 4 else "none")


def test_the_chat_heads_it_as_no_answer(opened, monkeypatch):
    scope = Scope(choice=Choice(), words="all sources", patterns=None)
    *_, turns = ask(COVERED, (), scope, desk=open_desk(read_settings(), index=opened))
    said = transcript(turns)
    assert "The sources cover this but do not say that" in said
    assert 'class="answer"' not in said and 'href="#card-1-1"' in said
    assert "Was it right to give no answer?" in said and "Copy with sources" not in said
    shown = panel(turns)
    assert "Related passages, not an answer" in shown and 'id="card-1-1"' in shown
    assert "Cited passages" not in shown
    hostile = '<img src=x onerror="alert(1)">'
    part = turns[-1].answer.related[0]
    bad = replace(turns[-1].answer, related=(replace(part, text=hostile),))
    assert "<img" not in transcript((replace(turns[-1], answer=bad),))


def test_it_is_exported_as_no_answer_and_can_be_checked(beside, opened):
    evidence = json.loads(export_answer(beside, "evidence", index=opened))
    (source, *_) = evidence["sources"]
    assert source["id"] == beside.quoted[0].source_id
    assert evidence["answer"]["related"][0]["citations"][0]["suffix"] is not None
    checked = check_answer(evidence, index=opened)
    assert checked.holds and len(checked.citations) == len(beside.quoted)
    assert RELATED in export_answer(beside, "markdown", index=opened)
    for format in ("bibtex", "csl"):
        assert "Related, not an answer" in export_answer(beside, format, index=opened)


def test_the_log_of_gaps_tells_what_is_covered(index_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("REFDESK_GAPS", "on")
    own = shutil.copytree(index_folder, tmp_path / "own")
    for question in (COVERED, UNCOVERED):
        answer(question, index=own)
    desk = open_desk(read_settings(), index=own)
    gaps = list_gaps(GapLog(own), desk)
    assert {gap.question: gap.outcome for gap in gaps} == {COVERED: "related", UNCOVERED: "none"}
    assert run(["gaps", "--json", "--index", str(own)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {gap["question"]: gap["outcome"] for gap in told} == {
        COVERED: "related", UNCOVERED: "none",
    }  # fmt: skip
    assert run(["gaps", "--index", str(own)]) == 0
    shown = capsys.readouterr().out.split(UNCOVERED)
    assert [part.count("covered, but not said") for part in shown].count(1) == 1
    assert gaps_list(gaps).count("covered, but not said") == 1


def test_programs_and_mcp_clients_are_told_the_outcome(opened, monkeypatch):
    endpoints = {}
    monkeypatch.setattr(
        "gradio.api", lambda call, api_name, **options: endpoints.update({api_name: call})
    )
    add_endpoints(Calls(opened, open_desk(read_settings(), index=opened, model="")))
    found, other = (asyncio.run(endpoints["ask"](one)) for one in (COVERED, UNCOVERED))
    assert (found["outcome"], other["outcome"]) == ("related", "none")
    assert found["related"][0]["citations"][0]["quote"] and not other["related"]
    assert RELATED in found["text"]


def test_the_chain_and_the_evaluation_know_the_outcome(opened, tmp_path):
    assert chain(index=opened, model="").invoke({"question": COVERED}).outcome == "related"
    file = tmp_path / "questions.jsonl"
    lines = [(COVERED, "nearmiss"), (UNCOVERED, "offtopic")]
    file.write_text(
        "\n".join(json.dumps({"question": q, "kind": kind, "any": []}) for q, kind in lines)
    )
    made = run_questions(open_desk(read_settings(), index=opened, model=""), file, max_chars=100)
    assert [one.answered.outcome for one in made.records] == ["related", "none"]
    near, off = made.groups()["kinds"]
    assert (near.related, off.related) == (1, 0)
    (share,) = [one.value for one in made.measures if one.name == "refused_with_related"]
    assert share == 0.5


def test_the_starter_library_says_what_it_has_on_a_topic(starter_index, tmp_path):
    opened = open_index(strict(starter_index, tmp_path))
    found = answer("What salary do the workers of the drone plant at Alabuga get?", index=opened)
    assert_quoted(found, opened)
    assert "Alabuga" in found.related[0].text
    asked = read_questions(starter_library().parent / "questions.jsonl")
    off = [one.question for one in asked if not (one.named or one.kind)]
    assert len(off) > 10
    outcomes = {question: answer(question, index=opened).outcome for question in off}
    assert outcomes == dict.fromkeys(off, "none")
