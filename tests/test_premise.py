"""A question of somebody that what was found does not speak of is refused; another name is not."""

import json
from pathlib import Path

import pytest
from conftest import write_library

from index import open_index, rebuild
from qa import answer

QUESTIONS = [
    json.loads(line)
    for line in (Path(__file__).parent / "premise_questions.jsonl").read_text("utf-8").splitlines()
]
FILES = {
    "treaty.md": """# The treaty of Norburg

Russia and North Korea signed the treaty of Norburg on 19 June 2024. The treaty of Norburg has 23
articles. It was ratified by the Supreme People's Assembly (SPA) in November 2024.
""",
    "ferry.md": """# The ferry of Quill

Captain Henrik Dahl has sailed the ferry of Quill since 2003.

The ferry was built by the Sorrel Iron Quay. The Quill Harbour Authority sells the
tickets, and a ticket costs four crowns.
""",
    "tower.md": """# The tower of Sorrel

The tower of Sorrel was built by Agnes Tull in 1871. France paid for its lamp.
""",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """An index of three short sources."""
    folder = tmp_path_factory.mktemp("premise")
    rebuild(write_library(folder / "library", FILES), index=folder / "index")
    return open_index(folder / "index")


def test_the_questions_are_many_and_half_of_them_left_out_by_library():
    for part in ("build", "held-out"):
        for answered in (True, False):
            found = [q for q in QUESTIONS if (q["part"], q["answered"]) == (part, answered)]
            assert len(found) >= 30
    of = {
        part: {q["library"] for q in QUESTIONS if q["part"] == part}
        for part in ("build", "held-out")
    }
    assert of["build"].isdisjoint(of["held-out"])


@pytest.mark.parametrize(
    "question",
    [
        "When did France sign the treaty of Norburg?",
        "When did Russia and Cuba sign the treaty of Norburg?",
        "When did South Korea sign the treaty of Norburg?",
        "Since when has Captain Ahab sailed the ferry of Quill?",
        "When was the tower of Sorrel built by Gustave Eiffel?",
        "Who built the tower of Sorrel in 1971?",
        "Who signed the treaty of Norburg in the 1990s?",
    ],
)
def test_a_question_of_somebody_absent_is_refused(index, question):
    assert answer(question, index=index).abstained


def test_it_is_said_whom_the_sources_do_not_speak_of(index):
    found = answer("When did Russia and Cuba sign the treaty of Norburg?", index=index)
    assert found.notice == "What was found does not speak of Cuba."
    found = answer("Who built the tower of Sorrel in 2003?", index=index)
    assert found.notice == "What was found does not speak of 2003."
    assert answer("When did Russia sign the treaty of Norburg?", index=index).notice is None
    assert answer("As of 2026, who sails the ferry of Quill?", index=index).notice is None


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("When did Russia and the DPRK sign the treaty of Norburg?", "19 June 2024"),
        ("When did Moscow sign the treaty of Norburg?", "19 June 2024"),
        ("When did the Russo-Korean parties sign the treaty of Norburg?", "19 June 2024"),
        ("Since when has the skipper of the SIQ ferry of Quill sailed?", "2003"),
        ("How many articles does the treaty of Norborg have?", "23"),
        ("Since when has Mr Dahl sailed the ferry of Quill?", "2003"),
        ("When did Agnes Tull build the tower of Sorrel?", "1871"),
        ("Who built the tower of Sorrel in 1871?", "Agnes Tull"),
        ("Who built the tower of Sorrel in the 1870s?", "Agnes Tull"),
        ("Who built the tower of Sorrel before 1900?", "Agnes Tull"),
        ("Who built the tower of Sorrel between 1871 and 2003?", "Agnes Tull"),
    ],
)
def test_a_name_in_another_form_is_met(index, question, said):
    assert said in answer(question, index=index).text


def test_a_follow_up_is_refused_for_a_name_of_its_own(index):
    before = [("user", "When was the treaty of Norburg signed?"), ("assistant", "On 19 June 2024.")]
    assert answer("And when did France sign it?", history=before, index=index).abstained
    assert not answer("How many articles does it have?", history=before, index=index).abstained
