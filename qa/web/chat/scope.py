"""The scope of a question: what a person chose, as globs of ids, in words, and as a link."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from index.build.file_report import amount
from index.errors import ScopeError
from qa.templates import shortened
from sources import Source
from sources.metadata_fields import check_date

# Sorts after every letter of a date, so that "2024" reaches to the end of 2024.
_TO_THE_END = "-~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a person chose; what is left empty allows any. Dates are as `Source.published`."""

    ids: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    standings: tuple[str, ...] = ()
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, *chosen: Sequence[str] | str | None) -> Choice:
        """The choice from the values of the page's controls, in the order of the fields."""
        ids, topics, standings, since, until = chosen
        return cls(
            ids=tuple(ids or ()),
            topics=tuple(topics or ()),
            standings=tuple(standings or ()),
            since=str(since or "").strip(),
            until=str(until or "").strip(),
        )

    @classmethod
    def from_query(cls, query: Mapping[str, Sequence[str]]) -> Choice:
        """The choice in the query of a link, as `urllib.parse.parse_qs` reads it."""
        return cls(
            ids=tuple(query.get("source", ())),
            topics=tuple(query.get("topic", ())),
            standings=tuple(query.get("standing", ())),
            since="".join(query.get("from", ())[:1]),
            until="".join(query.get("to", ())[:1]),
        )

    def link(self, question: str = "") -> str:
        """The choice, with a question, as the query of a link to the page."""
        pairs = [("q", question)] if question else []
        pairs += [("source", value) for value in self.ids]
        pairs += [("topic", value) for value in self.topics]
        pairs += [("standing", value) for value in self.standings]
        pairs += [(name, day) for name, day in (("from", self.since), ("to", self.until)) if day]
        return "?" + urlencode(pairs)

    @property
    def empty(self) -> bool:
        """Whether nothing was chosen, which is the whole library."""
        return self == EVERYTHING


EVERYTHING = Choice()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Globs as `stream_answer` takes them (None: the whole library), and the scope in words."""

    patterns: tuple[str, ...] | None
    words: str
    choice: Choice


def choose(sources: Sequence[Source], choice: Choice) -> Scope:
    """The sources that are all of what was chosen. A source without a date is in no span of dates.

    Raises ScopeError where a date is none, or nothing is left.
    """
    for value in (choice.since, choice.until):
        if value and not check_date(value):
            raise ScopeError(
                f"{shortened(value, 40)!r} is no date; write YYYY, YYYY-MM or YYYY-MM-DD in the "
                f"scope"
            )
    if choice.empty:
        words = f"the whole library ({amount(len(sources), 'source')})"
        return Scope(patterns=None, words=words, choice=choice)
    chosen = [source for source in sources if _fits(source, choice)]
    if not chosen:
        raise ScopeError("no source is all of what the scope asks for; choose less in the scope")
    named = ", ".join(shortened(source.title, 60) for source in chosen[:3])
    more = f" and {len(chosen) - 3} more" if len(chosen) > 3 else ""
    return Scope(
        patterns=tuple(glob.escape(source.id) for source in chosen),
        words=f"{amount(len(chosen), 'source')}: {named}{more}",
        choice=choice,
    )


def _fits(source: Source, choice: Choice) -> bool:
    published = source.published or ""
    return (
        (not choice.ids or source.id in choice.ids)
        and (not choice.topics or bool(set(choice.topics) & set(source.topics)))
        and (not choice.standings or source.standing in choice.standings)
        and (not choice.since or (bool(published) and published + _TO_THE_END >= choice.since))
        and (not choice.until or (bool(published) and published <= choice.until + _TO_THE_END))
    )


def values(groups: Iterable[Iterable[str]]) -> list[str]:
    """The distinct values, sorted."""
    return sorted({value for group in groups for value in group})
