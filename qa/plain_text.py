"""Showing untrusted text: without what cannot be seen, and escaped for Markdown."""

from __future__ import annotations

import re
import unicodedata

# Controls, formatting (among it what turns the direction of text), surrogates, private use.
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))
# Persian and the scripts of India spell with these two.
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
# Everything that could open markup inside a line, or that a renderer makes a link of: an address
# has "//", "@", or a full stop before two letters. Hyphens, other full stops and single underscores
# inside words are left alone, so that what a reader copies stays what the source says.
_INLINE = re.compile(
    r"[\\`*\[\]<>|~$@]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|/(?=/)|(?<=/)/|(?<=[^\W_])\.(?=[^\W\d_]{2})"
)
_OPENING = re.compile(r"^(\s*)([#+-]|={3,}|\d+(?=[.)](?:\s|$)))")


def visible(text: str) -> str:
    """`text` as one line without control, direction, and other characters that cannot be seen."""
    return " ".join(without_unseen(text).split())


def without_unseen(text: str) -> str:
    """`text` without characters that cannot be seen; its lines stay lines."""
    if text.isascii() and text.isprintable():
        return text
    spaced = (" " if char.isspace() and char != "\n" else char for char in text)
    return "".join(
        char
        for char in spaced
        if char == "\n" or char in _JOINERS or unicodedata.category(char) not in _UNSEEN
    )


def escape(text: str) -> str:
    """`text` (one line) so that Markdown shows it letter for letter: no markup, links or HTML."""
    escaped = _INLINE.sub(_backslash, visible(text))
    opening = _OPENING.match(escaped)
    if not opening:
        return escaped
    if opening[2][0].isdigit():  # "1." would open a list
        return escaped[: opening.end()] + "\\" + escaped[opening.end() :]
    return escaped[: opening.start(2)] + "\\" + escaped[opening.start(2) :]


def _backslash(match: re.Match[str]) -> str:
    return "\\" + match.group()
