"""Escaping untrusted text for Markdown."""

from __future__ import annotations

import re

# Everything that could open markup inside a line. Hyphens, full stops and single underscores
# inside words are left alone, so that what a reader copies stays what the source says.
_INLINE = re.compile(r"[\\`*\[\]<>|~$]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)")
_OPENING = re.compile(r"^(\s*)([#+-]|={3,}|\d+(?=[.)]\s))")


def escape(text: str) -> str:
    """`text` (one line) so that Markdown shows it letter for letter: no markup, links or HTML."""
    escaped = _INLINE.sub(_backslash, " ".join(text.split()))
    opening = _OPENING.match(escaped)
    if not opening:
        return escaped
    if opening[2][0].isdigit():  # "1." would open a list
        return escaped[: opening.end()] + "\\" + escaped[opening.end() :]
    return escaped[: opening.start(2)] + "\\" + escaped[opening.start(2) :]


def _backslash(match: re.Match[str]) -> str:
    return "\\" + match.group()
