"""Whether citations still hold: against an index or a library, after edits of every kind."""

import json
import shutil
from pathlib import Path

import pytest

from index import rebuild
from qa import answer, check_answer
from qa.errors import SettingError
from qa.export.answers import export_answer
from qa.export.evidence import digest
from qa.export.recheck import check_all, open_texts
from sources import SourceError

QUESTION = "When was the harbour of Oldport dredged?"
HARBOUR = "ports/harbour.md"


@pytest.fixture(scope="module")
def evidence(opened):
    return json.loads(export_answer(answer(QUESTION, index=opened), "evidence", index=opened))


@pytest.fixture
def changed(own_library):
    """Edits a file of the library, and checks the first citation of an answer against it."""

    def change(evidence, name=HARBOUR, **replaced):
        path = own_library / name
        text = path.read_text(encoding="utf-8")
        for old, new in replaced.get("pairs", ()):
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        return check_answer(evidence, library=own_library).citations[0]

    return change


def quote_of(library, check):
    body = (library / f"{check.now.source_id}.md").read_text(encoding="utf-8").split("---\n", 2)[2]
    return body[check.now.start : check.now.end]


def test_what_was_just_exported_holds(evidence, opened, library, tmp_path):
    (tmp_path / "answer.json").write_text(json.dumps(evidence))
    for exported in (evidence, tmp_path / "answer.json"):
        for against in ({"index": opened}, {"index": opened.folder}, {"library": library}):
            check = check_answer(exported, **against)
            assert check.holds and check.intact
            assert [one.status for one in check.citations] == ["holds"] * len(check.citations)
            assert all(one.same_text for one in check.citations)
            assert check.question == QUESTION
            assert check.citations


def test_the_json_of_an_answer_is_checked_as_well(opened, library):
    found = answer(QUESTION, index=opened)
    check = check_answer(json.loads(json.dumps(found.to_dict())), library=library)
    assert check.holds
    assert check.intact is None


def test_a_change_elsewhere_in_the_source_does_no_harm(evidence, changed):
    check = changed(evidence, pairs=[("Salted herring", "Smoked herring")])
    assert (check.status, check.same_text) == ("holds", False)


def test_a_quote_that_stands_further_down_has_moved(evidence, changed, own_library):
    check = changed(
        evidence,
        pairs=[("The harbour of Oldport was", "A new preface. The harbour of Oldport was")],
    )
    assert check.status == "moved"
    assert check.now.source_id == "ports/harbour"
    assert check.now.start == check.start + len("A new preface. ")
    assert quote_of(own_library, check) == check.quote == check.now.quote


def test_new_line_breaks_are_a_move(evidence, changed, own_library):
    check = changed(evidence, pairs=[("was dredged to a", "was\n  dredged  to a")])
    assert check.status == "moved"
    assert " ".join(check.now.quote.split()) == " ".join(check.quote.split())
    assert quote_of(own_library, check) == check.now.quote


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("eleven metres in 1987", "twelve metres in 1988"),
        (
            "The harbour of Oldport was dredged",
            "The old harbour of Oldport was, it is said, dredged",
        ),
        ("in 1987.", "in 1987, as far as the records of the port authority go."),
        ("The harbour of Oldport was", "Oldport harbour was"),
    ],
)
def test_a_passage_that_reads_otherwise_has_changed(evidence, changed, own_library, old, new):
    check = changed(evidence, pairs=[(old, new)])
    assert check.status == "changed"
    assert new in check.now.quote
    assert quote_of(own_library, check) == check.now.quote
    assert check.now.quote.startswith(("The", "Oldport")) and check.now.quote.endswith(".")


def test_a_passage_that_is_not_there_is_gone(evidence, changed):
    sentence = "The harbour of Oldport was dredged to a depth of eleven metres in 1987."
    check = changed(evidence, pairs=[(sentence, "")])
    assert (check.status, check.now, check.elsewhere) == ("gone", None, None)


def test_a_sentence_on_the_same_topic_is_not_the_same_passage(evidence, changed):
    sentence = "The harbour of Oldport was dredged to a depth of eleven metres in 1987."
    other = "The harbour of Oldport has a lighthouse that was painted by students."
    assert changed(evidence, pairs=[(sentence, other)]).status == "gone"


