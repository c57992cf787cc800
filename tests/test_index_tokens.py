"""Words as the lexical index sees them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.tokens import STOP_WORDS, terms, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Café NAÏVE Zürich", ["cafe", "naive", "zurich"]),
        ("40,000 t. at 4.2 on 2024-06-19.", ["40000", "t", "at", "4.2", "on", "2024", "06", "19"]),
        ("中国的茶", ["中", "国", "的", "茶"]),
        ("サウジが", ["サ", "ウ", "ジ", "が"]),
        ("서울 쌀", ["서", "울", "쌀"]),
        ("𠀀字", ["𠀀", "字"]),
        ("COVID19病毒 5G", ["covid", "19", "病", "毒", "5", "g"]),
        ("snake_case e\u0301t\u00e9 ﬁne İstanbul", ["snake", "case", "ete", "fine", "istanbul"]),
        ("\u202e\u200b …—", []),
    ],
)  # fmt: skip
def test_words_are_folded(text, found):
    assert words(text) == found


@given(st.text())
def test_words_do_not_depend_on_case_or_normal_form(text):
    import unicodedata

    assert all(word and not word.isspace() for word in words(text))
    for form in ("NFC", "NFD"):
        assert words(unicodedata.normalize(form, text)) == words(text)


def test_inflections_meet_and_function_words_go():
    assert terms("The treaties were signed") == terms("signing a treaty")[::-1]
    assert not STOP_WORDS & set(terms("What is the harbour of Oldport?"))


def test_a_question_of_function_words_keeps_them():
    assert terms("who are they") == ["who", "are", "they"]


@pytest.mark.parametrize("language", ["zh", "xx", "", "no such language"])
def test_a_language_without_a_stemmer_is_left_unstemmed(language):
    assert terms("signed treaties", language) == ["signed", "treaties"]


def test_the_stemmer_is_that_of_the_language():
    assert terms("Verträge", "de-AT") == terms("Vertrag", "de")
