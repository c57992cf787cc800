"""An embedding model that a program hands over: an object with LangChain's two methods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from index.bert import Encode
from index.errors import ModelError
from index.token_vectors import Floats

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings


# What the name of a model begins with that a program handed over as an object.
OWN = "object:"


class OwnEmbeddings:
    """What `Embedder` needs of a model, by LangChain's `embed_documents` and `embed_query`.

    Such a model tells nothing of its tokens: a text has one, with the vector of the whole.
    """

    threads = 1

    def __init__(self, embeddings: Embeddings) -> None:
        if not all(hasattr(embeddings, name) for name in ("embed_documents", "embed_query")):
            raise ModelError(
                f"{type(embeddings).__name__} is no embedding model; name one, or hand over an "
                f"object with LangChain's embed_documents and embed_query"
            )
        self.embeddings = embeddings
        told = (getattr(embeddings, field, None) for field in ("model", "model_name"))
        named = [one for one in told if isinstance(one, str)]
        self.name = OWN + " ".join([type(embeddings).__name__, *named[:1]])

    @cached_property
    def dimension(self) -> int:
        """The length of a vector."""
        return len(self.question("length")[0])

    def vocabulary(self) -> Iterable[str]:
        """Nothing: it does not tell."""
        return ()

    def count(self, text: str) -> int:
        """Of a lead nothing but the mark that opens every text: it is no token of its own."""
        return 1

    def pieces(self, text: str, count: int) -> list[str]:
        """What the one token stands for is not one word."""
        return [""] * count

    def encoder(self, texts: int) -> Encode:
        """What encodes texts, however many."""
        return self._encode

    def question(self, text: str) -> tuple[Floats, Floats]:
        """The vectors of one question."""
        try:
            vector = _vectors([self.embeddings.embed_query(text)], 1)[0]
        except Exception as error:  # whatever a program's own model raises
            raise self._failed(error) from error
        return vector, vector[None]

    def _encode(self, texts: Sequence[str]) -> list[tuple[Floats, Floats]]:
        try:
            vectors = _vectors(self.embeddings.embed_documents(list(texts)), len(texts))
        except Exception as error:  # whatever a program's own model raises
            raise self._failed(error) from error
        # The last token of a text is the mark that ends it.
        return [(vector, np.stack([vector, vector])) for vector in vectors]

    def _failed(self, error: Exception) -> ModelError:
        """An error of a service may hold a key, so that its words are not told."""
        return ModelError(
            f"the embedding model {self.name.removeprefix(OWN)} failed ({type(error).__name__}); "
            f"nothing was changed, try again when it answers"
        )


def _vectors(found: Sequence[Sequence[float]], count: int) -> Floats:
    """Vectors of the texts, shape (texts, dimension). Raises ValueError where they are none."""
    vectors = np.asarray(found, dtype=np.float32)
    if vectors.shape[:1] != (count,) or vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise ValueError("not a vector of numbers for each text")
    return vectors
