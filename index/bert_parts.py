"""The parts of a BERT encoder as its files have them, and how texts go through it together."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from index.token_vectors import Floats

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Texts of one length are attended to together while the scores of one head stay under this many.
_SCORES = 200 * 200


@dataclass(frozen=True)
class BertParts:
    """The weights of a BERT encoder, and all that is to know to run it.

    `weights` are float32, by the names of transformers; `tokenizer` cuts a text off where the model
    stops to read and fills nothing up; `heads` of attention, `epsilon` of the norms; `prompt` is
    what a question begins with; `precise` is whether many texts must be embedded in float32, too.
    """

    weights: Mapping[str, Floats]
    tokenizer: Tokenizer
    heads: int
    epsilon: float
    prompt: str = ""
    precise: bool = False

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The encoder in a folder of a sentence-transformers model of this kind, its weights mapped
        into memory. Raises OSError, ValueError, KeyError."""
        from tokenizers import Tokenizer

        config, limits, settings = (
            json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
            for name in ("config", "sentence_bert_config", "config_sentence_transformers")
        )
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(limits["max_seq_length"])
        return cls(
            weights=_mapped(folder / "model.safetensors"),
            tokenizer=tokenizer,
            heads=config["num_attention_heads"],
            epsilon=config["layer_norm_eps"],
            prompt=settings.get("prompts", {}).get("query", ""),
        )

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self.weights["embeddings.word_embeddings.weight"].shape[1])

    @cached_property
    def positions(self) -> Floats:
        """What each place in a text adds to the vector of a word; all text is of the first type."""
        types = self.weights["embeddings.token_type_embeddings.weight"][0]
        found: Floats = self.weights["embeddings.position_embeddings.weight"] + types
        return found

    @cached_property
    def layers(self) -> list[dict[str, tuple[Floats, Floats]]]:
        """Weight and bias of each part of each layer: `in` is query, key and value, where the query
        holds the scale of attention."""
        return [self._layer(f"encoder.layer.{number}.") for number in range(self._depth)]

    @property
    def _depth(self) -> int:
        return sum(name.endswith("attention.self.query.weight") for name in self.weights)

    def _layer(self, at: str) -> dict[str, tuple[Floats, Floats]]:
        scale = np.float32(1 / math.sqrt(self.dimension // self.heads))
        query, key, value = (
            self.part(f"{at}attention.self.{n}") for n in ("query", "key", "value")
        )
        weight = np.concatenate([query[0] * scale, key[0], value[0]])
        return {
            "in": (weight, np.concatenate([query[1] * scale, key[1], value[1]])),
            "out": self.part(f"{at}attention.output.dense"),
            "first norm": self.part(f"{at}attention.output.LayerNorm"),
            "up": self.part(f"{at}intermediate.dense"),
            "down": self.part(f"{at}output.dense"),
            "second norm": self.part(f"{at}output.LayerNorm"),
        }

    def part(self, name: str) -> tuple[Floats, Floats]:
        """Weight and bias of a part of the encoder."""
        return self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]


def encode_batches(
    tokenizer: Tokenizer,
    texts: Sequence[str],
    most: int,
    run: Callable[[NDArray[np.int64], list[int]], Floats],
) -> list[Floats]:
    """What `run` makes of the tokens of each text, of as many texts at once as have `most` tokens,
    the shorter texts first."""
    ids = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    found: list[Floats] = [np.zeros((0, 0), dtype=np.float32)] * len(ids)
    for places in _batches([len(one) for one in ids], most):
        lengths = [len(ids[place]) for place in places]
        vectors = run(np.concatenate([ids[place] for place in places]), lengths)
        ends = np.cumsum(lengths)
        for place, one in zip(places, np.split(vectors, ends[:-1]), strict=True):
            found[place] = one
    return found


def groups(lengths: list[int]) -> Iterator[tuple[int, int, int]]:
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


def _batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """The places of texts of like length, the shorter first, of `most` tokens at most."""
    batch: list[int] = []
    tokens = 0
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and tokens + lengths[place] > most:
            yield batch
            batch, tokens = [], 0
        batch.append(place)
        tokens += lengths[place]
    if batch:
        yield batch


def _mapped(path: Path) -> dict[str, Floats]:
    """The float32 arrays of a safetensors file, of which only what is used is read."""
    raw = np.memmap(path, np.uint8, "r")
    begin = 8 + int(raw[:8].view("<u8")[0])
    found = {}
    for name, about in json.loads(raw[8:begin].tobytes()).items():
        if about.get("dtype") == "F32":
            start, end = (begin + offset for offset in about["data_offsets"])
            # A plain array over what is mapped: a memmap pays for each operation.
            found[name] = np.asarray(raw[start:end]).view("<f4").reshape(about["shape"])
    return found
