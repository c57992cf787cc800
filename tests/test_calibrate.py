"""Calibration to a library: what is fitted, what guards it, where it is used, how it is undone."""

import json
import logging
from dataclasses import replace

import numpy as np
import pytest

from index import open_index, rebuild
from qa import answer
from qa.errors import SettingError
from qa.evaluation.asking import Outcome, Record
from qa.evaluation.fit import Judged, fit
from qa.evaluation.questions import Question
from qa.evaluation.runs import Run, calibrate_on
from qa.retrieve import calibration as applied
from qa.retrieve.calibration import FILE, Calibration, calibrated, forget, in_force
from qa.retrieve.confidence import answer_weights
from qa.retrieve.evidence import gather

QUESTION = "When was the harbour of Oldport dredged?"


def judged(count=400, slope=1.0, intercept=0.0, seed=0, groups=10):
    """Questions whose answers are right as often as `slope` and `intercept` make of confidence."""
    random = np.random.default_rng(seed)
    logit = random.normal(0, 2, count)
    right = random.random(count) < 1 / (1 + np.exp(-(slope * logit + intercept)))
    return Judged(
        confidence=1 / (1 + np.exp(-logit)),
        right=right,
        answerable=np.arange(count) % 2 == 0,
        group=[f"source {place % groups}" for place in range(count)],
    )


def fitted(questions, false_refusals=0.05, model="all-MiniLM-L6-v2"):
    return fit(questions, false_refusals, created="2026-01-01", embedding_model=model, read=False)


def calibration(**changed):
    fields = dict(
        slope=0.5, intercept=-1.0, threshold=0.2, false_refusals=0.05, created="2026-01-01",
        questions=100, answerable=50, weights=applied.weights_digest(read=False),
        embedding_model="all-MiniLM-L6-v2", held_out={},
    )  # fmt: skip
    return Calibration(**fields | changed)


def run_of(questions, **about):
    """The run of `refdesk eval` that questions came from."""
    records = []
    rows = zip(questions.confidence, questions.right, questions.group, strict=True)
    for place, (confidence, right, source) in enumerate(rows):
        outcome = Outcome(
            generation="g", model=None, abstained=False, outcome="answered",
            confidence=0.123, text="", shipped_confidence=float(confidence), gold=bool(right),
            gold_first=None,
            would_be_right=bool(right), right_source=True, citations=1, wrong_quotes=0,
            sentences=1, uncited=0, seconds=0.1,
        )  # fmt: skip
        asked = Question(line=place, question="?", source=source, answers=("a",))
        records.append(
            Record(question=asked, recall=None, precision=None, hit=None, answered=outcome,
                   off_library=replace(outcome, shipped_confidence=0.01, would_be_right=False),
                   search_seconds=None)
        )  # fmt: skip
    known = {"embedding_model": "all-MiniLM-L6-v2", "weights": applied.weights_digest(read=False)}
    return Run(about=known | about, measures=(), records=tuple(records))


def test_a_fit_finds_what_the_questions_were_made_with():
    found = fitted(judged(4000, slope=0.5, intercept=-1.0))
    assert found.slope == pytest.approx(0.5, abs=0.06)
    assert found.intercept == pytest.approx(-1.0, abs=0.15)
    before, after = found.held_out["before"], found.held_out["after"]
    assert after["log_loss"] < before["log_loss"]
    assert after["calibration_error"] < 0.05 < before["calibration_error"]


def test_the_threshold_is_at_the_share_that_may_be_refused():
    questions = judged(4000, slope=0.5, intercept=-1.0)
    for share in (0.02, 0.2):
        found = fitted(questions, share)
        sure = np.array([found.apply(one) for one in questions.confidence])
        refused = (sure < found.threshold)[questions.answerable]
        assert refused.mean() == pytest.approx(share, abs=0.005)
        assert found.held_out["after"]["false_refusals"] == pytest.approx(share, abs=0.03)


def test_what_is_calibrated_is_left_nearly_as_it_is():
    found = fitted(judged(4000))
    for confidence in (0.1, 0.5, 0.9):
        assert found.apply(confidence) == pytest.approx(confidence, abs=0.04)


def test_few_questions_do_not_go_far_from_what_is_shipped():
    """The same excess: what four thousand questions say, sixty are believed less."""
    few, many = (fitted(judged(count, intercept=1.5)) for count in (120, 4000))
    assert 0 < few.intercept < many.intercept + 0.3
    assert abs(few.slope - 1) < 0.6


def test_a_fit_that_does_not_hold_up_is_not_taken(monkeypatch):
    monkeypatch.setattr("qa.evaluation.fit._platt", lambda confidence, right: (0.05, 3.0))
    found = fitted(judged())
    assert (found.slope, found.intercept) == (1.0, 0.0)
    assert found.held_out["after"]["log_loss"] == found.held_out["before"]["log_loss"]
    assert found.threshold != answer_weights(read=False).threshold


