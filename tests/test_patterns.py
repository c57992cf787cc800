"""No reader and no check of ours takes the square of a hostile text's length."""

import time
from contextlib import suppress

import pytest

from qa.compose.draft import plain
from qa.injection import without_instructions
from qa.plain_text import escape
from sources import UnreadableError
from sources.formats import read

# What a pattern may have to look at again and again.
REPEATED = (
    "a", "A", " ", "\n", "1", ".", '"', "(", "[", "](", "{", "<", "<a ", "*", "**a ", "__a ", "_",
    "`", "![", "a.b", "a b ", "1,", "1 1 ", "- ", "\\", "[a](", "![a]((", "<!--", 'style="',
    "<p style=", ": ", "the ", "https://", "a@a.", "| ", "~~a", "{%", "{{<", "{% a %}", "{:",
    "<a markdown ", " \n", "é", "color:#", "rgba(", "“a ", "say: ",
)  # fmt: skip
# Seconds of the processor, ten times what the slowest takes; the square would take minutes.
MOST = 8.0


@pytest.mark.parametrize("format_", ["markdown", "text", "html", "csv", "json", "email"])
def test_no_reader_takes_the_square_of_a_length(format_):
    for unit in REPEATED:
        text = (unit * 40_000)[:40_000]
        if format_ == "email":
            text = f"From: a@b.c\nSubject: x\n\n{text}"
        began = time.process_time()
        with suppress(UnreadableError):
            read(text.encode(), format_, "a.x")
        assert time.process_time() - began < MOST, unit


@pytest.mark.parametrize(
    "check", [plain, escape, lambda text: without_instructions(text, 0, len(text))]
)
def test_no_check_takes_the_square_of_a_length(check):
    for unit in REPEATED:
        text = (unit * 20_000)[:20_000]
        began = time.process_time()
        check(text)
        assert time.process_time() - began < MOST, unit
