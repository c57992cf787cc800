"""The gate: what a draft claims to rest on is resolved, quoted, measured; the rest is dropped."""

import pytest
from checks import assert_checked

from qa import answer
from qa.check.gate import Gate
from qa.compose.draft import Draft, Span
from qa.retrieve.evidence import gather

HARBOUR = "The harbour of Oldport was dredged to a depth of eleven metres in 1987."


@pytest.fixture
def evidence(opened):
    return gather(opened.generation, "How deep is the harbour of Oldport?")


def whole(opened, source_id):
    return Span(source_id, 0, len(opened.source(source_id).text))


def test_a_sentence_is_cited_by_the_sentence_of_the_passage_that_says_it(opened, evidence):
    gate = Gate(evidence)
    sentence = gate.check(Draft(HARBOUR, (whole(opened, "ports/harbour"),)))
    assert (sentence.text, sentence.citations, sentence.support) == (HARBOUR, (1,), 1.0)
    (citation,) = gate.citations
    assert citation.quote == HARBOUR
    assert (citation.source_id, citation.standing) == ("ports/harbour", "news")


def test_a_sentence_says_how_it_was_checked_and_no_looser_check_than_allowed_is_made(
    opened, evidence
):
    spans = (whole(opened, "ports/harbour"),)
    reworded = HARBOUR.replace("harbour", "port")
    assert reworded != HARBOUR
    assert Gate(evidence).check(Draft(HARBOUR, spans)).checked_by == "verbatim"
    assert Gate(evidence).check(Draft(reworded, spans)).checked_by == "rules"
    assert Gate(evidence, check="rules").check(Draft(reworded, spans)).checked_by == "rules"
    strict = Gate(evidence, check="verbatim")
    assert strict.check(Draft(reworded, spans)) is None
    assert strict.check(Draft(HARBOUR, spans)).checked_by == "verbatim"


@pytest.mark.parametrize(
    "span",
    [
        Span("no/such", 0, 10),
        Span("ports/harbour", -5, 10),
        Span("ports/harbour", 10, 10),
        Span("ports/harbour", 20, 10),
        Span("ports/harbour", 0, 10**9),
        Span("ports/canal", 0, 100),
    ],
)
def test_a_span_that_is_none_or_says_something_else_carries_nothing(evidence, span):
    gate = Gate(evidence)
    assert gate.check(Draft(HARBOUR, (span,))) is None
    assert gate.check(Draft(HARBOUR, ())) is None
    assert gate.citations == []


def test_spans_that_do_not_support_are_not_cited(opened, evidence):
    gate = Gate(evidence)
    spans = (whole(opened, "ports/canal"), whole(opened, "ports/harbour"))
    assert gate.check(Draft(HARBOUR, spans)).citations == (1,)
    assert [citation.source_id for citation in gate.citations] == ["ports/harbour"]


def test_a_source_out_of_scope_is_not_cited(opened):
    evidence = gather(opened.generation, "How deep is the harbour of Oldport?", ["twins/*"])
    assert Gate(evidence).check(Draft(HARBOUR, (whole(opened, "ports/harbour"),))) is None


def test_nothing_is_said_twice_and_numbers_follow_first_use(opened, evidence):
    gate = Gate(evidence)
    twins = (whole(opened, "twins/second"), whole(opened, "twins/first"))
    struck = opened.source("twins/first").text.partition(" It ")[0]
    assert gate.check(Draft(struck, twins)).citations == (1, 2)
    assert gate.check(Draft(struck.upper(), twins)) is None
    assert gate.check(Draft(HARBOUR, (whole(opened, "ports/harbour"),))).citations == (3,)
    assert [citation.source_id for citation in gate.citations] == [
        "twins/second",
        "twins/first",
        "ports/harbour",
    ]


@pytest.mark.parametrize("text", ["", " \n ", "...", "\u200b\u202e", "[1]", "!!! ???"])
def test_a_sentence_without_words_is_none(opened, evidence, text):
    assert Gate(evidence).check(Draft(text, (whole(opened, "ports/harbour"),))) is None


def test_what_cannot_be_seen_is_taken_out_before_it_is_compared(opened, evidence):
    hidden = HARBOUR.replace("eleven", "ele\u200bven\u202e").replace("Oldport", "Old\x00port")
    sentence = Gate(evidence).check(Draft(hidden, (whole(opened, "ports/harbour"),)))
    assert sentence.text == HARBOUR


@pytest.mark.parametrize(
    "question",
    [
        "How deep is the harbour of Oldport?",
        "Who destroyed the observatory on Mount Kelm?",
        "What does the beekeeper of Tarn sell?",
        "茶叶运往哪里?",
        "Quel est le péage du canal?",
        "What is the boiling point of water?",
        "[1]",
    ],
)
def test_extracts_go_through_the_same_gate(opened, question):
    assert_checked(answer(question, index=opened), opened)
