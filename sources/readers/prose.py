"""Lines of a lightweight markup gathered into blocks: what its readers share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sources.readers.records import add_table
from sources.readers.text_builder import TextBuilder
from sources.source import Kind

_MOST_DEEP = 50


class Prose:
    """A block that is being read; `inline` takes the marks out of its words."""

    def __init__(self, inline: Callable[[str], str]) -> None:
        self.builder = TextBuilder()
        self.title = ""
        self._inline = inline
        self._kind: Kind = "paragraph"
        self._known: dict[str, Any] = {}
        self._lines: list[str] = []

    @property
    def is_open(self) -> bool:
        """Whether a line would go on with a block."""
        return bool(self._lines)

    def open(self, kind: Kind, line: str, **known: Any) -> None:
        """End the block before, and begin one; what is known of it is as `TextBuilder.add` has."""
        self.close()
        self._kind, self._known = kind, known
        self._lines.append(line)

    def go_on(self, line: str) -> None:
        """Add a line to the block, or begin a paragraph."""
        if not self._lines:
            self._kind, self._known = "paragraph", {}
        self._lines.append(line)

    def close(self) -> None:
        """End the block."""
        if self._lines:
            self.builder.add(self._kind, self._inline(" ".join(self._lines)), **self._known)
            self._lines.clear()

    def heading(self, line: str, level: int) -> None:
        """Add a heading; the first is the title where there is no other."""
        self.open("heading", line, level=max(1, min(level, 6)))
        self.close()

    def item(self, line: str, level: int, marker: str) -> None:
        """Begin an item of a list."""
        self.open("item", line, level=max(1, min(level, _MOST_DEEP)), marker=marker)

    def code(self, lines: Sequence[str], language: str = "") -> None:
        """Add a listing."""
        self.close()
        self.builder.add("code", "\n".join(lines), language=language)

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Add the rows of a table."""
        self.close()
        add_table(self.builder, [[self._inline(cell) for cell in row] for row in rows])
