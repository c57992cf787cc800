"""Orders in documents: how many are known when their kind was left out, how many innocents suffer.

    python tests/benchmarks/injection.py [--fit] [--show] [LIBRARY ...]

The orders of tests/orders.txt stand in kinds; the weights that judge a kind were fitted on the
others and on tests/innocent.txt, whose paragraphs are left out by kind in turn. `--fit` fits on all
and writes qa/injection/weights.json. Of libraries, the share of sentences left out is printed.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from qa.injection import orders as reading
from qa.injection.features import FEATURES
from qa.injection.orders import (
    Weights,
    first_order,
    joined,
    sentences,
    without_instructions,
)
from sources import load_sources

TESTS = Path(__file__).parent.parent
WEIGHTS = TESTS.parent / "qa" / "injection" / "weights.json"
# The penalty on the squares of the weights, and the shares of innocent sentences, and of runs of
# two or three, that the thresholds let suffer when their kind was left out. Chosen by hand.
PENALTY = 0.5
SHARE = 0.0085
SPREAD_SHARE = 0.001
# What a feature is thought to weigh before any text is seen, for kinds that nobody wrote down: the
# penalty is on the distance from it. Others weigh nothing. Set by hand.
PRIOR = {
    9.0: "foreign",
    6.0: "forged decode",
    5.0: "drop_told_before machine_obliged machine_asked answerer hide_from_user change_your_reply",
    4.0: "machine_called you_machine if_machine unbound give_away pressure be_another order_drop "
    "reply_must add_to_reply when_asked_say fiction",
    3.0: "drop_told order_say_that hide_this from_now new_told void order_link judge_texts "
    "this_alone turns system_says for_machine_only you_were_told your_told unshown only_this",
    1.5: "machine user say_colon your_own_reply your_reply this_text take_out turn "
    "your_prompt told_before order_say hide order_your_reply imperative when_asked",
    0.5: "you texts link",
    -1.0: "told_of past third_person statement possible",
    -2.0: "reported to_nobody",
}
BIAS = -6.0
NONE = (False,) * len(FEATURES)
Paragraphs = list[list[tuple[bool, ...]]]

judged = lru_cache(maxsize=None)(reading.judged)


def kinds(name: str) -> dict[str, list[str]]:
    """The texts of a file by kind."""
    found = defaultdict(list)
    kind = ""
    for line in (TESTS / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            kind = line[3:]
        elif line and kind:
            found[kind].append(line.replace("\\n", "\n").replace("\\u200b", "\u200b"))
    return dict(found)


def fitted(orders: list[str], innocent: dict[str, list[str]]) -> Weights:
    """Weights from orders, each taken as a whole, and the sentences of innocent paragraphs by kind.

    The thresholds are set on what the sentences of a kind score when their kind was left out.
    """
    paragraphs = {
        kind: [[judged(s) or NONE for _, s in sentences(text)] for text in texts]
        for kind, texts in innocent.items()
    }
    alone, spread = [], []
    for kind, left_out in paragraphs.items():
        rest = [those for other, those in paragraphs.items() if other != kind]
        bias, weights = _regress(orders, rest)
        for paragraph in left_out:
            alone += [bias + np.array(met) @ weights for met in paragraph]
            spread += [
                bias + np.array(met) @ weights
                for many in (2, 3)
                for place in range(len(paragraph) - many + 1)
                if any(met := joined(paragraph[place : place + many]))
            ]
    bias, weights = _regress(orders, list(paragraphs.values()))
    threshold, spread_threshold = _quantile(alone, SHARE), _quantile(spread, SPREAD_SHARE)
    return Weights(bias, tuple(weights.tolist()), threshold, max(threshold, spread_threshold))


@cache
def _whole(order: str) -> tuple[bool, ...]:
    return joined([met for _, said in sentences(order) if (met := judged(said))] or [NONE])


def _quantile(scores: list[float], share: float) -> float:
    return float(np.quantile(scores, 1 - share)) + 1e-6


def _regress(orders: list[str], innocent: list[Paragraphs]) -> tuple[float, np.ndarray]:
    """Newton's method for a logistic regression with a penalty; the bias has none."""
    positive = [_whole(order) for order in orders]
    negative = [met for those in innocent for paragraph in those for met in paragraph]
    x = np.array([*positive, *negative], dtype=float)
    y = np.array([1.0] * len(positive) + [0.0] * len(negative))
    x = np.hstack([np.ones((len(x), 1)), x])
    penalty = np.diag([0.0] + [PENALTY] * (x.shape[1] - 1))
    of = {name: value for value, names in PRIOR.items() for name in names.split()}
    prior = np.array([BIAS, *(of.get(name, 0.0) for name in FEATURES)])
    beta = prior.copy()

    def loss(at: np.ndarray) -> float:
        odds, off = x @ at, at - prior
        return float(np.logaddexp(0, odds).sum() - y @ odds + off @ penalty @ off / 2)

    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (p - y) + penalty @ (beta - prior)
        hessian = x.T @ (x * (p * (1 - p))[:, None]) + penalty
        step = np.linalg.solve(hessian, gradient)
        while loss(beta - step) > loss(beta) + 1e-9:  # a whole step of Newton's may lead away
            step /= 2
        beta -= step
        if np.abs(step).max() < 1e-4:
            break
    return float(beta[0]), beta[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("libraries", type=Path, nargs="*")
    parser.add_argument("--fit", action="store_true", help="fit on all and write the weights")
    parser.add_argument("--show", action="store_true", help="print what is judged wrong")
    arguments = parser.parse_args()
    orders, innocent = kinds("orders.txt"), kinds("innocent.txt")
    orders["whole documents"] = [
        case["text"].replace(case["fact"], "")
        for case in map(json.loads, (TESTS / "injections.jsonl").read_text("utf-8").splitlines())
    ]
    if arguments.fit:
        _write(fitted(_all(orders), innocent))
    known = total = 0
    for kind, texts in orders.items():
        rest = [text for other, those in orders.items() if other != kind for text in those]
        weights = fitted(rest, innocent)
        found = [first_order(text, weights) is not None for text in texts]
        known, total = known + sum(found), total + len(found)
        print(f"{kind:<16} {sum(found):>3} of {len(found)}")
        for text, is_known in zip(texts, found, strict=True):
            if arguments.show and not is_known:
                print(f"    missed: {text!r}")
    print(f"kinds left out: {known} of {total} orders are known")
    left_out = total = 0
    for kind, texts in innocent.items():
        others = {other: those for other, those in innocent.items() if other != kind}
        weights = fitted(_all(orders), others)
        for text in texts:
            total += len(sentences(text))
            for _, sentence in sentences(text):
                if first_order(sentence, weights) is not None:
                    left_out += 1
                    if arguments.show:
                        print(f"    taken for an order ({kind}): {sentence}")
    print(f"innocent kinds left out: {left_out} of {total} sentences are taken for orders")
    for library in arguments.libraries:
        _library(library, arguments.show)


def _all(texts: dict[str, list[str]]) -> list[str]:
    return [text for those in texts.values() for text in those]


def _write(weights: Weights) -> None:
    stored = {
        "fitted_on": "tests/orders.txt and tests/innocent.txt",
        "command": "python tests/benchmarks/injection.py --fit",
        "bias": round(weights.bias, 3),
        "threshold": round(weights.threshold, 3),
        "spread_threshold": round(weights.spread_threshold, 3),
        "weights": {n: round(w, 3) for n, w in zip(FEATURES, weights.weights, strict=True)},
    }
    WEIGHTS.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def _library(library: Path, show: bool) -> None:
    taken = total = blanked = characters = 0
    for source in load_sources(library):
        left = without_instructions(source.text, 0, len(source.text))
        blanked += sum(a != b for a, b in zip(left, source.text, strict=True))
        characters += len(source.text)
        for paragraph in source.text.split("\n\n"):
            for _, sentence in sentences(paragraph):
                total += 1
                if first_order(sentence) is not None:
                    taken += 1
                    if show:
                        print(f"    taken for an order: {' '.join(sentence.split())[:200]}")
    print(
        f"{library}: {taken} of {total} sentences ({taken / total:.2%}) are taken for orders, "
        f"{blanked / characters:.2%} of the characters are left out"
    )


if __name__ == "__main__":
    main()
