"""Fit the weights of ranking and confidence, and say how well they do on what they did not see.

    python tests/benchmarks/fit.py LIBRARY QUESTIONS.jsonl [LIBRARY QUESTIONS.jsonl ...] [--write]

Each question is asked twice: of the whole library, and with its own source out of scope (but where
what is found then holds its answer too). The ranking is a conditional logit over the candidate
sentences of a question (those that hold the answer should win); the confidence is a forest of
boosted trees on whether an answer made with that ranking holds the answer. Figures are of sources
that were not fitted on: in eight folds each source of each library is left out once. `--write`
stores what is fitted on everything in qa/retrieve/weights.json; how sure an answer is, and below
what it is refused, is fitted on top of it by fit_stretches.py.

What was shipped was fitted on, in this order: the squad and chunking sets of the development data,
the starter library with its questions, and tests/benchmarks/training.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from index import open_index, rebuild
from index.search import Generation, Ranking
from qa.compose.extract import extract
from qa.evaluation.gold import contains
from qa.evaluation.questions import Question, read_questions
from qa.evaluation.statistics import calibration_error
from qa.retrieve.candidates import find_candidates, ranked
from qa.retrieve.confidence import answer_weights
from qa.retrieve.evidence import Evidence
from qa.retrieve.features import (
    CANDIDATES,
    QUESTION_FEATURES,
    SENTENCE_FEATURES,
    Asked,
    question_features,
    sentence_features,
    softmax,
)
from qa.retrieve.trees import Trees

PENALTY = 1.0
FOLDS = 8


@dataclass(frozen=True)
class Case:
    """A question with the features of its candidates; `gold` marks those that hold an answer."""

    library: int
    generation: Generation
    question: Question
    asked: Asked
    in_scope: bool
    ranking: Ranking
    measured: np.ndarray
    gold: np.ndarray

    @property
    def answerable(self) -> bool:
        """Whether an answer is in scope."""
        return self.in_scope and self.question.answerable


def ask(library: int, generation: Generation, question: Question, in_scope: bool) -> Case:
    others = [name for name in generation.source_ids if name != question.source]
    ranking = generation.rank(question.question, None if in_scope else others)
    gold = [
        in_scope and holds(generation, row, question) for row in ranking.rows[:CANDIDATES].tolist()
    ]
    asked = Asked.parse(question.question, generation, ranking)
    measured = sentence_features(generation, asked, ranking)
    return Case(
        library, generation, question, asked, in_scope, ranking, measured, np.array(gold, bool)
    )


def says_so_too(one: Case) -> bool:
    """Whether another source than that of the question holds its answer."""
    texts = map(one.generation.unit_text, one.ranking.rows[:CANDIDATES].tolist())
    return any(contains(text, one.question.answers or ()) for text in texts)


def holds(generation: Generation, row: int, question: Question) -> bool:
    """Whether a sentence holds the answer: its text, or most of a span that answers."""
    source, start, end = generation.unit(row)
    if source.id != question.source:
        return False
    if question.answers:
        return contains(source.text[start:end], question.answers)
    return any(
        min(end, stop) - max(start, opening) >= min(end - start, stop - opening) / 2
        for opening, stop in question.spans
    )


def fit_rank(asked: Sequence[Case]) -> np.ndarray:
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


def fit_confidence(features: np.ndarray, right: np.ndarray) -> HistGradientBoostingClassifier:
    """Against a logistic regression on the same features, with each at its best: AUROC on the topic
    0.758 to 0.745, calibration error 0.037 to 0.046, and 0.08 to 0.11 of the chunking questions
    refused at the same share of squad."""
    return HistGradientBoostingClassifier(
        max_iter=120,
        learning_rate=0.06,
        max_leaf_nodes=8,
        l2_regularization=5,
        min_samples_leaf=40,
        random_state=0,
    ).fit(features, right)


def stored_trees(model: HistGradientBoostingClassifier) -> tuple[float, list[dict[str, list]]]:
    """The baseline and the trees as `qa.retrieve.trees` reads them."""
    trees = []
    for (predictor,) in model._predictors:
        nodes = predictor.nodes
        leaf = nodes["is_leaf"].astype(bool)
        itself = np.arange(len(nodes))
        trees.append(
            {
                "feature": np.where(leaf, -1, nodes["feature_idx"]).tolist(),
                "threshold": np.where(leaf, 0, nodes["num_threshold"]).tolist(),
                "left": np.where(leaf, itself, nodes["left"]).tolist(),
                "right": np.where(leaf, itself, nodes["right"]).tolist(),
                "value": np.where(leaf, nodes["value"], 0).round(6).tolist(),
            }
        )
    return round(float(np.ravel(model._baseline_prediction)[0]), 6), trees


def measure(asked: Sequence[Case], rank: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The features of every question, whether its answer is right, and its first sentence."""
    features = np.array([question_features(one.measured, one.asked, rank) for one in asked])
    first, right = np.array([answered(one, rank) for one in asked]).T
    return features, right, first


