"""What the package raises; every message says what to do next.

IndexingError
├── IndexNotFoundError      there is no index at the path
├── IndexDamagedError       a file of the generation is missing or has changed
├── StoreError              the vector store on a server cannot be used
├── IndexBusyError          another rebuild is running
├── ModelError              the embedding model cannot be loaded or does not fit the index
├── QueryError              the question is empty, or too long
├── ScopeError              the scope matches no source
├── LibraryShrankError      a rebuild would drop most of the sources
└── AnswersLostError        a rebuild would lose answers to the golden questions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.build.golden import GoldenReport


class IndexingError(Exception):
    """Base class of the errors of building, opening and searching an index."""


class IndexNotFoundError(IndexingError):
    """There is no index at the path."""


class IndexDamagedError(IndexingError):
    """A file of the generation is missing or is not what was built."""


class StoreError(IndexingError):
    """The server that holds the vectors cannot be reached, or fails."""


class IndexBusyError(IndexingError):
    """Another process is rebuilding the index."""


class ModelError(IndexingError):
    """The embedding model cannot be loaded, or is not the one that built the index."""


class ScopeError(IndexingError):
    """The scope matches no source of the library."""


class LibraryShrankError(IndexingError):
    """A rebuild would drop most of the sources; `force` says that this is meant."""


class AnswersLostError(IndexingError):
    """A rebuild would lose answers to the golden questions; `force` says that this is meant.

    `report` tells which.
    """

    def __init__(self, message: str, report: GoldenReport | None = None) -> None:
        super().__init__(message)
        self.report = report


class QueryError(IndexingError):
    """The question is empty or too long."""
