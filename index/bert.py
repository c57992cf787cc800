"""A BERT encoder in numpy: little more than its matrix products, and nothing to import for it.

To import torch takes seconds and 200 MB, which a question should not wait for. Texts follow one
another without padding between them. `index.bert_onednn` runs the same encoder for many texts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from os import cpu_count
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.bert_parts import BertParts, encode_batches, groups
from index.token_vectors import Floats

if TYPE_CHECKING:
    pass

# Of each text its vector, shape (dimension,), and its tokens', (tokens, dimension).
Encode = Callable[[Sequence[str]], list[tuple[Floats, Floats]]]

# So many tokens go through the layers at once: what comes of them stays in the cache of a core.
_BATCH = 512
# So many rows of the wide layer have their activation at once, for the same reason.
_ROWS = 64
# So many texts are worth the import of torch: those that the axes of a new index are made of, too.
_MANY = 300
# Of the error function (Abramowitz and Stegun 1964, 7.1.26), which is off by 1.5e-7 at most.
_ERF = np.array([1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592], np.float32)
_ERF_SCALE = np.float32(0.3275911)


class Bert(BertParts):
    """A BERT encoder whose mean of tokens is the vector of a text. Safe to use from threads."""

    @property
    def threads(self) -> int:
        """From how many threads texts are best encoded at once."""
        return alone()

    def vocabulary(self) -> Iterable[str]:
        """The pieces that the tokenizer knows."""
        return self.tokenizer.get_vocab()

    def count(self, text: str) -> int:
        """How many tokens a text has, with the marks around it."""
        return len(self.tokenizer.encode(text).ids)

    def pieces(self, text: str, count: int) -> list[str]:
        """What each of the first `count` tokens stands for in a question."""
        begin = len(self.prompt)
        spans = self.tokenizer.encode(self.prompt + text).offsets[:count]
        return [(self.prompt + text)[max(start, begin) : end] for start, end in spans]

    def encoder(self, texts: int) -> Encode:
        """What encodes so many texts, in several threads if need be: in numpy, or, where torch
        repays its import or is there already, with that."""
        found = self._onednn if texts >= _MANY or "_onednn" in vars(self) else None
        run = found.tokens if found else self.tokens

        def encode(some: Sequence[str]) -> list[tuple[Floats, Floats]]:
            return [(tokens.mean(axis=0), tokens) for tokens in run(some)]

        return encode

    def question(self, text: str) -> tuple[Floats, Floats]:
        """The vector of one question, and those of its tokens."""
        (tokens,) = self.tokens([self.prompt + text])
        return tokens.mean(axis=0), tokens

    def tokens(self, texts: Sequence[str]) -> list[Floats]:
        """The vectors of the tokens of each text, shape (tokens, dimension)."""
        alone()
        return encode_batches(self.tokenizer, texts, _BATCH, self._run)

    @cached_property
    def _onednn(self) -> Any:
        from index.bert_onednn import OneDnnBert

        return OneDnnBert.of(self)

    def _run(self, tokens: NDArray[np.int64], lengths: list[int]) -> Floats:
        """The vectors of the tokens of texts in a row, the shorter texts first."""
        places = np.concatenate([np.arange(length) for length in lengths])
        states = self.weights["embeddings.word_embeddings.weight"][tokens] + self.positions[places]
        states = self._normalise(states, self.part("embeddings.LayerNorm"))
        met = np.empty_like(states)
        for layer in self.layers:
            projected = _linear(states, layer["in"])
            for start, texts, length in groups(lengths):
                rows = slice(start, start + texts * length)
                met[rows] = self._attend(projected[rows], texts, length)
            states = self._normalise(_linear(met, layer["out"]) + states, layer["first norm"])
            inner = _linear(states, layer["up"])
            for start in range(0, len(inner), _ROWS):
                _activate(inner[start : start + _ROWS])
            states = self._normalise(_linear(inner, layer["down"]) + states, layer["second norm"])
        return states

    def _attend(self, projected: Floats, texts: int, length: int) -> Floats:
        """What the tokens of each of `texts` texts of one length take up from one another."""
        split = projected.reshape(texts, length, 3, self.heads, -1).transpose(2, 0, 3, 1, 4)
        query, key, value = split
        scores = query @ key.swapaxes(-1, -2)
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        met = scores @ value
        met /= scores.sum(axis=-1, keepdims=True)
        found: Floats = met.swapaxes(1, 2).reshape(texts * length, -1)
        return found

    def _normalise(self, states: Floats, norm: tuple[Floats, Floats]) -> Floats:
        states -= states.mean(axis=-1, keepdims=True)
        variance = np.einsum("ij,ij->i", states, states) / states.shape[1]
        states /= np.sqrt(variance + np.float32(self.epsilon))[:, None]
        states *= norm[0]
        states += norm[1]
        return states


@cache
def alone() -> int:
    """Have each product of matrices run in the thread that asks for it, and tell how many threads
    it had before. Threads that share one wait for each other, which costs more than it gains."""
    from threadpoolctl import threadpool_info, threadpool_limits

    had = [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]
    threadpool_limits(limits=1, user_api="blas")
    return max(had, default=cpu_count() or 1)


def _linear(states: Floats, weights: tuple[Floats, Floats]) -> Floats:
    found: Floats = states @ weights[0].T
    found += weights[1]
    return found


def _activate(states: Floats) -> None:
    """The error-function form of GELU, in place."""
    size = np.abs(states)
    size *= np.float32(math.sqrt(0.5))
    inverse = 1 / (1 + _ERF_SCALE * size)
    tail = _ERF[0] * inverse
    for factor in _ERF[1:]:
        tail += factor
        tail *= inverse
    size *= size
    np.negative(size, out=size)
    tail *= np.exp(size, out=size)  # 1 - erf, of a positive argument
    np.subtract(1, tail, out=tail)
    np.copysign(tail, states, out=tail)
    tail += 1
    tail *= np.float32(0.5)
    states *= tail
