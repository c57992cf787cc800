"""The records of a reference manager, as Zotero exports them with their files: BibTeX, CSL-JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sources.apart import DEFAULT_LIMITS, ApartReader
from sources.dates import read_date
from sources.errors import SnapshotError, UnreadableError
from sources.formats import read_file
from sources.snapshot import holds_up

_MOST_BYTES = 20 * 1024 * 1024
_PUBLISHERS = (
    "publisher", "institution", "organization", "school", "journaltitle", "journal", "booktitle",
)  # fmt: skip
_DOI = "https://doi.org/"
# "Title:files/12/Storm.pdf:application/pdf;...", in which a backslash takes the next sign as it is
_PART = re.compile(r"(?:[^\\:;]|\\.)*", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MARKUP = re.compile(r"</?(?:i|b|sub|sup|span)\b[^<>]*>", re.IGNORECASE)  # in titles of CSL


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a reference manager knows: its name for it, metadata by our keys, and the paths of its
    files as they are written; or why it cannot be used."""

    key: str
    said: Mapping[str, Any]
    files: tuple[str, ...] = ()
    reason: str = ""


def read_records(file: Path) -> list[Record] | None:
    """The records of a bibliography; None for a file that is none. Raises SnapshotError."""
    suffix = file.suffix.lower()
    if suffix not in (".bib", ".json") or not file.is_file():
        return None
    try:
        if suffix == ".bib":
            return list(_bibtex(read_file(file, _MOST_BYTES), file.name))
        found = json.loads(file.read_bytes()) if file.stat().st_size <= _MOST_BYTES else None
    except UnreadableError as error:
        raise SnapshotError(f"{file}: {error}") from error
    except (OSError, ValueError, RecursionError):
        return None  # whoever reads it as a document tells why not
    if not (isinstance(found, list) and found and all(map(_is_csl, found))):
        return None
    records = [_csl(item) for item in found]
    return records if any(record.files for record in records) else None


def file_within(folder: Path, path: str) -> Path:
    """The file at a path of a record, which has to lie in the folder of the export, also behind
    links. Raises SnapshotError."""
    try:
        file = (folder / path).resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise SnapshotError(f"{path} is not there: export it with its files") from error
    if not file.is_relative_to(folder.resolve()):
        raise SnapshotError(f"{path} lies outside of {folder}: copy it there, if it is meant")
    return file


def _kept(said: Mapping[str, Any]) -> dict[str, Any]:
    """What holds up of the values; the rest of a record is somebody else's form."""
    found = {}
    for key, value in said.items():
        texts = value if isinstance(value, list) else [value]
        if value and all(isinstance(text, str) and text.isprintable() for text in texts):
            found[key] = value
    return {key: value for key, value in found.items() if key == "topics" or holds_up(key, value)}


def _bibtex(data: bytes, name: str) -> Iterator[Record]:
    """The records of a file, which is parsed in a process of its own. Raises UnreadableError."""
    with ApartReader(DEFAULT_LIMITS) as reader:
        found = json.loads(reader.read(data, "bibtex", name).text)
    for key in found["failed"]:
        yield Record(key=key, said={}, reason="is no record of BibTeX, or there twice: mend it")
    for entry in found["entries"]:
        said = entry["fields"]
        date = said.get("date") or " ".join(filter(None, (said.get("month"), said.get("year"))))
        known = {
            "title": said.get("title"),
            "author": said.get("author") or said.get("editor"),
            "published": read_date(date.split("/")[0]) or said.get("year"),
            "publisher": next(filter(None, map(said.get, _PUBLISHERS)), None),
            "url": said.get("url") or (_DOI + said["doi"] if said.get("doi") else None),
            "accessed": said.get("urldate"),
            "language": said.get("language") or said.get("langid"),
            "topics": [one.strip() for one in said.get("keywords", "").split(",") if one.strip()],
        }
        yield Record(key=entry["key"], said=_kept(known), files=tuple(_paths(entry["files"])))


def _paths(field: str) -> Iterator[str]:
    """The paths in the field of BibTeX that tells the files: "title:path:type", or a path."""
    parts: list[str] = []
    at = 0
    while at <= len(field):
        part = _PART.match(field, at)
        assert part
        parts.append(_ESCAPE.sub(r"\1", part[0]).strip())
        at = part.end() + 1
        if field[part.end() : at] != ":":
            if path := parts[1] if len(parts) > 2 else parts[0]:
                yield path
            parts = []


def _is_csl(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("type"), str) and "id" in item


def _csl(item: Mapping[str, Any]) -> Record:
    title = item.get("title")
    doi = item.get("DOI")
    keywords = item.get("keyword")
    known = {
        "title": _MARKUP.sub("", title) if isinstance(title, str) else None,
        "author": _people(item.get("author")) or _people(item.get("editor")),
        "published": _csl_date(item.get("issued")),
        "publisher": item.get("publisher") or item.get("container-title"),
        "url": item.get("URL") or (f"{_DOI}{doi}" if doi else None),
        "accessed": _csl_date(item.get("accessed")),
        "language": item.get("language"),
        "topics": [one.strip() for one in keywords.split(",") if one.strip()]
        if isinstance(keywords, str)
        else [],
    }
    return Record(key=str(item["id"])[:200], said=_kept(known), files=tuple(_csl_files(item)))


def _csl_files(item: Mapping[str, Any]) -> Iterator[str]:
    """The files that a record names: CSL has no field for them, so `file` or `attachments`."""
    for field in ("file", "attachments"):
        named = item.get(field)
        for one in named if isinstance(named, list) else [named]:
            path = one.get("path") if isinstance(one, dict) else one
            if isinstance(path, str) and path:
                yield path


def _people(found: object) -> str:
    names = []
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict):
            parts = (one.get("given"), one.get("non-dropping-particle"), one.get("family"))
            whole = " ".join(part for part in parts if isinstance(part, str))
            names.append(str(one.get("literal") or whole))
    return ", ".join(filter(None, names))


def _csl_date(found: object) -> str | None:
    if not isinstance(found, dict):
        return None
    try:
        numbers = [int(number) for number in found["date-parts"][0]]
        return "-".join([f"{numbers[0]:04}", *(f"{number:02}" for number in numbers[1:3])])
    except (KeyError, TypeError, ValueError, IndexError):
        said = found.get("raw") or found.get("literal")
        return read_date(said) if isinstance(said, str) else None
