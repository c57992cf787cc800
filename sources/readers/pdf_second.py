"""PDFium as the second reader of a page whose text pypdf cannot make out."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice, pairwise
from typing import Any

from sources.readers.pdf_lines import LIGATURES, Line, joined
from sources.readers.text_builder import TextBuilder

_LEAST_CHARS = 40
_MOST_STRANGE = 0.05  # of the characters
_LEAST_LETTERS = (
    0.4  # letters and digits, of the characters but for those that lead to page numbers
)
_GLYPHS = re.compile(r"/(?:[a-zA-Z]{1,6}\d{1,5}|[A-Z]\w{2,})(?=/|\s|$)|\(cid:\d+\)")
_LEADERS = re.compile(r"[\s._\-–—|•*=]+")
_WORD = re.compile(r"[a-zA-Z]{4,}")
_LETTERS_RUN = re.compile(r"[a-zA-Z\u00c0-\u024f\u0370-\u052f\u2019'-]+")  # Latin, Greek, Cyrillic
_LONGEST_WORD = 20
_SCRIPTS_OF_ALL = frozenset(  # stand within words of any script
    "LATIN GREEK CJK HIRAGANA KATAKANA KATAKANA-HIRAGANA HANGUL BOPOMOFO MODIFIER".split()
)
_VOWEL = re.compile(r"[aeiouyAEIOUY]")
_LEAST_WORDS = 25
_OBJECTS = 1_000  # of a page that are looked at
_LETTERS = 50
_LONGEST = 2000  # pixels: of a page that OCR reads
_LEAST_KEPT = 0.9  # of the letters that PDFium finds
_LEAST_SPOKEN = 0.5  # words with a vowel; of text whose letters are exchanged a third or less


def is_garbled(lines: Iterable[str]) -> bool:
    """Whether text is names of glyphs, signs of private use, or letters that make no words."""
    text = " ".join(lines)
    chars = _LEADERS.sub("", text)
    if len(chars) < _LEAST_CHARS:
        return bool(chars) and all(map(_is_strange, chars))
    if sum(map(_is_strange, chars)) > _MOST_STRANGE * len(chars):
        return True
    if sum(len(name[0]) for name in _GLYPHS.finditer(text)) > _LEAST_LETTERS * len(chars):
        return True
    if sum(map(str.isalnum, chars)) < _LEAST_LETTERS * len(chars):
        return True
    words = _WORD.findall(text)
    spoken = sum(1 for word in words if _VOWEL.search(word))
    return len(words) >= _LEAST_WORDS and spoken < _LEAST_SPOKEN * len(words)


def runs_together(lines: Iterable[str]) -> bool:
    """Whether most letters stand in words longer than any: the spaces between words are lost."""
    words = _LETTERS_RUN.findall(" ".join(lines))
    letters = sum(map(len, words))
    return (
        letters >= _LEAST_CHARS
        and sum(len(word) for word in words if len(word) >= _LONGEST_WORD) > letters / 2
    )


def mixes_scripts(lines: Iterable[str]) -> bool:
    """Whether letters of several scripts take turns in a word: the font tells wrong ones."""
    return any(_is_mixed(word) for line in lines if not line.isascii() for word in line.split())


def _is_mixed(word: str) -> bool:
    letters = filter(str.isalpha, unicodedata.normalize("NFKC", word))
    scripts = [unicodedata.name(char, "").split(" ")[0] for char in letters]
    turns = sum(1 for one, after in pairwise(scripts) if one != after)
    return 3 * turns >= len(scripts) and len(set(scripts) - _SCRIPTS_OF_ALL) > 1


def _is_strange(char: str) -> bool:
    return char == "\ufffd" or unicodedata.category(char) in ("Co", "Cn", "Cc")


class SecondReader:
    """Opens a file in PDFium when a page of it is asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._document: Any = None

    def lines(self, number: int, builder: TextBuilder) -> list[Line]:
        """The lines of a page, from 0; none where PDFium cannot read it."""
        import pypdfium2

        found: list[Line] = []
        with suppress(pypdfium2.PdfiumError, ValueError, IndexError):
            page = self._page(number)
            text = page.get_textpage()
            for nth in range(text.count_rects()):
                box = left, low, _, high = text.get_rect(nth)
                words = builder.clean(text.get_text_bounded(*box).translate(LIGATURES))
                if words:
                    size = round(high - low, 1) or 1.0
                    line = Line(page=number, x=left, y=low, size=size, bold=False, text=words)
                    line.cells = [(left, words)]
                    joined(found, line)
        return found

    def better(self, lines: Sequence[Line], number: int, builder: TextBuilder) -> list[Line]:
        """The lines of a page, where those given lack words or the spaces between them, or mix
        scripts within words."""
        said = [line.text for line in lines]
        bad = runs_together(said) or mixes_scripts(said)
        known = sum(sum(map(str.isalnum, line.text)) for line in lines)
        if not bad and self._letters(number) <= max(known / _LEAST_KEPT, _LEAST_CHARS):
            return []
        found = self.lines(number, builder)
        said = [line.text for line in found]
        bad = is_garbled(said) or runs_together(said) or mixes_scripts(said)
        return [] if bad else found

    def _letters(self, number: int) -> int:
        """How many letters and digits a page has."""
        import pypdfium2

        with suppress(pypdfium2.PdfiumError, ValueError, IndexError):
            text = self._page(number).get_textpage()
            return sum(map(str.isalnum, text.get_text_bounded()))
        return 0

    def is_drawn(self, number: int) -> bool:
        """Whether a page holds an image, or as many outlines as letters that are drawn."""
        import pypdfium2
        from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE, FPDF_PAGEOBJ_PATH

        with suppress(pypdfium2.PdfiumError, ValueError, IndexError):
            kinds = Counter(one.type for one in islice(self._page(number).get_objects(), _OBJECTS))
            return bool(kinds[FPDF_PAGEOBJ_IMAGE]) or kinds[FPDF_PAGEOBJ_PATH] >= _LETTERS
        return False

    def image(self, number: int) -> Any:
        """A page as Pillow has it; None where PDFium cannot show it."""
        import pypdfium2

        with suppress(pypdfium2.PdfiumError, ValueError, IndexError):
            page = self._page(number)
            return page.render(scale=_LONGEST / max(*page.get_size(), 1)).to_pil()
        return None

    def _page(self, number: int) -> Any:
        import pypdfium2

        self._document = self._document or pypdfium2.PdfDocument(self._data)
        return self._document[number]
