"""How an answer came about, told in numbers that add up."""

from __future__ import annotations

import json

import pytest

from qa.compose.weighed import weigh
from qa.desk import Only, open_desk
from qa.settings import read_settings
from qa.web.chat.conversation import ask
from qa.web.chat.kept import Conversations
from qa.web.chat.scope import Choice, choose


@pytest.fixture(scope="module")
def desk(opened):
    return open_desk(read_settings(), index=Only(opened.generation), log_gaps=False)


@pytest.mark.parametrize(
    "question",
    [
        "How deep was the harbour of Oldport dredged?",
        "Who won the chess championship of Peru?",
        "Lightning destroyed the observatory on Mount Kelm?",
    ],
)
def test_every_passage_is_shown_or_left_out_for_a_reason(desk, question):
    evidence = desk.retrieve(question)
    *_, answer = desk.compose(evidence)
    told = weigh(evidence, answer)
    assert told.compared >= told.weighed > 0
    assert told.passages == told.shown + sum(number for _, number in told.left_out)
    assert bool(told.shown) == bool(answer.quoted)
    if answer.outcome == "none":
        assert [reason for reason, _ in told.left_out] == ["not likely enough to answer"]


def test_what_says_the_same_is_told_as_such(desk):
    evidence = desk.retrieve("What destroyed the observatory on Mount Kelm?")
    *_, answer = desk.compose(evidence)
    assert dict(weigh(evidence, answer).left_out)["says what is shown already"] == 1


def test_it_is_kept_with_the_conversation(desk, opened):
    scope = choose(opened.sources, Choice())
    *_, turns = ask("How deep was the harbour of Oldport dredged?", (), scope, desk=desk)
    kept = Conversations()
    again = kept.load("local", kept.save("local", None, turns))
    assert turns[0].weighed is not None
    assert again[0].weighed == turns[0].weighed
    assert json.dumps(again[0].answer.to_dict())
    kept.close()
