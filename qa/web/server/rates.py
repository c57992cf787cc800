"""How often programs may ask: so many requests a minute of each key, user or address."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

_MOST = 10_000


class Rates:
    """A bucket for each that asks: it holds the requests of a minute, and fills evenly."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._now = now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, who: str) -> int:
        """Count a request: 0, or the seconds to wait before another, uncounted."""
        now = self._now()
        left, last = self._left.pop(who, (self._most, now))
        left = min(self._most, left + (now - last) * self._most / 60)
        seconds = 0 if left >= 1 else math.ceil((1 - left) * 60 / self._most)
        self._left[who] = (left if seconds else left - 1, now)
        while len(self._left) > _MOST:
            self._left.popitem(last=False)
        return seconds