def test_the_order_of_answers_stays():
    backwards = judged(1000, slope=-1.0)
    found = fitted(backwards)
    assert found.apply(0.2) < found.apply(0.8)
    assert 0 <= found.apply(0.0) < found.apply(1.0) <= 1


@pytest.mark.parametrize(
    ("questions", "share", "said"),
    [
        (judged(80), 0.05, "40 answerable questions are too few"),
        (judged(200), 0.01, "it takes 300"),
        (replace(judged(400), right=np.arange(400) >= 0), 0.05, "only 0 of the answers are wrong"),
        (replace(judged(400), right=np.arange(400) < 3), 0.05, "only 3 of the answers are right"),
    ],
)  # fmt: skip
def test_too_few_questions_are_refused(questions, share, said):
    with pytest.raises(SettingError, match=said):
        fitted(questions, share)


def test_a_run_is_calibrated_on_and_answers_use_it(own_index, library):
    opened = open_index(own_index)
    before = answer(QUESTION, index=opened)
    found = calibrate_on(own_index, run_of(judged(300, slope=0.5, intercept=-1.0)), 0.05)
    assert found.questions == found.answerable == 300
    after = answer(QUESTION, index=opened)  # the index was open all the time
    assert after.confidence == pytest.approx(found.apply(before.confidence))
    assert after.confidence != before.confidence
    rebuild(library, index=own_index)
    assert answer(QUESTION, index=opened).confidence == pytest.approx(after.confidence)
    assert forget(own_index) and not forget(own_index)
    assert answer(QUESTION, index=opened).confidence == pytest.approx(before.confidence, abs=1e-6)


def test_what_is_out_of_scope_stands_in_where_nothing_went_wrong(own_index):
    right = replace(judged(100), right=np.arange(100) >= 0)
    run = run_of(right)
    twins = [replace(run.records[0].off_library, would_be_right=True), run.records[0].off_library]
    some = tuple(
        replace(one, off_library=twins[place % 2]) for place, one in enumerate(run.records)
    )
    found = calibrate_on(own_index, replace(run, records=some), 0.05)
    assert (found.questions, found.answerable) == (150, 100)


def test_it_fits_the_shipped_confidence_not_the_calibrated_one(own_index):
    run = run_of(judged(300, slope=0.5, intercept=-1.0))
    first = calibrate_on(own_index, run, 0.05)
    assert calibrate_on(own_index, run, 0.05).slope == first.slope


def test_the_threshold_decides(own_index):
    opened = open_index(own_index)
    calibration(slope=1.0, intercept=0.0, threshold=1.0).write(own_index)
    assert answer(QUESTION, index=opened).abstained
    calibration(slope=1.0, intercept=0.0, threshold=0.0).write(own_index)
    assert not answer("Who painted the Sistine Chapel?", index=opened).abstained


def test_evidence_keeps_the_shipped_confidence(own_index):
    evidence = gather(open_index(own_index).generation, QUESTION)
    assert calibrated(evidence) is evidence
    calibration().write(own_index)
    found = calibrated(evidence)
    assert found.shipped_confidence == evidence.confidence
    assert found.threshold == 0.2
    assert found.rows == evidence.rows


@pytest.mark.parametrize(
    "changed", [{"weights": "other"}, {"embedding_model": "other"}], ids=["weights", "model"]
)
def test_a_calibration_of_another_version_is_not_used(own_index, caplog, changed):
    applied._warn.cache_clear()
    opened = open_index(own_index)
    before = answer(QUESTION, index=opened)
    calibration(**changed).write(own_index)
    with caplog.at_level(logging.WARNING):
        assert [answer(QUESTION, index=opened).confidence for _ in range(2)] == [
            before.confidence
        ] * 2
    assert len(caplog.records) == 1
    assert "--calibrate` again" in caplog.text


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[1]", "[" * 100_000, json.dumps({"slope": "NaN"}), b"\xff".decode("latin1")],
)
def test_a_file_of_no_use_costs_no_answer(own_index, caplog, content):
    applied._warn.cache_clear()
    opened = open_index(own_index)
    before = answer(QUESTION, index=opened)
    (own_index / FILE).write_text(content)
    with caplog.at_level(logging.WARNING):
        assert answer(QUESTION, index=opened).confidence == before.confidence
    assert "--reset-calibration" in caplog.text


@pytest.mark.parametrize("changed", [{"slope": -1.0}, {"threshold": float("nan")}, {"schema": 9}])
def test_numbers_of_no_use_are_not_used(own_index, changed):
    calibration(**changed).write(own_index)
    assert in_force(own_index, open_index(own_index).generation.manifest) is None


def test_a_run_of_another_version_is_refused(own_index):
    run = run_of(judged(300), weights="other")
    with pytest.raises(SettingError, match="another embedding model or version"):
        calibrate_on(own_index, run, 0.05)
    assert not (own_index / FILE).exists()
