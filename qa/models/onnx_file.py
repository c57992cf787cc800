"""Cutting an ONNX model short, and laying an adapter on its weights, as its bytes are read.

Both work on the protocol buffers of the file, so that nothing but ONNX Runtime is needed to run
what comes of it. An adapter is what training changed of each weight W, of low rank: W + A B (Hu et
al., LoRA, 2021). The weights are int8 with one scale each; with the adapter laid on they are
rounded anew, with a scale for each column, since what an adapter adds is less than a step of the
coarse one. They use seven of the eight bits: processors without VNNI add two products of eight bits
in sixteen, which would overflow, and so every processor finds the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

Part = bytes | memoryview

# Fields of ONNX's protocol buffers. Of a model: its graph. Of the graph: its nodes, its tensors and
# its outputs. Of a node: its inputs, outputs, name and kind. Of a tensor: its shape, its type, its
# numbers as floats, its name and its numbers as bytes.
_GRAPH = 7
_NODE, _TENSOR, _GRAPH_OUTPUT, _VALUE_NAME = 1, 5, 12, 1
_INPUT, _OUTPUT, _NODE_NAME, _KIND = 1, 2, 3, 4
_SHAPE, _TYPE, _FLOATS, _TENSOR_NAME, _RAW = 1, 2, 4, 8, 9
_FLOAT, _INT8 = 1, 3
_LARGEST = 63
_PRODUCT, _PRODUCT_NAME = b"MatMulInteger", "/MatMul_quant"

# The two factors of what is added to a weight, shapes (inputs, rank) and (rank, outputs), by the
# name of the product of matrices that the weight is in.
Adapter = Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]


def cut(model: Part, name: str) -> bytes:
    """An ONNX model that ends with the value called `name`: what comes after it is left out."""
    return _with_graph(model, lambda graph: _cut_graph(graph, name))


def adapted(model: Part, adapter: Adapter) -> bytes:
    """An ONNX model of int8 weights with an adapter laid on. Raises ValueError."""
    return _with_graph(model, lambda graph: _adapted_graph(graph, adapter))


def _with_graph(model: Part, change: Callable[[Part], Iterator[Part]]) -> bytes:
    return b"".join(
        _field(number, b"".join(change(content))) if number == _GRAPH else whole
        for number, whole, content in _fields(model)
    )


def _cut_graph(graph: Part, name: str) -> Iterator[Part]:
    found = False
    for number, whole, content in _fields(graph):
        if number == _GRAPH_OUTPUT or (number == _NODE and found):
            continue
        yield whole
        # Nodes stand in the order in which they are computed.
        found = found or (
            number == _NODE
            and any(one == _OUTPUT and text == name.encode() for one, _, text in _fields(content))
        )
    yield _field(_GRAPH_OUTPUT, _field(_VALUE_NAME, name.encode()))


def _adapted_graph(graph: Part, adapter: Adapter) -> Iterator[Part]:
    fields = list(_fields(graph))
    added = {}  # by the name of the weight
    for number, _, content in fields:
        if number == _NODE:
            node = list(_fields(content))
            if (_KIND, _PRODUCT) in ((one, bytes(text)) for one, _, text in node):
                name = next(bytes(text).decode() for one, _, text in node if one == _NODE_NAME)
                weight = [bytes(text).decode() for one, _, text in node if one == _INPUT][1]
                key = name.removesuffix(_PRODUCT_NAME).strip("/").replace("/", ".")
                if key in adapter:
                    added[weight] = adapter[key]
    if len(added) != len(adapter):
        raise ValueError(f"the model has {len(added)} of the {len(adapter)} weights of the adapter")
    scale_of = {name.removesuffix("_quantized") + "_scale": name for name in added}
    tensors = {}
    for number, _, content in fields:
        if number == _TENSOR:
            found = _Tensor(content)
            if found.name in added or found.name in scale_of:
                tensors[found.name] = found
    made: dict[str, bytes] = {}
    for scale, of in scale_of.items():
        first, second = added[of]
        laid = tensors[of].int8() * tensors[scale].floats() + first @ second
        steps = np.maximum(np.abs(laid).max(axis=0) / _LARGEST, 1e-12).astype(np.float32)
        made[of] = _tensor(of, np.rint(laid / steps).astype(np.int8), _INT8)
        made[scale] = _tensor(scale, steps, _FLOAT)
    for number, whole, content in fields:
        own = _Tensor(content).name if number == _TENSOR else ""
        yield _field(_TENSOR, made[own]) if own in made else whole


class _Tensor:
    """A tensor of an ONNX model, as far as it is read."""

    def __init__(self, content: Part) -> None:
        self.name = ""
        self._shape: list[int] = []
        self._numbers: Part = b""
        for number, whole, found in _fields(content):
            if number == _TENSOR_NAME:
                self.name = bytes(found).decode()
            elif number == _SHAPE:
                if found:  # packed
                    place = 0
                    while place < len(found):
                        size, place = _varint(found, place)
                        self._shape.append(size)
                else:
                    self._shape.append(_varint(whole, 1)[0])
            elif number in (_RAW, _FLOATS) and len(found):
                self._numbers = found

    def int8(self) -> NDArray[np.float32]:
        return np.frombuffer(self._numbers, np.int8).reshape(self._shape).astype(np.float32)

    def floats(self) -> NDArray[np.float32]:
        return np.frombuffer(self._numbers, "<f4").reshape(self._shape)


def _tensor(name: str, values: NDArray[np.generic], kind: int) -> bytes:
    shape = b"".join(_number(_SHAPE, size) for size in values.shape)
    fields = [shape, _number(_TYPE, kind), _field(_TENSOR_NAME, name.encode())]
    return b"".join([*fields, _field(_RAW, values.tobytes())])


def _fields(message: Part) -> Iterator[tuple[int, Part, Part]]:
    """The number, bytes and content of each field of a protocol buffers message.

    Numbers of variable length and bytes: what is read of an ONNX model has no others.
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
    return b"".join([_written(number << 3 | 2), _written(len(content)), content])


def _number(field: int, value: int) -> bytes:
    return _written(field << 3) + _written(value)


def _written(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
