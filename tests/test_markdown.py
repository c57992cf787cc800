"""Untrusted text in Markdown: a reader sees it letter for letter, and no markup ever opens."""

import pytest
from checks import seen
from hypothesis import given
from hypothesis import strategies as st

from qa.plain_text import escape, visible

HOSTILE = [
    "[a](http://evil.example)",
    "![x](https://evil.example/p.png)",
    "<script>alert(1)</script>",
    "<b>bold</b> <img src=x onerror=y>",
    "# Heading",
    "## [7]",
    "> quote",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "12) item",
    "```python",
    "~~~",
    "`code`",
    "**bold** __bold__ *i* _i_",
    "~~gone~~",
    "| a | b |",
    "|---|",
    "---",
    "===",
    "***",
    "&lt;b&gt; &#60; &amp;",
    "[7]",
    "[7]: /x",
    "[^1]",
    "a\\[b\\](c)",
    "http://evil.example",
    "https://evil.example/a_b?c=d&e;",
    "//evil.example",
    "www.evil.example",
    "evil.com",
    "Evil.Com/path",
    "a@b.example",
    "mailto:a@b.com",
    "ftp://x.org",
    "http:\\\\evil.com",
    "tel:+123",
    "$x^2$ \\(y\\)",
    "<http://evil.example>",
    "<a@b.example>",
    "line\n# two\n\n- three",
    "    indented",
    "\tindented",
    "a  \nb",
    "\\",
    "x\\",
    "пример.рф",
    "1.",
    "1)",
    "=",
    "====",
    "-",
    "--",
    "+",
    "#",
    "snake_case_word",
    "U.S. and 3.5",
    "http://127.0.0.1/x",
    "HTTP://EVIL.EXAMPLE",
    "a//b",
    "x.y.com.",
    "e.g. this",
    "[x]",
    "[ ] todo",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_not_obeyed(text):
    assert seen(escape(text)) == visible(text)
    assert seen(f"{escape(text)} [1][2]") == f"{visible(text)} [1][2]"
    assert seen(f"Before. [1] {escape(text)} [2]") == f"Before. [1] {visible(text)} [2]"


@given(st.lists(st.sampled_from([*HOSTILE, " ", "\n", "a", "(", ")", "!", ":", "1", "é", "<"])))
def test_hostile_pieces_together_are_shown_and_not_obeyed(pieces):
    text = "".join(pieces)
    assert seen(escape(text)) == visible(text)


@given(st.text())
def test_any_text_is_shown_and_not_obeyed(text):
    assert seen(escape(text)) == visible(text)


def test_ordinary_text_is_left_alone():
    text = "The U.S.-led group (est. 1999) paid 3.5 million - or 4,000 per ship; see page 3/4."
    assert escape(text) == text


def test_what_cannot_be_seen_is_taken_out_and_what_spells_is_kept():
    assert visible("a\u200bb\u202ec\x00d\x1b[31me\ufefff\U000e0041g\ud800h") == "abcd[31mefgh"
    assert visible("می\u200cخواهم") == "می\u200cخواهم"
    assert visible(" one\n\ttwo\u2028three ") == "one two three"
