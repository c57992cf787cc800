"""Gradient-boosted trees as arrays: fitted by a library that evaluating them does not need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees of nodes numbered from 0, the root; arrays have the shape (trees, nodes).

    A node sends features with `features[feature] <= threshold` to `left` and others to `right`; a
    leaf has feature -1, sends all to itself, and adds `value` to the log-odds.
    """

    feature: NDArray[np.int64]
    threshold: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: Floats
    baseline: float

    @classmethod
    def from_json(cls, baseline: float, trees: Sequence[Mapping[str, Sequence[float]]]) -> Trees:
        """From lists of equal length for each tree, named as the arrays are."""
        most = max(len(tree["feature"]) for tree in trees)

        def padded(name: str, dtype: Any) -> NDArray[Any]:
            array = np.zeros((len(trees), most), dtype=dtype)
            for row, tree in enumerate(trees):
                array[row, : len(tree[name])] = tree[name]
            return array

        return cls(
            padded("feature", np.int64),
            padded("threshold", np.float64),
            padded("left", np.int64),
            padded("right", np.int64),
            padded("value", np.float64),
            baseline,
        )

    def log_odds(self, features: Floats) -> float:
        """The sum over the trees for one row of features, shape (features,)."""
        row = np.arange(len(self.feature))
        node = np.zeros(len(row), dtype=np.int64)
        while not np.all((feature := self.feature[row, node]) < 0):
            below = features[feature] <= self.threshold[row, node]
            node = np.where(below, self.left[row, node], self.right[row, node])
        return self.baseline + float(self.value[row, node].sum())
