"""Words as the lexical index sees them: folded, stemmed, without function words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence, Set
from functools import cache, lru_cache

import Stemmer

from index.countries import SEATS, country, spell_out
from sources import strip_invisible

# Chinese, Japanese and Korean are written without spaces: each character is a token. In a number,
# "," between digits is not a boundary.
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff"
# The voicing marks of Japanese tell words apart; other combining marks are accents.
_VOICING = "\u3099\u309a"
_TOKEN = re.compile(rf"[{_CJK}]|\d+(?:[.,]\d+)*|(?:(?![{_CJK}\d])[^\W_])+")

# English function words: they are in every chunk and say nothing of what a question is about.
STOP_WORDS = frozenset(
    """
    a about after all also an and any are as at be been before being but by can could did do
    does during each for from had has have he her him his how i if in into is it its just
    may me might more most must my no nor not of on or other our out over own s same shall
    she should so some such t than that the their them then there these they this those
    through to under until up us was we were what when where which while who whom whose why
    will with would you your
    """.split()
)
QUESTION_WORDS = frozenset("who whom whose what which when where why how".split())


def words(text: str) -> list[str]:
    """The words of `text`, case and accents folded, in order, function words included.

    Invisible characters do not part a word.
    """
    folded = unicodedata.normalize("NFKD", strip_invisible(text)).casefold()
    if not folded.isascii():
        kept = (char for char in folded if not unicodedata.combining(char) or char in _VOICING)
        folded = unicodedata.normalize("NFC", "".join(kept))
    return [token.replace(",", "") for token in _TOKEN.findall(folded)]


def terms(text: str, language: str = "en") -> list[str]:
    """The stemmed content words of `text`, in order; all words where it has no content word.

    In English, a people is its country: "Iranian" and "Iran" are one term.
    """
    english = language.startswith("en")
    found = words(spell_out(text) if english else text)
    found = [word for word in found if word not in STOP_WORDS] or found
    return stem([country(word) for word in found] if english else found, language)


def implied(asked: Sequence[str], language: str = "en") -> list[str]:
    """Terms that a question means beside those it says: for a seat of government its country."""
    seats = _seats() if language.startswith("en") else {}
    return [name for term in asked for name in seats.get(term, ()) if name not in asked]


def implying(held: Set[str], language: str = "en") -> set[str]:
    """Terms that mean what is held: the seats of government of its countries."""
    if not language.startswith("en"):
        return set()
    seats = _seats_by_name()
    return {seat for name in held if name in seats for seat, names in seats[name] if held >= names}


def stem(found: list[str], language: str = "en") -> list[str]:
    """The stems of words; the words themselves in a language that has no stemmer."""
    stemmer = _stemmer(language)
    return list(stemmer.stemWords(found)) if stemmer else found


@cache
def _seats_by_name() -> dict[str, list[tuple[str, frozenset[str]]]]:
    """The seats of each country, by the first term of its name, with all of them."""
    found: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for seat, names in _seats().items():
        found.setdefault(names[0], []).append((seat, frozenset(names)))
    return found


@cache
def _seats() -> dict[str, tuple[str, ...]]:
    return {stem([seat])[0]: tuple(stem(list(names))) for seat, names in SEATS.items()}


@lru_cache(maxsize=8)
def _stemmer(language: str) -> Stemmer.Stemmer | None:
    code = language.split("-")[0].lower()
    try:
        return Stemmer.Stemmer(code)
    except KeyError:
        return None
