"""Fetching again what came from an address: what is the same, what changed, what is gone."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Literal

from sources.collect.visitor import DELAY, Visitor
from sources.errors import SourceError
from sources.load import list_files, load_sources
from sources.snapshot import Document, body_of, document_of, known_of, put, stage

_SHOWN_LINES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What became of a source: `outcome` with the `reason` where it failed, and the lines of its
    text that are new and gone, at most 20 of each, with the numbers of all."""

    id: str
    path: str
    url: str
    outcome: Literal["unchanged", "changed", "replaced", "failed"]
    reason: str = ""
    new: int = 0
    gone: int = 0
    new_lines: tuple[str, ...] = ()
    gone_lines: tuple[str, ...] = ()


def refresh(
    library: str | Path,
    ids: Sequence[str] = (),
    *,
    overwrite: bool = False,
    allow_private: bool = False,
    delay: float = DELAY,
) -> Iterator[Refreshed]:
    """Fetch again the snapshots of a library that came from addresses and have their hash, as
    `sha256`, and compare their texts: of all, or of those whose ids match one of `ids`, globs.

    What changed is only told, unless `overwrite`: then it replaces what was there, and metadata
    stay; what was edited in the library since is kept all the same. It is fetched as politely as
    `add_collection` does. Raises LibraryNotFoundError.
    """
    library = Path(library)
    visitor = Visitor(allow_private=allow_private, delay=delay)
    for path in list_files(library, on_skip=lambda _, reason: None):
        name = str(PurePosixPath(path).with_suffix(""))
        if ids and not any(fnmatchcase(name, glob) or fnmatchcase(path, glob) for glob in ids):
            continue
        known = {}
        with suppress(SourceError):  # `refdesk sources` tells what is wrong with it
            known = known_of(library / path)
        # What a repository holds at a commit does not change; of a record, the address is no file's
        of_others = known.keys() & {"commit", "record"}
        if (url := known.get("url")) and known.get("sha256") and not of_others:
            yield _refreshed(library, path, str(url), known["sha256"], visitor, overwrite)


def _refreshed(
    library: Path, path: str, url: str, sha256: str, visitor: Visitor, overwrite: bool
) -> Refreshed:
    source_id = str(PurePosixPath(path).with_suffix(""))

    def told(outcome: Literal["unchanged", "failed"], reason: str = "") -> Refreshed:
        return Refreshed(id=source_id, path=path, url=url, outcome=outcome, reason=reason)

    try:
        found = visitor.get(url)
        if not found.suffix:
            raise found.refusal()
        document = document_of(found, url)
        if document.known["sha256"] == sha256:
            return told("unchanged")
        if document.suffix.lower() != PurePosixPath(path).suffix.lower():
            return told("failed", f"is {document.suffix} now: add it under another --name")
        was, now = _text(library / path), _new_text(url, document, PurePosixPath(path).name)
        if was == now:
            return told("unchanged")
        edited = hashlib.sha256(body_of(library / path)).hexdigest() != sha256
        if overwrite and edited:
            return told("failed", "was edited in the library since: rename it, or add it anew")
        if overwrite:
            put(url, lambda: document, library, {}, name=path, overwrite=True)
    except SourceError as error:
        return told("failed", str(error))
    before, after = Counter(was.splitlines()), Counter(now.splitlines())
    new, gone = list((after - before).elements()), list((before - after).elements())
    return Refreshed(
        id=source_id, path=path, url=url, outcome="replaced" if overwrite else "changed",
        new=len(new), gone=len(gone),
        new_lines=tuple(new[:_SHOWN_LINES]), gone_lines=tuple(gone[:_SHOWN_LINES]),
    )  # fmt: skip


def _text(file: Path) -> str:
    (source,) = load_sources(file, on_skip=lambda _, reason: None, on_note=lambda _, said: None)
    return source.text


def _new_text(url: str, document: Document, name: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return stage(url, Path(folder) / name, document, {}).text
