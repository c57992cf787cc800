"""An index of a library: chunking, embedding, storing, searching, rebuilding.

The heavy modules are loaded when a name is first used, so that importing the package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from index.build.rebuild import RebuildReport, rebuild, rollback
    from index.chunking import Chunk
    from index.errors import (
        AnswersLostError,
        IndexBusyError,
        IndexDamagedError,
        IndexingError,
        IndexNotFoundError,
        LibraryShrankError,
        ModelError,
        QueryError,
        ScopeError,
        StoreError,
    )
    from index.opened import Index, open_index
    from index.search import Hit

# A name is in the first of these that has it, so the light ones stand first.
_MODULES = ("errors", "chunking", "search", "opened", "build.rebuild")

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
    "StoreError",
    "LibraryShrankError",
    "AnswersLostError",
    "ModelError",
    "QueryError",
    "ScopeError",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module in _MODULES:
            found = import_module(f"index.{module}")
            if hasattr(found, name):
                return getattr(found, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
