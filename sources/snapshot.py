"""Adding a document to a library: a snapshot of a file or web page, with its metadata."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from sources.errors import MetadataError, NoSourcesError, SnapshotError, UnreadableError
from sources.fetch import Fetched, fetch
from sources.formats import FORMATS, decode, read_file, refusal
from sources.front_matter import as_yaml, split_front_matter
from sources.load import MAX_FILE_BYTES, load_sources
from sources.metadata import MAX_YAML_BYTES, parse_metadata
from sources.names import name_of, path_of
from sources.source import Source
from sources.walk import SIDECAR

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# What a page may say of itself; who it is and what it is worth, a curator says.
_SAID_BY_PAGES = ("title", "author", "published", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What is to be added: its bytes, the suffix of its format, a name, and known metadata."""

    data: bytes
    suffix: str
    name: str
    known: dict[str, Any]


def add_source(
    item: str,
    library: str | Path,
    metadata: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    overwrite: bool = False,
    allow_private: bool = False,
) -> Source:
    """Put a snapshot of a file or web address into a library, and return it as it is read there.

    `metadata` are values by key, as in front matter; they go before what the document itself says.
    `name` is the path in the library, with or without the suffix. What is there already stays
    unless `overwrite`; then its metadata is kept where nothing new is said.
    Raises SnapshotError, MetadataError.
    """
    given = checked(item, metadata)

    def get() -> Document:
        if not is_address(item):
            return copied(Path(item))
        return document_of(fetch(item, limit=MAX_FILE_BYTES, allow_private=allow_private), item)

    return put(item, get, library, given, name=name, overwrite=overwrite)


def is_address(item: str) -> bool:
    """Whether an item is a web address, or means to be one; else it is a path."""
    return bool(_URL.match(item))


