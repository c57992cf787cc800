"""A library of curated documents: loading them, their metadata, and the starter documents."""

from sources.apart import Limits
from sources.cache import ExtractCache
from sources.errors import (
    LibraryNotFoundError,
    MetadataError,
    NoSourcesError,
    SnapshotError,
    SourceError,
    UnreadableError,
)
from sources.invisible import count_invisible, strip_invisible
from sources.load import list_files, load_sources
from sources.snapshot import add_source
from sources.source import Block, Reference, Source

__all__ = [  # noqa: RUF022  grouped: verbs, what they yield, what they raise
    "load_sources",
    "list_files",
    "add_source",
    "strip_invisible",
    "count_invisible",
    "Source",
    "Block",
    "Reference",
    "Limits",
    "ExtractCache",
    "SourceError",
    "LibraryNotFoundError",
    "NoSourcesError",
    "SnapshotError",
    "MetadataError",
    "UnreadableError",
]
