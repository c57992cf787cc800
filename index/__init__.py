"""An index of a library: chunking, embedding, storing, searching, rebuilding.

The heavy modules are loaded when a name is first used, so that importing the package is cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.lazy import loader

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


__getattr__ = loader(__name__, _MODULES, __all__)
