"""What a format's reader hands back."""

from __future__ import annotations

from dataclasses import dataclass, field

from sources.source import Block, OcrSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """The text of a file, its blocks, and what the file says of itself (raw, by metadata key).

    `invisible` counts the characters that `strip_invisible` takes out: of extracted text they are
    gone, in Markdown and plain text they stand. `unread` are (name, reason) of parts left out.
    `scans` are the pages, from 0, that show text only in an image, `ocr` is what was read of such.
    `front_matter` is the YAML that Markdown began with; None without.
    """

    text: str
    blocks: tuple[Block, ...]
    pages: tuple[int, ...] = ()
    hints: dict[str, str] = field(default_factory=dict)
    invisible: int = 0
    unread: tuple[tuple[str, str], ...] = ()
    front_matter: str | None = None
    scans: tuple[int, ...] = ()
    ocr: tuple[OcrSpan, ...] = ()
