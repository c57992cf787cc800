"""A model that reads question and passage together, where its weights are installed.

What the model makes of the words of the question, once it has read the passage, tells better than
its own score whether the passage answers: the words stay unsettled where something is missing. That
state is read after layer `LAYER`; what comes later in the model is not computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from qa.models.bundled import SIZE, BundledEncoder, bundled_folder

LAYER = 8
# Tokens of question and passage that are read: time grows with them.
_MOST_TOKENS = 160


class Reader:
    """Reads passages with a question in mind. Safe to use from several threads.

    The model in `folder` is loaded, which takes a second of the processor, when it first reads, or
    by `load`: a page need not wait for it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loading = Lock()
        self._model: BundledEncoder | None = None

    def load(self) -> BundledEncoder:
        """The model; who comes while it is loaded waits. Raises ModelError."""
        with self._loading:
            if self._model is None:
                self._model = BundledEncoder(self._folder, LAYER, _MOST_TOKENS, "answers")
            return self._model

    def states(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """What the words of the question mean, on average, beside each passage.

        Shape (passages, SIZE). What does not fit into `_MOST_TOKENS` is not read.
        """
        found = np.zeros((len(passages), SIZE), dtype=np.float32)
        question = " ".join(question.split()[:64])
        pairs = [(question, text) for text in passages]
        for place, states in enumerate(self.load().states(pairs)):
            found[place] = states[1:].mean(axis=0)  # without the mark before the question
        return found


@cache
def load_reader() -> Reader | None:
    """The reader of the process; None where there is none."""
    folder = bundled_folder()
    return Reader(folder) if folder else None


def has_reader() -> bool:
    """Whether the package of the reader is installed, and its files are those that are known."""
    return bundled_folder() is not None
