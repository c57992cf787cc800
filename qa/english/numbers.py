"""English months and numbers in words, once for whoever reads dates and amounts."""

from __future__ import annotations

from sources.dates import MONTHS

__all__ = ["MONTHS", "MONTH_PATTERN", "SCALES", "SMALL_NUMBERS", "UP_TO_NINETY"]

MONTH_PATTERN = "|".join(MONTHS)
SMALL_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
UP_TO_NINETY = {word: n for n, word in enumerate(SMALL_NUMBERS)} | {
    word: 10 * n
    for n, word in enumerate("thirty forty fifty sixty seventy eighty ninety".split(), 3)
}
SCALES = {
    "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
}  # fmt: skip
