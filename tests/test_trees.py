"""Boosted trees as arrays."""

import numpy as np
import pytest

from qa.retrieve.trees import Trees

# feature 1 <= 0.5 ? (feature 0 <= 2 ? 1 : 2) : 3; and a single leaf of 10
DEEP = {
    "feature": [1, 0, -1, -1, -1],
    "threshold": [0.5, 2, 0, 0, 0],
    "left": [1, 3, 2, 3, 4],
    "right": [2, 4, 2, 3, 4],
    "value": [0, 0, 3, 1, 2],
}
LEAF = {"feature": [-1], "threshold": [0], "left": [0], "right": [0], "value": [10]}


@pytest.mark.parametrize(
    ("features", "value"), [((2, 0.5), 1), ((2.1, 0.5), 2), ((0, 0.6), 3), ((9, 9), 3)]
)
def test_each_row_falls_to_its_leaves(features, value):
    trees = Trees.from_json(100.0, [DEEP, LEAF])
    assert trees.log_odds(np.array(features, dtype=float)) == pytest.approx(110 + value)
