"""What a composer hands to the gate: a sentence, and where it says that it is from."""

from __future__ import annotations

from dataclasses import dataclass

from qa.result import PartKind


@dataclass(frozen=True, slots=True)
class Span:
    """A quote: `start` and `end` are offsets into the text of the source."""

    source_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence before the gate, and the spans that it claims to rest on.

    `kind` says what it is in its source; a list, table or code has several lines.
    """

    text: str
    spans: tuple[Span, ...]
    kind: PartKind = "sentence"
