"""Fit the weights of ranking and confidence, and say how well they do on what they did not see.

    python tests/benchmarks/fit.py LIBRARY QUESTIONS.jsonl [--write]

Each question is asked twice: of the whole library, and with its own source out of scope. The
ranking is a conditional logit over the candidate sentences of a question (those that hold a gold
answer should win); the confidence is a logistic regression on whether the answer made with that
ranking holds a gold answer. Figures are leave-one-source-out. `--write` stores the weights, fitted
on everything, in qa/weights.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from index import open_index, rebuild
from index.search import Generation, Ranking
from qa.evidence import Evidence
from qa.extract import extract
from qa.features import (
    CANDIDATES,
    QUESTION_FEATURES,
    SENTENCE_FEATURES,
    Asked,
    question_features,
    sentence_features,
    softmax,
)

PENALTY = 1.0


@dataclass(frozen=True)
class Case:
    """A question with the features of its candidates; `gold` marks those that hold an answer."""

    asked: Asked
    source: str
    answers: tuple[str, ...]
    in_scope: bool
    ranking: Ranking
    measured: np.ndarray
    gold: np.ndarray


def ask(generation: Generation, line: dict, in_scope: bool) -> Case:
    others = [name for name in generation.source_ids if name != line["source"]]
    ranking = generation.rank(line["question"], None if in_scope else others)
    rows = ranking.rows[:CANDIDATES].tolist()
    gold = [
        generation.unit_source(row) == line["source"]
        and any(answer in generation.unit_text(row) for answer in line["answers"])
        for row in rows
    ]
    asked = Asked.parse(line["question"], generation, ranking)
    measured = sentence_features(generation, asked, ranking)
    answers = tuple(line["answers"])
    return Case(asked, line["source"], answers, in_scope, ranking, measured, np.array(gold))


def fit_rank(asked: list[Case]) -> np.ndarray:
    """Weights by maximum likelihood that a gold candidate wins, with an L2 penalty."""
    useful = [one for one in asked if one.gold.any() and not one.gold.all()]
    stacked = np.concatenate([one.measured for one in useful])
    mean, deviation = stacked.mean(axis=0), stacked.std(axis=0) + 1e-9
    most = max(len(one.gold) for one in useful)
    features = torch.zeros(len(useful), most, len(SENTENCE_FEATURES))
    absent = torch.full((len(useful), most), -1e9)
    lost = torch.full((len(useful), most), -1e9)
    for row, one in enumerate(useful):
        count = len(one.gold)
        features[row, :count] = torch.tensor((one.measured - mean) / deviation)
        absent[row, :count] = 0
        lost[row, :count] = torch.tensor(np.where(one.gold, 0.0, -1e9))
    weights = torch.zeros(len(SENTENCE_FEATURES), requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=300)

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        chances = torch.log_softmax(features @ weights + absent, dim=1)
        value = -torch.logsumexp(chances + lost, dim=1).mean()
        value = value + PENALTY * (weights**2).sum() / len(useful)
        value.backward()
        return value

    optimizer.step(loss)
    return weights.detach().numpy().astype(float) / deviation


def answered(generation: Generation, one: Case, rank: np.ndarray) -> tuple[bool, bool]:
    """Whether the first sentence, and the answer, hold a gold answer from the right source."""
    scores = one.measured @ rank
    order = np.argsort(-scores, kind="stable")
    evidence = Evidence(
        question=one.asked.text,
        generation=generation,
        ranking=one.ranking,
        rows=tuple(int(row) for row in one.ranking.rows[:CANDIDATES][order]),
        shares=softmax(scores[order]),
        confidence=1.0,
    )
    drafts = list(extract(evidence))
    hits = [
        draft.spans[0].source_id == one.source and any(gold in draft.text for gold in one.answers)
        for draft in drafts
    ]
    return hits[0], any(hits)


def calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    edges = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(
        sum(
            np.mean(edges == edge)
            * abs(confidence[edges == edge].mean() - right[edges == edge].mean())
            for edge in np.unique(edges)
        )
    )


def fit_confidence(features: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, float]:
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-9
    model = LogisticRegression(C=0.05, max_iter=5000).fit((features - mean) / deviation, right)
    weights = model.coef_[0] / deviation
    return weights, float(model.intercept_[0] - weights @ mean)


def predict(features: np.ndarray, fitted: tuple[np.ndarray, float]) -> np.ndarray:
    return 1 / (1 + np.exp(-(features @ fitted[0] + fitted[1])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--false-refusals", type=float, default=0.05)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()

    lines = [json.loads(line) for line in arguments.questions.open(encoding="utf-8")]
    with tempfile.TemporaryDirectory() as folder:
        rebuild(arguments.library, index=folder)
        generation = open_index(folder).generation
        asked = [ask(generation, line, True) for line in lines]
        asked += [replace(ask(generation, line, False), answers=()) for line in lines]

        sources = np.array([one.source for one in asked])
        held_out = np.zeros((len(asked), 3))  # confidence, right, first sentence right
        for source in np.unique(sources):
            held = sources == source
            rank = fit_rank([one for one in asked if one.source != source])
            features, right, first = measure(generation, asked, rank)
            fitted = fit_confidence(features[~held], right[~held])
            held_out[held, 0] = predict(features[held], fitted)
            held_out[held, 1] = right[held]
            held_out[held, 2] = first[held]
        rank = fit_rank(asked)
        features, right, _ = measure(generation, asked, rank)
        weights, intercept = fit_confidence(features, right)

    threshold = report(asked, held_out, arguments.false_refusals)
    if arguments.write:
        fitted_on = f"{len(lines)} questions on {len(np.unique(sources))} sources, each asked twice"
        path = Path(__file__).parents[2] / "qa" / "weights.json"
        stored = {
            "fitted_on": fitted_on,
            "command": "python tests/benchmarks/fit.py LIBRARY QUESTIONS.jsonl --write",
            "threshold": round(threshold, 4),
            "intercept": round(intercept, 5),
            "rank": dict(zip(SENTENCE_FEATURES, rank.round(5).tolist(), strict=True)),
            "confidence": dict(zip(QUESTION_FEATURES, weights.round(5).tolist(), strict=True)),
        }
        path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def measure(
    generation: Generation, asked: list[Case], rank: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The features of every question, whether its answer is right, and its first sentence."""
    features = np.array([question_features(one.measured, one.asked, rank) for one in asked])
    hits = [answered(generation, one, rank) if one.answers else (False, False) for one in asked]
    first, right = np.array(hits).T
    return features, right, first


def report(asked: list[Case], held_out: np.ndarray, false_refusals: float) -> float:
    """Print the leave-one-source-out figures; the threshold that refuses so many answerable."""
    confidence, right, first = held_out.T
    answerable = np.array([bool(one.answers) for one in asked])
    inside = np.array([one.in_scope for one in asked])
    unanswered = inside & ~answerable
    off = ~inside
    threshold = float(np.quantile(confidence[answerable], false_refusals))
    print(f"answers that hold gold          {right[answerable].mean():.3f}")
    print(f"first sentences that hold gold  {first[answerable].mean():.3f}")
    for name, negative in (("off the library", off), ("on the topic", unanswered)):
        chosen = answerable | negative
        print(
            f"AUROC, {name:<16}         {roc_auc_score(answerable[chosen], confidence[chosen]):.4f}"
        )
        print(f"refused, {name:<16}       {(confidence[negative] < threshold).mean():.3f}")
    print(f"calibration error, all          {calibration_error(confidence, right):.3f}")
    print(
        "calibration error, in scope     "
        f"{calibration_error(confidence[inside], right[inside]):.3f}"
    )
    print(f"threshold                       {threshold:.3f} (false refusals {false_refusals})")
    return threshold


if __name__ == "__main__":
    main()
