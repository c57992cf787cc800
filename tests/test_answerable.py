"""Questions that are offered because the sources answer them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from qa.desk import Only, open_desk
from qa.settings import read_settings
from qa.web.chat.answerable import Answerable
from qa.web.chat.conversation import ask
from qa.web.chat.scope import Choice, choose

DREDGED = {
    "question": "Which company dredged the harbour?",
    "source": "ports/harbour",
    "answers": ["The Baltic Dredging Company"],
    "quote": "The Baltic Dredging Company\ndid the work for 4.2 million crowns.",
}
TOLL = {
    "question": "Who has paid the toll of the canal since the flood?",
    "source": "ports/canal",
    "answers": ["Nobody"],
    "quote": "Nobody has paid the toll since the flood of 1911.",
}
NOBODY_SAYS = {
    "question": "Who painted the ceiling of the Vatican chapel?",
    "source": "ports/harbour",
    "answers": ["x"],
    "quote": "The harbour of Oldport was dredged",
}


@pytest.fixture(scope="module")
def desk(opened):
    return open_desk(read_settings(), index=Only(opened.generation), log_gaps=False)


@pytest.fixture
def answerable(desk, tmp_path):
    lines = "".join(json.dumps(one) + "\n" for one in (DREDGED, TOLL, NOBODY_SAYS))
    (tmp_path / "questions.jsonl").write_text(lines, encoding="utf-8")
    return Answerable(desk, tmp_path)


def _asked(desk, opened, question, **chosen):
    scope = choose(opened.sources, Choice(**chosen))
    *_, turns = ask(question, (), scope, desk=desk)
    return turns, scope


def test_a_question_is_tried_before_it_is_offered(answerable, desk, opened):
    turns, scope = _asked(desk, opened, "When does a ferry leave for Grey Island?")
    offered = answerable.near(turns, scope)
    assert DREDGED["question"] in offered
    assert NOBODY_SAYS["question"] not in offered
    assert len(offered) <= 3
    for question in offered:
        assert desk.retrieve(question).answerable


def test_what_is_said_or_was_asked_is_not_offered_again(answerable, desk, opened):
    turns, scope = _asked(desk, opened, "Who did the work for 4.2 million crowns?")
    assert DREDGED["question"] not in answerable.near(turns, scope)
    before = replace(turns[0], question=DREDGED["question"].lower())
    turns, scope = _asked(desk, opened, "When does a ferry leave for Grey Island?")
    assert DREDGED["question"] not in answerable.near((before, *turns), scope)


def test_a_refusal_gets_what_is_most_like_it_within_its_scope(answerable, desk, opened):
    turns, scope = _asked(desk, opened, "What did Napoleon pay as toll of the canal in 1804?")
    assert turns[-1].outcome != "answered"
    assert answerable.near(turns, scope)[0] == TOLL["question"]
    turns, scope = _asked(desk, opened, "What did Napoleon pay as toll?", ids=("quiet",))
    assert TOLL["question"] not in answerable.near(turns, scope)


def test_headings_become_questions_without_golden_ones(desk, opened, tmp_path):
    answerable = Answerable(desk, tmp_path)
    turns, scope = _asked(desk, opened, "How deep was the harbour of Oldport dredged?")
    assert "Tell me about “Ferries” in “The harbour of Oldport”" in answerable.near(turns, scope)
    twice = {"question": "Tell me about “Ferries” in “The harbour of Oldport”", "answers": ["x"]}
    file = tmp_path / "questions.jsonl"
    file.write_text(json.dumps(twice | {"source": "ports/harbour"}), encoding="utf-8")
    offered = Answerable(desk, tmp_path).near(turns, scope)
    assert offered.count(twice["question"]) == 1
    first = answerable.first(opened.sources)
    assert any("The harbour of Oldport" in question for question in first)
    assert all(desk.retrieve(question).answerable for question in first)


def test_a_trial_is_remembered_and_never_logged(answerable, desk, monkeypatch):
    asked = []
    retrieve = type(desk).retrieve

    def counted(self, question, *more):
        asked.append((question, self.gap_log, self.chat_model))
        return retrieve(self, question, *more)

    monkeypatch.setattr(type(desk), "retrieve", counted)
    assert answerable.answers(NOBODY_SAYS["question"]) is None
    assert answerable.answers(NOBODY_SAYS["question"]) is None
    assert asked == [(NOBODY_SAYS["question"], None, None)]


def test_no_more_are_tried_than_are_offered(answerable, desk, opened, monkeypatch):
    turns, scope = _asked(desk, opened, "How deep was the harbour of Oldport dredged?")
    tried = []
    monkeypatch.setattr(
        Answerable, "_try", lambda self, of, question, _: tried.append(question) or "ports/harbour"
    )
    monkeypatch.setattr("qa.web.chat.answerable.MOST", 2)
    assert answerable.near(turns, scope) == tried
    assert len(tried) == 2
