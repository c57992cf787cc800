"""The text of a source built out of its blocks, for formats whose files are not text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sources.invisible import count_invisible, strip_invisible
from sources.readers.blocks import GUESSED, group_blocks
from sources.readers.extract import Extract
from sources.source import Block, Kind

_TOGETHER = frozenset(("item", "row", "record", "field"))  # lines with no blank line between
_NO_TEXT = "-=_*~#+.•·| \t\n"


class TextBuilder:
    """Makes the text of a source out of blocks: for formats whose files are not text."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.invisible = 0
        self._parts: list[str] = []
        self._length = 0

    @property
    def text(self) -> str:
        """All blocks so far: a blank line between them, a line end within a list or table."""
        return "".join(self._parts)

    def add(
        self,
        kind: Kind,
        text: str,
        *,
        level: int = 0,
        marker: str = "",
        language: str = "",
        fields: Sequence[str] = (),
        title: str = "",
    ) -> None:
        """Append a block, its white space collapsed but for code; empty text adds nothing.

        What else is known of it is as `Block` has it; `title` is that of a note.
        """
        text = self.clean(text) if kind != "code" else self._seen(text).strip()
        if not text.strip(_NO_TEXT):
            return
        start = self.next_start(kind)
        self._append("\n" * (start - self._length))
        self._append(text)
        heading = kind == "heading"
        self.blocks.append(
            Block(
                start=start,
                end=self._length,
                kind=kind,
                level=min(level, GUESSED) if heading else level,
                title=text if heading else title,
                marker=marker,
                language=language,
                fields=tuple(fields),
            )
        )

    def next_start(self, kind: Kind) -> int:
        """The offset at which a next block of the kind will start."""
        if not self.blocks:
            return 0
        together = kind in _TOGETHER and self.blocks[-1].kind == kind
        return self._length + (1 if together else 2)

    def clean(self, text: str) -> str:
        """As `clean`, and count what nobody sees."""
        return " ".join(self._seen(text).split())

    def extract(self, **fields: Any) -> Extract:
        """All blocks so far as an extract, with other fields of it."""
        blocks = group_blocks(self.text, fields.pop("blocks", self.blocks))
        return Extract(text=self.text, blocks=blocks, invisible=self.invisible, **fields)

    def _seen(self, text: str) -> str:
        self.invisible += count_invisible(text)
        return strip_invisible(text)

    def _append(self, part: str) -> None:
        self._parts.append(part)
        self._length += len(part)


def clean(text: str) -> str:
    """The text on one line, without characters that nobody sees."""
    return " ".join(strip_invisible(text).split())
