"""Which slot of the store holds the vector of each row, and what changes for a new generation.

An old store is changed into a new one where little changes: a vector stays in its slot, whatever
becomes of the number of its row. What is removed stays in the search structure, marked, and is
passed over by each search, so that the store is made anew when that is too much.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from index.build.earlier import Donor
from index.rows import Level, Rows

# With a fifth replaced, a store finds as much as a new one (0.881 and 0.877 of the 50 nearest), as
# fast (4.3 and 4.4 ms); with half of it replaced, it takes a third longer (5.5 and 4.2 ms):
# `python tests/benchmarks/changes.py`, with 20,000 vectors.
_MOST_EMPTY = 0.2


@dataclass(frozen=True, slots=True)
class Change:
    """What makes a store that of a level: empty the slots `gone`, then fill those of the rows
    `added`; rows in `moved` have a vector, but another source. `of` are the slots of the rows, and
    `used` is how many slots ever held a vector."""

    of: Rows
    added: Rows
    moved: Rows
    gone: Rows
    used: int

    @property
    def is_small(self) -> bool:
        """Whether to change the old store, and not to make a new one."""
        return self.used - len(self.of) <= _MOST_EMPTY * len(self.of)


def new_slots(level: Level) -> Change:
    """All into a new store."""
    rows, none = np.arange(len(level)), np.zeros(0, dtype=np.int64)
    return Change(rows, rows, none, none, len(rows))


def changed_slots(level: Level, donor: Donor) -> Change:
    """A change of the store of `donor`, from which rows of the level were taken over.

    A row that was not has the vector of a row that is gone, where both have one content key.
    """
    name = level.name
    old, keys, used = donor.slots(name), donor.keys(name), donor.manifest.slots[name]
    of = np.where(level.origin < 0, -1, old[level.origin])
    gone = np.ones(len(old), dtype=bool)
    gone[level.origin[level.origin >= 0]] = False
    free: dict[bytes, list[int]] = defaultdict(list)
    for row in np.flatnonzero(gone)[::-1].tolist():
        free[keys[row]].append(row)
    new = np.flatnonzero(of < 0)
    had: dict[int, int] = {}
    for row in new.tolist():
        if olds := free.get(level.keys[row]):
            had[row] = olds.pop()
    rows, lent = (np.array(list(some), dtype=np.int64) for some in (had, had.values()))
    of[rows], gone[lent] = old[lent], False
    ids = zip(level.source_ids(rows), donor.source_ids(name, lent), strict=True)
    moved = rows[np.array([new_id != old_id for new_id, old_id in ids], dtype=bool)]
    added = np.flatnonzero(of < 0)
    of[added] = used + np.arange(len(added))
    return Change(of, added, moved, old[gone], used + len(added))
