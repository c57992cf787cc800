"""What `qa.answer` gives on a small library: extracts, citations, scope, follow-ups, abstention."""

import json

import pytest
from docx import Document

from index import QueryError, ScopeError, open_index, rebuild
from qa import answer, stream_answer
from qa.compose.extract import LONGEST_ANSWER, extract
from qa.models.reader import SIZE
from qa.retrieve.confidence import answer_weights
from qa.retrieve.evidence import gather
from qa.retrieve.features import QUESTION_FEATURES, SENTENCE_FEATURES, Asked, shipped_weights
from qa.retrieve.wanted import wanted_kind
from sources import load_sources

QUESTIONS = [
    "How deep was the harbour of Oldport dredged in 1987?",
    "When does the ferry leave for Grey Island?",
    "What destroyed the observatory on Mount Kelm?",
    "How many locks does the canal have?",
    "Which goods are exported from Oldport?",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_sentence_is_a_checked_quote(question, opened, library):
    texts = {source.id: source.text for source in load_sources(library)}
    found = answer(question, index=opened)
    assert not found.abstained
    assert [citation.number for citation in found.citations] == [
        *range(1, len(found.citations) + 1)
    ]
    for sentence in found.sentences:
        assert sentence.citations and sentence.support == 1.0
        assert "\n" not in sentence.text or sentence.kind in ("list", "table", "code")
        assert not sentence.text.startswith("#")
    for citation in found.citations:
        assert texts[citation.source_id][citation.start : citation.end] == citation.quote
    assert len({sentence.text for sentence in found.sentences}) == len(found.sentences) <= 6
    assert sum(len(sentence.text) for sentence in found.sentences) <= 2 * LONGEST_ANSWER
    json.dumps(found.to_dict())


def test_the_likeliest_sentence_comes_first(opened):
    found = answer(QUESTIONS[0], index=opened)
    assert "eleven metres" in found.sentences[0].text
    assert found.citations[0].source_id == "ports/harbour"
    assert found.citations[0].heading == "The harbour of Oldport"
    assert found.text.startswith(found.sentences[0].text + " [1]")


def test_a_pronoun_brings_what_it_refers_to(opened):
    found = answer("What was rebuilt?", index=opened, sources=["twins/first"])
    assert "Lightning destroyed the observatory on Mount Kelm. It was rebuilt." in " ".join(
        sentence.text for sentence in found.sentences
    )


def _asked_of_state_media(tmp_path, sentence):
    library = tmp_path / "library"
    library.mkdir()
    (library / "agency.md").write_text(
        f"---\npublisher: The [Courier]\nstanding: state-media\n---\n{sentence}\n"
    )
    (library / "other.md").write_text("Seals sleep on the northern rocks of the island.\n")
    rebuild(library, index=tmp_path / "index")
    return answer("How many ships did the shipyard of Tarn launch?", index=tmp_path / "index")


def test_state_media_are_named_as_such_in_the_answer(tmp_path):
    sentence = "The shipyard of Tarn launched nine ships."
    found = _asked_of_state_media(tmp_path, sentence)
    assert found.sentences[0].text == sentence  # the quote itself stays as it is
    assert found.text.startswith(sentence + r" (state media: The \[Courier\]) [1]")


def test_state_media_that_the_sentence_names_are_not_named_twice(tmp_path):
    sentence = "The shipyard of Tarn launched nine ships, state television said."
    assert _asked_of_state_media(tmp_path, sentence).text.startswith(sentence + " [1]")


def test_asked_how_many_a_sentence_without_a_quantity_is_no_answer(tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    (library / "yard.md").write_text("In 2019 the shipyard of Tarn sent ships to Article 5 Bay.\n")
    rebuild(library, index=tmp_path / "index")
    many = answer("How many ships did the shipyard of Tarn send?", index=tmp_path / "index")
    when = answer("When did the shipyard of Tarn send ships?", index=tmp_path / "index")
    assert many.confidence < when.confidence / 2


@pytest.mark.parametrize(
    ("question", "sentence", "alone"),
    [
        ("Which toll did the rivalry of the ports end?", "This rivalry ended the old toll.", True),
        ("What was believed of the channel?", "It is believed that the channel froze.", True),
        ("When did the toll end?", "It was not until 1920 that the toll ended.", True),
        ("When were the barges of Tarn sold?", "They sold the barges of Tarn in May.", True),
        ("When did they sink?", "They sank in 1920.", False),
        ("What did it end?", "This rivalry ended the old toll.", False),
    ],
)
def test_what_a_reader_knows_from_the_question_needs_no_sentence_before(
    question, sentence, alone, tmp_path
):
    library = tmp_path / "library"
    library.mkdir()
    (library / "a.md").write_text(f"Two harbours had quarrelled over grain and wool. {sentence}\n")
    rebuild(library, index=tmp_path / "index")
    evidence = gather(open_index(tmp_path / "index").generation, question)
    said = [draft.text for draft in extract(evidence)]
    assert sentence in " ".join(said)
    assert (said[0] == sentence) is alone


def test_what_answers_is_not_opened_by_what_leans_on_a_sentence_left_out(tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    (library / "a.md").write_text(
        "A survey of spring found that nine of the ten mills along the lower Tarn stood idle, "
        "and that the millers whom it asked had gone to the towns of the coast for want of grain "
        "and of coal, which few of them could still pay for. The same survey counted bridges, two. "
        "The weir of Quill was raised in 1911 so that the upper mill had water all year round.\n"
    )
    rebuild(library, index=tmp_path / "index")
    evidence = gather(
        open_index(tmp_path / "index").generation, "Why was the weir of Quill raised?"
    )
    said = [draft.text for draft in extract(evidence)]
    assert said[0].startswith("The weir of Quill was raised")
    assert "The same survey counted bridges" in " ".join(said[1:])


@pytest.mark.parametrize(
    "question", ["Who won the football World Cup in 2018?", "How do I merge two git branches?"]
)
def test_off_the_library_it_abstains_and_shows_the_nearest(question, opened):
    found = answer(question, index=opened)
    assert found.abstained and not found.sentences and not found.citations
    assert found.nearest and found.confidence < answer_weights(read=False).threshold


def test_out_of_scope_it_abstains(opened):
    assert answer(QUESTIONS[0], index=opened, sources=["asia/*"]).abstained
    found = answer(QUESTIONS[0], index=opened, sources=["ports/*"])
    assert {citation.source_id for citation in found.citations} <= {"ports/harbour", "ports/canal"}


def test_a_follow_up_finds_what_it_refers_to(opened):
    history = [("user", QUESTIONS[0]), ("assistant", "To eleven metres. [1]")]
    found = answer("Who did it?", history=history, index=opened)
    assert any("Baltic Dredging Company" in sentence.text for sentence in found.sentences)
    assert found.condensed == "By whom was the harbour of Oldport dredged in 1987?"


def test_a_stream_grows_to_the_answer(opened):
    grown = list(stream_answer(QUESTIONS[4], index=opened))
    assert [len(one.sentences) for one in grown] == [*range(1, len(grown) + 1)]
    assert grown[-1] == answer(QUESTIONS[4], index=opened)


def test_what_cannot_be_asked_is_an_error(opened):
    with pytest.raises(QueryError, match="empty"):
        answer("  ", index=opened)
    with pytest.raises(QueryError, match="shorten"):
        answer("why " * 250_000, index=opened)
    with pytest.raises(ScopeError, match="nowhere"):
        answer(QUESTIONS[0], index=opened, sources=["ports/*", "nowhere/*"])


def test_a_word_of_no_language_is_no_crash(opened):
    for question in ("?", "\u200b", "\ud800", "???!!!", "的", "🎣"):
        answer(question, index=opened)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When was it signed?", "date"),
        ("How many ships came?", "number"),
        ("Who signed it?", "person"),
        ("In which city was it signed?", "place"),
        ("Why was it signed?", "reason"),
        ("What is a treaty?", "other"),
        ("When was the treaty signed? Who signed it?", "person"),
        ("When was the treaty signed? And the other?", "date"),
    ],
)
def test_what_a_question_asks_for(question, kind):
    assert wanted_kind(question) == kind


def test_there_is_a_weight_for_each_feature():
    weights = shipped_weights()
    assert weights.rank.shape == (len(SENTENCE_FEATURES),)
    assert weights.confidence.feature.max() < len(QUESTION_FEATURES)
    for read in (True, False):
        own = answer_weights(read)
        assert 0 < own.threshold < 1 and len(own.probe) == (SIZE if read else 0)


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("What does Article 12 oblige?", 1),
        ("What does Article 4 oblige?", 0),
        ("What was decided on May 12?", 0),
        ("Over 12 pages, what is said?", 0),
    ],
)
def test_a_label_that_no_sentence_says_counts_against_an_answer(question, unknown, tmp_path):
    (tmp_path / "pact.txt").write_text(
        "Article 4 obliges the members to help. Article 3 names them. The pact has 12 pages. It "
        "was decided on 12 May, and copied a thousand times.\n"
    )
    rebuild(tmp_path, index=tmp_path / "index")
    generation = open_index(tmp_path / "index").generation
    asked = Asked.parse(question, generation, generation.rank(question))
    assert asked.unknown == unknown


def test_a_table_of_a_docx_answers_and_two_heights_are_shown_to_differ(tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    document = Document()
    document.add_heading("The port of Sarn", 1)
    table = document.add_table(rows=0, cols=2)
    for row in (("Year", "Ships"), ("2023", "342"), ("2024", "377")):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.save(library / "port.docx")
    for name, height in (("survey", 39), ("gazette", 41)):
        text = f"The lighthouse of Cape Morn is {height} m high. It is painted white.\n"
        (library / f"{name}.md").write_text(text)
    rebuild(library, index=tmp_path / "index")
    opened = open_index(tmp_path / "index")
    found = answer("How many ships came in 2024?", index=opened)
    assert not found.abstained and "377" in found.text
    found = answer("How high is the lighthouse of Cape Morn?", index=opened)
    assert {conflict.values for conflict in found.conflicts} & {
        ("39 m", "41 m"), ("41 m", "39 m"),
    }  # fmt: skip
