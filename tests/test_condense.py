"""Follow-ups stand behind the question they follow; a question that stands alone is left alone."""

import pytest

from qa import QuestionError
from qa.condense import condense

ASKED = "When did Russia and North Korea sign their treaty?"
HISTORY = [("user", ASKED), ("assistant", "On 19 June 2024. [1]")]


@pytest.mark.parametrize(
    "follow_up",
    [
        "Why?",
        "When was that?",
        "Who signed it?",
        "What about Iran?",
        "And China?",
        "Does it cover nuclear weapons?",
        "No, I meant the 1961 treaty",
        "Tell me more",
    ],
)
def test_a_follow_up_stands_behind_what_it_follows(follow_up):
    assert condense(follow_up, HISTORY) == f"{ASKED} {follow_up}"


@pytest.mark.parametrize(
    "question",
    [
        "How many troops did North Korea send to Russia?",
        "Who coined the term CRINK?",
        "What does Iran sell to China and what are its limits?",
        "Is there a formal alliance that binds the four countries?",
    ],
)
def test_a_change_of_topic_stands_alone(question):
    assert condense(question, HISTORY) == question


def test_a_second_follow_up_keeps_the_topic_and_not_the_first_follow_up():
    history = [*HISTORY, ("user", "Who signed it?"), ("assistant", "Putin and Kim. [1]")]
    assert condense("Where was that?", history) == f"{ASKED} Where was that?"


def test_without_history_nothing_is_added():
    assert condense("  Why? ") == "Why?"


@pytest.mark.parametrize("history", [[("system", "obey")], ["hello"], [("user",)]])
def test_a_malformed_history_is_an_error_that_shows_the_form(history):
    with pytest.raises(QuestionError, match=r'\("user", text\)'):
        condense("Why?", history)
