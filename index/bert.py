"""Running a BERT encoder as little more than its matrix products, which is most of embedding.

Texts follow one another without padding between them; an activation or a sum is done with the
product before it; softmax is left to a power of two, whose sum divides the product after it. How
fast that is beside other ways, `tests/benchmarks/embedding.py` measures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from index.token_vectors import Floats

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

# So many tokens go through the layers at once. More are not faster, and take more memory.
_BATCH = 2048
# oneDNN compiles for each shape of a product, and keeps it: about 0.5 MB. Rows are filled up to a
# multiple of one of these, so that shapes are few: those of a question, of a batch, of attention.
_FEW_ROWS, _ROWS, _LENGTH = 16, 64, 16
# Texts of one length are attended to together while the scores of one head stay under this many:
# with 12 heads in bfloat16 a megabyte, which the second cache of a core holds.
_SCORES = 200 * 200


class Bert:
    """A BERT encoder that has the weights of `model`, in their precision."""

    def __init__(self, model: SentenceTransformer) -> None:
        import torch

        first: Any = model[0]
        encoder = first.auto_model
        # One of its own: that of the model changes its settings with every call.
        self._tokenizer = deepcopy(first.tokenizer.backend_tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(int(model.max_seq_length or 0))
        self._heads = encoder.config.num_attention_heads
        with torch.inference_mode():
            embeddings = encoder.embeddings
            self._words = embeddings.word_embeddings.weight
            types = embeddings.token_type_embeddings.weight[0]
            self._positions = embeddings.position_embeddings.weight + types
            self._norm = embeddings.LayerNorm
            self._layers = [_Layer(layer) for layer in encoder.encoder.layer]

    @classmethod
    def of(cls, model: SentenceTransformer) -> Bert | None:
        """The encoder of `model`; None where it is of another kind, or the processor of one that
        oneDNN does not serve."""
        import torch
        from transformers import BertModel

        kinds = [type(module).__name__ for module in model]
        first, second = model[0], model[1] if len(kinds) > 1 else None
        encoder = getattr(first, "auto_model", None)
        served = (
            torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
            and kinds in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
            and type(encoder) is BertModel
            and encoder.config.hidden_act == "gelu"
            and not encoder.config.is_decoder
            and getattr(second, "pooling_mode", None) == "mean"
            and getattr(second, "include_prompt", False)
            and model.default_prompt_name is None
            and bool(model.max_seq_length)
            and getattr(getattr(first, "tokenizer", None), "is_fast", False)
        )
        if not served:
            return None
        try:  # what it calls of oneDNN is not part of torch's public interface
            found = cls(model)
            found.encode(["Is all there that is called?"])
        except (AttributeError, NotImplementedError, RuntimeError):
            return None
        return found

    def encode(self, texts: Sequence[str]) -> list[Floats]:
        """The vectors of the tokens of each text, shape (tokens, dimension). Their mean is the
        vector of the text."""
        import torch

        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        found: list[Floats] = [np.zeros((0, 0), dtype=np.float32)] * len(ids)
        for places in _batches([len(one) for one in ids]):
            lengths = [len(ids[place]) for place in places]
            tokens = torch.tensor([token for place in places for token in ids[place]])
            with torch.inference_mode():
                vectors = self._run(tokens, lengths)
                if not vectors.isfinite().all():  # a power of two was too large or too small
                    vectors = self._run(tokens, lengths, shift=True)
                floats = vectors.float().numpy()
            ends = np.cumsum(lengths)
            for place, one in zip(places, np.split(floats, ends[:-1]), strict=True):
                found[place] = one
        return found

    def _run(self, tokens: Tensor, lengths: list[int], *, shift: bool = False) -> Tensor:
        """The vectors of the tokens of texts in a row, the shorter texts first."""
        import torch

        count = len(tokens)
        tokens = torch.nn.functional.pad(tokens, (0, _filled(count) - count))
        positions = torch.zeros_like(tokens)
        positions[:count] = torch.cat([torch.arange(length) for length in lengths])
        states = _normalise(self._words[tokens] + self._positions[positions], self._norm)
        met = torch.zeros_like(states)
        groups = list(_groups(lengths))
        for layer in self._layers:
            projected = layer.project(states)
            for start, texts, length in groups:
                rows = slice(start, start + texts * length)
                met[rows] = self._attend(projected[rows], texts, length, shift)
            states = layer.transform(met, states)
        return states[:count]

    def _attend(self, projected: Tensor, texts: int, length: int, shift: bool) -> Tensor:
        """What the tokens of each of `texts` texts of one length take up from one another."""
        import torch

        width = projected.shape[1] // 3
        size, filled = width // self._heads, -length % _LENGTH + length
        split = projected.view(texts, length, 3, self._heads, size).permute(2, 0, 3, 1, 4)
        padded = projected.new_zeros(3, texts, self._heads, filled, size)
        padded[..., :length, :] = split
        query, key, value = padded.view(3, -1, filled, size)
        scores = torch.bmm(query, key.transpose(1, 2))  # the query holds the scale and log2(e)
        if shift:
            scores -= scores[..., :length].amax(dim=-1, keepdim=True)
        torch.exp2(scores, out=scores)
        scores[..., length:] = 0
        met = torch.bmm(scores, value)
        met /= scores.sum(dim=-1, keepdim=True)
        heads = met.view(texts, self._heads, filled, size)[:, :, :length]
        return heads.transpose(1, 2).reshape(texts * length, width)


class _Layer:
    """A layer of the encoder, its weights laid out as oneDNN wants them."""

    def __init__(self, layer: Any) -> None:
        import torch

        attention = layer.attention.self
        scale = attention.scaling * math.log2(math.e)
        three = (attention.query, attention.key, attention.value)
        weights = [part.weight for part in three]
        biases = [part.bias for part in three]
        self._in = _packed(
            torch.cat([weights[0] * scale, *weights[1:]]),
            torch.cat([biases[0] * scale, *biases[1:]]),
        )
        self._out = _packed(*_parts(layer.attention.output.dense))
        self._up = _packed(*_parts(layer.intermediate.dense))
        self._down = _packed(*_parts(layer.output.dense))
        self._first_norm = layer.attention.output.LayerNorm
        self._second_norm = layer.output.LayerNorm

    def project(self, states: Tensor) -> Tensor:
        """Query, key and value of each token, side by side."""
        return _linear(states, self._in)

    def transform(self, met: Tensor, states: Tensor) -> Tensor:
        """The states after this layer."""
        import torch

        states = _normalise(_linear(met, self._out, add=states), self._first_norm)
        weight, bias = self._up
        inner = torch.ops.mkldnn._linear_pointwise(states, weight, bias, "gelu", [], "none")
        return _normalise(_linear(inner, self._down, add=states), self._second_norm)


def _linear(states: Tensor, weights: tuple[Tensor, Tensor], add: Tensor | None = None) -> Tensor:
    import torch

    run: Any = torch.ops.mkldnn._linear_pointwise
    if add is None:
        return run(states, *weights, "none", [], "")  # type: ignore[no-any-return]
    return run.binary(states, add, *weights, "add")  # type: ignore[no-any-return]


def _packed(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    import torch

    return torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), None), bias


def _parts(linear: Any) -> tuple[Tensor, Tensor]:
    return linear.weight.detach(), linear.bias.detach()


def _normalise(states: Tensor, norm: Any) -> Tensor:
    import torch

    return torch.layer_norm(states, norm.normalized_shape, norm.weight, norm.bias, norm.eps)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The places of texts of like length, the shorter first, of `_BATCH` tokens at most."""
    batch: list[int] = []
    tokens = 0
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and tokens + lengths[place] > _BATCH:
            yield batch
            batch, tokens = [], 0
        batch.append(place)
        tokens += lengths[place]
    if batch:
        yield batch


def _filled(rows: int) -> int:
    """The rows of a product of at least so many."""
    step = _ROWS if rows > _ROWS else _FEW_ROWS
    return -rows % step + rows


def _groups(lengths: list[int]) -> Iterator[tuple[int, int, int]]:
    """Where texts of one length begin among the tokens, how many they are, and their length."""
    place = start = 0
    while place < len(lengths):
        length, most = lengths[place], max(1, _SCORES // lengths[place] ** 2)
        texts = 1
        while texts < most and place + texts < len(lengths) and lengths[place + texts] == length:
            texts += 1
        yield start, texts, length
        place += texts
        start += texts * length
