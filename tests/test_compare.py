"""Two runs compared, and the report: by hand, and safe whatever a question or an answer holds."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from qa.errors import SettingError
from qa.evaluation.asking import Outcome, Record
from qa.evaluation.compare import RESAMPLES, compare
from qa.evaluation.measures import measure
from qa.evaluation.plots import Plot
from qa.evaluation.questions import Question
from qa.evaluation.report import GROUPS, html_report
from qa.evaluation.runs import Run


def outcome(right=True, confidence=0.8, abstained=False, text="So it is said.", **changed):
    fields = dict(
        generation="g", model=None, outcome="none" if abstained else "answered",
        abstained=abstained, confidence=confidence, text=text,
        shipped_confidence=confidence, gold=right and not abstained, gold_first=False,
        would_be_right=right, right_source=True, citations=1, wrong_quotes=0, sentences=1,
        uncited=0, seconds=0.02,
    )  # fmt: skip
    return Outcome(**fields | changed)


def record(number, answered, answers=("a",), question=None, off=True, kind="", **changed):
    asked = Question(
        line=number, question=question or f"Question {number}?", source=f"s{number % 3}",
        answers=answers, kind=kind,
    )  # fmt: skip
    fields = dict(recall=None, precision=None, hit=answered.gold, search_seconds=0.01)
    refused = outcome(right=False, confidence=0.05, abstained=True)
    return Record(
        question=asked, answered=answered, off_library=refused if off else None, **fields | changed
    )


def run(records, **about):
    records = tuple(records)
    known = {"created": "2026-01-01", "generation": "000001-aaaaaa", "threshold": 0.1}
    return Run(about=known | about, measures=tuple(measure(records)), records=records)


def by_name(comparison):
    return {one.name: one for one in comparison.differences}


def test_a_run_against_itself_shows_nothing():
    same = run(record(n, outcome(right=n % 3 > 0, confidence=(n % 10) / 10)) for n in range(60))
    found = compare(same, same)
    assert found.questions == 60 and not found.won and not found.lost
    for one in found.differences:
        assert one.before == one.after and one.low == one.high == 0
        assert one.verdict == "no clear difference"


def test_what_was_won_and_lost_by_hand():
    before = run(record(n, outcome(right=n < 40)) for n in range(100))
    after = run(record(n, outcome(right=n != 7 and n < 90)) for n in range(100))
    found = compare(before, after)
    gold = by_name(found)["answers_that_contain_gold"]
    assert (gold.before, gold.after) == (pytest.approx(0.4), pytest.approx(0.89))
    assert (gold.won, gold.lost, gold.of) == (50, 1, 100)
    assert gold.verdict == "better"
    # 49 of a hundred changed for the better: the deviation of their mean is about 0.052.
    assert gold.low == pytest.approx(0.49 - 1.96 * 0.052, abs=0.03)
    assert gold.high == pytest.approx(0.49 + 1.96 * 0.052, abs=0.03)
    assert [after.question.line for _, after in found.lost] == [7]
    assert [after.question.line for _, after in found.won] == list(range(40, 90))
    assert found.to_dict()["lost"] == [7]
    assert by_name(compare(after, before))["answers_that_contain_gold"].verdict == "worse"


def test_one_question_is_no_proof():
    before = run(record(n, outcome(right=n > 0)) for n in range(50))
    after = run(record(n, outcome(right=True)) for n in range(50))
    gold = by_name(compare(before, after))["answers_that_contain_gold"]
    assert gold.won == 1 and gold.verdict == "no clear difference"


def test_less_is_better_where_it_is():
    before = run(record(n, outcome(abstained=n < 40, confidence=0.05)) for n in range(100))
    after = run(record(n, outcome(confidence=0.9)) for n in range(100))
    refusals = by_name(compare(before, after))["false_refusals"]
    assert (refusals.before, refusals.after, refusals.verdict) == (0.4, 0.0, "better")
    assert (refusals.won, refusals.lost) == (40, 0)
    assert by_name(compare(before, after))["auroc_off_the_library"].verdict == "better"


def test_questions_without_an_answer_count_as_refused():
    before = run(record(n, outcome(right=False), answers=(), off=False) for n in range(30))
    refusals = (outcome(right=False, abstained=True, confidence=0.01) for _ in range(30))
    after = run(record(n, one, answers=(), off=False) for n, one in enumerate(refusals))
    found = compare(before, after)
    assert by_name(found)["refused_when_unanswerable"].won == len(found.won) == 30
    assert "auroc_within_the_library" not in by_name(found)


def test_the_interval_covers_as_often_as_it_says():
    """Of pairs of runs that differ by chance alone, about one in twenty is called different."""
    random = np.random.default_rng(0)
    called = 0
    for _ in range(40):
        sides = [
            run(record(n, outcome(right=bool(random.random() < 0.5)), off=False) for n in range(40))
            for _ in range(2)
        ]
        found = by_name(compare(*sides))["answers_that_contain_gold"]
        called += found.verdict != "no clear difference"
    assert RESAMPLES >= 1000
    assert called <= 6


def test_only_common_questions_are_compared_and_equal_ones_in_their_order():
    before = run(
        [record(1, outcome(), question="Same?"), record(1, outcome(right=False), question="Same?"),
         record(2, outcome(), question="Old?")]
    )  # fmt: skip
    after = run(
        [record(9, outcome(), question="New?"), record(1, outcome(), question="Same?"),
         record(1, outcome(), question="Same?")]
    )  # fmt: skip
    found = compare(before, after)
    assert (found.questions, found.only_before, found.only_after) == (2, 1, 1)
    assert len(found.won) == 1
    with pytest.raises(SettingError, match="no question in common"):
        compare(run([record(1, outcome())]), run([record(2, outcome())]))


class Page(HTMLParser):
    """What a page is made of; fails where an element is not closed in order."""

    VOID = frozenset({"meta"})

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.data = [], set(), set(), []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.data.append(data)


HOSTILE = "<script>alert(1)</script><img src=x onerror=y>\"'&lt;\u202e</td></svg>{}"


def test_nothing_in_a_report_is_markup():
    before = [record(n, outcome(text=HOSTILE), question=f"{HOSTILE}{n}") for n in range(9)]
    after = [
        record(n, outcome(right=False, text=HOSTILE), question=f"{HOSTILE}{n}") for n in range(9)
    ]
    after = run(after, index=HOSTILE, model=HOSTILE)
    shown = html_report(after, compare(run(before, created=HOSTILE), after))
    page = Page(shown)
    assert not page.tags & {"script", "img", "a", "link", "iframe", "object", "form"}
    assert not {
        name for name in page.attributes if name.startswith("on") or name in ("src", "href")
    }
    assert "<script>alert(1)</script>" in "".join(page.data)  # as text
    assert "\u202e" not in shown
    assert "default-src 'none'" in shown


def test_a_report_holds_every_measure_and_plot():
    records = [record(n, outcome(right=n % 4 > 0, confidence=n / 40), recall=0.5, precision=0.1)
               for n in range(40)]  # fmt: skip
    records += [record(n, outcome(right=False, abstained=n % 2 > 0), answers=(), off=False)
                for n in range(40, 50)]  # fmt: skip
    made = run(records)
    shown = html_report(made)
    explained = {name for group in GROUPS.values() for name in group}
    natural = [("list", ("a",), 0.5), ("nearmiss", (), None), ("offtopic", (), None)]
    kinds = run([*records, *(record(50, outcome(right=bool(gold), complete=complete), gold,
                                    off=False, kind=kind) for kind, gold, complete in natural)]
    )  # fmt: skip
    assert {one.name for one in kinds.measures} == explained
    assert "By kind" not in shown
    of_kinds = html_report(kinds)
    for name in explained:
        assert name.replace("_", " ") in of_kinds
    assert "<h2>By kind</h2>" in of_kinds and "<bdi>nearmiss</bdi>" in of_kinds
    for title in ("Risk and coverage", "Calibration: confidence", "Confidence of", "Latency"):
        assert f"<figcaption>{title}" in shown
    assert re.search(r"threshold 0\.100: 0\.900 answered, 0\.333 of them wrong", shown)
    assert "Answered without gold</bdi>: 10" in shown
    assert "Answered, though the library does not</bdi>: 5" in shown
    Page(shown)


def test_a_report_of_little():
    unknown = outcome(gold=None, gold_first=None, would_be_right=None)
    shown = html_report(run([record(1, unknown, answers=None, off=False, hit=None)]))
    assert "Latency" in shown and "Risk and coverage" not in shown
    Page(shown)
    Page(html_report(run([record(1, outcome(right=False), answers=(), off=False)])))


def test_a_long_curve_is_thinned_and_stays_inside():
    plot = Plot("t", "x", "y")
    plot.line(np.linspace(-1, 2, 10_000), np.linspace(5, -5, 10_000), "a")
    points = plot.shapes[0].points.split()
    assert len(points) <= 300
    for point in points:
        x, y = map(float, point.split(","))
        assert 0 <= x <= 460 and 0 <= y <= 320
