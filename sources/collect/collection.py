"""Adding what an item stands for: one document, or those of a folder, a site, a feed."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from sources.collect.bibliography import Record, file_within, read_records
from sources.collect.folder import files_of
from sources.collect.places import Places, name_below
from sources.collect.repository import check_out
from sources.collect.site import Page, Scope, follow, listed, path_within
from sources.collect.visitor import DELAY, Visitor, may_be_map, read_listing, seems_xml, unpacked
from sources.dates import read_date
from sources.errors import SnapshotError, SourceError
from sources.fetch import Fetched, fetch
from sources.load import MAX_FILE_BYTES
from sources.metadata_fields import check_date
from sources.names import name_of, slugs
from sources.snapshot import (
    Document,
    add_source,
    checked,
    copied,
    document_of,
    is_address,
    put,
)
from sources.source import Source

PAGES = 100
DEPTH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What was not added, and why; `there` if it is in the library already."""

    item: str
    reason: str
    there: bool = False


def add_collection(
    item: str,
    library: str | Path,
    metadata: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    within: str | None = None,
    pages: int = PAGES,
    depth: int = DEPTH,
    overwrite: bool = False,
    allow_private: bool = False,
    delay: float = DELAY,
    commit: str | None = None,
) -> Iterator[Source | Left]:
    """Add a file or address, or each document of a folder, feed or map of a site, as `add_source`;
    of a bibliography (BibTeX, CSL-JSON), each file that its records name.

    `within` is a path of the site: what the page links to below it is added too, over as many links
    as `depth`; at most `pages` documents are fetched, `delay` seconds apart and as robots.txt
    allows. Documents of a collection lie in a folder, by default named after it; `name` is its path
    in the library. With a `commit` (or branch, or tag) the item is a git repository, a path or an
    https address, and `within` a folder of it. What came from an address that the library has
    stays, unless `overwrite`. Raises SnapshotError, MetadataError.
    """
    library = Path(library)
    if commit is not None:
        yield from _repository(
            item, commit, within or "", library, metadata, name, overwrite, allow_private
        )
        return
    if not is_address(item):
        if within:
            raise SnapshotError(f"{item} is no web address: --within is for what a page links to")
        records = read_records(Path(item))
        if records is not None:
            yield from _records(
                Path(item), records, library, _of_many(item, metadata), name, overwrite
            )
            return
        if not Path(item).is_dir():
            yield add_source(item, library, metadata, name=name, overwrite=overwrite)
            return
        yield from _folder(Path(item), library, _of_many(item, metadata), name, overwrite)
        return
    given = checked(item, metadata)
    visitor = Visitor(allow_private=allow_private, delay=delay)
    if within:
        first = visitor.get(item)
    else:
        first = unpacked(
            fetch(item, limit=MAX_FILE_BYTES, allow_private=allow_private, also=may_be_map)
        )
    scope = Scope(url=first.url, pages=pages, depth=depth)
    listing = read_listing(first) if seems_xml(first) else None
    if listing and listing.kind != "page":
        folder = name or name_of(first.url if listing.kind == "feed" else _root(first.url))
        if within:
            scope = _narrowed(scope, within)
        found = listed(listing, scope, visitor)
    elif not first.suffix:
        raise first.refusal()
    elif within:
        scope = _narrowed(scope, within)
        if not scope.holds(first.url):
            raise SnapshotError(f"{first.url} does not lie below {scope.path}: give another")
        folder = name or name_of(_root(first.url) + scope.path)
        found = follow(first, scope, visitor)
    else:
        document = document_of(first, item)
        yield put(item, lambda: document, library, given, name=name, overwrite=overwrite)
        return
    yield from _pages(found, library, _of_many(item, given), folder, scope.path, overwrite)


