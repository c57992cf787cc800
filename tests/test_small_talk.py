"""Small talk is answered by the interface; a change of subject carries nothing over."""

import json
from pathlib import Path

import pytest

from qa.condense.readings import readings
from qa.condense.small_talk import REPLIES, small_talk
from qa.desk import Desk
from qa.gap_log import GapLog

FOLLOW_UPS = Path(__file__).parent / "benchmarks" / "followups"
ASKED = "When was the harbour of Oldport dredged?"
TALK = {
    "greeting": ["Hello!", "hi there", "Good morning", "How are you?"],
    "thanks": ["thanks!", "OK, thank you very much", "great answer", "Danke!", "got it", "wow"],
    "farewell": ["bye"],
    "identity": ["Who are you?", "What is your name?", "Are you a robot?", "Who made you?"],
    "help": ["What can you do?", "help", "What can I ask?", "How do you work?"],
    "reword": [
        "shorter please",
        "Explain that more simply",
        "Translate it to German",
        "Can you summarize that?",
        "Say it in other words",
        "in French please",
        "tl;dr",
        "Explain it like I'm five",
        "Put that in bullet points",
    ],
    "doubt": ["Is that true?", "Are you sure?", "Really?", "That's wrong", "How do you know that?"],
}
OTHERS = [
    "What is the best pizza recipe?",
    "How do I bake sourdough bread?",
    "Who won the football world cup?",
    "Write a poem about love",
    "Was ist das beste Pizzarezept?",
    "какая сегодня погода?",
    "今天天气怎么样?",
    "ما هي عاصمة فرنسا؟",
    "What is the meaning of life?",
    "Tell me a joke",
]


@pytest.fixture(scope="module")
def desk(opened, tmp_path_factory):
    return Desk(index=opened, gap_log=GapLog(tmp_path_factory.mktemp("gaps")))


@pytest.fixture(scope="module")
def history(desk):
    *_, found = desk.compose(desk.retrieve(ASKED))
    assert "1987" in found.text
    return [("user", ASKED), ("assistant", found.text)]


@pytest.mark.parametrize("kind", TALK)
def test_small_talk_gets_a_reply_and_is_no_gap(desk, history, kind):
    for said in TALK[kind]:
        *_, found = desk.compose(desk.retrieve(said, history))
        assert (found.small_talk, found.text) == (kind, REPLIES[kind]), said
        assert found.abstained and not found.citations and not found.nearest
        assert found.condensed == said and found.confidence == 0
    assert [gap.question for gap in desk.gap_log.read() if gap.question not in OTHERS] == []


@pytest.mark.parametrize("said", OTHERS)
def test_a_change_of_subject_is_asked_as_it_stands(desk, history, said):
    *_, found = desk.compose(desk.retrieve(said, history))
    assert found.condensed == said and found.small_talk is None
    *_, alone = desk.compose(desk.retrieve(said))
    assert found.text == alone.text
    assert found.abstained or said == OTHERS[6]  # the library holds a Chinese text


def test_a_question_in_another_script_is_not_made_part_of_the_next(history):
    later = [
        *history,
        ("user", OTHERS[6]),
        ("assistant", "The sources do not answer this."),
    ]
    assert readings("And where?", later)[0] == "Where was the harbour of Oldport dredged?"


def test_what_is_asked_after_thanks_is_about_what_was_asked_before_them(history):
    later = [*history, ("user", "thanks!"), ("assistant", REPLIES["thanks"])]
    assert readings("And where?", later)[0] == "Where was the harbour of Oldport dredged?"


def test_real_follow_ups_are_no_small_talk():
    asked = [
        json.loads(line)["follow_up"]
        for name in ("build", "held_out")
        for line in (FOLLOW_UPS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    asked += ["Thanks! And how?", "and in German?", "Explain", "Tell me more", "no, I meant Iran"]
    asked += ["What are the sources of the river?", "Who made it?", "Is it safe?", "Well?"]
    assert len(asked) > 120
    talk = [one for one in asked if small_talk(one, after_answer=True)]
    assert talk == []


def test_without_an_answer_before_there_is_nothing_to_reword():
    assert small_talk("shorter") is None and small_talk("good") is None
    assert small_talk("thanks") == "thanks" and small_talk("What can you do?") == "help"
