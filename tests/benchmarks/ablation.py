"""What each step of retrieval pays: an ablation table.

    python tests/benchmarks/ablation.py LIBRARY QUESTIONS.jsonl [--limit N] [--max-chars 3750]

Every row ranks the same candidates by fewer, or more, of the scores; all questions are asked in
turn of one index. Recall and precision are of `search(max_chars=...)` where the questions have
spans or quotes; hits are of `search(k=5)`, and first is whether the best sentence holds the answer,
where they have answers.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from index import open_index, rebuild
from index.passages import fill
from index.search import Generation, Ranking
from qa.evaluation.asking import overlap
from qa.evaluation.gold import contains
from qa.evaluation.questions import Question, read_questions, spread
from qa.retrieve.features import Asked, sentence_features, shipped_weights

RERANKED = 64


def standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / max(float(values.std()), 1e-6)


def token_scores(generation: Generation, ranking: Ranking) -> np.ndarray:
    """Late interaction of the best sentences; the others score as the worst of them."""
    query = ranking.query_tokens
    own, _ = generation.token_matches(query, ranking.rows[:RERANKED])
    found = own[:, query.content].mean(axis=1)
    scores = np.full(len(ranking.rows), found.min(initial=1.0))
    scores[: len(found)] = found
    return scores


def feedback(generation: Generation, ranking: Ranking) -> np.ndarray:
    """Pseudo-relevance feedback: how many of the rarest terms of the five best a sentence has."""
    counted: dict[str, float] = {}
    for row in ranking.rows[:5].tolist():
        for term in set(generation.unit_words(row).terms):
            counted[term] = counted.get(term, 0.0) + generation.idf(term)
    best = sorted(counted, key=lambda term: -counted[term])[:10]
    scores = np.zeros(len(ranking.rows))
    for place, row in enumerate(ranking.rows[:RERANKED].tolist()):
        held = set(generation.unit_words(row).terms)
        scores[place] = sum(generation.idf(term) for term in best if term in held)
    return scores


def answer_order(generation: Generation, ranking: Ranking, question: str) -> np.ndarray:
    """The order in which answers are composed: all features of the candidates."""
    asked = Asked.parse(question, generation, ranking)
    scores = np.arange(len(ranking.rows), 0, -1) - 1e6
    measured = sentence_features(generation, asked, ranking)
    scores[: len(measured)] = measured @ shipped_weights().rank
    return scores


Scorer = Callable[[Generation, Ranking, str], np.ndarray]
STEPS: dict[str, Scorer] = {
    "dense, sentences": lambda g, r, q: r.similarity,
    "dense, windows": lambda g, r, q: r.window_similarity,
    "BM25, windows": lambda g, r, q: r.window_lexical,
    "fused, windows": lambda g, r, q: standard(r.window_similarity) + standard(r.window_lexical),
    "fused, both levels (shipped search)": lambda g, r, q: r.scores,
    "... with pseudo-relevance feedback": lambda g, r, q: (
        r.scores + 0.3 * standard(feedback(g, r)[: len(r.scores)])
    ),
    "... with late interaction": lambda g, r, q: r.scores + 1.0 * standard(token_scores(g, r)),
    "... with all features (shipped answers)": answer_order,
}


def measure(
    generation: Generation, ranking: Ranking, question: Question, max_chars: int
) -> list[float | None]:
    source = generation.source(question.source) if question.source else None
    spans = list(question.spans)
    if not spans and question.quote and source is not None:
        start = source.text.find(question.quote)
        spans = [(start, start + len(question.quote))] if start >= 0 else []
    recall = precision = hit = first = None
    if spans:
        filled = fill(generation, ranking, max_chars)
        here = [
            (one.chunk.start, one.chunk.end)
            for one in filled
            if one.chunk.source_id == question.source
        ]
        both, wanted, _ = overlap(spans, here)
        recall = both / wanted
        precision = both / max(sum(len(one.text) for one in filled), 1)
    if question.answers:
        hit = any(
            one.chunk.source_id == question.source and contains(one.text, question.answers)
            for one in generation.passages(ranking, 5)
        )
        row = int(ranking.rows[0])
        first = generation.unit_source(row) == question.source and contains(
            generation.unit_text(row), question.answers
        )
    return [recall, precision, hit, first]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--max-chars", type=int, default=3750)
    arguments = parser.parse_args()
    questions = [one for one in read_questions(arguments.questions) if one.answerable]
    questions = spread(questions, arguments.limit)
    found: dict[str, list[list[float | None]]] = {name: [] for name in STEPS}
    with tempfile.TemporaryDirectory() as folder:
        rebuild(arguments.library, index=folder)
        generation = open_index(folder).generation
        for question in questions:
            ranking = generation.rank(question.question)
            for name, score in STEPS.items():
                scores = score(generation, ranking, question.question)
                order = np.argsort(-scores, kind="stable")
                reordered = replace(
                    ranking, rows=ranking.rows[order], scores=scores[order].astype(np.float32)
                )
                found[name].append(measure(generation, reordered, question, arguments.max_chars))
    print(f"{len(questions)} questions{'recall':>32}{'precision':>11}{'hits':>8}{'first':>8}")
    for name, rows in found.items():
        columns = []
        for column in zip(*rows, strict=True):
            known = [float(value) for value in column if value is not None]
            columns.append(f"{np.mean(known):.3f}" if known else "-")
        print(f"{name:<42}{columns[0]:>8}{columns[1]:>11}{columns[2]:>8}{columns[3]:>8}")


if __name__ == "__main__":
    main()
