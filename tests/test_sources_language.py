"""The language of a source that states none, and what is never guessed."""

import pytest

from sources import load_sources
from sources.language import detect_language

TEXTS = {
    "en": "The kite was sewn by the club and flown over the bay.",
    "de": "Der Drachen wurde vom Verein genäht und über der Bucht steigen gelassen.",
    "fr": "Le cerf-volant a été cousu par le club et lancé au-dessus de la baie.",
    "ru": "Змея сшили в клубе и запустили над заливом в начале весны.",
    "zh": "风筝由俱乐部缝制，并在海湾上空放飞。",
    "ja": "凧はクラブで縫われ、湾の上で揚げられました。",
    "ar": "صنع النادي الطائرة الورقية وأطلقها فوق الخليج.",
}


@pytest.mark.parametrize("language", TEXTS)
def test_the_language_is_found(language):
    assert detect_language(TEXTS[language]) == language


@pytest.mark.parametrize("text", ["", "FAQ", "12 | 40 | 7", "x = y(3)", "§ 4.2"])
def test_what_is_not_sure_is_not_said(text):
    assert detect_language(text) is None


def test_what_a_source_says_of_itself_stands(tmp_path):
    (tmp_path / "a.md").write_text(f"---\nlanguage: nl\n---\n{TEXTS['de']}\n")
    (tmp_path / "b.txt").write_text(TEXTS["de"])
    assert [source.language for source in load_sources(tmp_path)] == ["nl", "de"]