def answered(one: Case, rank: np.ndarray) -> tuple[bool, bool]:
    """Whether the first sentence, and the answer, hold a gold answer from the right source."""
    if not one.gold.any():
        return False, False
    scores = one.measured @ rank
    order = np.argsort(-scores, kind="stable")
    rows = tuple(int(row) for row in one.ranking.rows[:CANDIDATES][order])
    shares = softmax(scores[order])
    found = find_candidates(
        one.generation,
        one.question.question,
        one.ranking,
        dict(zip(rows, shares.tolist(), strict=True)),
    )
    values = np.array([candidate.features for candidate in found])
    best, chances = ranked(found, values @ answer_weights(read=False).stretches, {})
    evidence = Evidence(
        question=one.question.question,
        generation=one.generation,
        ranking=one.ranking,
        rows=rows,
        shares=shares,
        confidence=1.0,
        candidates=tuple(found[place] for place in best),
        chances=tuple(chances.tolist()),
    )
    gold = {
        one.generation.unit(row)[1:]
        for row, is_gold in zip(one.ranking.rows[:CANDIDATES].tolist(), one.gold, strict=True)
        if is_gold
    }
    hits = [
        span.source_id == one.question.source
        and any(start < span.end and span.start < end for start, end in gold)
        for draft in extract(evidence)
        for span in draft.spans
    ]
    return hits[0], any(hits)


def report(asked: Sequence[Case], held_out: np.ndarray, threshold: float) -> None:
    """Print the figures of one library on what was not fitted on."""
    confidence, right, first = held_out.T
    answerable = np.array([one.answerable for one in asked])
    inside = np.array([one.in_scope for one in asked])
    refused = confidence < threshold
    lines = [
        ("answers that hold gold", right[answerable].mean()),
        ("first sentences that hold gold", first[answerable].mean()),
        ("false refusals", refused[answerable].mean()),
    ]
    for name, negative in (("off the library", ~inside), ("on the topic", inside & ~answerable)):
        if negative.any():
            chosen = answerable | negative
            lines.append((f"AUROC, {name}", roc_auc_score(answerable[chosen], confidence[chosen])))
            lines.append((f"refused, {name}", refused[negative].mean()))
    lines.append(("calibration error, all", calibration_error(confidence, right)))
    lines.append(
        ("calibration error, in scope", calibration_error(confidence[inside], right[inside]))
    )
    for name, value in lines:
        print(f"  {name:<32}{value:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path, nargs="+", metavar="LIBRARY QUESTIONS.jsonl")
    parser.add_argument("--false-refusals", type=float, default=0.04)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if len(arguments.pairs) % 2:
        parser.error("name a file of questions for each library")

    pairs = list(zip(arguments.pairs[::2], arguments.pairs[1::2], strict=True))
    asked: list[Case] = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (library, file) in enumerate(pairs):
            rebuild(library, index=f"{folder}/{number}")
            generation = open_index(f"{folder}/{number}").generation
            questions = read_questions(file)
            asked += [ask(number, generation, one, True) for one in questions]
            away = [ask(number, generation, one, False) for one in questions if one.source]
            asked += [one for one in away if not says_so_too(one)]
            print(f"{library.name}: {len(questions)} questions asked", flush=True)
        names = sorted({(one.library, str(one.question.source)) for one in asked})
        fold_of = {name: place % FOLDS for place, name in enumerate(names)}
        folds = np.array([fold_of[one.library, str(one.question.source)] for one in asked])
        held_out = np.zeros((len(asked), 3))  # confidence, right, first sentence right
        for fold in range(FOLDS):
            held = folds == fold
            rank = fit_rank([one for one, out in zip(asked, held, strict=True) if not out])
            features, right, first = measure(asked, rank)
            model = fit_confidence(features[~held], right[~held])
            held_out[held, 0] = model.predict_proba(features[held])[:, 1]
            held_out[held, 1] = right[held]
            held_out[held, 2] = first[held]
        libraries = np.array([one.library for one in asked])
        answerable = np.array([one.answerable for one in asked])
        threshold = float(
            np.quantile(held_out[answerable & (libraries == 0), 0], arguments.false_refusals)
        )
        for number, (library, _) in enumerate(pairs):
            print(library.name)
            own = np.flatnonzero(libraries == number)
            report([asked[place] for place in own], held_out[own], threshold)
        print(f"threshold {threshold:.3f}")
        if arguments.write:
            rank = fit_rank(asked).round(5)
            features, right, _ = measure(asked, rank)
            write(fit_confidence(features, right), features, rank, asked)


def write(
    model: HistGradientBoostingClassifier,
    features: np.ndarray,
    rank: np.ndarray,
    asked: Sequence[Case],
) -> None:
    baseline, trees = stored_trees(model)
    ours = [Trees.from_json(baseline, trees).log_odds(row) for row in features[:200]]
    assert np.allclose(ours, model.decision_function(features[:200]), atol=1e-3)
    libraries = 1 + max(one.library for one in asked)
    stored = {
        "fitted_on": f"{len(asked)} cases of {libraries} libraries",
        "command": "python tests/benchmarks/fit.py LIBRARY QUESTIONS.jsonl ... --write",
        "rank": dict(zip(SENTENCE_FEATURES, rank.tolist(), strict=True)),
        "features": list(QUESTION_FEATURES),
        "baseline": baseline,
        "trees": trees,
    }
    path = Path(__file__).parents[2] / "qa/retrieve/weights.json"
    path.write_text(json.dumps(stored, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
