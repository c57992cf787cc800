"""A library of curated documents: loading them, their metadata, and the starter documents.

The modules are loaded when a name is first used, so that importing the package is cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.lazy import loader

if TYPE_CHECKING:
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

_MODULES = ("errors", "source", "invisible", "apart", "cache", "load", "snapshot")

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


__getattr__ = loader(__name__, _MODULES, __all__)
