"""Checks of whole arrays, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from kernels.checks import all_finite, within


@given(arrays(np.float64, array_shapes(max_dims=3, max_side=5, min_side=0), elements=st.floats(width=64)))
def test_all_finite_is_numpys_answer(values: np.ndarray) -> None:
    assert all_finite(values) == bool(np.isfinite(values).all())


@pytest.mark.parametrize("value", [-0.0, 5e-324, -5e-324, np.finfo(float).max, -np.finfo(float).max])
def test_numbers_at_the_edges_are_finite(value: float) -> None:
    assert all_finite(np.array([1.0, value]))


def test_what_lies_outside_is_named() -> None:
    with pytest.raises(ValueError, match=r"share at \(1,\) is 1.5, outside 0 to 1"):
        within("share", np.array([0.5, 1.5]), 0.0, 1.0)
