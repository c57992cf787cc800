"""Where sentences end in languages whose marks are ambiguous; the offsets are those of the text."""
# ruff: noqa: E501  test data on one line

import pytest

from index.sentences import sentence_spans


def sentences(text, language):
    spans = list(sentence_spans(text, language))
    assert [a for a, _ in spans[1:]] == [b for _, b in spans[:-1]]
    return [text[a:b].strip() for a, b in spans]


@pytest.mark.parametrize(
    ("language", "whole"),
    [
        ("de", ["Am 3. Oktober stieg der Drachen.", "Es war der 2. Versuch.", "Er misst 3 m."]),
        ("de", ["Im 18. Jahrhundert gab es zwölf.", "Die anderen fielen.", "Es waren 12.", "Das war viel."]),
        ("zh", ["风筝长三米。", "1987年放飞。", "他说：“好。”", "真的吗？", "是！"]),
        ("ja", ["凧は三メートルです。", "1987年に揚げた。", "「はい。」と彼は言った。"]),
        ("ru", ["Змея сшил П. И. Орлов.", "Его длина 3 м.", "В 1987 г. змея запустили.", "Были ленты и т. д.", "Клуб закрыт."]),
        ("fr", ["M. Lind a cousu le cerf-volant.", "Il est bleu."]),
        ("en", ["Mr. Lind sewed the kite.", "It is 3 m long."]),
        ("en", ["Keep it in `~/kite.$FORMAT`, for it is yours.", "Run `a. B` twice.", "Fly!"]),
        ("en", ["It needs no more than kite.%s or so.", "A stray ` is none.", "Fly!"]),
    ],
)  # fmt: skip
def test_a_sentence_ends_where_its_language_ends_it(language, whole):
    between = "" if language in ("zh", "ja") else " "
    assert sentences(between.join(whole), language) == whole


def test_a_text_that_states_no_language_is_split_by_its_script():
    assert sentences("Змея сшил П. И. Орлов. Он жив.", None) == [
        "Змея сшил П. И. Орлов.",
        "Он жив.",
    ]