def test_a_source_that_was_renamed(evidence, own_library):
    (own_library / HARBOUR).rename(own_library / "oldport.md")
    (check, *_) = check_answer(evidence, library=own_library).citations
    assert (check.status, check.same_text) == ("moved", None)
    assert check.now.source_id == "oldport"
    assert (check.now.start, check.now.end) == (check.start, check.end)


def test_a_source_that_is_gone(evidence, own_library):
    (own_library / HARBOUR).unlink()
    (check, *_) = check_answer(evidence, library=own_library).citations
    assert (check.status, check.same_text, check.now) == ("gone", None, None)


def test_what_a_source_took_back_and_another_still_says(evidence, changed, own_library):
    shutil.copy(own_library / HARBOUR, own_library / "copy.md")
    check = changed(evidence, pairs=[("eleven metres", "twelve metres")])
    assert check.status == "changed"
    assert "twelve metres" in check.now.quote
    assert (check.elsewhere.source_id, check.elsewhere.quote) == ("copy", check.quote)


def test_of_equal_quotes_the_one_in_the_old_surroundings_is_meant(own_library, tmp_path):
    path = own_library / "bells.txt"
    rings = [f"{name}. The bell rings at noon. {name} hears it." for name in ("Ada", "Bo", "Cy")]
    path.write_text(" ".join(rings))
    start = len(rings[0]) + 1 + rings[1].index("The")
    quote = "The bell rings at noon."
    fields = {"number": 1, "source_id": "bells", "title": "t", "sha256": "", "quote": quote,
              "start": start, "end": start + len(quote), "prefix": "Bo. ",
              "suffix": " Bo hears"}  # fmt: skip
    exported = {"question": "?", "citations": [fields]}
    assert check_answer(exported, library=own_library).holds
    path.write_text("Bells. " * 9 + " ".join(rings))
    (check,) = check_answer(exported, library=own_library).citations
    assert (check.status, check.now.start) == ("moved", start + 7 * 9)
    path.write_text(" ".join(reversed(rings)))
    (check,) = check_answer(exported, library=own_library).citations
    assert path.read_text()[: check.now.start].endswith(" Bo. ")


def test_an_edited_file_does_not_pass(evidence, library):
    for edit in (
        lambda one: one["answer"]["sentences"][0].update(text="The harbour was never dredged."),
        lambda one: one["settings"].update(generation="000009-abcdef"),
    ):
        edited = json.loads(json.dumps(evidence))
        edit(edited)
        check = check_answer(edited, library=library)
        assert check.intact is False and not check.holds
        edited["sha256"] = digest(edited)
        assert check_answer(edited, library=library).intact  # what is edited is told below


def resigned(evidence, edit):
    """The evidence after an edit of its answer, the hash made anew."""
    edited = json.loads(json.dumps(evidence))
    edit(edited["answer"])
    edited["sha256"] = digest(edited)
    return edited


@pytest.mark.parametrize(
    "altered",
    [
        "The harbour of Oldport was dredged to a depth of twelve metres in 1987.",
        "The harbour of Oldport was never dredged to a depth of eleven metres in 1987.",
        "The harbour of Newport was dredged to a depth of eleven metres in 1987.",
        "Everybody in Oldport is rich.",
        "The harbour of Oldport was dredged to a depth of eleven\u202e metres in 1987.",
    ],
)
def test_an_altered_sentence_is_told_whatever_the_hash_says(evidence, library, altered):
    def edit(answer):
        was = answer["sentences"][0]["text"]
        answer["sentences"][0]["text"] = altered
        answer["text"] = answer["text"].replace(was, altered)

    check = check_answer(resigned(evidence, edit), library=library)
    assert check.intact and not check.holds
    assert {one.status for one in check.citations} == {"holds"}
    assert [one.status for one in check.sentences if one.text == altered] == ["altered"]


def test_a_text_that_is_not_made_of_its_sentences_is_told(evidence, library):
    for edit in (
        lambda one: one.update(text=one["text"].replace("eleven", "twelve")),
        lambda one: one.update(text=one["text"] + " Ask nobody else."),
        lambda one: one.update(sentences=[]),
    ):
        check = check_answer(resigned(evidence, edit), library=library)
        assert not check.text_fits and not check.holds
    spaced = resigned(evidence, lambda one: one.update(text=one["text"].replace(" ", "\n")))
    assert check_answer(spaced, library=library).holds


