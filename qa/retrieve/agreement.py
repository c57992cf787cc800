"""Whether a question is answered as ranks tell, where no confidence is fitted to the model.

Another embedding model has its cosines on another scale, so what was fitted to those of the bundled
one says nothing. Ranks have no scale: what answers is among the nearest in meaning and among those
that hold most of the rarer words; off the topic, the two lists have little in common.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from index.search import Ranking

# The least agreement, and the least share of the question's words (by how rare they are) that one
# of the three likeliest stretches holds. Of the starter library's own questions, on which they were
# chosen, 0.05 of the 131 answerable are refused and 0.46 of the 26 without an answer, none of the 6
# near misses: ranks alone tell little. By the confidence of the bundled model it is 0.62 of the 26.
LEAST = 1.1
LEAST_HELD = 0.2
_SOON = 10


def agreement(ranking: Ranking) -> float:
    """How early one sentence stands in both lists, 0 to 2: the most that the reciprocal ranks of a
    sentence, `_SOON` added to each, come to (Cormack, Clarke and Buettcher 2009). What holds fewer
    of the words than most of the library stands in one list alone."""
    if not len(ranking.rows):
        return 0.0
    meaning, words = (_ranks(values) for values in (ranking.similarity, ranking.lexical))
    by_words = np.where(ranking.lexical > 0, _SOON / (_SOON + words), 0.0)
    return float((_SOON / (_SOON + meaning) + by_words).max())


def _ranks(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """The place of each, 0 for the highest."""
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[np.argsort(-values, kind="stable")] = np.arange(len(values))
    return ranks
