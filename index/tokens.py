"""Words as the lexical index sees them: folded, stemmed, without function words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import Stemmer

# Chinese, Japanese and Korean are written without spaces: each character is a token. In a number,
# "," between digits is not a boundary.
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_CJK}]|\d+(?:[.,]\d+)*|(?:(?![{_CJK}\d])[^\W_])+")

# English function words: they are in every chunk and say nothing of what a question is about.
STOP_WORDS = frozenset(
    """a about after all also an and any are as at be been before being but by can could did do does
    during each for from had has have he her him his how i if in into is it its just may me might
    more most must my no nor not of on or other our out over own same shall she should so some such
    than that the their them then there these they this those through to under until up us was we
    were what when where which while who whom whose why will with would you your""".split()
)


def words(text: str) -> list[str]:
    """The words of `text`, case and accents folded, in order, function words included."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    folded = "".join(char for char in folded if not unicodedata.combining(char))
    return [token.replace(",", "") for token in _TOKEN.findall(folded)]


def terms(text: str, language: str = "en") -> list[str]:
    """The stemmed content words of `text`, in order; all words where it has no content word."""
    found = words(text)
    content = [word for word in found if word not in STOP_WORDS] or found
    stemmer = _stemmer(language)
    return list(stemmer.stemWords(content)) if stemmer else content


@lru_cache(maxsize=8)
def _stemmer(language: str) -> Stemmer.Stemmer | None:
    code = language.split("-")[0].lower()
    try:
        return Stemmer.Stemmer(code)
    except KeyError:
        return None
