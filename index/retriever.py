"""The index as a LangChain retriever."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from index.search import Generation, search


class IndexRetriever(BaseRetriever):
    """Passages as documents; their metadata names the source, the offsets and the score.

    What `invoke` is given of `k`, `max_chars` and `sources` counts before its own.
    """

    index: Any  # an Index; pydantic need not look into it
    k: int = 5
    max_chars: int | None = None
    sources: tuple[str, ...] | None = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        k: int | None = None,
        max_chars: int | None = None,
        sources: Iterable[str] | None = None,
    ) -> list[Document]:
        if k is None:  # how many are asked for goes before a budget of the retriever's own
            k = self.k
            max_chars = self.max_chars if max_chars is None else max_chars
        generation: Generation = self.index.generation
        documents = []
        scope = self.sources if sources is None else sources
        for hit in search(generation, query, k, max_chars, scope):
            chunk = hit.chunk
            source = generation.source(chunk.source_id)
            documents.append(
                Document(
                    id=f"{chunk.source_id}:{chunk.start}-{chunk.end}",
                    page_content=hit.text,
                    metadata={
                        "source": chunk.source_id,
                        "start": chunk.start,
                        "end": chunk.end,
                        "page": chunk.page,
                        "heading": chunk.heading,
                        "score": hit.score,
                        "title": source.title,
                        "url": source.url,
                        "publisher": source.publisher,
                        "published": source.published,
                        "standing": source.standing,
                        "ocr_sure": source.ocr_sure_of(chunk.start, chunk.end),
                    },
                )
            )
        return documents
