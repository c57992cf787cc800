"""Questions of several parts: which they are, and that each part gets its evidence."""

import re

import pytest

from qa import answer
from qa.retrieve.asked import asks_for_list, split_question


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("How do Oldport and Newport differ on tolls?", ("Oldport on tolls", "Newport on tolls")),
        ("What is the difference between a lock and a weir?", ("a lock", "a weir")),
        ("How does the ferry compare to the canal?", ("the ferry", "the canal")),
        ("Compare Oldport with Newport in trade", ("Oldport in trade", "Newport in trade")),
        ("How does a lock differ from a weir?", ("a lock", "a weir")),
        ("Oldport vs. Newport", ("Oldport", "Newport")),
        (
            "Who dredged the harbour and how many locks does the canal have?",
            ("Who dredged the harbour?", "how many locks does the canal have?"),
        ),
        (
            "Who dredged the harbour, and when was it done?",
            ("Who dredged the harbour?", "Who dredged the harbour? when was it done?"),
        ),
        ("Where is it? Who owns the big island?", ("Where is it?", "Who owns the big island?")),
    ],
)
def test_parts(question, parts):
    assert split_question(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "Who are the kings and queens of Oldport?",
        "When does the ferry leave for Grey Island?",
        "Which goods are bought and sold in Oldport?",
        "Is there a difference?",
        "",
        "and who",
    ],
)
def test_a_question_of_one_part_has_none(question):
    assert split_question(question) == ()


def test_each_part_is_answered(opened):
    found = answer(
        "How deep was the harbour of Oldport dredged, and how many locks does the canal have?",
        index=opened,
    )
    assert {citation.source_id for citation in found.citations} >= {"ports/harbour", "ports/canal"}


@pytest.mark.parametrize(
    ("question", "listed"),
    [
        ("List the treaties that were signed.", True),
        ("Please name three goods that Oldport exports", True),
        ("Which goods are exported from Oldport?", True),
        ("What are the members of the council?", True),
        ("Which former ministers have resigned?", True),
        ("What is the name of the ferry?", False),
        ("Which bus leaves at seven?", False),
        ("Which process was used?", False),
        ("What does Article 4 oblige?", False),
        ("Who signed it?", False),
    ],
)
def test_what_asks_for_a_list(question, listed):
    assert asks_for_list(question) == listed


def test_a_list_is_given_line_by_line(opened):
    found = answer("Which goods are exported from Oldport?", index=opened)
    lines = [line for line in found.text.split("\n") if line]
    # A table has a line more below its header, and its numbers on one of their own.
    lines = [line for line in lines if not re.fullmatch(r"\|(?: --- \|)+|(?:\[\d+\])+", line)]
    assert len(lines) == sum(len(one.text.split("\n")) for one in found.sentences)
    assert len(lines) == 1 or all(line.startswith(("- ", "| ")) for line in lines)
