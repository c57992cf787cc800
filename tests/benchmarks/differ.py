"""Contradictions between two statements: precision and recall on labelled pairs.

    python tests/benchmarks/differ.py [--show] [LIBRARY ...]

The pairs are those of tests/differ_pairs.jsonl: `build`, which the rules were written on, and
`held-out`, written after them in two parts. (When these were first measured, the one gave precision
0.81 and recall 0.91, the other 0.82 and 1.00; what they showed to be wrong was then mended.) With
libraries, every two sentences of each that share a name are compared too, and what is found is
printed for a person to judge.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import sentencex

from index.tokens import terms
from qa.conflicts.contradictions import difference
from qa.conflicts.statement import Statement
from sources import load_sources

PAIRS = Path(__file__).parent.parent / "differ_pairs.jsonl"
# A name in more sentences than this tells nothing of what they are about.
MOST_SENTENCES = 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("libraries", type=Path, nargs="*")
    parser.add_argument("--show", action="store_true", help="print the pairs that are judged wrong")
    arguments = parser.parse_args()
    pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    for part in ("build", "held-out"):
        _measure(part, [pair for pair in pairs if pair["part"] == part], arguments.show)
    for library in arguments.libraries:
        _compare(library)


def _measure(part: str, pairs: list[dict], show: bool) -> None:
    right = wrong = missed = 0
    for pair in pairs:
        above = pair.get("titles", ["", ""])
        found = difference(Statement(pair["a"], above[0]), Statement(pair["b"], above[1]))
        kind = found.kind if found else "none"
        right += kind == pair["kind"] != "none"
        wrong += kind not in (pair["kind"], "none")
        missed += kind != pair["kind"] != "none"
        if show and kind != pair["kind"]:
            print(f"  {pair['kind']} taken for {kind}: {pair['a']} / {pair['b']}")
    contrary = sum(pair["kind"] != "none" for pair in pairs)
    print(
        f"{part:<9} {len(pairs)} pairs, {contrary} of them contrary: precision "
        f"{right / (right + wrong):.2f}, recall {right / (right + missed):.2f}"
    )


def _compare(library: Path) -> None:
    statements = [
        (source.id, Statement(sentence.strip(), source.title))
        for source in load_sources(library)
        for block in source.blocks
        if block.kind not in ("heading", "code")
        for sentence in sentencex.segment("en", source.text[block.start : block.end])
    ]
    by_name = defaultdict(list)
    for place, (_, statement) in enumerate(statements):
        for name in statement.names or terms(statement.above):
            by_name[name].append(place)
    pairs = {
        pair
        for places in by_name.values()
        if len(places) <= MOST_SENTENCES
        for pair in combinations(places, 2)
    }
    found = 0
    for first, second in sorted(pairs):
        (one, a), (other, b) = statements[first], statements[second]
        differs = difference(a, b)
        if differs:
            found += 1
            print(f"  {differs.kind} {differs.values}\n    {one}: {a.text}\n    {other}: {b.text}")
    print(f"{library.name}: {len(pairs)} pairs compared, {found} found")


if __name__ == "__main__":
    main()
