"""The scope of a question: sources, topics and standings chosen by a person, as globs of ids."""

from __future__ import annotations

import glob
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from index.errors import ScopeError
from qa.web.markup import shortened
from sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Globs as `stream_answer` takes them (None: the whole library), and the scope in words."""

    patterns: tuple[str, ...] | None
    words: str


def choose(
    sources: Sequence[Source],
    ids: Collection[str] = (),
    topics: Collection[str] = (),
    standings: Collection[str] = (),
) -> Scope:
    """The sources that are all of what was chosen; a choice left empty allows any.

    Raises ScopeError where nothing is left.
    """
    if not (ids or topics or standings):
        return Scope(patterns=None, words=f"the whole library ({count(len(sources), 'source')})")
    chosen = [
        source
        for source in sources
        if (not ids or source.id in ids)
        and (not topics or set(topics) & set(source.topics))
        and (not standings or source.standing in standings)
    ]
    if not chosen:
        raise ScopeError("no source is all of what the scope asks for; choose less in the scope")
    named = ", ".join(shortened(source.title, 60) for source in chosen[:3])
    more = f" and {len(chosen) - 3} more" if len(chosen) > 3 else ""
    return Scope(
        patterns=tuple(glob.escape(source.id) for source in chosen),
        words=f"{count(len(chosen), 'source')}: {named}{more}",
    )


def count(number: int, noun: str) -> str:
    """The number with its noun, as "1 source" or "16 sources"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def values(groups: Iterable[Iterable[str]]) -> list[str]:
    """The distinct values, sorted."""
    return sorted({value for group in groups for value in group})
