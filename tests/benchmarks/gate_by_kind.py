"""How many lies pass the gate, and how many truths, by kind, with Wilson intervals.

    python tests/benchmarks/gate_by_kind.py [PAIRS.jsonl ...] [-v]

Without a file: the pairs that the rules were written on (`support_pairs.jsonl`), those to write new
ones on (`support_pairs_seen.jsonl`, `gate_pairs.jsonl`), and those left out of all looking
(`support_pairs_left_out.jsonl`, `support_pairs_fresh.jsonl`). A line is a JSON object with
`sentence`, `quote`, `kind`, and `supported` or `true`. What is judged wrongly is printed with -v.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from math import sqrt
from pathlib import Path

from qa.check.by_words import LEAST_SUPPORT
from qa.check.support import support

FILES = [
    Path(__file__).parents[1] / f"{name}.jsonl"
    for name in (
        "support_pairs", "support_pairs_seen", "gate_pairs", "support_pairs_left_out",
        "support_pairs_fresh",
    )
]  # fmt: skip


def interval(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """The Wilson interval of a share, 95 percent."""
    if not of:
        return 0.0, 1.0
    share, spread = hits / of, z * z / of
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return middle - half, middle + half


def share(hits: int, of: int) -> str:
    """A share in percent with its interval."""
    low, high = interval(hits, of)
    return f"{hits} of {of} pass, {hits / max(1, of):.1%} ({low:.1%} to {high:.1%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="*", default=FILES)
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    support("The parser is loaded.", ["It has been loaded before."])
    for file in arguments.files:
        counts: dict[tuple[bool, str], list[int]] = defaultdict(lambda: [0, 0])
        pairs = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        began = time.process_time()
        for pair in pairs:
            true = pair.get("supported", pair.get("true"))
            passed = support(pair["sentence"], [pair["quote"]]).value >= LEAST_SUPPORT
            for kind in (pair["kind"], "all"):
                counts[true, kind][0] += passed
                counts[true, kind][1] += 1
            if arguments.verbose and passed != true:
                print(f"{'lie passed' if passed else 'truth refused'}: {pair}")
        each = (time.process_time() - began) / len(pairs)
        print(f"{file.name}: {len(pairs)} pairs, {each:.3f} processor seconds each")
        for true in (False, True):
            for kind in sorted(k for t, k in counts if t == true):
                print(f"  {'truths' if true else 'lies'} {kind:<16} {share(*counts[true, kind])}")


if __name__ == "__main__":
    main()
