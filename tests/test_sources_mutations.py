"""Damaged files of every format: each is read or refused with a reason, and the rest goes on.

`python tests/test_sources_mutations.py 500` takes as many of each format, and prints what became of
them.
"""

import sys
import time
from collections import Counter

import pytest
from mutations import mutants
from samples import samples

from sources import Limits, UnreadableError, count_invisible
from sources.apart import ApartReader
from sources.formats import FORMATS, PLAIN, read

LIMITS = Limits(seconds=20)
MANY = 40


def outcome(reader, suffix, data):
    """The reason why a file is refused, "" if it is read; fails if what is read is not sound."""
    format_ = FORMATS[suffix]
    try:
        if format_ in PLAIN:
            found = read(data, format_, f"a{suffix}")
        else:
            found = reader.read(data, format_, f"a{suffix}")
            assert count_invisible(found.text) == 0
    except UnreadableError as error:
        reason = str(error)
        assert "\n" not in reason
        assert reason.isprintable()
        assert ": " in reason, reason  # the remedy
        return reason
    at = 0
    for block in found.blocks:
        assert at <= block.start < block.end <= len(found.text)
        assert found.text[block.start : block.end].strip()
        assert block.kind != "heading" or 1 <= block.level <= 6
        at = block.end
    assert list(found.pages) == sorted(found.pages)
    return ""


@pytest.mark.parametrize("suffix", list(samples()))
def test_a_damaged_file_is_read_or_refused_with_a_reason(suffix):
    data = samples()[suffix]
    with ApartReader(LIMITS) as reader:
        for mutant in mutants(data, MANY):
            outcome(reader, suffix, mutant)
        assert outcome(reader, suffix, data) == ""


def main(count):
    with ApartReader(LIMITS) as reader:
        for suffix, data in samples().items():
            reasons = Counter()
            slowest = 0.0
            started = time.perf_counter()
            for mutant in mutants(data, count, seed=1):
                before = time.perf_counter()
                reasons[outcome(reader, suffix, mutant).split(" (")[0]] += 1
                slowest = max(slowest, time.perf_counter() - before)
            seconds = time.perf_counter() - started
            sys.stdout.write(
                f"{suffix:6} {count} files in {seconds:.1f} s, slowest {slowest:.2f} s; "
                f"read {reasons.pop('', 0)}; {dict(reasons.most_common(6))}\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
