"""English months and numbers in words, once for whoever reads dates and amounts."""

from __future__ import annotations

from sources.dates import MONTHS

__all__ = ["MONTHS", "MONTH_PATTERN", "SCALES", "SMALL_NUMBERS"]

MONTH_PATTERN = "|".join(MONTHS)
SMALL_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
