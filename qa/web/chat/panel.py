"""The panel beside the conversation as HTML: the cited passages, each in its context."""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Sequence

from qa.result import Citation, Passage
from qa.web.chat.conversation import Turn
from qa.web.chat.excerpt import Excerpt
from qa.web.chat.scope import count
from qa.web.markup import isolated, link, shortened, text
from sources import Source

_STANDINGS = {
    "primary": "Primary document",
    "government": "Government",
    "state-media": "State media",
    "news": "News",
    "think-tank": "Think tank",
    "academic": "Academic",
    "reference": "Reference",
    "other": "Other",
}
_MONTHS = calendar.month_name
_MOST_LISTED = 60
_LONGEST_FOUND = 280
_HEADING = re.compile(r"(?:^|(?<=</span>))#{1,6}\s+(.*)$", re.MULTILINE)


def panel(turns: Sequence[Turn], sources: Sequence[Source]) -> str:
    """The passages of each turn, only the last shown; before there are any, the library."""
    numbers = [number for number, turn in enumerate(turns, start=1) if turn.passages]
    if not numbers:
        return _library(sources)
    return "".join(_group(turns[number - 1], number, number == numbers[-1]) for number in numbers)


def card_id(turn: int, number: int) -> str:
    """The id of the card of a passage in the page."""
    return f"card-{turn}-{number}"


def byline(passage: Passage | Source) -> str:
    """Publisher and date as HTML."""
    parts = [isolated(passage.publisher)] if passage.publisher else []
    if passage.published:
        parts.append(
            f'<time datetime="{text(passage.published)}">{_date(passage.published)}</time>'
        )
    return " · ".join(parts)


def standing_badge(standing: str) -> str:
    """What kind of voice a source is, as a labelled badge."""
    known = standing if standing in _STANDINGS else "other"
    return f'<span class="badge {known}">{standing_words(standing)}</span>'


def standing_words(standing: str) -> str:
    """A standing as a person reads it."""
    return _STANDINGS.get(standing, "Other")


def _date(published: str) -> str:
    year, *rest = published.split("-")
    try:
        month = _MONTHS[int(rest[0])] if rest else ""
        day = str(int(rest[1])) if len(rest) > 1 else ""
    except (ValueError, IndexError):
        return text(published)
    return text(" ".join(part for part in (day, month, year) if part))


def _group(turn: Turn, number: int, shown: bool) -> str:
    assert turn.answer is not None
    by_source: dict[str, list[tuple[int, Passage, Excerpt]]] = {}
    for place, (passage, beside) in enumerate(
        zip(turn.passages, turn.excerpts, strict=True), start=1
    ):
        by_source.setdefault(passage.source_id, []).append((place, passage, beside))
    if turn.answer.abstained:
        heading, kind = "Closest passages, not an answer", "nearest"
    else:
        heading, kind = "Cited passages", "cited"
    voices = Counter(items[0][1].standing for items in by_source.values())
    mix = "".join(
        f"<span>{standing_badge(standing)}{amount}</span>"
        for standing, amount in voices.most_common()
    )
    cards = "".join(
        _source(items, number, items[0][1].source_id in turn.outdated)
        for items in by_source.values()
    )
    return (
        f'<section class="passages {kind}" data-turn="{number}" aria-label="{heading}"'
        f"{'' if shown else ' hidden'}>"
        f"<header><h2>{heading}</h2>"
        f'<p class="for">for “{isolated(shortened(turn.question, 120))}”</p><p class="mix">'
        f"<span>{count(len(turn.passages), 'passage')} from "
        f"{count(len(by_source), 'source')}</span>{mix}</p></header>"
        f'<ol class="cards">{cards}</ol>{_considered(turn, number)}</section>'
    )


def _source(items: Sequence[tuple[int, Passage, Excerpt]], turn: int, outdated: bool) -> str:
    """The passages of one source together."""
    first = items[0][1]
    stale = (
        '<p class="notice" role="note">This source has changed, or was removed, since the answer '
        "was given. Below is what it said then.</p>"
        if outdated
        else ""
    )
    out = link(first.url, "Open the original")
    return (
        f'<li class="source"><h3 class="title">{isolated(first.title)}</h3>'
        f'<p class="meta">{standing_badge(first.standing)} {byline(first)}'
        f"{' · ' + out if out else ''}</p>{stale}"
        + "".join(_card(passage, beside, turn, place) for place, passage, beside in items)
        + "</li>"
    )


