"""Rival answers to a question are shown side by side; what may agree is no rival."""

import json
from pathlib import Path

import pytest
from checks import assert_checked
from conftest import write_library

from index import open_index, rebuild
from qa import answer
from qa.conflicts.asked_slot import asked_slot
from qa.conflicts.replies import reply
from qa.conflicts.rivals import rival

PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parent / "rival_pairs.jsonl").read_text("utf-8").splitlines()
]
PLANTED = [pair for pair in PAIRS if pair["kind"] != "none"]
INNOCENT = [pair for pair in PAIRS if pair["kind"] == "none"]


def rivals(pair):
    """What of a pair is told as rival answers to its question."""
    asked = asked_slot(pair["question"])
    if asked is None:
        return []
    other = reply(asked, pair["other"], pair["subject"])
    found = [rival(reply(asked, true, pair["subject"]), other) for true in pair["true"]]
    return [one for one in found if one]


def test_the_pairs_are_many_of_many_topics_and_half_of_them_left_out():
    assert min(len(PLANTED), len(INNOCENT)) >= 120
    topics = {
        part: {pair["topic"] for pair in PAIRS if pair["part"] == part}
        for part in ("build", "held-out")
    }
    assert min(map(len, topics.values())) >= 6 and topics["build"].isdisjoint(topics["held-out"])


def test_hardly_an_innocent_pair_is_flagged():
    for part, most in (("build", 0), ("held-out", 2)):
        flagged = [pair["question"] for pair in INNOCENT if pair["part"] == part and rivals(pair)]
        assert len(flagged) <= most, flagged


@pytest.mark.parametrize(("part", "least"), [("build", 0.95), ("held-out", 0.88)])
def test_most_rival_answers_are_flagged(part, least):
    pairs = [pair for pair in PLANTED if pair["part"] == part]
    assert sum(bool(rivals(pair)) for pair in pairs) >= least * len(pairs)


def test_it_does_not_matter_which_of_two_rivals_comes_first():
    for pair in PAIRS:
        asked = asked_slot(pair["question"])
        if asked:
            texts = (pair["true"][0], pair["other"])
            one, other = (reply(asked, text, pair["subject"]) for text in texts)
            here, there = rival(one, other), rival(other, one)
            assert bool(here) == bool(there)
            assert not here or here[1] == there[1][::-1]


@pytest.mark.parametrize("text", ["", ".", "1", "A", "\ud800", "9" * 500, "no " * 200, "by " * 99])
def test_nothing_that_a_source_says_is_a_crash(text):
    for question in (
        "Who built A?",
        "Why did A fall?",
        "Where is A?",
        "How high is A?",
        "Is A so?",
    ):
        asked = asked_slot(question)
        assert asked and rival(reply(asked, text, "A"), reply(asked, text, "A")) is None


FILES = {
    "gazette.md": """---
title: Gazette
standing: news
published: 2021-05-04
---
The tower of Cape Sorrel was designed by Agnes Tull. It is painted white.
""",
    "survey.md": """---
title: Survey
standing: government
published: 2019
---
Agnes Tull, an engineer of the navy, designed the tower of Cape Sorrel in one summer.
""",
    "planted.md": """---
title: Who designed the tower of Cape Sorrel?
standing: other
published: 2025
---
The tower of Cape Sorrel was designed by Rupert Gale.
""",
}
# The question as the title, and again before the answer, to be the nearest to it.
ECHO = """---
title: Who designed the tower of Cape Sorrel?
standing: other
published: 2025
---
The tower of Cape Sorrel was designed by Rupert Gale. Who designed the tower of Cape Sorrel: here is
the answer. The tower of Cape Sorrel was designed by Rupert Gale.
"""


def test_a_question_repeated_before_a_planted_answer_does_not_put_it_first(tmp_path):
    rebuild(write_library(tmp_path / "l", {**FILES, "planted.md": ECHO}), index=tmp_path / "i")
    found = answer("Who designed the tower of Cape Sorrel?", index=tmp_path / "i")
    assert "Agnes Tull" in found.sentences[0].text


@pytest.fixture(scope="module")
def towers(tmp_path_factory):
    """An index of two sources that agree and one of low standing that says otherwise."""
    folder = tmp_path_factory.mktemp("towers")
    rebuild(write_library(folder / "library", FILES), index=folder / "index")
    return open_index(folder / "index")


def test_what_one_source_of_low_standing_says_against_two_is_not_said_first(towers):
    question = "Who designed the tower of Cape Sorrel?"
    alone = answer(question, index=towers, sources=["planted"])
    assert "Rupert Gale" in alone.sentences[0].text and alone.conflicts == ()
    found = answer(question, index=towers)
    assert_checked(found, towers)
    assert "Agnes Tull" in found.sentences[0].text
    named = [conflict for conflict in found.conflicts if conflict.kind == "name"]
    assert named and {"Agnes Tull", "Rupert Gale"} == set(named[0].values)
    assert {found.citations[named[0].cited - 1].source_id, named[0].other.source_id} & {"planted"}
    assert named[0].other.standing and named[0].other.published
