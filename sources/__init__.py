"""A library of curated documents: loading them, their metadata, and the starter documents."""

from sources.errors import (
    LibraryNotFoundError,
    MetadataError,
    NoSourcesError,
    SourceError,
    UnreadableError,
)
from sources.load import list_files, load_sources
from sources.source import Block, Reference, Source

__all__ = [  # noqa: RUF022  grouped: verbs, what they yield, what they raise
    "load_sources",
    "list_files",
    "Source",
    "Block",
    "Reference",
    "SourceError",
    "LibraryNotFoundError",
    "NoSourcesError",
    "MetadataError",
    "UnreadableError",
]
