"""Sentences and windows: where they lie, what they hold, and that nothing is left out."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.chunking import LONGEST_SENTENCE, WINDOW_CHARS, Unit, split_units, split_windows
from sources import Block, Source

# Text as documents hold it: letters of several scripts, marks, ends of sentences, odd spaces.
TEXT = st.text(
    st.one_of(
        st.sampled_from(" \n\t.!?\"'()。！،؟\u00a0\u200b\u2028\u202e\x1c\x85|-e\u0301👩\u200d🚀"),
        st.characters(codec="utf-8"),
    ),
    max_size=400,
)
BLOCK_KINDS = st.sampled_from(["heading", "paragraph", "item", "row", "code"])


def source_of(text, blocks=None, language=None):
    if blocks is None:
        blocks = (Block(start=0, end=len(text), kind="paragraph"),)
    return Source(
        id="s", title="S", text=text, format="text", path="s.txt", blocks=blocks, language=language
    )


def is_trimmed(text):
    return text == text.strip() != ""


def shown(source):
    return [source.text[unit.start : unit.end] for unit in split_units(source)]


@given(parts=st.lists(st.tuples(TEXT, BLOCK_KINDS), max_size=6), repeat=st.sampled_from([1, 1, 9]))
def test_units_lie_in_their_blocks_in_order_and_hold_all_that_is_visible(parts, repeat):
    text, blocks = "", []
    for part, kind in parts:
        start = len(text)
        text += part * repeat
        if part.strip():
            blocks.append(Block(start=start, end=len(text), kind=kind, title="t", level=1))
        text += "\n\n"
    source = source_of(text, tuple(blocks))
    units = split_units(source)
    for unit in units:
        assert any(b.start <= unit.start < unit.end <= b.end for b in blocks)
        assert unit.kind == "heading" or is_trimmed(text[unit.start : unit.end])
        assert unit.kind == "heading" or unit.end - unit.start <= LONGEST_SENTENCE
    for before, after in pairwise(units):
        assert before.end <= after.start
    held = "".join(text[unit.start : unit.end] for unit in units)
    assert "".join(held.split()) == "".join(text.split())


@given(
    lengths=st.lists(st.tuples(st.integers(1, 1100), st.integers(0, 40)), max_size=40),
    size=st.integers(1, 1500),
)
def test_windows_hold_every_unit_within_their_size_and_overlap(lengths, size):
    units, place = [], 0
    for length, gap in lengths:
        units.append(Unit(place, place + length, "sentence"))
        place += length + gap
    windows = split_windows(units, size)
    covered = {row for window in windows for row in range(window.first, window.last + 1)}
    assert covered == set(range(len(units)))
    for window in windows:
        spanned = units[window.last].end - units[window.first].start
        assert spanned <= size or window.first == window.last
    for before, after in pairwise(windows):
        assert before.first < after.first <= before.last + 1
        assert before.last <= after.last


def test_most_of_ordinary_prose_stands_in_two_windows():
    units = [Unit(place, place + 95, "sentence") for place in range(0, 4000, 100)]
    windows = split_windows(units)
    times = [sum(w.first <= row <= w.last for w in windows) for row in range(len(units))]
    assert set(times) == {1, 2}
    assert times.count(2) > len(units) / 2
    assert all(units[w.last].end - units[w.first].start > WINDOW_CHARS / 2 for w in windows[:-1])


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One is here. Two is! Is it three?", ["One is here.", "Two is!", "Is it three?"]),
        ("Dr. Kim met Mr. Lee on 5 Jan. 2024 in St. Paul. They left.",
         ["Dr. Kim met Mr. Lee on 5 Jan. 2024 in St. Paul.", "They left."]),
        ("It cost $4.2 million. The rest is 3.5 per cent.",
         ["It cost $4.2 million.", "The rest is 3.5 per cent."]),
        ("第一句。第二句！第三句？", ["第一句。", "第二句！", "第三句？"]),
        ("  Spaced.  \n  Out. ", ["Spaced.", "Out."]),
        ("👩\u200d🚀 flew. É\u0301lan vital.", ["👩\u200d🚀 flew.", "É\u0301lan vital."]),
    ],
)  # fmt: skip
def test_prose_is_cut_into_sentences(text, sentences):
    assert shown(source_of(text)) == sentences


@pytest.mark.parametrize("language", [None, "en-GB", "zh", "xx", "no such language", "e$"])
def test_any_language_code_will_do(language):
    assert shown(source_of("One. Two.", language=language)) == ["One.", "Two."]


def test_a_heading_is_one_unit_and_rows_are_fragments():
    text = "What? Who? 1990 | 212 | x. y."
    blocks = (Block(start=0, end=10, kind="heading", level=1, title="What? Who?"),
              Block(start=11, end=len(text), kind="row"))  # fmt: skip
    assert [unit.kind for unit in split_units(source_of(text, blocks))] == ["heading", "fragment"]


@pytest.mark.parametrize("text", ["word " * 1000, "x" * 5000, "((" * 50_000, '"a. ' * 5000])
def test_what_never_ends_is_cut_at_spaces_where_there_are_some(text):
    units = split_units(source_of(text))
    assert all(unit.end - unit.start <= LONGEST_SENTENCE for unit in units)
    assert all(piece == piece.strip() for piece in shown(source_of(text)))


def test_a_long_run_of_spaces_is_no_unit():
    assert shown(source_of("a" + " " * 5000 + "b")) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("青石水库建于1958年，总库容为三千万立方米。大坝高96米。冬季不开放。", 3),
        ("ダムは1958年に完成した。高さは96メートルです。", 2),
        ("Плотину построил П. И. Соколов в 1936 г. из камня. Музей закрыт.", 2),
        ("بني السد عام 1962. هل يفتح للزوار؟ نعم، يوم الجمعة فقط.", 3),
    ],
)
def test_without_a_language_the_script_tells_how_sentences_end(text, count):
    block = Block(start=0, end=len(text), kind="paragraph")
    source = Source(id="a", title="A", text=text, format="text", path="a.txt", blocks=(block,))
    units = split_units(source)
    said = [text[unit.start : unit.end] for unit in units]
    assert len(units) == count
    assert "".join(said).replace(" ", "") == text.replace(" ", "")
