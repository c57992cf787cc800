"""The command that puts snapshots of files, folders, web pages and sites into a library."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qa.cli.options import IndexOption, JsonOption, index_folder, library_folder
from qa.errors import SettingError
from qa.settings import starter_library
from sources.errors import SnapshotError, SourceError
from sources.source import STANDINGS

if TYPE_CHECKING:
    from sources import Source
    from sources.collect import Left


def _option(help_: str, metavar: str = "TEXT", *names: str) -> Any:
    return typer.Option(*names, metavar=metavar, show_default=False, help=help_)


Text = str | None


def add(
    items: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ITEM",
            help="Files, folders, what Zotero exports with its files (.bib, .json), or addresses "
            "(http, https) of pages, feeds (RSS, Atom) or maps of sites (sitemap.xml); with "
            "--refresh, ids of sources.",
            show_default=False,
        ),
    ] = None,
    library: Annotated[
        Path | None, _option("The folder; by default that of the index.", "DIR")
    ] = None,
    standing: Annotated[Text, _option("Whose voice: " + ", ".join(STANDINGS) + ".", "KIND")] = None,
    publisher: Annotated[Text, _option("Who published it.")] = None,
    title: Annotated[Text, _option("Its title, if not what it says itself.")] = None,
    author: Annotated[Text, _option("Who wrote it.")] = None,
    published: Annotated[Text, _option("When: YYYY, YYYY-MM or YYYY-MM-DD.", "DATE")] = None,
    accessed: Annotated[Text, _option("When it was read; for an address, today.", "DATE")] = None,
    url: Annotated[Text, _option("Where a file is from.", "URL")] = None,
    license_: Annotated[Text, _option("Under which licence.", "TEXT", "--license")] = None,
    language: Annotated[Text, _option("A code such as en or pt-BR.", "CODE")] = None,
    topic: Annotated[list[str] | None, _option("A topic; may be given several times.")] = None,
    name: Annotated[
        Text, _option("Its path in the library, as treaties/river-works.", "NAME")
    ] = None,
    within: Annotated[
        Text, _option("Also what the page links to, below this path of its site.", "PATH")
    ] = None,
    commit: Annotated[
        Text,
        _option(
            "The item is a git repository, a path or an https address: its files at this commit, "
            "branch or tag, below the folder --within.",
            "REV",
        ),
    ] = None,
    pages: Annotated[int, typer.Option(min=1, help="Documents of a site or feed at most.")] = 100,
    depth: Annotated[int, typer.Option(min=0, help="Links from the first page at most.")] = 3,
    refresh: Annotated[
        bool,
        typer.Option(
            "--refresh",
            help="Fetch again what came from addresses, all or the ids that are named, and tell "
            "what changed; with --overwrite, replace that.",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what has this name; metadata stay.")
    ] = False,
    allow_private: Annotated[
        bool,
        typer.Option("--allow-private", help="Fetch from this machine and private networks too."),
    ] = False,
    as_json: JsonOption = False,
    index: IndexOption = None,
) -> None:
    """Put snapshots of files, folders, web pages or sites into the library, with metadata.

    Each is read first: what gives no text is refused with the reason. Nothing is overwritten.
    Rebuild the index when all is there.
    """
    from qa.cli.terminal import one_line, show_json, show_table
    from sources.collect import Left, add_collection

    folder = library_folder(library, index_folder(index))
    if folder == starter_library():
        raise SettingError(
            "name the folder of your library, as --library my-library; it is made if need be"
        )
    if refresh:
        _refresh(folder, items or (), overwrite, allow_private, as_json)
        return
    if not items:
        raise SettingError("name what to add, as `refdesk add report.pdf`, or say --refresh")
    if len(items) > 1 and (name or title or url):
        raise SettingError("--name, --title and --url are of one source: add one at a time")
    metadata: dict[str, Any] = {
        "title": title, "url": url, "publisher": publisher, "author": author,
        "published": published, "accessed": accessed, "license": license_, "standing": standing,
        "topics": topic, "language": language,
    }  # fmt: skip
    added: list[Source] = []
    left: list[Left] = []
    failed: list[SourceError] = []
    for item in items:
        try:
            for outcome in add_collection(
                item, folder, metadata, name=name, within=within, pages=pages, depth=depth,
                overwrite=overwrite, allow_private=allow_private, commit=commit,
            ):  # fmt: skip
                if isinstance(outcome, Left):
                    left.append(outcome)
                    sys.stderr.write(f"not added: {_told(outcome)}\n")
                else:
                    added.append(outcome)
        except SourceError as error:
            failed.append(error)
    fields = ("id", "title", "standing", "publisher", "published", "path", "url")
    if as_json:
        show_json([{field: getattr(source, field) for field in fields} for source in added])
    elif added:
        show_table(
            ("added", *fields[1:5], "characters"),
            [(*(getattr(s, field) or "-" for field in fields[:5]), len(s.text)) for s in added],
            right=1,
        )
        sys.stderr.write(f"now run `refdesk rebuild {one_line(shlex.quote(str(folder)))}`\n")
    for refused in failed[:-1]:
        sys.stderr.write(f"not added: {one_line(str(refused))}\n")
    if failed:
        raise failed[-1]
    if not added and not any(one.there for one in left):
        why = "for the reasons above" if left else "it lists no document that is meant"
        raise SnapshotError(f"nothing of {', '.join(items)} was added: {why}")


def _refresh(
    folder: Path, ids: Sequence[str], overwrite: bool, allow_private: bool, as_json: bool
) -> None:
    from dataclasses import asdict

    from qa.cli.terminal import one_line, show_json, show_table
    from sources.collect import refresh

    found = list(refresh(folder, ids, overwrite=overwrite, allow_private=allow_private))
    if as_json:
        show_json([asdict(one) for one in found])
    else:
        told = [one for one in found if one.outcome != "unchanged"]
        if told:
            show_table(
                ("id", "outcome", "reason", "lines gone", "new"),
                [(one.id, one.outcome, one.reason or one.url, one.gone, one.new) for one in told],
                right=2,
            )
        many = Counter(one.outcome for one in found)
        said = ", ".join(f"{number} {outcome}" for outcome, number in many.items())
        sys.stderr.write(f"{said or 'nothing here came from an address with its hash'}\n")
        if many["changed"]:
            sys.stderr.write("nothing was overwritten; --overwrite replaces what changed\n")
        if many["replaced"]:
            sys.stderr.write(f"now run `refdesk rebuild {one_line(shlex.quote(str(folder)))}`\n")


def _told(left: Left) -> str:
    from qa.cli.terminal import one_line

    return one_line(
        left.reason if left.reason.startswith(left.item) else f"{left.item}: {left.reason}"
    )
