"""Characters that nobody sees or that turn the direction of writing: what may hide in text."""

from __future__ import annotations

import re

# What Unicode calls default-ignorable (zero-width spaces, bidirectional controls, fillers,
# variation selectors, tags, the soft hyphen), annotation marks, controls but for white space, and
# halves of a surrogate pair.
_UNSEEN = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# The scripts from Arabic to those of India, of Burma, Cambodia and Mongolia spell with the two
# joiners, and emoji are composed with one.
_JOINED = "\u0600-\u0dff\u0f00-\u109f\u1780-\u18af\u2600-\u27bf\ufe0f\U0001f000-\U0001faff"
_INVISIBLE = re.compile(f"[{_UNSEEN}]|(?<![{_JOINED}])[\u200c\u200d]")


def strip_invisible(text: str) -> str:
    """The text without invisible and bidirectional control characters.

    The joiners U+200C and U+200D stay where a script spells with them.
    """
    return text if _is_plain(text) else _INVISIBLE.sub("", text)


def count_invisible(text: str) -> int:
    """How many characters `strip_invisible` takes out."""
    return 0 if _is_plain(text) else sum(1 for _ in _INVISIBLE.finditer(text))


def _is_plain(text: str) -> bool:
    """Whether a look that costs nearly nothing shows that there is none."""
    return text.isascii() and text.replace("\n", "").isprintable()
