"""What the page of the library shows, as HTML and rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from index.errors import IndexingError
from index.generation import Manifest, complete_generations, current_generation
from index.opened import Index
from qa.gaps import Gap
from qa.web.chat.panel import byline, standing_badge, standing_words
from qa.web.chat.scope import count
from qa.web.markup import isolated, shortened, text
from sources import Source

# A longer list is slow to show, and nobody reads it: the search shortens it.
_MOST_LISTED = 300
_KINDS = {"problem": "alert", "done": "status", "notice": "note", "plain": "status"}


def found(sources: Sequence[Source], search: str) -> list[Source]:
    """The sources that hold every word of `search` in what is known of them."""
    words = search.casefold().split()
    return [
        source for source in sources if all(word in _known(source).casefold() for word in words)
    ]


def _known(source: Source) -> str:
    parts = (
        source.id, source.title, standing_words(source.standing), source.publisher, source.author,
        source.published, *source.topics, source.format,
    )  # fmt: skip
    return " ".join(part for part in parts if part)


def picks(sources: Sequence[Source]) -> str:
    """The sources as a list to choose from."""
    if not sources:
        return message("No source holds these words.", "plain")
    items = "".join(
        f'<li><button type="button" class="pick" data-source="{text(source.id)}">'
        f"<b>{isolated(source.title)}</b>"
        f'<span class="meta">{standing_badge(source.standing)}<span>{byline(source)}</span>'
        f"<span>{isolated(source.path)}</span></span></button></li>"
        for source in sources[:_MOST_LISTED]
    )
    more = len(sources) - _MOST_LISTED
    rest = f'<p class="meta">and {more:,} more; search for them</p>' if more > 0 else ""
    return f'<ul class="picks" aria-label="Sources">{items}</ul>{rest}'


def summary(index: Index, folder: Path) -> str:
    """What the library is made of."""
    sources = index.sources
    voices = Counter(source.standing for source in sources)
    mix = "".join(
        f"<span>{standing_badge(standing)}{amount}</span>"
        for standing, amount in voices.most_common()
    )
    return (
        f'<section class="shelf-head"><h2>The library</h2><p class="meta">'
        f"{count(len(sources), 'source')} in {isolated(_at_home(folder))}, served as generation "
        f'{isolated(index.generation.name)}</p><p class="mix">{mix}</p></section>'
    )


def _at_home(folder: Path) -> str:
    """The folder as people write it, with "~" for their own."""
    home = Path.home()
    return (
        f"~/{folder.relative_to(home).as_posix()}" if folder.is_relative_to(home) else str(folder)
    )


def message(words: str, kind: str) -> str:
    """Something that a person should know: a "problem", "done", a "notice" or "plain"."""
    return f'<p class="{kind}" role="{_KINDS[kind]}">{isolated(words)}</p>'


def generations_table(index: Path) -> str:
    """The generations that can be served, newest first."""
    try:
        current = current_generation(index).name
    except IndexingError as error:
        return message(str(error), "problem")
    lines = []
    for folder in reversed(complete_generations(index)):
        try:
            manifest = Manifest.read(folder)
        except IndexingError:
            continue
        served = "served" if folder.name == current else ""
        lines.append(
            f"<tr><th scope='row'>{text(folder.name)}</th>"
            f"<td>{text(manifest.created[:16].replace('T', ' '))}</td>"
            f"<td>{len(manifest.sources)}</td><td>{served}</td></tr>"
        )
    return (
        "<table class='generations'><caption>Newest first</caption><thead><tr>"
        "<th scope='col'>Generation</th><th scope='col'>Built</th><th scope='col'>Sources</th>"
        f"<th scope='col'>State</th></tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )


def gaps_list(gaps: Sequence[Gap]) -> str:
    """What was asked and not answered, with what comes nearest."""
    still_open = [gap for gap in gaps if not gap.answered]
    if not still_open:
        return message("Nothing was asked that the library could not answer.", "plain")
    items = "".join(
        f"<li><strong>{isolated(shortened(gap.question, 200))}</strong>"
        f'<span class="meta">asked {count(gap.count, "time")}, last on {text(gap.last[:10])}'
        f"</span>{_nearest(gap)}</li>"
        for gap in still_open
    )
    return (
        '<p class="meta">Questions that the library could not answer, most often asked first. '
        f'A source that answers them closes the gap.</p><ul class="gaps">{items}</ul>'
    )


def _nearest(gap: Gap) -> str:
    if not gap.nearest:
        return ""
    near = gap.nearest[0]
    return f'<span class="meta">nearest: {isolated(near.title)} {byline(near)}</span>'
