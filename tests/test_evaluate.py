"""The measures of `refdesk eval`: by hand, against scikit-learn, and on a small library."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from index import open_index, rebuild
from qa import answer
from qa.desk import open_desk
from qa.errors import SettingError
from qa.evaluation.asking import HITS, Outcome, Record, ask_all, overlap
from qa.evaluation.gold import contains
from qa.evaluation.measures import measure
from qa.evaluation.questions import Question, read_questions, spread
from qa.evaluation.runs import Run, read_run, run_questions
from qa.evaluation.statistics import (
    area_under_risk,
    auroc,
    calibration_error,
    calibration_error_by_chance,
    risk_coverage,
)
from qa.gap_log import GapLog
from qa.settings import read_settings

BRIDGE = "The Aldermoor bridge opened in 1931. Its span of 240 metres crosses the river Wend."
CHEESE = "Corriden cheese ripens for nine months in slate cellars. Shepherds salt it twice a week."


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluate")
    library = folder / "library"
    library.mkdir()
    (library / "bridge.txt").write_text(BRIDGE)
    (library / "food").mkdir()
    (library / "food" / "cheese.txt").write_text(CHEESE)
    rebuild(library, index=folder / "index")
    return open_index(folder / "index")


def desk(opened):
    return open_desk(read_settings(), index=opened)


@pytest.fixture
def file(tmp_path):
    """Writes lines, as they are or as JSON, to a question file."""

    def write(*lines):
        path = tmp_path / "questions.jsonl"
        path.write_text(
            "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        )
        return path

    return write


def outcome(**changed):
    fields = dict(
        generation="g", model=None, abstained=False, outcome="answered", confidence=0.5,
        text="", gold=True, gold_first=True, right_source=True, citations=1, wrong_quotes=0,
        sentences=1, uncited=0, seconds=0.01,
    )  # fmt: skip
    fields |= changed
    if fields["abstained"]:
        fields["outcome"] = changed.get("outcome", "none")
    fields.setdefault("shipped_confidence", fields["confidence"])
    fields.setdefault("would_be_right", fields["gold"])
    return Outcome(**fields)


def record(answers=("a",), answered=None, off=None, kind="", **changed):
    question = Question(line=1, question="?", source="s", answers=answers, kind=kind)
    fields = dict(recall=None, precision=None, hit=None, search_seconds=0.02)
    return Record(
        question=question, answered=answered or outcome(), off_library=off, **fields | changed
    )


def measured(records):
    return {one.name: (one.value, one.of) for one in measure(records)}


def test_auroc_by_hand():
    assert auroc([0.9, 0.8], [0.1, 0.2]) == 1
    assert auroc([0.1], [0.9, 0.8]) == 0
    assert auroc([0.5, 0.5], [0.5]) == 0.5
    assert auroc([0.9, 0.3], [0.3, 0.1]) == 3.5 / 4  # one tie in four pairs


def test_auroc_is_that_of_scikit_learn():
    random = np.random.default_rng(0)
    for _ in range(20):
        labels = np.concatenate([[0, 1], random.integers(0, 2, 60)])
        scores = random.integers(0, 12, 62) / 12  # with ties
        ours = auroc(scores[labels == 1], scores[labels == 0])
        assert ours == pytest.approx(roc_auc_score(labels, scores))


def test_calibration_error_by_hand():
    # Two bins: of three at 0.95 two are right, of one at 0.25 none is.
    error = calibration_error([0.95, 0.95, 0.95, 0.25], [True, True, False, False])
    assert error == pytest.approx(3 / 4 * (0.95 - 2 / 3) + 1 / 4 * 0.25)
    assert calibration_error([1.0, 0.0], [True, False]) == 0
    assert calibration_error([1.0], [False]) == 1


def test_calibration_of_what_is_calibrated_is_near_nothing():
    random = np.random.default_rng(0)
    confidence = random.random(20_000)
    assert calibration_error(confidence, random.random(20_000) < confidence) < 0.02
    assert calibration_error(confidence, random.random(20_000) < confidence**2) > 0.1


def test_of_few_questions_a_calibrated_confidence_shows_an_error_by_chance():
    random = np.random.default_rng(3)
    confidence = random.random(120)
    seen = [calibration_error(confidence, random.random(120) < confidence) for _ in range(400)]
    assert calibration_error_by_chance(confidence) == pytest.approx(np.mean(seen), rel=0.05)
    assert calibration_error_by_chance([1.0, 0.0, 0.0]) == 0


def test_risk_and_coverage_by_hand():
    # Two share a confidence: both are answered, or neither is.
    threshold, coverage, risk = risk_coverage([0.2, 0.9, 0.5, 0.5], [False, True, False, True])
    assert threshold.tolist() == [0.9, 0.5, 0.2]
    assert coverage.tolist() == [0.25, 0.75, 1.0]
    assert risk.tolist() == [0.0, 1 / 3, 0.5]
    area = 0.25 * 0 + 0.5 / 3 + 0.25 * 0.5
    assert area_under_risk([0.2, 0.9, 0.5, 0.5], [False, True, False, True]) == pytest.approx(area)


def test_the_risk_of_what_is_sorted_right_is_least():
    right = np.arange(100) < 70
    assert area_under_risk(1 - np.arange(100) / 100, right) < area_under_risk(
        np.arange(100) / 100, right
    )
    assert area_under_risk(np.full(100, 0.5), right) == pytest.approx(0.3)


def test_overlap_counts_each_character_once():
    assert overlap([(0, 10), (5, 15)], [(8, 12), (10, 30)]) == (7, 15, 22)
    assert overlap([(3, 5)], []) == (0, 2, 0)


def test_gold_is_contained_whatever_the_white_space():
    assert contains("was opened in\n 1931.", ["in 1931"])
    assert not contains("was opened in 1931.", ["In 1931"])
    assert not contains("anything", [])


def test_measures_by_hand():
    right = outcome(confidence=0.95, citations=3, sentences=2)
    missed = outcome(
        confidence=0.05, abstained=True, gold=False, gold_first=False, right_source=False,
        citations=0, sentences=0, seconds=0.03,
    )  # fmt: skip
    wrong = outcome(confidence=0.65, gold=False, gold_first=False, wrong_quotes=1, uncited=1)
    refused = outcome(confidence=0.02, abstained=True, citations=0, sentences=0)
    found = measured(
        [
            record(answered=right, off=refused, recall=1.0, precision=0.5, hit=True),
            record(answered=missed, off=wrong, recall=0.5, precision=0.1, hit=False),
            record(answers=(), answered=wrong),
            record(answers=(), answered=refused),
        ]
    )
    assert found["recall"] == (0.75, 2)
    assert found["precision"] == (pytest.approx(0.3), 2)
    assert found["hits_in_the_5_best"] == (0.5, 2)
    assert found["answers_that_contain_gold"] == (0.5, 2)
    assert found["gold_in_the_first_sentence"] == (0.5, 2)
    assert found["answers_with_the_right_source"] == (0.5, 2)
    assert found["wrong_quotes"] == (2, 5)  # the wrong one was given twice
    assert found["uncited_sentences"] == (2, 4)
    assert found["false_refusals"] == (0.5, 2)
    assert found["refused_when_unanswerable"] == (0.5, 2)
    assert found["auroc_within_the_library"] == (3 / 4, 4)
    assert found["refused_off_the_library"] == (0.5, 2)
    assert found["auroc_off_the_library"] == (3 / 4, 4)
    # Of the answers that were given: one right at 0.95, one wrong at 0.65.
    assert found["calibration_error"] == (pytest.approx((0.05 + 0.65) / 2), 2)
    # Both were wrong that were given beside the right one, and that is two of three.
    assert found["coverage"] == (0.5, 4)
    assert found["risk"] == (0.5, 2)
    assert found["answer_median_seconds"] == (0.01, 4)
    assert found["search_p95_seconds"] == (0.02, 4)


def test_what_the_data_do_not_allow_is_left_out():
    unknown = outcome(gold=None, gold_first=None, would_be_right=None)
    found = measured([record(answers=None, answered=unknown)])
    assert sorted(found) == [
        "answer_median_seconds",
        "answer_p95_seconds",
        "answers_with_the_right_source",
        "false_refusals",
        "search_median_seconds",
        "search_p95_seconds",
        "uncited_sentences",
        "wrong_quotes",
    ]


def test_a_real_library(opened, file, tmp_path, monkeypatch):
    monkeypatch.setenv("REFDESK_GAPS", "on")
    start = BRIDGE.index("Its span")
    questions = read_questions(
        file(
            {"question": "When did the Aldermoor bridge open?", "source": "bridge",
             "answers": ["1931"], "quote": "opened in 1931"},
            {"question": "How long is the span of the Aldermoor bridge?", "source": "bridge",
             "answers": ["240 metres"], "spans": [[start, len(BRIDGE)]]},
            {"question": "Where does Corriden cheese ripen?", "source": "food/cheese",
             "answers": ["in slate cellars"]},
            {"question": "Which football club won the cup?", "source": None, "answers": [],
             "quote": ""},
        )
    )  # fmt: skip
    told = []
    records = ask_all(desk(opened), questions, 3750, lambda done, total: told.append((done, total)))
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    found = measured(records)
    # The budget holds the whole library: all that is relevant, among all there is.
    relevant = (len("opened in 1931") + len(BRIDGE) - start) / 2
    assert found["recall"] == (1, 2)
    assert found["precision"][0] == pytest.approx(relevant / len(BRIDGE + CHEESE), abs=0.01)
    assert found["hits_in_the_5_best"] == (1, 3)
    assert found["answers_that_contain_gold"] == (1, 3)
    assert found["answers_with_the_right_source"] == (1, 3)
    assert found["false_refusals"] == (0, 3)
    assert found["wrong_quotes"][0] == found["uncited_sentences"][0] == 0
    assert found["auroc_within_the_library"] == (1, 4)
    assert found["auroc_off_the_library"] == (1, 6)
    assert [one.off_library is None for one in records] == [False, False, False, True]

    assert GapLog(opened.folder).read() == []  # what is measured was not asked by anybody

    # What shares its work is what the real thing gives.
    for one in records:
        asked = one.question.question
        given = answer(asked, index=opened)
        assert one.answered.confidence == one.answered.shipped_confidence == given.confidence
        assert one.answered.text == " ".join(sentence.text for sentence in given.sentences)
        best = opened.search(asked, k=HITS)
        if one.question.answers:
            assert one.hit == any(
                hit.chunk.source_id == one.question.source
                and contains(hit.text, one.question.answers)
                for hit in best
            )
        if one.off_library:
            others = [name for name in opened.generation.source_ids if name != one.question.source]
            without = answer(asked, sources=others, index=opened)
            assert one.off_library.confidence == without.confidence


def test_what_was_held_back_is_judged_too(opened, file, monkeypatch):
    question = {
        "question": "When did the Aldermoor bridge open?", "source": "bridge", "answers": ["1931"]
    }  # fmt: skip
    (given,) = ask_all(desk(opened), read_questions(file(question)), 3750)
    assert given.answered.gold and given.answered.would_be_right
    assert given.off_library.abstained and given.off_library.would_be_right is False
    monkeypatch.setattr("qa.retrieve.evidence.Evidence.answerable", False)
    (refused,) = ask_all(desk(opened), read_questions(file(question)), 3750)
    assert refused.answered.abstained and refused.answered.gold is False
    assert refused.answered.would_be_right is True


def test_a_run_is_read_as_it_was_written(opened, file, tmp_path):
    lines = [
        {"question": "When did the bridge open?", "source": "bridge", "answers": ["1931"],
         "spans": [[0, 20], [25, 30]]},
        {"question": "Who won the cup?", "source": None, "answers": []},
        {"question": "What ripens?", "source": "food/cheese"},
    ]  # fmt: skip
    path = file(*lines)
    told = []
    run = run_questions(
        desk(opened),
        path,
        max_chars=100,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (3, 3)
    assert run.about["questions"] == 3 and run.about["asked_from"] == "questions.jsonl"
    assert run.about["generation"] == opened.generation.name
    assert run.about["calibration"] is None
    (tmp_path / "run.json").write_text(json.dumps(run.to_dict()))
    read = read_run(tmp_path / "run.json")
    assert read == run and isinstance(read, Run)
    assert measure(read.records) == list(run.measures)
    assert "records" not in run.to_dict(records=False)


def test_what_is_no_run_may_be_questions(file, tmp_path):
    assert read_run(file({"question": "format refdesk-run", "source": "s"})) is None
    assert read_run(tmp_path / "none.json") is None
    (tmp_path / "old.json").write_text('{"format": "refdesk-run", "schema": 0, "records": []}')
    with pytest.raises(SettingError, match="run it again"):
        read_run(Path(tmp_path / "old.json"))


def test_a_small_budget_costs_recall(opened, file):
    line = {
        "question": "When did the bridge open?",
        "source": "bridge",
        "spans": [[0, len(BRIDGE)]],
    }
    (found,) = ask_all(desk(opened), read_questions(file(line)), 40)
    assert 0 < found.recall <= 40 / len(BRIDGE)
    assert found.precision == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"source": "moon", "answers": ["x"]}, "'moon', which is not in the index; run `refdesk"),
        ({"source": "bridge", "quote": "closed in 1931"}, "a quote that is not in 'bridge'"),
        ({"source": "bridge", "spans": [[5, 9000]]}, "a span behind the end of 'bridge'"),
    ],
)
def test_a_question_that_does_not_fit_the_library(opened, file, line, said):
    with pytest.raises(SettingError, match="the question on line 2") as error:
        ask_all(desk(opened), read_questions(file("", {"question": "What?"} | line)), 3750)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ("[" * 100_000, "mend that line"),
        ({"source": "s"}, "'question' must be a text"),
        ({"question": "  ", "source": "s"}, "'question' must be a text"),
        ({"question": "Q"}, "'source' must be the id of a source"),
        ({"question": "Q", "source": None, "answers": ["a"]}, "null only where 'answers' is []"),
        ({"question": "Q", "source": "s", "answers": "a"}, "'answers' must be a list of texts"),
        ({"question": "Q", "source": "s", "answers": [""]}, "'answers' must be a list of texts"),
        ({"question": "Q", "source": "s", "quote": 3}, "'quote' must be a text"),
        ({"question": "Q", "source": "s", "spans": [[4, 4]]}, "'spans' must be a list of"),
        ({"question": "Q", "source": "s", "spans": [[0, True]]}, "'spans' must be a list of"),
    ],
)
def test_a_malformed_line_is_named(file, line, said):
    with pytest.raises(SettingError, match=r"questions\.jsonl:2: ") as error:
        read_questions(file({"question": "Q", "source": "s"}, line))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(SettingError, match="cannot be read"):
        read_questions(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b'{"question": "caf\xe9"}')
    with pytest.raises(SettingError, match="is not UTF-8"):
        read_questions(tmp_path / "latin.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n\n")
    with pytest.raises(SettingError, match="holds no question"):
        read_questions(tmp_path / "empty.jsonl")


def test_a_limit_spreads_over_the_file():
    assert spread(range(10), 4) == [0, 2, 5, 7]
    assert spread(range(3), 5) == [0, 1, 2]
    assert spread(range(3), None) == [0, 1, 2]