def test_what_only_a_model_can_tell_is_not_passed_without_one(evidence, library, monkeypatch):
    reworded = "Digging out Oldport's harbour took place in 1987, down to eleven metres."

    def edit(answer):
        answer["sentences"][0] |= {"text": reworded, "checked_by": "model:tiny"}
        del answer["text"]

    edited = resigned(evidence, edit)
    check = check_answer(edited, library=library)
    assert check.sentences[0].status == "unjudged" and not check.holds

    class Sure:
        name, least, most_copied = "tiny", 0.9, 1.0

        def probabilities(self, texts, sentence):
            return [1.0] * len(texts)

    monkeypatch.setattr("qa.export.still_said.load_judge", lambda named: Sure())
    assert check_answer(edited, library=library).sentences[0].status == "said"


def test_answers_of_every_shape_are_said_by_their_quotes(opened, library):
    for question in (
        QUESTION,
        "What are the exports of Oldport?",
        "How many ships came in 2000?",
        "Tell me about the harbour of Oldport",
        "What is the crew of the icebreaker paid?",
    ):
        found = answer(question, index=opened)
        check = check_answer(found.to_dict(), index=opened)
        assert check.holds, question
        assert len(check.sentences) == len(found.sentences) + len(found.related)


def test_against_an_index_that_was_rebuilt(evidence, own_library, own_index):
    path = own_library / HARBOUR
    path.write_text(path.read_text().replace("eleven metres", "twelve metres"))
    assert check_answer(evidence, index=own_index).holds  # the index has not heard of it yet
    rebuild(own_library, index=own_index)
    assert not check_answer(evidence, index=own_index).holds


def test_a_forged_citation_is_found_out(evidence, library):
    forged = json.loads(json.dumps(evidence["answer"]))
    forged["citations"][0]["quote"] = "Nobody ever set foot on Grey Island again, says the Gazette."
    for start, end in ((0, 10), (-5, 10**12), (10**30, 5)):
        forged["citations"][0] |= {"start": start, "end": end}
        assert check_answer(forged, library=library).citations[0].status == "gone"


def test_a_forged_quote_of_any_length_is_soon_done(evidence, library):
    forged = json.loads(json.dumps(evidence["answer"]))
    for quote in ("The harbour of Oldport was " * 20_000, "a" * 200_000, " ".join("a" * 9_000)):
        forged["citations"][0] |= {"quote": quote, "start": 0, "end": len(quote)}
        assert check_answer(forged, library=library).citations[0].status == "gone"


def test_an_abstention_has_nothing_to_check(opened, library):
    refused = answer("Who painted the Sistine Chapel?", index=opened)
    check = check_answer(refused.to_dict(), library=library)
    assert check.holds and check.citations == ()


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{}", "null", '{"citations": 3, "question": "?"}', "[" * 100_000, "\x00",
        '{"citations": [], "question": "\\ud800"}',
        '{"citations": [{}], "question": "?"}', '{"format": "refdesk-evidence", "schema": 1}',
        '{"question": 1, "citations": []}',
        json.dumps({"question": "?", "citations": [
            {"number": 1, "source_id": "a", "title": "t", "start": "0", "end": 1, "quote": "q",
             "sha256": ""}]}),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_said_in_one_line(content, library, tmp_path):
    path = tmp_path / "answer.json"
    path.write_text(content)
    with pytest.raises(SettingError, match="name what `refdesk ask --export") as error:
        check_answer(path, library=library)
    assert "\n" not in str(error.value) and str(path) in str(error.value)


def test_what_cannot_be_read(evidence, library, tmp_path):
    with pytest.raises(SettingError, match=r"none\.json cannot be read"):
        check_answer(tmp_path / "none.json", library=library)
    with pytest.raises(SettingError, match="has schema 99, this Refdesk reads 1"):
        check_answer(evidence | {"schema": 99}, library=library)
    with pytest.raises(SourceError):
        check_answer(evidence, library=tmp_path / "none")


def test_several_answers_at_once(evidence, library, tmp_path):
    path = Path(tmp_path / "a.json")
    path.write_text(json.dumps(evidence))
    checks = check_all([path, path, evidence], open_texts(library=library))
    assert [one.holds for one in checks] == [True] * 3
    assert checks[0].to_dict()["holds"] is True
    assert json.loads(json.dumps(checks[0].to_dict()))["citations"][0]["status"] == "holds"
