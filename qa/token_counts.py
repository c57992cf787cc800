"""How many tokens language models read and wrote for an answer, as far as their servers tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tokens:
    """What language models `read` and wrote."""

    read: int
    written: int


_heard: ContextVar[list[Tokens] | None] = ContextVar("heard", default=None)


def count_tokens(piece: Any) -> None:
    """Keep what a piece of a reply tells of tokens, where they are being counted."""
    told, heard = getattr(piece, "usage_metadata", None), _heard.get()
    if told and heard is not None:
        heard.append(Tokens(told.get("input_tokens") or 0, told.get("output_tokens") or 0))


def counting(items: Iterator[T], heard: list[Tokens]) -> Iterator[T]:
    """The items; what models tell while one is made is added to `heard`."""
    end = object()
    while True:
        token = _heard.set(heard)
        try:
            item: Any = next(items, end)
        finally:
            _heard.reset(token)
        if item is end:
            return
        yield item


def total(heard: Sequence[Tokens]) -> Tokens | None:
    """All of it; None where nothing was told."""
    if not heard:
        return None
    return Tokens(sum(one.read for one in heard), sum(one.written for one in heard))
