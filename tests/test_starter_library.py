"""The library that comes with Refdesk: its dates, its questions, what the chat offers."""

import re
from collections import Counter

import pytest

from qa import answer
from qa.evaluation.gold import flat
from qa.evaluation.questions import NEAR_MISS, OFF_TOPIC, read_questions
from qa.retrieve.timeliness import rank_in_time
from qa.settings import starter_library
from qa.web.chat.examples import example_questions
from sources import load_sources

MONTHS = (
    "January February March April May June July August September October November December".split()
)
# Dates that a document names and that were still to come when its last fact was told.
TO_COME = {"economic-cooperation": "by March 2026", "india": "until 26 April 2026"}


@pytest.fixture(scope="module")
def library():
    notes = []
    found = load_sources(starter_library(), on_note=lambda *note: notes.append(note), strict=True)
    assert notes == []
    return {source.id: source for source in found}


@pytest.fixture(scope="module")
def natural():
    asked = read_questions(starter_library().parent / "questions.jsonl")
    return [one for one in asked if one.kind]


def test_a_document_has_the_date_of_the_last_fact_that_it_tells(library):
    for name, source in library.items():
        text = source.text.replace(TO_COME.get(name, "\n\n\n"), "")
        said = re.findall(rf"\b({'|'.join(MONTHS)}) (20\d\d)", text)
        latest = max(f"{year}-{MONTHS.index(month) + 1:02}" for month, year in said)
        if name == "economic-cooperation":  # its last figures are of the whole year
            latest = "2025-12"
        assert source.published[:7] == latest, name
    assert len({source.published[:7] for source in library.values()}) >= 6


def test_as_of_a_time_before_an_event_another_answer_is_given_than_after(starter):
    """In June 2025 Iran asked for nothing; of the war of 2026 only later sources tell."""
    question = "As of {}, had Russia sent Iran military help?"
    before, after = (answer(question.format(year), index=starter) for year in (2025, 2026))
    assert "18 June 2025" in before.text and "March 2026" not in before.sentences[0].text
    assert "March 2026" in after.sentences[0].text
    *_, lost = rank_in_time(starter.generation, question.format(2025), None)
    assert lost.min() < 0 == lost.max(), "sources of another time lose, those of that time do not"


def test_its_questions_are_of_many_kinds(natural):
    kinds = Counter(one.kind for one in natural)
    assert len(natural) >= 60 and len(kinds) >= 12
    for kind in ("overview", "why", "list", "compare", "timeline", "followup", NEAR_MISS):
        assert kinds[kind] >= 5, kind


def test_their_spans_stand_in_the_documents_named(library, natural):
    for one in natural:
        assert one.answerable == (one.kind not in (NEAR_MISS, OFF_TOPIC))
        assert bool(one.history) == (one.kind == "followup")
        assert bool(one.named) == one.answerable
        if one.kind in ("list", "compare", "overview"):
            assert 2 <= len(one.parts) <= 5, one.question
        for span in (*one.answers, *one.parts):
            assert any(span in library[name].text for name in one.named), (one.question, span)


def test_they_are_not_asked_in_the_words_of_the_documents(library, natural):
    """No run of five words of a question stands in the documents."""
    texts = [flat(source.text).casefold() for source in library.values()]
    for one in natural:
        words = re.findall(r"\w+", one.question.casefold())
        runs = ["".join(words[at : at + 5]) for at in range(max(1, len(words) - 4))]
        assert not any(run in text for text in texts for run in runs if len(run) > 12), one.question


def test_what_the_chat_offers_is_answered(library, starter):
    offered = example_questions(starter_library(), list(library.values()))
    assert len(offered) == 4
    assert {question: answer(question, index=starter).outcome for question in offered} == (
        dict.fromkeys(offered, "answered")
    )