def checked(item: str, metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """The metadata that say something. Raises MetadataError where they do not hold up."""
    given = {key: value for key, value in (metadata or {}).items() if value}
    if problems := parse_metadata(_yaml(given))[1] if given else []:
        raise MetadataError([f"{item}: {problem.text}" for problem in problems])
    return given


def put(
    item: str,
    get: Callable[[], Document],
    library: str | Path,
    metadata: Mapping[str, Any],
    *,
    name: str | None = None,
    overwrite: bool = False,
) -> Source:
    """Put the document that `get` makes into a library, as `add_source` does. Raises SnapshotError,
    MetadataError."""
    library = Path(library)
    try:
        return _put(item, get(), library, metadata, name, overwrite)
    except UnreadableError as error:
        raise SnapshotError(f"{item}: {error}") from error
    except OSError as error:
        raise SnapshotError(
            f"{library} cannot be written ({error.strerror or error}): allow it, or make room"
        ) from error


def _put(
    item: str,
    found: Document,
    library: Path,
    metadata: Mapping[str, Any],
    name: str | None,
    overwrite: bool,
) -> Source:
    path = path_of(name or found.name, found.suffix)
    target = library / path
    _check_free(item, library, path, overwrite)
    known = known_of(target) if overwrite and target.is_file() else {}
    values = known | found.known | dict(metadata)
    with _staging(library) as folder:
        source = stage(item, folder / target.name, found, values)
        target.parent.mkdir(parents=True, exist_ok=True)
        placed: list[Path] = []
        try:
            # The sidecar first: a document is never without what is known of it
            for staged in sorted(folder.iterdir(), key=lambda file: file.name == target.name):
                _place(staged, target.with_name(staged.name), overwrite)
                placed.append(target.with_name(staged.name))
        except FileExistsError as error:
            for file in placed:
                file.unlink()
            raise _taken(item, path) from error
    return replace(source, id=str(path.with_suffix("")), path=str(path))


def document_of(found: Fetched, url: str) -> Document:
    """What came from an address, with the address, the day and the hash of what is kept (of
    Markdown: behind the front matter). Raises UnreadableError."""
    known: dict[str, Any] = {}
    data = found.data
    if FORMATS[found.suffix] == "markdown":
        front_matter, body = split_front_matter(decode(data, "page"))
        said = _values(as_yaml(front_matter or ""))
        known = {key: said[key] for key in _SAID_BY_PAGES if holds_up(key, said.get(key))}
        data = body.encode()
    known |= {
        "url": url,
        "accessed": datetime.now(UTC).date().isoformat(),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return Document(data=data, suffix=found.suffix, name=name_of(found.url), known=known)


def copied(file: Path) -> Document:
    """A file with what is known of it. Raises SnapshotError, UnreadableError, MetadataError."""
    if file.is_dir():
        raise SnapshotError(f"{file} is a folder: name the files in it")
    if not file.exists():
        raise SnapshotError(f"{file} is not there: name a file, or an address as https://...")
    if reason := refusal(file.suffix.lower()):
        raise SnapshotError(f"{file}: {reason}")
    return Document(data=body_of(file), suffix=file.suffix, name=file.stem, known=known_of(file))


def body_of(file: Path) -> bytes:
    """The bytes of a file, of Markdown those behind its front matter. Raises UnreadableError."""
    data = read_file(file, MAX_FILE_BYTES)
    if FORMATS[file.suffix.lower()] == "markdown":
        return split_front_matter(decode(data, file.name))[1].encode()
    return data


def known_of(file: Path) -> dict[str, Any]:
    """The metadata that a file has: in its front matter, or its sidecar. Raises MetadataError."""
    line = 0
    if FORMATS[file.suffix.lower()] == "markdown":
        named, line = file, 1
        text = split_front_matter(decode(read_file(file, MAX_FILE_BYTES), file.name))[0]
    else:
        named = file.with_name(file.name + SIDECAR)
        text = decode(read_file(named, MAX_YAML_BYTES), named.name) if named.is_file() else None
    if text is None:
        return {}
    if problems := [each for each in parse_metadata(text)[1] if not each.unknown]:
        raise MetadataError([f"{named}:{each.line + line}: {each.text}" for each in problems])
    return _values(as_yaml(text))


def _values(text: str) -> dict[str, Any]:
    """The keys of YAML and their values, texts as they are written; {} for what is no mapping."""
    try:
        found = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  it makes texts and lists only
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return {key: value for key, value in found.items() if value} if isinstance(found, dict) else {}


def holds_up(key: str, value: object) -> bool:
    """Whether a text is a value that the key may have."""
    return isinstance(value, str) and not parse_metadata(_yaml({key: value}))[1]


def _yaml(values: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(values), allow_unicode=True, sort_keys=False, width=1000)


def _check_free(item: str, library: Path, path: PurePosixPath, overwrite: bool) -> None:
    """Raises SnapshotError where something would be overwritten, or two would have one id."""
    if library.exists() and not library.is_dir():
        raise SnapshotError(f"{library} is a file: name a folder with --library")
    target = library / path
    if not target.parent.resolve().is_relative_to(library.resolve()):
        raise SnapshotError(f"{path} leads out of {library}: give another --name")
    there = (target, target.with_name(target.name + SIDECAR))
    if not overwrite and any(os.path.lexists(file) for file in there):
        raise _taken(item, path)
    if target.is_dir():
        raise SnapshotError(f"{path} is a folder: give another --name")
    for other in target.parent.glob("*") if target.parent.is_dir() else ():
        same = other.stem == target.stem and other.suffix.lower() in FORMATS
        if same and other.name != target.name:
            raise SnapshotError(f"{other} has the same id as {item} would: give another --name")


def _taken(item: str, path: PurePosixPath) -> SnapshotError:
    return SnapshotError(
        f"{item}: {path} is there already: give another --name, or --overwrite to replace it"
    )


@contextmanager
def _staging(library: Path) -> Iterator[Path]:
    """A hidden folder in the library, so that what is placed is only renamed."""
    made = not library.exists()
    library.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".adding-", dir=library))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if made:
            with suppress(OSError):  # it holds what was added
                library.rmdir()


def stage(item: str, file: Path, found: Document, values: Mapping[str, Any]) -> Source:
    """Write the document and its metadata, and read it as a library is read."""
    data = found.data
    text = _yaml(values) if values else ""
    if FORMATS[file.suffix.lower()] == "markdown":
        data = (f"---\n{text}---\n".encode() if text else b"") + data
    elif text:
        file.with_name(file.name + SIDECAR).write_text(text, encoding="utf-8")
    file.write_bytes(data)
    reasons: list[str] = []
    try:
        (source,) = load_sources(file, on_skip=lambda _, reason: reasons.append(reason))
    except NoSourcesError as error:
        raise SnapshotError(f"{item}: {reasons[-1] if reasons else error}") from error
    except MetadataError as error:
        # What is wrong was given: a line of a file that is gone again would help nobody
        problems = [problem.split(": ", 1)[1] for problem in error.problems]
        raise MetadataError([f"{item}: {problem}" for problem in problems]) from error
    return source


def _place(staged: Path, target: Path, overwrite: bool) -> None:
    """Give a file its name; raises FileExistsError for one that is there unless `overwrite`."""
    if overwrite:
        staged.replace(target)
        return
    try:
        os.link(staged, target)
    except FileExistsError:
        raise
    except OSError:  # this file system has no links
        if target.exists():
            raise FileExistsError(target) from None
        staged.rename(target)
