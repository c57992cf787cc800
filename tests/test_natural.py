"""Questions as people ask them: spans of sources, kinds, earlier questions, several libraries."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from test_calibrate import run_of
from test_evaluate import measured, outcome, record

from index import open_index, rebuild
from qa.cli.app import run
from qa.desk import open_desk
from qa.errors import SettingError
from qa.evaluation.asking import ask_all
from qa.evaluation.fit import Judged, carried_over
from qa.evaluation.gold import contains, flat, is_right
from qa.evaluation.measures import by_kind, by_library
from qa.evaluation.questions import read_questions
from qa.evaluation.runs import calibrate_on, left_out, read_run, run_libraries
from qa.settings import read_settings

BREAD = """# Rye bread

Rye bread keeps for **nine days** in a linen bag, because its crust holds the water in.

To bake rye bread:

1. Feed the `starter` at six in the evening.
2. Knead rye flour and water for ten minutes.
3. Bake the loaf at 230 degrees.

The rye comes from the fields of [Aldersby](https://example.org/aldersby).
"""
BOATS = """# The rowing club

The rowing club of Tarn was founded in 1904 by Elsa Brandt. Its boats are made of cedar.

The club meets on Sundays at the old mill. Visitors pay three crowns.
"""
KEEPS = {
    "question": "how long does rye bread stay good",
    "history": [],
    "kind": "number",
    "sources": ["bread"],
    "any": ["Rye bread keeps for **nine days** in a linen bag"],
    "all": [],
}
WHY = KEEPS | {
    "question": "and why is that?",
    "history": ["how long does rye bread keep"],
    "kind": "followup",
    "any": ["because its crust holds the water in"],
    "all": ["Rye bread keeps for **nine days** in a linen bag", "no such thing stands there"],
}
MISS = {"question": "what does rye bread cost", "kind": "nearmiss", "sources": [], "any": []}
OFF = {"question": "who won the chess olympiad", "kind": "offtopic", "any": [], "all": []}
FOUNDER = {
    "question": "who started the rowing club of Tarn",
    "kind": "fact",
    "sources": ["boats"],
    "any": ["was founded in 1904 by Elsa Brandt"],
}


def write(folder, text, name, *lines, inside="documents"):
    documents = folder / inside
    documents.mkdir(parents=True)
    (documents / f"{name}.md").write_text(text)
    (folder / "questions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.fixture(scope="module")
def bakery(tmp_path_factory):
    folder = tmp_path_factory.mktemp("libraries") / "bakery"
    return write(folder, BREAD, "bread", KEEPS, WHY, MISS, OFF)


@pytest.fixture(scope="module")
def rowing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("more") / "rowing"
    return write(folder, BOATS, "boats", FOUNDER, OFF, inside=".")


@pytest.fixture(scope="module")
def records(bakery, tmp_path_factory):
    index = tmp_path_factory.mktemp("bakery") / "index"
    rebuild(bakery / "documents", index=index)
    desk = open_desk(read_settings(), index=open_index(index))
    return ask_all(desk, read_questions(bakery / "questions.jsonl"), 3750)


@pytest.fixture(scope="module")
def both(bakery, rowing):
    told = []
    found = run_libraries(
        [bakery, rowing], read_settings(), max_chars=3750, progress=lambda *step: told.append(step)
    )
    assert ("bakery: asking", 4, 4) in told and ("rowing: asking", 2, 2) in told
    return found


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("keeps for **nine\n days** in", "keeps for nine days in"),
        ("keeps for nine days in", "keeps for __nine__ days in"),
        ("1. Feed the `starter`\n2. Knead", "- Feed the starter\n- Knead"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a b 1 2"),
        ("of [Aldersby](https://example.org/a).", "of Aldersby."),
        ("under <em>water</em> it is", "under water it is"),
        ("costs \\$2000 a quarter", "costs $2000 a quarter"),
        ("> said\n> so", "said so"),
    ],
)
def test_markup_and_white_space_are_left_out_on_both_sides(text, gold):
    assert contains(text, [gold]) and contains(gold, [text])


def test_what_else_differs_does():
    assert not contains("nine days", ["Nine days"])
    assert not contains("-4 degrees", ["4.0 degrees"])
    assert not contains("anything", ["**"]), "what is markup alone is in no text"
    assert flat("x < y and y > z") == "x<yandyz"


def test_a_file_holds_both_forms(bakery, tmp_path):
    path = tmp_path / "questions.jsonl"
    short = {"question": "Where is it?", "source": "bread", "answers": ["in a bag"]}
    path.write_text("\n".join(map(json.dumps, (short, WHY, MISS, KEEPS | {"kind": "", "any": []}))))
    first, why, miss, unsaid = read_questions(path)
    assert (first.source, first.named, first.kind) == ("bread", ("bread",), "")
    assert (why.source, why.named, why.history) == (None, ("bread",), tuple(WHY["history"]))
    assert why.answers == tuple(WHY["any"]) and why.parts == tuple(WHY["all"])
    assert not miss.answerable and not miss.named
    assert (unsaid.kind, unsaid.answerable) == ("nearmiss", False)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (KEEPS | {"answers": ["nine"]}, "'answers' does not go with 'sources', 'any' and 'all'"),
        (KEEPS | {"question": ""}, "'question' must be a text"),
        (KEEPS | {"history": "how"}, "'history' must be a list of texts"),
        (KEEPS | {"any": [3]}, "'any' must be a list of texts"),
        (KEEPS | {"kind": 3}, "'kind' must be a text"),
        (KEEPS | {"sources": []}, "'sources' must name"),
        (KEEPS | {"kind": "nearmiss"}, "of kind 'nearmiss' has no answer"),
        (KEEPS | {"any": []}, "of kind 'number' needs 'any' or 'all'"),
    ],
)
def test_a_malformed_line_is_named(line, said, tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_text(json.dumps(line))
    with pytest.raises(SettingError, match=r"questions\.jsonl:1: ") as error:
        read_questions(path)
    assert said in str(error.value)


def test_spans_and_earlier_questions_are_judged(records):
    keeps, why, miss, off = records
    assert keeps.right and keeps.answered.gold_first and keeps.answered.complete is None
    assert why.right and why.answered.complete == 0.5, "one of the two parts is in no source"
    assert why.off_library is None, "other sources may say it, too"
    assert keeps.hit and why.hit
    assert off.answered.outcome == "none" and off.right
    assert miss.right is miss.answered.abstained
    found = measured(records)
    assert found["answers_that_contain_gold"] == (1, 2)
    assert found["parts_of_complete_answers"] == (0.5, 1)
    assert found["refused_off_topic"] == (1, 1) and found["refused_near_misses"][1] == 1
    assert found["auroc_near_misses"][1] == 3


def test_kinds_by_hand():
    answered = [
        ("list", ("a",), outcome(gold=True, gold_first=False, complete=0.5)),
        ("list", ("a",), outcome(gold=False, gold_first=False, complete=0.0, abstained=True)),
        ("nearmiss", (), outcome(confidence=0.1, gold=False, abstained=True, outcome="related")),
        ("nearmiss", (), outcome(confidence=0.9, gold=False)),
        ("offtopic", (), outcome(confidence=0.0, gold=False, abstained=True)),
    ]
    records = [record(gold, one, kind=kind) for kind, gold, one in answered]
    lists, near, off = by_kind(records)
    assert [one.name for one in (lists, near, off)] == ["list", "nearmiss", "offtopic"]
    assert (lists.right, lists.first, lists.complete, lists.refused) == (0.5, 0.0, 0.25, 0.5)
    assert (near.right, near.refused, near.related, near.first) == (0.5, 0.5, 0.5, None)
    assert (off.right, off.related, off.questions) == (1, 0, 1)
    found = measured(records)
    assert found["refused_with_related"] == (pytest.approx(1 / 3), 3)
    assert found["auroc_near_misses"] == (0.5, 4)
    assert by_kind([record()]) == [] == by_library(records)


def test_an_answer_to_a_short_text_must_come_early(bakery, tmp_path):
    """Of spans all counts that is said: a list is long."""
    path = tmp_path / "questions.jsonl"
    short = {"question": "Where?", "source": "bread", "answers": ["Aldersby"]}
    spans = {"question": "Where?", "sources": ["bread"], "any": ["Aldersby"]}
    path.write_text(f"{json.dumps(short)}\n{json.dumps(spans)}")

    said = [SimpleNamespace(text=text) for text in ("One.", "Two.", "Three.", "From Aldersby.")]
    found = SimpleNamespace(sentences=said, cited_by=lambda part: ())
    assert [is_right(one, found) for one in read_questions(path)] == [False, True]


def test_several_libraries_are_asked_and_told_by_name(both, tmp_path):
    assert both.about["questions"] == 6 and both.about["asked_from"] == "bakery, rowing"
    bakery, rowing = by_library(both.records)
    assert (bakery.name, bakery.questions, rowing.name, rowing.questions) == (
        "bakery", 4, "rowing", 2,
    )  # fmt: skip
    assert rowing.right == 1 and rowing.auroc == 1
    (tmp_path / "run.json").write_text(json.dumps(both.to_dict()))
    assert read_run(tmp_path / "run.json") == both
    with pytest.raises(SettingError, match="a calibration is of one library"):
        calibrate_on(tmp_path, both, 0.05)


def test_each_library_is_left_out_of_what_is_fitted_for_it():
    """Where all others say that confidence is too high, it is lowered for the one left out, too;
    what that one says itself does not count."""
    random = np.random.default_rng(0)
    logit = random.normal(0, 2, 900)
    shift = np.repeat([-1.5, -1.5, 1.5], 300)
    judged = Judged(
        confidence=1 / (1 + np.exp(-logit)),
        right=random.random(900) < 1 / (1 + np.exp(-(logit + shift))),
        answerable=np.arange(900) % 3 > 0,
        group=["a"] * 300 + ["b"] * 300 + ["odd"] * 300,
    )
    found = carried_over(judged, 0.05, read=False)
    assert list(found) == ["a", "b", "odd"]
    odd, shipped = (found["odd"][name]["calibration_error"] for name in ("after", "before"))
    assert odd > shipped + 0.1
    same = carried_over(Judged(
        confidence=judged.confidence[:600], right=judged.right[:600],
        answerable=judged.answerable[:600], group=judged.group[:600],
    ), 0.05, read=False)  # fmt: skip
    assert same["a"]["after"]["calibration_error"] < 0.08 < same["a"]["before"]["calibration_error"]
    assert left_out(run_of(judged), 0.05) == {}, "of one library nothing can be left out"


def test_eval_takes_libraries(bakery, rowing, tmp_path, capsys):
    kept, page = tmp_path / "run.json", tmp_path / "run.html"
    folders = [str(bakery), str(rowing)]
    assert run(["eval", *folders, "--out", str(kept), "--report", str(page)]) == 0
    shown = capsys.readouterr().out
    lines = [line.split() for line in shown.splitlines()]
    assert ["name", "questions", "right"] in [line[:3] for line in lines]
    assert ["followup", "1", "1.000"] in [line[:3] for line in lines]
    assert ["rowing", "2", "1.000"] in [line[:3] for line in lines]
    assert "bakery: confidence as shipped, and fitted to the others" in shown
    assert "<h2>By library</h2>" in page.read_text()
    assert run(["eval", str(kept), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found["libraries"]] == ["bakery", "rowing"]
    assert set(found["left_out"]) == {"bakery", "rowing"}
    for arguments, said in (
        ([*folders, str(kept)], "of several only libraries can be asked"),
        ([*folders, "--calibrate"], "a calibration is of one index"),
        ([folders[0], folders[0]], "two of the libraries have the same name"),
        ([str(tmp_path)], "questions.jsonl cannot be read"),
    ):
        assert run(["eval", *arguments]) == 1
        assert said in " ".join(capsys.readouterr().err.split())
