"""An open index: always the generation that is current, also when a rebuild swaps it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from index.embedding import Embedder, load_embedder
from index.errors import IndexDamagedError, IndexingError
from index.generation import complete_generations, current_generation
from index.search import Generation, Hit, search
from sources import Source

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from index.retriever import IndexRetriever


_log = logging.getLogger(__name__)


class Index:
    """The index in a folder. Every call answers from one generation, the newest that is sound."""

    def __init__(self, folder: str | Path, *, embedder: Embedder | None = None) -> None:
        self.folder = Path(folder)
        self._embedder = embedder
        self._lock = Lock()
        self._process = os.getpid()
        self._refused = ""  # what could not be opened is not tried again with each question
        self._generation: Generation | None = self._open_first()

    def __getstate__(self) -> dict[str, Any]:
        """Where it is and what embeds: what was pickled is opened when it is next asked."""
        return {"folder": self.folder.absolute(), "_embedder": self._embedder}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, **self._closed())

    @staticmethod
    def _closed() -> dict[str, Any]:
        """What it knows before it is opened."""
        return {"_lock": Lock(), "_process": os.getpid(), "_refused": "", "_generation": None}

    @property
    def generation(self) -> Generation:
        """The current generation; keep it to answer several calls from the same one.

        Where a new one cannot be opened, that is logged, and what is open goes on being served. In
        a process that was forked it is opened anew.
        """
        if self._process != os.getpid():
            vars(self).update(self._closed())
        with self._lock:
            if self._generation is None:
                self._generation = self._open_first()
            try:
                current = current_generation(self.folder)
                if current.name not in (self._generation.name, self._refused):
                    self._refused = current.name
                    self._generation = Generation(current, self._embedder)
            except (IndexingError, OSError) as error:
                _log.warning("%s; %s goes on being served", error, self._generation.name)
            return self._generation

    def _open_first(self) -> Generation:
        """The current generation; if it is damaged, the newest that is not, which is logged.

        A rebuild keeps older generations for this. Raises IndexNotFoundError, IndexDamagedError.
        """
        current = ""
        try:
            folder = current_generation(self.folder)
            current = folder.name
            return Generation(folder, self._embedder)
        except IndexDamagedError as error:
            for folder in reversed(complete_generations(self.folder)):
                if not current or folder.name < current:
                    with suppress(IndexDamagedError):
                        generation = Generation(folder, self._embedder)
                        self._refused = current
                        _log.warning("%s; the older %s is served", error, folder.name)
                        return generation
            raise

    def search(
        self,
        query: str,
        k: int = 5,
        max_chars: int | None = None,
        sources: Iterable[str] | None = None,
    ) -> list[Hit]:
        """The passages that answer `query`, best first, none overlapping another.

        The `k` best passages, read with the query in mind where the package that reads is
        installed; or, with `max_chars`, the best sentences that fill a budget of so many
        characters of distinct source text. `sources` limits the search to the sources whose
        ids match any of the globs. Raises QueryError, ScopeError.
        """
        return search(self.generation, query, k, max_chars, sources)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources with their metadata, without their text."""
        return self.generation.sources

    def source(self, source_id: str) -> Source:
        """One source with its text. Raises ScopeError."""
        return self.generation.source(source_id)

    def as_retriever(
        self, *, k: int = 5, max_chars: int | None = None, sources: tuple[str, ...] | None = None
    ) -> IndexRetriever:
        """A LangChain retriever over the index; the arguments are those of `search`."""
        from index.retriever import IndexRetriever

        return IndexRetriever(index=self, k=k, max_chars=max_chars, sources=sources)


def open_index(folder: str | Path, *, embedding_model: Embeddings | None = None) -> Index:
    """Open the index in `folder`; nothing is created.

    `embedding_model` is what the index was built with where that was an object of LangChain; models
    that have a name are found by it. Raises IndexNotFoundError, IndexDamagedError.
    """
    return Index(folder, embedder=load_embedder(embedding_model) if embedding_model else None)
