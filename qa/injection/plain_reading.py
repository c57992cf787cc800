"""A text as a model reads it: without what disguises an order from a filter.

White space, invisible characters, look-alike letters, spaced letters, digits for letters, marks of
Markdown and HTML, entities, and the few codes that models read as they read plain text.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from functools import cache

# Letters of other scripts that look like Latin ones (after Unicode's table of confusables), and
# those that no decomposition takes apart.
_ALIKE = str.maketrans(
    "авеоркхсуіјѕԁһмтнгԛԝүӏɡոսցһзαοερικνυτηωχγβϲϳıłøđħŧɩʟꮯꭰᴏ",
    "abeopkxcyijsdhmthrqwylgnugh3aoepikvutnwxybcjilodhtilcdo",
)
_LATIN = re.compile(
    r"LATIN (?:SMALL|CAPITAL|LETTER SMALL CAPITAL)(?: LETTER)?(?: CAPITAL)? ([A-Z])\b"
)
_ENCLOSED = re.compile(r"(?:SQUARED|CIRCLED|SYMBOL) LATIN (?:CAPITAL|SMALL) LETTER ([A-Z])$")
_REGIONAL = "REGIONAL INDICATOR SYMBOL LETTER "
# What is seen as nothing though it is a letter or a mark.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_TAG = re.compile(r"</?\w[^<>]{0,200}>")
_EMPHASIS = re.compile(r"[*`~]+|(?<!\w)_+|_+(?!\w)")
_LEET = str.maketrans("013457@$!|", "oieastasil")
_SPELT = re.compile(r"\b\w(?:([ ._\-*])\w(?:\1\w){2,})\b")
_SPACED = re.compile(r"(?:\b\w ){5}")
_BASE64 = re.compile(r"\b[A-Za-z0-9+/]{16,}={0,2}")
# Words of orders, in the codes that are read back: turned by thirteen letters, and backwards.
_TURNED = re.compile(r"\b(?:vtaber|vafgehpgvbaf?|cebzcg|qvfertneq|flfgrz|nafjre|erirny)\b", re.I)
_BACKWARDS = re.compile(r"\b(?:erongi|snoitcurtsni|tpmorp|draigersid|drageersid|rewsna)\b", re.I)
_WITH_DIGITS = re.compile(r"(?=\w*[^\W\d_])(?=\w*[013457@$])[\w@$]{3,}")


def readings(text: str) -> Iterator[str]:
    """`text` in lower case on one line, then what else it may be read as."""
    plain = _folded(text)
    yield plain
    if _SPACED.search(plain) or _SPELT.search(plain):
        # What separates words when letters are spaced is more than one space, or another mark.
        apart = re.sub(r"\s{2,}", " \0 ", _folded(text, keep_spaces=True))
        joined = _SPELT.sub(lambda found: re.sub(r"[ ._\-*]", "", found.group()), apart)
        yield " ".join(joined.replace("\0", " ").split())
    if _WITH_DIGITS.search(plain):
        yield _WITH_DIGITS.sub(lambda found: found.group().translate(_LEET), plain)
    for code in _BASE64.findall(text):
        decoded = _decoded(code)
        if decoded:
            yield _folded(decoded)
    if _TURNED.search(text):
        yield _folded(codecs.decode(text, "rot13"))
    if _BACKWARDS.search(text):
        yield _folded(text[::-1])


def unseen_at(text: str) -> int | None:
    """Where letters begin that no one sees but that models read (Unicode's tags), if any do."""
    if text.isascii():
        return None
    tags = [at for at, char in enumerate(text) if 0xE0020 <= ord(char) <= 0xE007E]
    return tags[0] if len(tags) > 3 else None


def _folded(text: str, keep_spaces: bool = False) -> str:
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(_seen(char) for char in text)
    text = re.sub(r"(?<=[a-z])-\n\s*(?=[a-z])", "", text)  # a word broken at the end of a line
    text = _EMPHASIS.sub("", text).casefold()
    if not text.isascii() and re.search("[a-z]", text):
        text = re.sub(r"\w+", lambda found: _latin(found.group()), text)
    return text if keep_spaces else " ".join(text.split())


@cache
def _seen(char: str) -> str:
    if char < "\x7f":
        return char
    if char in _BLANK or unicodedata.category(char) in ("Cf", "Cc") or "\ufe00" <= char <= "\ufe0f":
        return "" if char not in "\x85" else " "
    return char


def _latin(word: str) -> str:
    """A word in Latin letters, where some of its letters are Latin or nearly all look so."""
    if word.isascii():
        return word
    bare = "".join(_letter(char) for char in word)
    mixed = any("a" <= char <= "z" for char in word)
    return bare if mixed or bare.isascii() else word


@cache
def _letter(char: str) -> str:
    if char.isascii():
        return char
    base = unicodedata.normalize("NFKD", char)[0]
    if base.isascii() and base.isalpha():
        return char if "LATIN" in unicodedata.name(char, "") else base
    name = unicodedata.name(char, "")
    if name.startswith(_REGIONAL):
        return name[-1].lower()
    enclosed = _ENCLOSED.search(name) or _LATIN.match(name)
    return enclosed[1].lower() if enclosed else char.translate(_ALIKE)


def without_accents(text: str) -> str:
    """`text` with the bare letters of accented ones, for words of other languages."""
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFKD", text)
    return "".join(char for char in parts if not unicodedata.combining(char))


def _decoded(code: str) -> str:
    try:
        found = base64.b64decode(code + "=" * (-len(code) % 4), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    return found if found.isprintable() and " " in found else ""
