"""Questions of somebody absent: how many are refused, and how many look-alikes are answered.

    python tests/benchmarks/premise.py [--eval FOLDER] [--show] [build | held-out]

The questions are those of tests/premise_questions.jsonl, half of them left out by library. The
starter library comes with Refdesk; FOLDER holds the others, as `<library>/documents`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from pathlib import Path

from index import Index, open_index, rebuild
from qa import answer

ROOT = Path(__file__).parents[2]
QUESTIONS = ROOT / "tests" / "premise_questions.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["build", "held-out"], nargs="?", default="build")
    parser.add_argument("--eval", type=Path, help="the folder of the other libraries")
    parser.add_argument("--show", action="store_true", help="print what is judged wrong")
    arguments = parser.parse_args()
    asked = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    asked = [one for one in asked if one["part"] == arguments.part]
    indexes: dict[str, Index] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in dict.fromkeys(one["library"] for one in asked):
            found = _documents(name, arguments.eval)
            if found is None:
                print(f"{name}: no such library, left out")
                continue
            rebuild(found, index=Path(folder) / name)
            indexes[name] = open_index(Path(folder) / name)
        measure(asked, indexes, arguments.show)


def _documents(name: str, folder: Path | None) -> Path | None:
    if name == "starter":
        return ROOT / "sources" / "documents"
    inside = ("documents", "library") if folder else ()
    return next((folder / name / one for one in inside if (folder / name / one).is_dir()), None)


def measure(asked: list[dict], indexes: dict[str, Index], show: bool = False) -> dict:
    """Ask each question; of those absent and of the look-alikes how many are refused."""
    counts: dict[bool, list[int]] = defaultdict(lambda: [0, 0])
    for one in asked:
        if one["library"] not in indexes:
            continue
        found = answer(one["question"], index=indexes[one["library"]], model="")
        counts[one["answered"]][0] += found.abstained
        counts[one["answered"]][1] += 1
        if show and found.abstained == one["answered"]:
            print(f"  {one['question']}\n    {found.confidence:.2f} {found.text[:200]}")
    for answered, (refused, of) in sorted(counts.items()):
        print(f"{'look-alikes' if answered else 'absent'}: {refused} of {of} refused")
    return counts


if __name__ == "__main__":
    main()
