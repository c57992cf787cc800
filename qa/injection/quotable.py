"""What of a source may be quoted: what its reader sees, without orders to a model."""

from __future__ import annotations

import re
from functools import lru_cache

from qa.injection.orders import without_instructions
from sources import Source

# What stands between blocks and is seen as what it is: marks of Markdown, and the language of a
# listing, but no other words.
_MARKS = re.compile(r"(?:[\W\d_]|[`~]{3}[A-Za-z][\w+#-]{0,19}$)*", re.MULTILINE)


def quotable(source: Source, start: int, end: int) -> str:
    """`source.text[start:end]` with spaces for what is no content of it, and for orders.

    No content is what stands in no block: comments, what is struck out or hidden in Markdown.
    """
    return without_instructions(content(source), start, end)


def gives_orders(source: Source, start: int, end: int) -> bool:
    """Whether a span of the source holds an order, or what follows one in its paragraph."""
    return quotable(source, start, end) != content(source)[start:end]


def quotable_spans(source: Source, start: int, end: int) -> list[tuple[int, int]]:
    """The parts of a span that may be quoted, as offsets into the text, without white space around.

    One part, where nothing in between is left out.
    """
    text = source.text[start:end]
    left = quotable(source, start, end)
    if left == text:
        return [(start, end)]
    spans = []
    opening = None
    for at, (kept, was) in enumerate(zip(f"{left}\0", f"{text} ", strict=True)):
        if kept == was:
            opening = at if opening is None else opening
        elif opening is not None:
            part = text[opening:at]
            if any(map(str.isalnum, part)):
                first = opening + len(part) - len(part.lstrip())
                spans.append((start + first, start + first + len(part.strip())))
            opening = None
    return spans


def content(source: Source) -> str:
    """The text of a source with spaces for what stands in none of its blocks."""
    return _content(KnownSource(source))


class KnownSource:
    """A source as a key that is cheap to compare."""

    __slots__ = ("_key", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self._key = (source.id, source.sha256)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KnownSource) and self._key == other._key


@lru_cache(maxsize=64)
def _content(known: KnownSource) -> str:
    text = known.source.text
    if not known.source.blocks:  # nothing is known of its structure
        return text
    parts: list[str] = []
    done = 0
    ends = [(block.start, block.end) for block in known.source.blocks]
    for start, end in [*ends, (len(text), len(text))]:
        gap = text[done : max(done, start)]
        # Line ends stay, so that paragraphs do.
        parts += [gap if _MARKS.fullmatch(gap) else re.sub(r"[^\n]", " ", gap)]
        parts += [text[max(done, start) : max(done, end)]]
        done = max(done, end)
    made = "".join(parts)
    return text if made == text else made
