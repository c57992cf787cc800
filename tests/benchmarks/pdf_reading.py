"""How PDFs are read, against poppler: `python tests/benchmarks/pdf_reading.py FOLDER [--worst N]`.

The words are compared with those of `pdftotext -layout`, their order (pairs of words that follow
one another) with `pdftotext`, which gives columns one after the other. A word is false that we have
and poppler has not. Files of which poppler gives less than 20 words are left out, and counted.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from itertools import pairwise
from pathlib import Path

from sources.apart import ApartReader, Limits
from sources.errors import UnreadableError

_WORD = re.compile(r"\w+")
_LEAST = 20


def words(text: str) -> list[str]:
    """The words of a text, folded; those that a line end has split are one."""
    text = unicodedata.normalize("NFKC", text).replace("\xad\n", "").replace("\xad", "")
    return _WORD.findall(re.sub(r"(?<=[^\W\d_])-\n\s*(?=[a-z])", "", text).lower())


def theirs(file: Path, *options: str) -> list[str]:
    """The words that poppler finds."""
    command = ["pdftotext", *options, "-enc", "UTF-8", str(file), "-"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return []
    return words(done.stdout.decode("utf-8", "replace"))


def main() -> None:
    """Print the figures of a folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--worst", type=int, default=0)
    chosen = parser.parse_args()
    totals: Counter[str] = Counter()
    shares = []
    with ApartReader(Limits(seconds=60)) as reader:
        for file in sorted(chosen.folder.rglob("*.pdf")):
            layout = theirs(file, "-layout")
            if len(layout) < _LEAST:
                totals["left out"] += 1
                continue
            totals["files"] += 1
            started = time.perf_counter()
            text = ""
            try:
                text = reader.read(file.read_bytes(), "pdf", file.name).text
            except UnreadableError as error:
                totals["refused"] += 1
                sys.stderr.write(f"{file.name}: {error}\n")
            totals["ms"] += round(1000 * (time.perf_counter() - started))
            ours = words(text)
            pairs = Counter(pairwise(theirs(file)))
            found = (Counter(layout) & Counter(ours)).total()
            kept = (pairs & Counter(pairwise(ours))).total()
            false = (Counter(ours) - Counter(layout)).total()
            totals.update(
                words=len(layout), found=found, pairs=pairs.total(), kept=kept, ours=len(ours),
                false=false,
            )  # fmt: skip
            share = (
                found / len(layout),
                kept / max(1, pairs.total()),
                false / max(1, len(ours)),
            )
            shares.append((share, file.name))
    count = max(1, totals["files"])
    print(
        f"{totals['files']} files ({totals['left out']} without text left out), "
        f"{totals['refused']} refused, {totals['words']:,} words, {totals['ms'] / 1000:.1f} s"
    )
    for name, place, top, bottom in (
        ("words found", 0, "found", "words"),
        ("order kept", 1, "kept", "pairs"),
        ("false words", 2, "false", "ours"),
    ):
        mean = sum(share[place] for share, _ in shares) / count
        print(f"{name}: {totals[top] / max(1, totals[bottom]):.4f} of all, {mean:.4f} of a file")
    for share, file in sorted(shares, key=lambda one: one[0][0] - one[0][2])[: chosen.worst]:
        print(f"  {file}: found {share[0]:.3f}, order {share[1]:.3f}, false {share[2]:.3f}")


if __name__ == "__main__":
    main()
