"""A model that reads question and passage together, where its weights are installed.

What the model makes of the words of the question, once it has read the passage, tells better than
its own score whether the passage answers: the words stay unsettled where something is missing. That
state is read after layer `LAYER`; what comes later in the model is not computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from qa.models.bundled import SIZE, BundledEncoder, bundled_folder

LAYER = 8
# Tokens of question and passage that are read: time grows with them.
_MOST_TOKENS = 160
_loading = Lock()


class Reader:
    """Reads passages with a question in mind. Safe to use from several threads."""

    def __init__(self, model: BundledEncoder) -> None:
        self._model = model

    def states(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """What the words of the question mean, on average, beside each passage.

        Shape (passages, SIZE). What does not fit into `_MOST_TOKENS` is not read.
        """
        found = np.zeros((len(passages), SIZE), dtype=np.float32)
        question = " ".join(question.split()[:64])
        pairs = [(question, text) for text in passages]
        for place, states in enumerate(self._model.states(pairs)):
            found[place] = states[1:].mean(axis=0)  # without the mark before the question
        return found


def load_reader() -> Reader | None:
    """The reader, loaded once; None where there is none."""
    with _loading:
        return _load()


def has_reader() -> bool:
    """Whether the package of the reader is installed, and its files are those that are known."""
    return bundled_folder() is not None


@cache
def _load() -> Reader | None:
    folder = bundled_folder()
    return Reader(BundledEncoder(folder, LAYER, _MOST_TOKENS, "answers")) if folder else None
