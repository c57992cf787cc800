"""Fit how stretches are ranked, on natural questions; figures are of libraries left out whole.

    python tests/benchmarks/fit_stretches.py [--write] LIBRARY QUESTIONS.jsonl [...]

A question has `question`, `history`, `any` and `all` (spans, one of which an answer must hold) or
`answers`; those with none of them are not used. What was shipped was fitted on two libraries of
natural questions, squad and tests/benchmarks/training.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from index import open_index, rebuild
from index.search import Generation
from qa.condense.readings import readings
from qa.retrieve.candidates import Candidate
from qa.retrieve.evidence import gather
from qa.retrieve.features import STRETCH_FEATURES

PENALTY = 3.0
Case = tuple[np.ndarray, np.ndarray]


def flat(text: str) -> str:
    """The words of a text, without what Markdown puts between them."""
    return re.sub(r"\W+", " ", re.sub(r"!?\[([^\]\n]*)\]\([^)\n]*\)", r"\1", text)).lower().strip()


def cases(generation: Generation, questions: list[dict[str, Any]]) -> list[Case]:
    """For each question the features of its stretches, and which hold an answer."""
    found = []
    for one in questions:
        gold = [flat(span) for span in one.get("any") or one.get("all") or one.get("answers") or []]
        if not gold:
            continue
        history = [
            turn
            for prior in one.get("history") or []
            for turn in (("user", prior), ("assistant", ""))
        ]
        evidence = gather(generation, readings(one["question"], history)[0])
        held = [any(span in text(generation, c) for span in gold) for c in evidence.candidates]
        features = np.array([c.features for c in evidence.candidates])
        found.append((features, np.array(held, bool)))
    return found


def text(generation: Generation, one: Candidate) -> str:
    source, start, _ = generation.unit(one.first)
    return flat(source.text[start : generation.unit(one.last)[2]])


def fit(asked: list[Case]) -> np.ndarray:
    """Weights by maximum likelihood that a stretch with the answer wins, with an L2 penalty."""
    useful = [one for one in asked if one[1].any() and not one[1].all()]
    stacked = np.concatenate([features for features, _ in useful])
    mean, deviation = stacked.mean(axis=0), stacked.std(axis=0) + 1e-6
    most = max(len(gold) for _, gold in useful)
    features = torch.zeros(len(useful), most, len(STRETCH_FEATURES))
    absent, lost = torch.full((2, len(useful), most), -1e9)
    for row, (measured, gold) in enumerate(useful):
        features[row, : len(gold)] = torch.tensor((measured - mean) / deviation)
        absent[row, : len(gold)] = 0
        lost[row, : len(gold)] = torch.tensor(np.where(gold, 0.0, -1e9))
    weights = torch.zeros(len(STRETCH_FEATURES), requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200)

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        chances = torch.log_softmax(features @ weights + absent, dim=1)
        value = -torch.logsumexp(chances + lost, dim=1).mean()
        value = value + PENALTY * (weights**2).sum() / len(useful)
        value.backward()
        return value

    optimizer.step(loss)
    return weights.detach().numpy().astype(float) / deviation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path, nargs="+", metavar="LIBRARY QUESTIONS.jsonl")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    asked: list[list[Case]] = []
    libraries, files = arguments.pairs[::2], arguments.pairs[1::2]
    for library, file in zip(libraries, files, strict=True):
        with tempfile.TemporaryDirectory() as folder:
            rebuild(library, index=folder)
            lines = file.read_text(encoding="utf-8").splitlines()
            asked.append(cases(open_index(folder).generation, list(map(json.loads, lines))))
    for place, library in enumerate(libraries):
        others = [one for at, found in enumerate(asked) if at != place for one in found]
        if not others:
            continue
        weights = fit(others)
        ranks = [gold[np.argsort(-(f @ weights), kind="stable")] for f, gold in asked[place]]
        shares = [np.mean([gold[:first].any() for gold in ranks]) for first in (1, 2, 3, 5)]
        print(f"{library}: gold in the first 1, 2, 3, 5:", np.round(shares, 3))
    if arguments.write:
        path = Path(__file__).parents[2] / "qa/retrieve/weights.json"
        stored = json.loads(path.read_text(encoding="utf-8"))
        weights = fit([one for found in asked for one in found])
        stored["stretches"] = dict(zip(STRETCH_FEATURES, weights.round(4).tolist(), strict=True))
        path.write_text(json.dumps(stored, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
