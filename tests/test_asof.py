"""Questions of a time are answered from the sources of that time."""

import pytest
from conftest import write_library

from index import open_index, rebuild
from qa import answer
from qa.retrieve.timeliness import asked_time, timeliness

FACTS = {
    2015: ("310", "Ada Brandt", "hemp and flax"),
    2019: ("420", "Bo Lindqvist", "nylon"),
    2023: ("575", "Carla Meyer", "aramid"),
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """A library of a company's reports of three years, which say the same of different times."""
    files = {
        f"report-{year}.md": f"""---
title: Report of Halden Ropes
published: {year}-03-01
standing: primary
---
Halden Ropes employs {people} people. Halden Ropes is led by {head}.
The ropes are made of {material}. They are sold in eleven countries. Nobody was hurt at work.
"""
        for year, (people, head, material) in FACTS.items()
    }
    folder = tmp_path_factory.mktemp("reports")
    rebuild(write_library(folder / "library", files), index=folder / "index")
    return open_index(folder / "index")


@pytest.mark.parametrize("year", FACTS)
@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("As of {}, how many people does Halden Ropes employ?", 0),
        ("Who leads Halden Ropes as of {}?", 1),
        ("What were the ropes of Halden Ropes made of in {}?", 2),
    ],
)
def test_a_source_of_the_time_asked_for_comes_first(question, place, year, reports):
    found = answer(question.format(year), index=reports)
    assert FACTS[year][place] in found.sentences[0].text
    assert found.citations[0].published == f"{year}-03-01"


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("How many people does Halden Ropes currently employ?", 0),
        ("Who leads Halden Ropes now?", 1),
        ("What are the ropes of Halden Ropes made of nowadays?", 2),
    ],
)
def test_what_is_asked_of_now_is_answered_from_the_newest(question, place, reports):
    assert FACTS[2023][place] in answer(question, index=reports).sentences[0].text


def test_the_latest_event_is_told_by_the_dates_in_the_sentences(tmp_path):
    text = """---
published: 2024-06-01
---
The fleet of Oldport met a storm in March 2019 and lost two ships. The fleet of Oldport met a storm
in May 2023 and lost a ship. The fleet of Oldport will meet no storm before 2040 and lose no ship.
"""
    rebuild(write_library(tmp_path / "library", {"fleet.md": text}), index=tmp_path / "index")
    latest = answer("What is the latest storm of the fleet of Oldport?", index=tmp_path / "index")
    assert "May 2023" in latest.sentences[0].text


def test_the_sources_that_say_otherwise_are_shown_with_their_dates(reports):
    found = answer("As of 2019, how many people does Halden Ropes employ?", index=reports)
    others = {conflict.other.published: conflict.values for conflict in found.conflicts}
    assert others == {
        "2015-03-01": ("420 people", "310 people"),
        "2023-03-01": ("420 people", "575 people"),
    }
    assert {conflict.kind for conflict in found.conflicts} == {"number"}


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        ("As of 2023, who leads it?", 2023, 2024),
        ("In 2019, what was sold?", 2019, 2020),
        ("What was sold by the end of 2019?", 2019, 2020),
        ("Who led it in July 2020?", 2020.5, 2020.5 + 1 / 12),
    ],
)
def test_the_time_of_a_question(question, start, end):
    time = asked_time(question)
    assert (time.start, time.end, time.now) == pytest.approx((start, end, False))


@pytest.mark.parametrize(
    "question",
    ["Who leads it?", "How did it change from 2019 to 2023?", "Which treaty of 1961 is in force?"],
)
def test_a_question_of_no_time_or_of_several_prefers_none(question):
    assert asked_time(question) is None


def test_a_sentence_that_names_the_year_is_of_that_year():
    time = asked_time("What was sold in 2015?")
    lost = timeliness(time, ["2015-03", "2023", "2023", None], ["a", "In 2015 b", "c", "d"])
    assert lost[0] == lost[1] == 0
    assert lost[2] < lost[3] < 0


def test_where_all_are_of_one_time_or_none_is_known_nothing_is_lost():
    time = asked_time("Who leads it now?")
    assert not timeliness(time, ["2015", "2015"], ["a", "b"]).any()
    assert not timeliness(time, [None, None], ["a", "b"]).any()
