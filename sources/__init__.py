"""A library of curated documents: loading them, their metadata, and the starter documents.

The modules are loaded when a name is first used, so that importing the package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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

# A name is in the first of these that has it, so the light ones stand first.
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


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module in _MODULES:
            found = import_module(f"sources.{module}")
            if hasattr(found, name):
                return getattr(found, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
