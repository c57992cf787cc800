"""Rival answers: how many planted ones are flagged, and said first, and how many innocents are.

    python tests/benchmarks/rivals.py [--show] [build | held-out]

The pairs are those of tests/rival_pairs.jsonl. `build` is what the rules were written on,
`held-out` six other topics, written before the rules and not looked at. Of each topic a library has
three sources, two that tell the truth and one of low standing that says otherwise. A pair is
flagged where the answer shows both sides as a conflict.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from index import Index, open_index, rebuild
from qa import answer
from qa.result import Answer

PAIRS = Path(__file__).parent.parent / "rival_pairs.jsonl"
STANDINGS = ("news", "reference", "other")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["build", "held-out"], nargs="?", default="build")
    parser.add_argument("--show", action="store_true", help="print what is judged wrong")
    arguments = parser.parse_args()
    pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    pairs = [pair for pair in pairs if pair["part"] == arguments.part]
    with tempfile.TemporaryDirectory() as folder:
        write_sources(pairs, Path(folder) / "library")
        rebuild(Path(folder) / "library", index=Path(folder) / "index")
        measure(pairs, open_index(Path(folder) / "index"), arguments.show)


def write_sources(pairs: list[dict], library: Path) -> None:
    """Three sources of each topic: each subject under its own heading, each text a paragraph."""
    texts: dict[tuple[str, int], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for pair in pairs:
        for place, text in enumerate(pair["true"]):
            texts[pair["topic"], place][pair["subject"]].append(text)
        of_other = 1 if pair["kind"] == "none" else 2
        texts[pair["topic"], of_other][pair["subject"]].append(pair["other"])
    library.mkdir()
    for (topic, place), by_subject in texts.items():
        head = f"---\ntitle: Notes on {topic} {place + 1}\nstanding: {STANDINGS[place]}\n"
        head += f"published: 20{18 + place}-04-02\n---\n"
        body = [
            f"## {subject}\n\n" + "\n\n".join(statements)
            for subject, statements in by_subject.items()
        ]
        (library / f"{topic}-{place + 1}.md").write_text(head + "\n\n".join(body) + "\n", "utf-8")


def measure(pairs: list[dict], index: Index, show: bool = False) -> dict[str, list[int]]:
    """Ask each question; of each kind those flagged, said first, said alone, refused, and all."""
    contrary = {
        frozenset((true, pair["other"]))
        for pair in pairs
        if pair["kind"] != "none"
        for true in pair["true"]
    }
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    strange: dict[frozenset[str], str] = {}
    times = []
    for pair in pairs:
        start = time.process_time()
        found = answer(pair["question"], index=index, model="")
        times.append(time.process_time() - start)
        told = _told(found)
        rivals = {frozenset((true, pair["other"])) for true in pair["true"]}
        flagged = any(_holds(pair_told, rival) for pair_told in told for rival in rivals)
        quotes = [citation.quote for citation in found.citations]
        first = bool(quotes) and pair["other"] in quotes[0]
        alone = any(pair["other"] in quote for quote in quotes) and not flagged
        alone = alone and not any(true in quote for true in pair["true"] for quote in quotes)
        kinds = [pair["kind"]] + (["several"] if len(pair["true"]) > 1 else [])
        for kind in kinds:
            values = (flagged, first, alone, found.abstained, 1)
            counts[kind] = [a + b for a, b in zip(counts[kind], values, strict=True)]
        for one in told:
            if not any(_holds(one, rival) for rival in contrary):
                strange[frozenset(one)] = pair["question"]
        if show and flagged == (pair["kind"] == "none"):
            print(f"  {pair['kind']}: {pair['question']} {'ABSTAINED' if found.abstained else ''}")
            print(f"    {pair['true'][0]}\n    {pair['other']}")
    print(f"{'kind':<10} flagged  said first  said alone  abstained   of")
    for kind, (flagged, first, alone, refused, asked) in counts.items():
        print(f"{kind:<10} {flagged:7} {first:11} {alone:11} {refused:10} {asked:4}")
    planted = [values for kind, values in counts.items() if kind not in ("none", "several")]
    flagged, first, alone, refused, asked = (sum(column) for column in zip(*planted, strict=True))
    print(f"{'planted':<10} {flagged:7} {first:11} {alone:11} {refused:10} {asked:4}")
    print(f"pairs shown as conflicts that are none: {len(strange)}")
    if show:
        for one, question in strange.items():
            print("  ", question, *one, sep="\n      ")
    times.sort()
    print(f"an answer: {1000 * times[len(times) // 2]:.0f} ms of one core, median")
    return counts


def _told(found: Answer) -> list[tuple[str, str]]:
    return [
        (found.citations[conflict.cited - 1].quote, conflict.other.quote)
        for conflict in found.conflicts
    ]


def _holds(told: tuple[str, str], rival: frozenset[str]) -> bool:
    one, other = rival
    here, there = told
    return (one in here and other in there) or (other in here and one in there)


if __name__ == "__main__":
    main()
