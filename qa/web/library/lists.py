"""What the page of the library shows, as HTML and rows."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from index.build.file_report import FileReport, amounts, told_of_ocr
from index.errors import IndexingError
from index.generation import Manifest, complete_generations, current_generation
from index.opened import Index
from qa.gaps import Gap
from qa.web.shared.render import render, standing_words
from sources import Source

# A longer list is slow to show, and nobody reads it: the search shortens it.
_MOST_LISTED = 300
_ROLES = {"problem": "alert", "done": "status", "notice": "note", "plain": "status"}


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


def picks(sources: Sequence[Source], fresh: Collection[str] = ()) -> str:
    """The sources as a list to choose from; `fresh` are ids of those that are not served yet."""
    if not sources:
        return message("No source holds these words.", "plain")
    more = len(sources) - _MOST_LISTED
    return render("picks.html", sources=sources[:_MOST_LISTED], fresh=fresh, more=more)


def summary(index: Index, folder: Path | None) -> str:
    """What the library is made of, and in which `folder` it is, for whom that is to tell."""
    sources = index.sources
    return render(
        "summary.html",
        size=len(sources),
        folder=_at_home(folder) if folder else "",
        generation=index.generation.name,
        voices=Counter(source.standing for source in sources).most_common(),
    )


def files_read(files: Sequence[FileReport]) -> str:
    """What was read of each file and what was left out; those of which something was come first."""
    if not files:
        return ""
    ordered = sorted(files, key=lambda file: not file.left_out)
    return render(
        "files.html", files=ordered[:_MOST_LISTED], all=files, amounts=amounts,
        told_of_ocr=told_of_ocr,
        more=len(files) - _MOST_LISTED,
    )  # fmt: skip


def _at_home(folder: Path) -> str:
    """The folder as people write it, with "~" for their own."""
    home = Path.home()
    return (
        f"~/{folder.relative_to(home).as_posix()}" if folder.is_relative_to(home) else str(folder)
    )


def message(words: str, kind: str, *, rebuild: bool = False) -> str:
    """Something that a person should know: a "problem", "done", a "notice" or "plain"; with
    `rebuild`, the way to do that stands behind it."""
    return render("message.html", words=words, kind=kind, role=_ROLES[kind], rebuild=rebuild)


def generations_table(index: Path) -> str:
    """The generations that can be served, newest first."""
    try:
        current = current_generation(index).name
    except IndexingError as error:
        return message(str(error), "problem")
    generations = []
    for folder in reversed(complete_generations(index)):
        with contextlib.suppress(IndexingError):
            generations.append((folder.name, Manifest.read(folder)))
    return render("generations.html", generations=generations, current=current)


def gaps_list(gaps: Sequence[Gap]) -> str:
    """What was asked and not answered, with what comes nearest."""
    still_open = [gap for gap in gaps if not gap.answered]
    if not still_open:
        return message("Nothing was asked that the library could not answer.", "plain")
    return render("gaps.html", gaps=still_open)
