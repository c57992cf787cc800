"""How many lies pass the gate, and how many truths, by kind, with Wilson intervals.

    python tests/benchmarks/gate_by_kind.py [PAIRS.jsonl ...] [--rules] [-v]

Without a file: the pairs that the rules were written on (`support_pairs.jsonl`), those to write new
ones on (`support_pairs_seen.jsonl`, `gate_pairs.jsonl`), and those left out of all looking
(`support_pairs_left_out.jsonl`, `support_pairs_fresh.jsonl`). A line is an object with
`sentence`, `quote`, `kind`, and `supported` or `true`. What is judged wrongly is printed with -v.
What the rules refuse is put to the bundled model, where it is installed, unless --rules is said;
the passages of writers left out when it was trained (`train_adapters.py`) are judged last.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from math import sqrt
from pathlib import Path
from typing import Any

from qa.check.support import support
from qa.models.entailment import bundled_entailment

FILES = [
    Path(__file__).parents[1] / f"{name}.jsonl"
    for name in (
        "support_pairs", "support_pairs_seen", "gate_pairs", "support_pairs_left_out",
        "support_pairs_fresh",
    )
]  # fmt: skip


WRITTEN = Path(__file__).parent / "adapters" / "written.jsonl"
# Of these the adapter learned nothing (`train_adapters.py`); the threshold was chosen on w5.
LEFT_OUT = ("w3", "w9", "w10")


def left_out(writer: str) -> list[dict[str, Any]]:
    """The truths and lies of a writer left out, each with a sentence more around its quote."""
    found = []
    for line in WRITTEN.read_text("utf-8").splitlines():
        one = json.loads(line)
        if one["writer"] != writer:
            continue
        for supported, name in ((True, "truths"), (False, "lies")):
            for said in one[name]:
                first, last = max(min(said["at"]) - 1, 0), max(said["at"]) + 2
                quote = " ".join(one["passage"][first:last])
                kind = said.get("kind", "truth")
                found.append(
                    {"sentence": said["s"], "quote": quote, "kind": kind, "supported": supported}
                )
    return found


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
    parser.add_argument("--rules", action="store_true", help="by rules alone")
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    support("The parser is loaded.", ["It has been loaded before."])
    model = None if arguments.rules else bundled_entailment()
    judged = {
        file.name: [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        for file in arguments.files
    }
    if arguments.files is FILES:
        judged |= {f"{WRITTEN.name} of {writer}": left_out(writer) for writer in LEFT_OUT}
    for name, pairs in judged.items():
        counts: dict[tuple[bool, str], list[int]] = defaultdict(lambda: [0, 0])
        began = time.process_time()
        for pair in pairs:
            true = pair.get("supported", pair.get("true"))
            passed = bool(support(pair["sentence"], [pair["quote"]], model=model).parts)
            for kind in (pair["kind"], "all"):
                counts[true, kind][0] += passed
                counts[true, kind][1] += 1
            if arguments.verbose and passed != true:
                print(f"{'lie passed' if passed else 'truth refused'}: {pair}")
        each = (time.process_time() - began) / len(pairs)
        print(f"{name}: {len(pairs)} pairs, {each:.3f} processor seconds each")
        for true in (False, True):
            for kind in sorted(k for t, k in counts if t == true):
                print(f"  {'truths' if true else 'lies'} {kind:<16} {share(*counts[true, kind])}")


if __name__ == "__main__":
    main()
