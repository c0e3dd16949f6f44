"""Linear programs that a page can hold, and what a solve says of its roads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.expansion_lp import ArrayLp

INF = np.inf


def small_lp(cost, matrix, row_lower, row_upper, col_lower, col_upper, offset=0.0):
    matrix = np.array(matrix, float)
    count, columns = matrix.shape
    return ArrayLp(
        cost=np.array(cost, float),
        col_lower=np.array(col_lower, float),
        col_upper=np.array(col_upper, float),
        row_lower=np.array(row_lower, float),
        row_upper=np.array(row_upper, float),
        start=np.arange(count + 1, dtype=np.int64) * columns,
        index=np.tile(np.arange(columns, dtype=np.int32), count),
        value=matrix.ravel(),
        demand_rows=np.arange(count),
        cost_offset={"fixed": offset},
    )


def merit_order(**changes):
    return replace(small_lp([10, 30], [[1, 1]], [100], [100], [0, 0], [60, 80], offset=5.0), **changes)


def tried(found):
    return [attempt["road"] for attempt in found.statistics["attempts"]]
