"""An index of a library: chunking, embedding, storing, searching, rebuilding.

The heavy modules are loaded when a name is first used, so that importing the package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from index.build import RebuildReport, rebuild, rollback
    from index.chunking import Chunk
    from index.errors import (
        IndexBusyError,
        IndexDamagedError,
        IndexingError,
        IndexNotFoundError,
        LibraryShrankError,
        ModelError,
        QueryError,
        ScopeError,
    )
    from index.opened import Index, open_index
    from index.search import Hit

_HOME = {
    "rebuild": "build",
    "rollback": "build",
    "RebuildReport": "build",
    "open_index": "opened",
    "Index": "opened",
    "Hit": "search",
    "Chunk": "chunking",
    "IndexingError": "errors",
    "IndexNotFoundError": "errors",
    "IndexDamagedError": "errors",
    "IndexBusyError": "errors",
    "LibraryShrankError": "errors",
    "ModelError": "errors",
    "QueryError": "errors",
    "ScopeError": "errors",
}

__all__ = [  # noqa: RUF022  grouped: verbs, what they yield, what they raise
    "rebuild",
    "rollback",
    "open_index",
    "Index",
    "Hit",
    "Chunk",
    "RebuildReport",
    "IndexingError",
    "IndexNotFoundError",
    "IndexDamagedError",
    "IndexBusyError",
    "LibraryShrankError",
    "ModelError",
    "QueryError",
    "ScopeError",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"index.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
