"""What of an answer stands together, and what each part of it is headed by."""

from __future__ import annotations

from dataclasses import replace

import qa
from qa.parts import is_block, paragraphs, parts
from qa.result import AnswerSentence, Citation


def _cited(number, start, end, heading="Boat", source="ferry", title="The ferry"):
    return Citation(
        number=number,
        source_id=source,
        title=title,
        publisher=None,
        url=None,
        published=None,
        standing="other",
        page=None,
        heading=heading,
        start=start,
        end=end,
        quote="",
        sha256="",
        score=1.0,
    )


def _said(text, number, kind="sentence"):
    return AnswerSentence(text=text, citations=(number,), support=1.0, kind=kind)


SENTENCES = (
    _said("It is of steel.", 1),
    _said("It weighs ninety tonnes.", 2),
    _said("- a\n- b", 3, "list"),
    _said("A ride costs two crowns.", 4),
)
CITATIONS = (
    _cited(1, 0, 15),
    _cited(2, 16, 40),
    _cited(3, 41, 48),
    _cited(4, 90, 120, "The ferry > Fares"),
)


def _answer(opened, question, sentences=SENTENCES, citations=CITATIONS, model=None):
    found = qa.answer("Which company dredged the harbour of Oldport?", index=opened)
    return replace(found, condensed=question, sentences=sentences, citations=citations, model=model)


def test_what_follows_in_its_source_stands_together_and_a_block_alone():
    together = paragraphs(SENTENCES, CITATIONS)
    assert [len(one) for one in together] == [2, 1, 1]
    assert is_block(together[1][0])
    apart = (CITATIONS[0], replace(CITATIONS[1], start=18))
    assert len(paragraphs(SENTENCES[:2], apart)) == 2
    elsewhere = (CITATIONS[0], replace(CITATIONS[1], source_id="bridge"))
    assert len(paragraphs(SENTENCES[:2], elsewhere)) == 2


def test_what_a_model_wrote_is_one_paragraph_but_for_blocks():
    assert [len(one) for one in paragraphs(SENTENCES, CITATIONS, "a-model")] == [2, 1, 1]
    assert len(paragraphs((SENTENCES[0], SENTENCES[3]), CITATIONS, "a-model")) == 1


def test_only_an_overview_and_a_comparison_have_labels(opened):
    assert [part.label for part in parts(_answer(opened, "Tell me about the ferry"))] == [
        "Boat",
        "",
        "Fares",
    ]
    assert {part.label for part in parts(_answer(opened, "Why is it of steel?"))} == {""}
    by_model = _answer(opened, "Tell me about the ferry", model="a-model")
    assert {part.label for part in parts(by_model)} == {""}


def test_a_comparison_puts_together_what_one_source_says(opened):
    other = replace(CITATIONS[2], source_id="bridge", title="The bridge")
    citations = (CITATIONS[0], other, CITATIONS[3])
    sentences = tuple(_said(f"Sentence {number}.", number) for number in (1, 2, 4))
    answer = _answer(
        opened, "How do they differ?", sentences, (*citations[:2], CITATIONS[2], CITATIONS[3])
    )
    assert [(part.label, part.sentences[0].citations[0]) for part in parts(answer)] == [
        ("The ferry", 1),
        ("", 4),
        ("The bridge", 2),
    ]


def test_events_have_their_dates_only_if_all_have_one(opened):
    dated = (_said("It sailed in March 1961.", 1), _said("It sank on 4 May 1974.", 2))
    answer = _answer(opened, "What happened to it over the years?", dated)
    assert [part.date for part in parts(answer)] == ["1961-03", "1974-05-04"]
    answer = replace(answer, sentences=(*dated, _said("Nobody knows why.", 4)))
    assert {part.date for part in parts(answer)} == {""}


def test_markdown_has_a_blank_line_between_paragraphs(opened):
    found = qa.answer("Tell me about the harbour of Oldport", index=opened)
    told = paragraphs(found.sentences, found.citations)
    assert len(told) > 1
    assert found.text.count("\n\n") >= len(told) - 1
