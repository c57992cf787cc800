"""Slowing down those who guess passwords, by name and address."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_MOST = 10_000
# Seconds after which wrong tries are forgotten.
_FORGOTTEN = 3600.0


@dataclass(slots=True)
class _Tries:
    wrong: int
    last: float
    until: float = 0.0


class Throttle:
    """Wrong tries of late, by name at an address, by address, and by name. Tries above a number
    must wait, twice as long each time; a wait is told before a password is hashed. Of the name
    alone it is long after many tries and short, for its owner must wait, too."""

    # How many tries are free, and the longest wait in seconds.
    _LIMITS = ((5, 900.0), (20, 900.0), (50, 60.0))

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._tries: OrderedDict[tuple[str, str], _Tries] = OrderedDict()

    def begin(self, name: str, address: str) -> int:
        """Count a try as wrong until it is `right`; 0, or the seconds to wait, uncounted."""
        now = self._now()
        keys = _keys(name, address)
        waits = [self._tries[key].until - now for key in keys if key in self._tries]
        if max(waits, default=0.0) > 0:
            return math.ceil(max(waits))
        for key, (free, longest) in zip(keys, self._LIMITS, strict=True):
            found = self._tries.pop(key, None)
            if found is None or now - found.last > _FORGOTTEN:
                found = _Tries(0, now)
            found.wrong += 1
            found.last = now
            if found.wrong >= free:
                found.until = now + min(longest, 2.0 ** min(found.wrong - free, 20))
            self._tries[key] = found
        while len(self._tries) > _MOST:
            self._tries.popitem(last=False)
        return 0

    def right(self, name: str, address: str) -> None:
        """The try that was begun was right: it counts no more, and those before it at the address
        by that name are forgotten."""
        pair, *others = _keys(name, address)
        self._tries.pop(pair, None)
        for key in others:
            if key in self._tries:
                self._tries[key].wrong -= 1
                self._tries[key].until = 0.0


def _keys(name: str, address: str) -> tuple[tuple[str, str], ...]:
    return (name, address), ("", address), (name, "")
