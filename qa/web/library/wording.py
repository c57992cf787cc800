"""What went wrong on the library page, in words of the page: no folder of the server, no option."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

# What only who types commands could do; on the page, the file gets another name.
_OPTION = re.compile(r"[:;,]?\s*[^:;,()]*\s--[a-z][^;)]*")
_COMMAND = re.compile(r"\s*\([^()]*`refdesk[^()]*\)|[:;,]\s*[^:;,]*`refdesk[^;]*")
# Only a command may fetch from there.
_PRIVATE = ": if that is meant, add --allow-private"
_PUBLIC = ": only what is on the public web can be added here"
_RENAME = ": rename the file, or take the other out, then add it again"


def in_words_of_the_page(text: str, folders: Iterable[Path]) -> str:
    """`text` of an error as a person at the page can use it: without the `folders` of the server,
    and without options and commands."""
    for folder in sorted({str(one) for one in folders}, key=len, reverse=True):
        text = re.sub(rf"{re.escape(folder)}[/\\]", "", text).replace(folder, "the library")
    text = _COMMAND.sub("", text.replace(_PRIVATE, _PUBLIC))
    told, changed = _OPTION.subn("", text)
    return told.rstrip(" :;,") + _RENAME if changed else text
