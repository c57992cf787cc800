"""How well the gate tells what a quote says from what it does not say.

    python tests/benchmarks/support.py [LIBRARY]

First on the labelled pairs of tests/support_pairs.jsonl, those that the rules were written on and
those held back, for each threshold. Then on lies made by rule from every true sentence, and, with a
LIBRARY, from its sentences: a number, name or word exchanged for another of the same text, two of
them swapped, "not" put in or taken out, who says it or what it depends on left out, parts of two
sentences joined. The rules make a few sentences that are true; what passes is printed with -v.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import sentencex

from index.tokens import STOP_WORDS
from qa.check.support import support
from qa.compose.draft import plain
from sources import load_sources

PAIRS = Path(__file__).parents[1] / "support_pairs.jsonl"
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}\b")
_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d+\b")
_SMALL = "|".join((*STOP_WORDS, "according", "although", "however", "while", "since"))
_WORD = re.compile(rf"\b(?!(?:{_SMALL})\b)[a-z]{{5,}}\b")
_AUXILIARY = re.compile(r"\b(?:is|was|are|were|has|have|had|can|could|will)\b(?! not)")
_JOINT = re.compile(r",? (?:and|but|while|which|who|because|after|when) ")


def lies(sentence: str, other: str, pick: random.Random) -> Iterator[tuple[str, str]]:
    """Sentences that look like `sentence`, with things of `other`, and what was done to each."""
    for kind, pattern in (("number", _NUMBER), ("name", _NAME), ("word", _WORD)):
        own, foreign = pattern.findall(sentence), pattern.findall(other)
        fresh = [word for word in foreign if word.casefold() not in sentence.casefold()]
        if own and fresh:
            gone = pick.choice(own)
            yield kind, re.sub(rf"\b{re.escape(gone)}\b", pick.choice(fresh), sentence, count=1)
        distinct = list(dict.fromkeys(own))
        if len(distinct) > 1 and kind != "word":
            one, two = pick.sample(distinct, 2)
            swapped = re.sub(
                rf"\b(?:{re.escape(one)}|{re.escape(two)})\b",
                lambda found, one=one, two=two: two if found.group() == one else one,
                sentence,
            )
            ends = f"(?:{re.escape(one)}|{re.escape(two)})"
            if not re.search(rf"{ends}(?:,| and| or)+ {ends}", sentence):  # in a list it is true
                yield f"{kind}s swapped", swapped
    if " not " in sentence:
        yield "not taken out", sentence.replace(" not ", " ", 1)
    elif _AUXILIARY.search(sentence):
        yield "not put in", _AUXILIARY.sub(lambda found: f"{found.group()} not", sentence, count=1)
    head = re.split(_JOINT, sentence, maxsplit=1)
    tail = re.split(_JOINT, other, maxsplit=1)
    if len(head) == 2 and len(tail) == 2 and not tail[1][0].isupper():
        yield "joined", f"{head[0]} and {tail[1]}"
    if len(head) == 2 and _NUMBER.search(head[0]) and _NUMBER.search(head[1]):
        one, two = _NUMBER.findall(head[0])[-1], _NUMBER.findall(head[1])[-1]
        if one not in head[1] and two not in head[0]:
            yield "number of the next clause", head[0].replace(one, two).rstrip(",. ") + "."


def measured(pairs: list[dict], threshold: float) -> str:
    """Precision and recall of a threshold, and how many lies pass it."""
    passed = [pair for pair in pairs if pair["value"] >= threshold]
    right = sum(pair["supported"] for pair in passed)
    true = sum(pair["supported"] for pair in pairs)
    wrong = len(passed) - right
    return (
        f"precision {right / max(1, len(passed)):.3f}, recall {right / true:.3f}, "
        f"{wrong} of {len(pairs) - true} lies pass"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path, nargs="?")
    parser.add_argument("--limit", type=int, default=1500, help="sentences of the library")
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    pairs = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    for pair in pairs:
        pair["value"] = support(pair["sentence"], [pair["quote"]]).value
    for name, held in (("development", False), ("held back", True)):
        among = [pair for pair in pairs if pair.get("held_back", False) == held]
        print(f"{name}: {len(among)} pairs")
        for threshold in (0.7, 0.8, 0.85, 0.9, 0.95, 1.0):
            print(f"  at {threshold:.2f}: {measured(among, threshold)}")

    pick = random.Random(1)
    made: list[tuple[str, str, list[str]]] = []
    true = [pair for pair in pairs if pair["supported"]]
    for pair in true:
        other = pick.choice(true)["quote"]
        made += [
            (f"pairs: {kind}", lie, [pair["quote"]])
            for kind, lie in lies(pair["sentence"], other, pick)
        ]
    if arguments.library:
        sentences = []
        for source in load_sources(arguments.library):
            found = [plain(s["text"]).strip()
                     for s in sentencex.get_sentence_boundaries("en", source.text)]  # fmt: skip
            sentences += [
                (one, two)
                for one, two in pairwise(found)
                if 40 < len(one) < 300 and one[-1] == "." and 40 < len(two) < 300
            ]
        for one, two in pick.sample(sentences, min(arguments.limit, len(sentences))):
            made += [(f"library: {kind}", lie, [one, two]) for kind, lie in lies(one, two, pick)]
    count: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    for kind, lie, quotes in made:
        count[kind] += 1
        if support(lie, quotes).value >= 1.0:
            passed[kind] += 1
            if arguments.verbose:
                print(f"{kind}: {lie}\n    {' '.join(quotes)}")
    for kind in sorted(count):
        print(f"{kind:<36}{passed[kind]:>5} of {count[kind]} pass")


if __name__ == "__main__":
    main()