def _of_many(item: str, metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """The metadata of each document of a collection. Raises MetadataError, SnapshotError."""
    given = checked(item, metadata)
    if given.keys() & {"title", "url"}:
        raise SnapshotError(f"{item} holds several: --title and --url are of one source")
    return given


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _narrowed(scope: Scope, within: str) -> Scope:
    path = path_within(scope.url, within)
    if path is None:
        raise SnapshotError(f"{within!r} is no path of the site of {scope.url}: give one as /docs/")
    return Scope(url=scope.url, path=path, pages=scope.pages, depth=scope.depth)


def _repository(
    item: str,
    commit: str,
    within: str,
    library: Path,
    metadata: Mapping[str, Any] | None,
    name: str | None,
    overwrite: bool,
    allow_private: bool,
) -> Iterator[Source | Left]:
    given = _of_many(item, metadata)
    with tempfile.TemporaryDirectory() as scratch:
        whole, files = check_out(item, commit, within, Path(scratch), allow_private=allow_private)
        known = {"commit": whole, "accessed": datetime.now(UTC).date().isoformat()}
        known |= {"url": item} if is_address(item) else {}
        folder = name or PurePosixPath(urlsplit(item).path or item).stem
        yield from _folder(files, library, given, folder, overwrite, known)


def _folder(
    folder: Path,
    library: Path,
    metadata: dict[str, Any],
    name: str | None,
    overwrite: bool,
    known: Mapping[str, str] | None = None,
) -> Iterator[Source | Left]:
    below = PurePosixPath(name or folder.resolve().name)
    for file, path, reason in files_of(folder, library):
        if reason:
            yield Left(item=str(file), reason=reason)
            continue
        try:
            yield put(
                str(file),
                lambda file=file: _with(copied(file), known),  # type: ignore[misc]
                library,
                metadata,
                name=str(below / path),
                overwrite=overwrite,
            )
        except SourceError as error:
            yield Left(item=str(file), reason=str(error))


def _records(
    export: Path,
    records: list[Record],
    library: Path,
    metadata: dict[str, Any],
    name: str | None,
    overwrite: bool,
) -> Iterator[Source | Left]:
    """The files of the records, with what those say; records without files are told in one line."""
    below = PurePosixPath(name or export.resolve().stem)
    taken: Counter[str] = Counter()
    bare = [record.key for record in records if not (record.files or record.reason)]
    for record in records:
        if record.reason:
            yield Left(item=record.key, reason=record.reason)
        for path in record.files:
            try:
                file = file_within(export.parent, path)
                stem = slugs(file.name)[0] or "file"
                taken[stem] += 1
                number = f"-{taken[stem]}" if taken[stem] > 1 else ""
                today = {"accessed": datetime.now(UTC).date().isoformat()}
                known = today | dict(record.said) | {"record": record.key}
                yield put(
                    str(file),
                    lambda file=file, known=known: _with(copied(file), known),  # type: ignore[misc]
                    library,
                    metadata,
                    name=str(below / (stem + number)),
                    overwrite=overwrite,
                )
            except SourceError as error:
                yield Left(item=f"{record.key}: {path}", reason=str(error))
    if bare:
        first = ", ".join(bare[:3]) + (" and others" if len(bare) > 3 else "")
        said = "1 record has no file" if len(bare) == 1 else f"{len(bare)} records have no file"
        yield Left(item=str(export), reason=f"{said}: {first}")


def _with(document: Document, known: Mapping[str, Any] | None) -> Document:
    """A document with where it is from, and the hash of what is kept; as it is, without that."""
    if known is None:
        return document
    digest = {"sha256": sha256(document.data).hexdigest()}
    return replace(document, known=document.known | dict(known) | digest)


def _pages(
    found: Iterator[Page],
    library: Path,
    metadata: dict[str, Any],
    folder: str,
    path: str,
    overwrite: bool,
) -> Iterator[Source | Left]:
    places = Places(library)
    same: dict[str, str] = {}
    for page in found:
        url = page.found.url if page.found else page.url
        there = places.of.get(url)
        if page.found is None:
            yield Left(item=url, reason=page.reason)
            continue
        if there and not overwrite:
            yield Left(item=url, reason=f"is {there} already", there=True)
            continue
        try:
            document = _with_said(page, url)
            if twin := same.get(document.known["sha256"]):
                yield Left(item=url, reason=f"is the same as {twin}")
                continue
            name = there or places.free(name_below(folder, path, url))
            yield put(
                url, lambda d=document: d, library, metadata,  # type: ignore[misc]
                name=name, overwrite=overwrite,
            )  # fmt: skip
            same[document.known["sha256"]] = url
        except SourceError as error:
            yield Left(item=url, reason=str(error))


def _with_said(page: Page, url: str) -> Document:
    """The document of a page, with what a feed says of it."""
    found: Fetched | None = page.found
    assert found
    document = document_of(found, url)
    said = page.said or {}
    date = read_date(said.get("published", "")) or ""
    if date and check_date(date):
        document.known.setdefault("published", date)
    if (title := said.get("title", "")) and title.isprintable():
        document.known.setdefault("title", title)
    return document
