"""The encoder of `index.bert` for many texts, on torch: the kernels of oneDNN and bfloat16.

An activation or a sum is done with the product before it. In bfloat16 softmax is left to a power of
two, whose sum divides the product after it; in float32 torch's own attention takes two thirds of
the time of that. `tests/benchmarks/embedding.py` measures it beside other ways.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.bert_parts import BertParts, encode_batches, groups
from index.token_vectors import Floats

if TYPE_CHECKING:
    from torch import Tensor

# So many tokens go through the layers at once. More are not faster, and take more memory.
_BATCH = 2048
# oneDNN compiles for each shape of a product, and keeps it: about 0.5 MB. Rows are filled up to a
# multiple of one of these, so that shapes are few: those of a question, of a batch, of attention.
_FEW_ROWS, _ROWS, _LENGTH = 16, 64, 16


class OneDnnBert:
    """The encoder of `bert`, in bfloat16 where the processor multiplies it."""

    def __init__(self, bert: BertParts) -> None:
        import torch

        # bfloat16 takes half the time there, at cosine 0.9999 to float32; elsewhere it is emulated
        # and slower.
        processor = torch.cpu.get_capabilities()
        fast = processor.get("avx512_bf16") or processor.get("amx_bf16")
        kind = torch.bfloat16 if fast and not bert.precise else torch.float32

        self._by_powers = kind is torch.bfloat16

        def tensors(*arrays: Floats) -> tuple[Tensor, ...]:
            return tuple(torch.tensor(array, dtype=kind) for array in arrays)

        self._tokenizer = bert.tokenizer
        self._heads = bert.heads
        self._epsilon = bert.epsilon
        self._words, self._positions = tensors(
            bert.weights["embeddings.word_embeddings.weight"], bert.positions
        )
        self._norm = tensors(*bert.part("embeddings.LayerNorm"))
        self._layers = []
        for layer in bert.layers:
            # The query holds log2(e), too: attention is a power of two.
            weight, bias = (array.copy() for array in layer["in"])
            for array in (weight, bias):
                array[: len(array) // 3] *= np.float32(math.log2(math.e))
            laid = {
                name: tensors(*parts) for name, parts in (layer | {"in": (weight, bias)}).items()
            }
            for name in ("in", "out", "up", "down"):
                laid[name] = _packed(*laid[name])
            self._layers.append(laid)

    @classmethod
    def of(cls, bert: BertParts) -> OneDnnBert | None:
        """The encoder on torch; None where oneDNN does not serve the processor."""
        import torch

        if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
            return None
        try:  # what it calls of oneDNN is not part of torch's public interface
            found = cls(bert)
            found.tokens(["Is all there that is called?"])
        except (AttributeError, NotImplementedError, RuntimeError):
            return None
        return found

    def tokens(self, texts: Sequence[str]) -> list[Floats]:
        """The vectors of the tokens of each text, shape (tokens, dimension)."""
        import torch

        # One thread for each slab of texts: to share one, threads wait for each other.
        torch.set_num_threads(1)
        return encode_batches(self._tokenizer, texts, _BATCH, self._floats)

    def _floats(self, ids: NDArray[np.int64], lengths: list[int]) -> Floats:
        import torch

        with torch.inference_mode():
            vectors = self._run(torch.from_numpy(ids), lengths)
            if not vectors.isfinite().all():  # a power of two was too large or too small
                vectors = self._run(torch.from_numpy(ids), lengths, shift=True)
            floats: Floats = vectors.float().numpy()
        return floats

    def _run(self, tokens: Tensor, lengths: list[int], *, shift: bool = False) -> Tensor:
        """The vectors of the tokens of texts in a row, the shorter texts first."""
        import torch

        count = len(tokens)
        tokens = torch.nn.functional.pad(tokens, (0, _filled(count) - count))
        positions = torch.zeros_like(tokens)
        positions[:count] = torch.cat([torch.arange(length) for length in lengths])
        states = self._normalise(self._words[tokens] + self._positions[positions], self._norm)
        met = torch.zeros_like(states)
        spans = list(groups(lengths))
        for layer in self._layers:
            projected = _linear(states, layer["in"])
            for start, texts, length in spans:
                rows = slice(start, start + texts * length)
                met[rows] = self._attend(projected[rows], texts, length, shift)
            states = self._transform(layer, met, states)
        return states[:count]

    def _attend(self, projected: Tensor, texts: int, length: int, shift: bool) -> Tensor:
        """What the tokens of each of `texts` texts of one length take up from one another."""
        import torch

        width = projected.shape[1] // 3
        size, filled = width // self._heads, -length % _LENGTH + length
        split = projected.view(texts, length, 3, self._heads, size).permute(2, 0, 3, 1, 4)
        if not self._by_powers:
            query, key, value = split  # the query holds the scale and log2(e)
            own = torch.nn.functional.scaled_dot_product_attention(
                query, key, value, scale=math.log(2)
            )
            return own.transpose(1, 2).reshape(texts * length, width)
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

    def _transform(self, layer: dict[str, Any], met: Tensor, states: Tensor) -> Tensor:
        """The states after a layer."""
        import torch

        states = self._normalise(_linear(met, layer["out"], add=states), layer["first norm"])
        inner = torch.ops.mkldnn._linear_pointwise(states, *layer["up"], "gelu", [], "none")
        return self._normalise(_linear(inner, layer["down"], add=states), layer["second norm"])

    def _normalise(self, states: Tensor, norm: tuple[Tensor, ...]) -> Tensor:
        import torch

        weight, bias = norm
        return torch.layer_norm(states, weight.shape, weight, bias, self._epsilon)


def _linear(states: Tensor, weights: tuple[Tensor, ...], add: Tensor | None = None) -> Tensor:
    import torch

    run: Any = torch.ops.mkldnn._linear_pointwise
    if add is None:
        return run(states, *weights, "none", [], "")  # type: ignore[no-any-return]
    return run.binary(states, add, *weights, "add")  # type: ignore[no-any-return]


def _packed(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """The weights of a product, laid out as oneDNN wants them."""
    import torch

    return torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), None), bias


def _filled(rows: int) -> int:
    """The rows of a product of at least so many."""
    step = _ROWS if rows > _ROWS else _FEW_ROWS
    return -rows % step + rows