def _card(passage: Passage, beside: Excerpt, turn: int, place: int) -> str:
    cited = isinstance(passage, Citation)
    number = f'<span class="number">{place}</span>' if cited else ""
    back = "answer" if cited else "question"
    return (
        f'<div class="card" id="{card_id(turn, place)}" tabindex="-1" data-number="{place}">'
        f'<p class="where">{number}{_where(passage)}</p>'
        f'<blockquote dir="auto">{_quoted(passage, beside)}</blockquote>'
        f'<p class="links"><button type="button" class="quiet read" data-turn="{turn}" '
        f'data-number="{place}">Read in the document</button>'
        f'<a class="back" href="#turn-{turn}">Back to the {back}</a></p></div>'
    )


def _where(passage: Passage) -> str:
    where = [f"Page {passage.page}"] if passage.page is not None else []
    where += [isolated(passage.heading)] if passage.heading else []
    return " · ".join(where)


def _considered(turn: Turn, number: int) -> str:
    """What was found, whether it was cited or not, folded away."""
    if not turn.considered:
        return ""
    items = "".join(
        f'<li><p class="meta">{_use(passage, turn.passages)}<button type="button" class="quiet '
        f'read" data-turn="{number}" data-considered="{place}">{text(passage.title)}</button> '
        f'{_where(passage)}</p><p class="found" dir="auto">'
        f"{isolated(shortened(' '.join(passage.quote.split()), _LONGEST_FOUND))}</p></li>"
        for place, passage in enumerate(turn.considered, start=1)
    )
    return (
        f'<details class="considered"><summary>Every passage considered '
        f'({len(turn.considered)})</summary><ol class="plain">{items}</ol></details>'
    )


def _use(passage: Passage, shown: Sequence[Passage]) -> str:
    """Whether a passage that was found is cited in the answer, as a badge."""
    numbers = [
        str(one.number)
        for one in shown
        if isinstance(one, Citation)
        and one.source_id == passage.source_id
        and one.start < passage.end
        and one.end > passage.start
    ]
    word = f"cited as {', '.join(numbers)}" if numbers else "not cited"
    return f'<span class="badge{" used" if numbers else ""}">{word}</span>'


def _quoted(passage: Passage, beside: Excerpt) -> str:
    """A quote marked in its context; what is only near has no part to mark."""
    if not isinstance(passage, Citation):
        return _context(passage.quote)
    before = ("" if beside.opens else "… ") + beside.before
    after = beside.after + ("" if beside.closes else " …")
    return (
        f'<span class="context">{_context(before)}</span>'
        f"<mark>{text(passage.quote)}</mark>"
        f'<span class="context">{_context(after)}</span>'
    )


def _context(value: str) -> str:
    """Context as HTML; Markdown's heading lines lose their hashes, for the eye."""
    spaced = re.sub(r"\n{2,}", '\n<span class="gap"></span>', text(value))
    return _HEADING.sub(r'<span class="heading">\1</span>', spaced)


def _library(sources: Sequence[Source]) -> str:
    listed = "".join(
        f'<li><button type="button" class="title read" data-source="{text(source.id)}">'
        f"{isolated(source.title)}</button>"
        f'<span class="meta">{standing_badge(source.standing)} {byline(source)}</span></li>'
        for source in sources[:_MOST_LISTED]
    )
    more = len(sources) - _MOST_LISTED
    rest = f'<p class="more">and {count(more, "more source")}</p>' if more > 0 else ""
    return (
        '<section class="library" tabindex="0" aria-label="The library">'
        f'<header><h2>The library</h2><p class="mix"><span>{count(len(sources), "source")}. '
        f"The passages that an answer cites will stand here.</span></p></header>"
        f"<ul>{listed}</ul>{rest}</section>"
    )
