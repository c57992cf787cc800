"""New arrays in files: their space is taken before they are written to."""

import os

import numpy as np
import pytest

from index.mapped_array import map_new


def test_what_is_written_is_read(tmp_path):
    array = map_new(tmp_path / "array.npy", np.float32, (3, 2))
    array[1] = 5
    array.flush()
    np.testing.assert_array_equal(np.load(tmp_path / "array.npy"), [[0, 0], [5, 5], [0, 0]])


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="space cannot be taken here")
def test_no_page_of_it_is_missing(tmp_path):
    """A full disk is an error then, and not a signal at some later write."""
    path = tmp_path / "array.npy"
    map_new(path, np.int8, (1_000_000, 1))
    assert path.stat().st_blocks * 512 >= path.stat().st_size > 1_000_000
