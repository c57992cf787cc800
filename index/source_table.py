"""The sources of a generation, in a SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, astuple
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Lock
from typing import Any

from sources import Reference, Source
from sources.source import OcrSpan, pack_blocks, unpack_blocks

_SCOPE_FIELDS = ("publisher", "author", "published", "license", "standing", "language", "format")


def write_sources(path: Path, sources: Iterable[Source]) -> None:
    """Store `sources` in a new SQLite file; row numbers follow their order."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TABLE source (row INTEGER PRIMARY KEY, metadata TEXT, blocks TEXT, text TEXT)"
        )
        database.executemany(
            "INSERT INTO source VALUES (?, ?, ?, ?)",
            ((row, *_to_row(source)) for row, source in enumerate(sources)),
        )


class SourceTable:
    """The sources of a generation, in a SQLite file, so that text is read only when it is shown."""

    def __init__(self, path: Path) -> None:
        # One connection: it goes on reading when a later rebuild has removed the file.
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        self._database = sqlite3.connect(uri, uri=True, check_same_thread=False)
        self._lock = Lock()

    def read(self, row: int) -> Source:
        """The source in `row`, from 0."""
        with self._lock:
            found = self._database.execute(
                "SELECT metadata, blocks, text FROM source WHERE row = ?", (row,)
            ).fetchone()
        return _from_row(*found)

    def metadata(self) -> list[Source]:
        """Every source in order of row, with empty text and no blocks."""
        with self._lock:
            found = self._database.execute("SELECT metadata FROM source ORDER BY row").fetchall()
        return [_from_row(metadata, "[]", "") for (metadata,) in found]

    def close(self) -> None:
        """Release the file."""
        self._database.close()


def _to_row(source: Source) -> tuple[str, str, str]:
    fields: dict[str, Any] = {
        name: getattr(source, name)
        for name in Source.__dataclass_fields__
        if not name.startswith("_") and name not in ("text", "blocks", "references", "ocr")
    }
    fields["references"] = [asdict(reference) for reference in source.references]
    blocks: Any = pack_blocks(source.blocks)
    if source.ocr:
        blocks = {"blocks": blocks, "ocr": [astuple(span) for span in source.ocr]}
    return json.dumps(fields), json.dumps(blocks), source.text


def _from_row(metadata: str, blocks: str, text: str) -> Source:
    fields = json.loads(metadata)
    fields["topics"] = tuple(fields["topics"])
    fields["pages"] = tuple(fields["pages"])
    fields["extra"] = tuple((key, value) for key, value in fields.get("extra", ()))
    fields["references"] = tuple(Reference(**reference) for reference in fields["references"])
    packed = json.loads(blocks)
    if isinstance(packed, dict):
        fields["ocr"] = tuple(OcrSpan(*span) for span in packed["ocr"])
        packed = packed["blocks"]
    return Source(**fields, text=text, blocks=unpack_blocks(packed))


def with_field(sources: Iterable[Source], pattern: str) -> list[str]:
    """The ids of sources with a value of "key=glob": of front matter, or of our own fields."""
    key, glob = pattern.split("=", 1)
    found = []
    for source in sources:
        own = [(name, getattr(source, name) or "") for name in _SCOPE_FIELDS]
        values = [*source.extra, *own, *(("topics", topic) for topic in source.topics)]
        if any(name == key and fnmatchcase(value, glob) for name, value in values):
            found.append(source.id)
    return found
