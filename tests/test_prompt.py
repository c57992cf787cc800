"""What a language model is shown, with what is known of it, and what it is asked for."""

import json

import pytest

from qa.compose.draft import Span
from qa.compose.prompt import messages, shown
from qa.retrieve.evidence import gather


def told(opened, question, count=6):
    evidence = gather(opened.generation, question)
    (_, system), (_, human) = messages(evidence, shown(evidence, count), 6)
    passages = [json.loads(line) for line in human.split("\n") if line.startswith("{")]
    return system, human, passages


def test_a_passage_comes_with_title_date_standing_and_heading(opened):
    question = "How many passengers does the icebreaker carry in winter?"
    evidence = gather(opened.generation, question)
    text = opened.source("ports/harbour").text
    here = Span("ports/harbour", text.index("A ferry leaves"), text.index("## Trade"))
    (_, _), (_, human) = messages(evidence, [here], 6)
    ferry = json.loads(human.split("\n")[1])
    assert "icebreaker" in ferry["text"]
    assert ferry["title"] == "The harbour of Oldport"
    assert (ferry["published"], ferry["standing"]) == ("2021-05-04", "news")
    assert ferry["heading"].endswith("Ferries")
    assert human.endswith(f'Question: "{question}"')
    _, _, passages = told(opened, question)
    assert [one["number"] for one in passages] == list(range(1, len(passages) + 1))


def test_a_short_section_is_shown_whole_and_none_twice(opened):
    question = "What is the first export of Oldport?"
    evidence = gather(opened.generation, question)
    spans = shown(evidence, 6)
    text = opened.source("ports/harbour").text
    trade = next(one for one in spans if "Timber" in text[one.start : one.end])
    section = text[trade.start : trade.end]
    assert "\n## Trade\n" in section and section.rstrip().endswith("| 2000 | 341 |")
    for place, one in enumerate(spans):
        for other in spans[:place]:
            apart = one.source_id != other.source_id
            assert apart or one.end <= other.start or other.end <= one.start
    assert len(shown(evidence, 2)) == 2


def test_sections_are_whole_as_long_as_there_is_room(opened, monkeypatch):
    evidence = gather(opened.generation, "What is the first export of Oldport?")
    whole = shown(evidence, 6)
    monkeypatch.setattr("qa.compose.prompt._ROOM", 0)
    own = shown(evidence, 6)
    assert own[0] != whole[0]
    assert own[0].start >= whole[0].start and own[0].end <= whole[0].end


def test_a_long_section_is_shown_as_the_passage_that_was_found(opened):
    evidence = gather(opened.generation, "When was the Cape 120 lighthouse lit?")
    of = [one for one in shown(evidence, 6) if one.source_id == "lighthouses"]
    assert of and all(one.end - one.start < 1000 for one in of)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How do I moor a boat at Oldport?", "the steps in order"),
        ("Compare the harbour and the canal", "the same of each side"),
        ("Summarise the harbour of Oldport", "main parts in order"),
        ("What happened after 1990?", "in order of date"),
        ("How deep is the harbour of Oldport?", "Begin with what is asked for"),
    ],
)
def test_the_shape_of_the_question_says_what_is_asked_for(opened, question, words):
    system, _, _ = told(opened, question)
    assert words in system
