"""Metadata are changed line by line: what a person wrote around them stays."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from qa.web.library.yaml_edit import amended

WRITTEN = """# Looked up by hand.
title: The treaty   # as printed
publisher: 'Ministry of Waterways'

# The gazette gives another day.
published: 2021-05-04
topics:
  - rivers   # the main one
  - treaties
references:  # see the gazette
  - title: Gazette
standing: government
"""


def test_what_does_not_change_is_not_touched():
    same = {"title": "The treaty", "published": "2021-05-04", "topics": ["rivers", "treaties"]}
    assert amended(WRITTEN, same) == WRITTEN


def test_only_the_lines_of_what_changes_are_written():
    values = {
        "title": "The treaty: on the river", "published": "2021-05", "topics": ["rivers", "law"],
        "author": "Ada", "publisher": "",
    }  # fmt: skip
    assert (
        amended(WRITTEN, values)
        == """# Looked up by hand.
title: 'The treaty: on the river'   # as printed

# The gazette gives another day.
published: 2021-05
topics: [rivers, law]
references:  # see the gazette
  - title: Gazette
standing: government
author: Ada
"""
    )


@pytest.mark.parametrize(
    "text",
    ["", "# only a comment", "title: a", "title: a\r\n", "title: >\n  long\n  text\nurl: b\n"],
)
def test_keys_are_added_and_replaced_whatever_stands_there(text):
    said = yaml.safe_load(amended(text, {"title": "new # one", "license": "CC BY 4.0"}))
    assert said["title"] == "new # one" and said["license"] == "CC BY 4.0"
    assert ("\r\n" in amended(text, {"license": "x"})) == ("\r\n" in text)


@pytest.mark.parametrize(
    "text",
    [
        "{title: a, url: b}\n",
        "title: a\ntitle: c\n",
        "author: &who Ada\ntitle: *who\n",
        "base: &b {x: 1}\ntitle: a\n",
    ],
)
def test_what_cannot_be_changed_by_lines_is_written_anew(text):
    said = yaml.safe_load(amended(text, {"title": "new"}))
    before = yaml.safe_load(text)
    assert said == {**before, "title": "new"}


def test_dates_are_dates_and_a_title_of_digits_is_text():
    text = amended("", {"published": "2021-05-04", "title": "2024"})
    assert text == "published: 2021-05-04\ntitle: '2024'\n"


NAMES = ("title", "author", "topics")
VALUES = st.one_of(st.text(max_size=12), st.lists(st.text(max_size=6), max_size=3))


def said_of(values):
    return {name: value for name, value in values.items() if value not in ("", [])}


@given(
    st.dictionaries(st.sampled_from(NAMES), VALUES), st.dictionaries(st.sampled_from(NAMES), VALUES)
)
def test_the_result_says_what_is_wanted(before, after):
    text = yaml.safe_dump(before, allow_unicode=True) if before else ""
    said = yaml.safe_load(amended(text, after)) or {}
    assert said_of(said) == said_of({**before, **after})
