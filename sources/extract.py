"""What a format's reader hands back."""

from __future__ import annotations

from dataclasses import dataclass, field

from sources.source import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """The text of a file, its blocks, and what the file says of itself (raw, by metadata key)."""

    text: str
    blocks: tuple[Block, ...]
    pages: tuple[int, ...] = ()
    hints: dict[str, str] = field(default_factory=dict)
