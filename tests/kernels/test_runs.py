"""Where labels change, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.runs import runs


@given(st.lists(st.integers(-2, 2), max_size=40))
def test_runs_are_where_neighbours_differ(labels: list[int]) -> None:
    given = np.array(labels, np.int64)
    changes = np.flatnonzero(np.diff(given)) + 1
    expected = [0, *changes, len(given)] if len(given) else [0]
    assert runs(given).tolist() == expected


@pytest.mark.parametrize(("labels", "expected"), [([], [0]), ([3], [0, 1]), ([1, 1, 0, 1], [0, 2, 3, 4])])
def test_by_hand(labels: list[int], expected: list[int]) -> None:
    assert runs(np.array(labels, np.int64)).tolist() == expected
