"""The library as the first screen shows it: its topics, times, headings, and what is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from index.errors import IndexDamagedError
from index.generation import Manifest, complete_generations
from index.opened import Index
from index.search import Generation
from qa.injection import gives_orders
from qa.templates import shortened
from qa.web.chat.scope import Choice
from qa.web.shared.render import render
from sources import Source

_MOST_LISTED, _MOST_TOPICS, _MOST_YEARS = 60, 12, 12
# Characters of the headings of a source.
_LINE = 130


@dataclass(frozen=True, slots=True)
class News:
    """What the rebuild of `built` (an ISO time) changed: ids of sources, and how many went."""

    built: str
    added: frozenset[str]
    changed: frozenset[str]
    removed: int


def shelf_of(index: Index) -> str:
    """The library that is served now, as HTML."""
    return _shelf(index.folder, index.generation)


@lru_cache(maxsize=8)
def _shelf(folder: Path, generation: Generation) -> str:
    return shelf(generation.sources, generation.source, news_of(folder, generation.name))


def shelf(
    sources: Sequence[Source], whole: Callable[[str], Source], news: News | None = None
) -> str:
    """The sources, what is new first, then the newest; `whole` gives one with its headings."""
    topics = Counter(topic for source in sources for topic in source.topics)
    years = Counter(source.published[:4] for source in sources if source.published)
    new = news.added | news.changed if news else frozenset()
    ordered = sorted(sources, key=lambda one: one.published or "", reverse=True)
    ordered.sort(key=lambda one: one.id not in new)
    return render(
        "library.html",
        size=len(sources),
        voices=Counter(source.standing for source in sources).most_common(),
        topics=[
            {"name": topic, "amount": count, "link": Choice(topics=(topic,)).link()}
            for topic, count in topics.most_common(_MOST_TOPICS)
        ],
        years=[
            {"name": year, "amount": count, "share": count / max(years.values())}
            for year, count in sorted(years.items())[-_MOST_YEARS:]
        ],
        news=news,
        rows=[(source, _line(whole(source.id))) for source in ordered[:_MOST_LISTED]],
        more=len(sources) - _MOST_LISTED,
    )


def news_of(folder: Path, name: str) -> News | None:
    """What a generation of an index has over the one before it; None where there is none."""
    earlier = [one for one in complete_generations(folder) if one.name < name]
    if not earlier:
        return None
    try:
        now, before = (Manifest.read(one) for one in (earlier[-1].with_name(name), earlier[-1]))
    except (OSError, IndexDamagedError):  # it is of an earlier Refdesk, say
        return None
    both = now.sources.keys() & before.sources.keys()
    return News(
        built=now.created,
        added=frozenset(now.sources.keys() - before.sources.keys()),
        changed=frozenset(one for one in both if now.sources[one] != before.sources[one]),
        removed=len(before.sources.keys() - now.sources.keys()),
    )


def _line(source: Source) -> str:
    """What a source is about, in the words of its own headings; "" where it has none."""
    titles = [
        block.title.strip()
        for block in source.blocks[:400]
        if block.kind == "heading" and not gives_orders(source, block.start, block.end)
    ]
    own = [title for title in dict.fromkeys(titles) if title and title != source.title]
    return shortened(" · ".join(own[:6]), _LINE)
