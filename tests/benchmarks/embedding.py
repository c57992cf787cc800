"""Ways to embed the same texts with the bundled model: texts a second, and cosine to float32.

    pip install openvino onnx onnxscript nncf     # what is missing is left out, and said
    python tests/benchmarks/embedding.py LIBRARY [--texts N] [--only PART ...] [--threads N]

The texts are chunks of 1000 characters, as LangChain's tutorial has them, and the sentences and
passages of an index. The ways take turns, in seconds of the processor on one thread (or in those of
the clock, with --threads), so that a slow spell of the machine hits them all. The backends of
sentence-transformers for ONNX and OpenVINO need Optimum, which knows no transformers 5; the models
are exported here instead, and run as those backends would: 32 texts a batch, by length, padded.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from index.bert import Bert
from index.bert_onednn import OneDnnBert
from index.embedding import _bundled_path
from index.named_model import as_bert
from index.rows import split_levels
from sources import load_sources

Encode = Callable[[list[str]], NDArray[np.float32]]
BATCH = 32
# Multiplications and additions in the matrices of a layer for each token: four of attention and two
# of the perceptron; and for each pair of tokens, in the scores and what they weigh.
LAYERS, WIDTH, INNER = 6, 384, 1536
A_TOKEN = LAYERS * 2 * (4 * WIDTH**2 + 2 * WIDTH * INNER)
A_PAIR = LAYERS * 2 * 2 * WIDTH


def load(dtype: torch.dtype) -> SentenceTransformer:
    return SentenceTransformer(
        str(_bundled_path()), device="cpu", local_files_only=True, model_kwargs={"dtype": dtype}
    )


class Bare(torch.nn.Module):
    """What is exported: from the ids of tokens and their mask to the vectors of the tokens."""

    def __init__(self) -> None:
        super().__init__()
        first: Any = load(torch.float32)[0]
        self.encoder = first.auto_model.eval()

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.encoder(  # type: ignore[no-any-return]
            input_ids=input_ids, attention_mask=attention_mask, return_dict=False
        )[0]


def by_batches(tokenizer: Any, run: Callable[..., Any], size: int = BATCH) -> Encode:
    """Encoding with `run`, that takes ids and mask of a batch and gives vectors of tokens."""

    def encode(texts: list[str]) -> NDArray[np.float32]:
        found = np.zeros((len(texts), WIDTH), np.float32)
        order = np.argsort([-len(text) for text in texts], kind="stable")
        for start in range(0, len(order), size):
            places = order[start : start + size]
            batch = tokenizer(
                [texts[place] for place in places],
                padding=True, truncation=True, max_length=256, return_tensors="np",
            )  # fmt: skip
            mask = batch["attention_mask"]
            vectors = run(batch["input_ids"], mask) * mask[..., None]
            found[places] = vectors.sum(1) / mask.sum(1)[:, None]
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    return encode


def of_torch(dtype: torch.dtype, size: int = BATCH) -> Callable[[], Encode]:
    model = load(dtype)

    def encode(texts: list[str]) -> NDArray[np.float32]:
        return np.asarray(model.encode(texts, batch_size=size, normalize_embeddings=True))

    return lambda: encode


def unsorted() -> Encode:
    model = load(torch.bfloat16)

    def encode(texts: list[str]) -> NDArray[np.float32]:
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        return np.concatenate([model.encode(one, normalize_embeddings=True) for one in batches])

    return encode


def compiled() -> Encode:
    model = load(torch.bfloat16)
    model.compile(dynamic=True)  # type: ignore[no-untyped-call]
    return lambda texts: np.asarray(model.encode(texts, normalize_embeddings=True))


def torch_int8() -> Encode:
    from torch.ao.quantization import quantize_dynamic

    model = load(torch.float32)
    quantised = quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
    return lambda texts: np.asarray(quantised.encode(texts, normalize_embeddings=True))


def by_many(run: Callable[[list[str]], list[NDArray[np.float32]]]) -> Encode:
    return lambda texts: np.stack([tokens.mean(axis=0) for tokens in run(texts)])


def ours() -> Encode:
    return by_many(OneDnnBert(Bert.read(_bundled_path())).tokens)


def ours_float32() -> Encode:
    bert = as_bert(load(torch.float32))
    assert bert
    return by_many(OneDnnBert(bert).tokens)


def ours_numpy() -> Encode:
    return by_many(Bert.read(_bundled_path()).tokens)


def openvino(precision: str, quantise: str = "", size: int = BATCH) -> Callable[[], Encode]:
    def prepare() -> Encode:
        import openvino

        tokenizer = load(torch.float32).tokenizer
        example = tokenizer(["one text", "another text"], return_tensors="pt")
        inputs = (example["input_ids"], example["attention_mask"])
        model = openvino.convert_model(Bare(), example_input=inputs)
        if quantise:
            import nncf

            def as_input(text: str) -> tuple[Any, ...]:
                one = tokenizer([text], truncation=True, max_length=256, return_tensors="np")
                return one["input_ids"], one["attention_mask"]

            if quantise == "weights":
                model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM)
            else:
                model = nncf.quantize(
                    model,
                    nncf.Dataset(CALIBRATION, as_input),
                    model_type=nncf.ModelType.TRANSFORMER,
                    subset_size=len(CALIBRATION),
                )
        options = {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "NUM_STREAMS": 1,
        }
        request = openvino.Core().compile_model(model, "CPU", options).create_infer_request()
        return by_batches(tokenizer, lambda *batch: request.infer(list(batch))[0], size)

    return prepare


def onnx(quantise: bool) -> Callable[[], Encode]:
    def prepare() -> Encode:
        import onnxruntime

        tokenizer = load(torch.float32).tokenizer
        example = tokenizer(["one text", "another text"], return_tensors="pt")
        axes = {0: "batch", 1: "tokens"}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            torch.onnx.export(
                Bare(), (example["input_ids"], example["attention_mask"]), str(path),
                input_names=["input_ids", "attention_mask"], output_names=["vectors"],
                dynamic_axes={"input_ids": axes, "attention_mask": axes, "vectors": axes},
                opset_version=17, dynamo=False,
            )  # fmt: skip
            if quantise:
                from onnxruntime.quantization import QuantType, quantize_dynamic

                plain, path = path, Path(folder) / "int8.onnx"
                quantize_dynamic(plain, path, weight_type=QuantType.QInt8, per_channel=True)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = torch.get_num_threads()
            session = onnxruntime.InferenceSession(str(path), options)

        def run(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Any:
            return session.run(None, {"input_ids": ids, "attention_mask": mask})[0]

        return by_batches(tokenizer, run)

    return prepare


BASE = "sentence-transformers, float32"
WAYS: dict[str, Callable[[], Encode]] = {
    BASE: of_torch(torch.float32),
    "the same, bfloat16": of_torch(torch.bfloat16),
    "bfloat16, batches of 8": of_torch(torch.bfloat16, 8),
    "bfloat16, batches of 128": of_torch(torch.bfloat16, 128),
    "bfloat16, not sorted by length": unsorted,
    "bfloat16, torch.compile": compiled,
    "torch, dynamic int8": torch_int8,
    "ONNX Runtime, float32": onnx(quantise=False),
    "ONNX Runtime, dynamic int8": onnx(quantise=True),
    "OpenVINO, float32": openvino("f32"),
    "OpenVINO, bfloat16": openvino("bf16"),
    "OpenVINO, bfloat16, batches of 8": openvino("bf16", size=8),
    "OpenVINO, int8 weights, bfloat16": openvino("bf16", "weights", 8),
    "OpenVINO, int8 by NNCF": openvino("f32", "all", 8),
    "Refdesk, numpy": ours_numpy,
    "Refdesk, float32": ours_float32,
    "Refdesk": ours,
}
CALIBRATION: list[str] = []  # texts to quantise by, none of which is measured


def peak(dtype: torch.dtype, clock: Callable[[], float]) -> float:
    """The best rate of matrix products of the encoder's shape, in GFLOP a second."""
    rows, rounds, best = 1024, 10, 0.0
    if dtype is torch.int8:
        left, right = (torch.ones(*shape, dtype=dtype) for shape in ((rows, WIDTH), (WIDTH, INNER)))
        run = torch._int_mm
    else:
        left = torch.randn(rows, WIDTH).to(dtype)
        plain = torch.randn(INNER, WIDTH).to(dtype)
        right = torch.ops.mkldnn._reorder_linear_weight(plain, None)

        def run(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
            product = torch.ops.mkldnn._linear_pointwise
            return product(left, right, None, "none", [], "")  # type: ignore[no-any-return]

    for _ in range(20):
        started = clock()
        for _ in range(rounds):
            run(left, right)
        taken = clock() - started
        best = max(best, rounds * 2 * rows * WIDTH * INNER / taken / 1e9)
    return best


def measure(texts: list[str], ways: dict[str, Encode], rounds: int, clock: Any) -> None:
    """Print a table: each way, texts a second, the ratio to the base, and the cosine to it."""
    expected = ways[BASE](texts)
    rates: dict[str, list[float]] = {name: [] for name in ways}
    cosines = {}
    for number in range(rounds + 1):  # the first is to warm up
        for name, encode in ways.items():
            started = clock()
            found = encode(texts)
            if number:
                rates[name].append(len(texts) / (clock() - started))
            lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
            cosines[name] = (found * expected).sum(axis=1) / lengths
    base = np.median(rates[BASE])
    print("| way | texts/s | ratio | least cosine | mean cosine |\n|---|--:|--:|--:|--:|")
    for name, found in rates.items():
        rate = np.median(found)
        print(f"| {name} | {rate:.1f} | {rate / base:.2f} | {cosines[name].min():.5f} | "
              f"{cosines[name].mean():.5f} |")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[""], metavar="PART", help="ways so named")
    parser.add_argument("--threads", type=int, help="measure by the clock, with so many threads")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads or 1)
    clock = time.perf_counter if arguments.threads else time.process_time
    sources = load_sources(arguments.library)
    chunks = [
        source.text[start : start + 1000]
        for source in sources
        for start in range(0, len(source.text), 800)
    ]
    rows = [
        level.embedded_text(row) for level in split_levels(sources) for row in range(len(level))
    ]
    CALIBRATION.extend(spread(rows[1:], 100))
    ways = {}
    for name, prepare in WAYS.items():
        if name != BASE and not any(part in name for part in arguments.only):
            continue
        try:
            ways[name] = prepare()
            ways[name](CALIBRATION[:2])
        except Exception as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            print(f"{name} is left out: {lines[0][:150]}", flush=True)
            ways.pop(name, None)
    tokenizer = load(torch.float32).tokenizer
    unit = "second" if arguments.threads else "second of one core"
    peaks = {dtype: peak(dtype, clock) for dtype in (torch.float32, torch.bfloat16, torch.int8)}
    said = ", ".join(f"{str(dtype)[6:]} {rate:.0f}" for dtype, rate in peaks.items())
    print(f"matrix products reach, in GFLOP or Gop a {unit}: {said}")
    # Of the shorter ones so many more that batches of like length can be made of them.
    kinds = {"chunks of 1000 characters": (chunks, 1), "sentences and passages": (rows, 5)}
    for kind, (texts, times) in kinds.items():
        some = spread(texts, times * arguments.texts)
        sizes = np.array([min(256, len(ids)) for ids in tokenizer(some)["input_ids"]])
        work = float((A_TOKEN * sizes + A_PAIR * sizes**2).mean()) / 1e9
        limits = ", ".join(f"{str(dtype)[6:]} {rate / work:.1f}" for dtype, rate in peaks.items())
        print(f"\n{len(some)} {kind}, {sizes.mean():.0f} tokens and {work:.2f} GFLOP each, which "
              f"would be texts a {unit}: {limits}\n")  # fmt: skip
        measure(some, ways, arguments.rounds, clock)


def spread(texts: Sequence[str], count: int) -> list[str]:
    """`count` of the texts, from all over."""
    return list(texts[:: max(1, len(texts) // count)][:count])


if __name__ == "__main__":
    main()
