"""Comparing two linear programs that should be one."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from optimizer.solve.linear_program import LinearProgram


def matrix_of(lp: LinearProgram) -> sp.csr_array:
    """A copy: scipy sorts in place, and would sort values that it shares while it sorts a copy of their columns."""
    return sp.csr_array((lp.value, lp.index, lp.start), shape=(lp.num_row, lp.num_col), copy=True)


def assert_same(ours: LinearProgram, theirs: LinearProgram, tolerance: float = 1e-12) -> None:
    """Same layout, and the same numbers by row and column to ``tolerance``, relative."""
    assert ours.columns == theirs.columns
    assert list(ours.rows) == list(theirs.rows)
    a, b = matrix_of(ours), matrix_of(theirs)
    a.sort_indices()
    b.sort_indices()
    assert np.array_equal(a.indptr, b.indptr)
    assert np.array_equal(a.indices, b.indices)
    np.testing.assert_allclose(a.data, b.data, rtol=tolerance, atol=0)
    for name in ("row_lower", "row_upper", "col_lower", "col_upper"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=tolerance, atol=tolerance)
    for kind in ("costs", "goals"):
        assert list(getattr(ours, kind)) == list(getattr(theirs, kind))
        for name, vector in getattr(ours, kind).items():
            np.testing.assert_allclose(vector, getattr(theirs, kind)[name], rtol=tolerance, atol=tolerance)
    for kind in ("cost_offset", "goal_offset"):
        assert getattr(ours, kind) == pytest.approx(getattr(theirs, kind), rel=tolerance, abs=tolerance)
