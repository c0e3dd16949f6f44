"""How far a pair (x, y) is from optimal, measured from the arrays alone.

The linear program, always minimised, with A stored by rows (CSR)::

    min  c'x     row_lower <= A x <= row_upper,     col_lower <= x <= col_upper

Given any x and any row duals y, one pass over A gives the row activities A x, the reduced costs z = c - A'y and the
sums of absolute terms that say how large a rounding error would be excusable. A second pass over rows and columns,
without touching A, gives infeasibilities, complementarity and the two objectives.

Sign rule (minimisation): a positive dual leans on the lower bound, a negative one on the upper bound. The dual
objective is the sum of dual x *bound*. Dual x activity would equal c'x for every y and prove nothing.

The kernels run on one thread on purpose: the scatter into z dominates, and one thread over fixed chunks of rows makes
the answer the same to the last bit on every machine size.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kernels._jit import jit

Floats = NDArray[np.float64]

INFINITE = 1e20  # from here on a bound counts as no bound, as HiGHS does
CHUNK = 1024  # entries per partial sum: short partial sums keep rounding errors small, and their order is fixed


class Sides(NamedTuple):
    """Totals over one kind of bounded quantity (all rows, or all columns).

    ``worst_primal`` and ``worst_dual`` are relative (see ``optimizer.solve.certificate`` for the scales); their
    ``_at`` are positions, -1 where nothing is violated. ``complementarity`` and ``gross`` are in the unit of the
    objective; so is ``bound_value``, the sum of dual x bound; ``unbounded_value`` is the sum of |dual x activity|
    over duals that lean on an infinite bound.
    """

    worst_primal: float
    worst_primal_at: int
    worst_dual: float
    worst_dual_at: int
    complementarity: float
    bound_value: float
    gross: float
    unbounded_value: float


@jit
def _products(
    start: NDArray[np.int64],
    index: NDArray[np.int32],
    value: Floats,
    x: Floats,
    y: Floats,
    activity: Floats,
    activity_size: Floats,
    z: Floats,
    z_size: Floats,
) -> None:
    # Places are unsigned: whether a signed one is negative, numba would look every time. From 3.1 to 1.9 ns an entry.
    for row in range(len(start) - 1):
        total, size, price = 0.0, 0.0, y[row]
        first, end = np.uint64(start[row]), np.uint64(start[row + 1])
        if price != 0.0:
            for k in range(first, end):
                column = np.uint64(index[k])
                term, worth = value[k] * x[column], value[k] * price
                total += term
                size += abs(term)
                z[column] -= worth
                z_size[column] = max(z_size[column], abs(worth))
        else:
            for k in range(first, end):
                term = value[k] * x[np.uint64(index[k])]
                total += term
                size += abs(term)
        activity[row] = total
        activity_size[row] = size


@jit
def _sides(
    level: Floats, level_size: Floats, dual: Floats, dual_size: Floats, lower: Floats, upper: Floats
) -> tuple[float, int, float, int, float, float, float, float]:
    worst_primal, worst_dual = 0.0, 0.0
    primal_at, dual_at = -1, -1
    complementarity, bound_value, gross, unbounded_value = 0.0, 0.0, 0.0, 0.0
    for first in range(0, len(level), CHUNK):
        part_complementarity, part_value, part_gross, part_unbounded = 0.0, 0.0, 0.0, 0.0
        for i in range(first, min(first + CHUNK, len(level))):
            below, above = lower[i] - level[i], level[i] - upper[i]
            if below > 0.0 or above > 0.0:
                bound = lower[i] if below > above else upper[i]
                violation = max(below, above) / (1.0 + max(abs(bound), level_size[i]))
                if violation > worst_primal:
                    worst_primal, primal_at = violation, i
            if dual[i] == 0.0:
                continue
            bound = lower[i] if dual[i] > 0.0 else upper[i]
            if abs(bound) >= INFINITE:
                part_unbounded += abs(dual[i] * level[i])
                violation = abs(dual[i]) / (1.0 + dual_size[i])
                if violation > worst_dual:
                    worst_dual, dual_at = violation, i
                continue
            part_complementarity += abs(dual[i] * (level[i] - bound))
            part_value += dual[i] * bound
            part_gross += abs(dual[i] * bound)
        complementarity += part_complementarity
        bound_value += part_value
        gross += part_gross
        unbounded_value += part_unbounded
    return worst_primal, primal_at, worst_dual, dual_at, complementarity, bound_value, gross, unbounded_value


@jit
def _dot(a: Floats, b: Floats) -> tuple[float, float]:
    total, size = 0.0, 0.0
    for first in range(0, len(a), CHUNK):
        part, part_size = 0.0, 0.0
        for i in range(first, min(first + CHUNK, len(a))):
            part += a[i] * b[i]
            part_size += abs(a[i] * b[i])
        total += part
        size += part_size
    return total, size


def products(
    start: NDArray[np.int64], index: NDArray[np.int32], value: Floats, cost: Floats, x: Floats, y: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Row activities and reduced costs in one pass over A.

    Args:
        start, index, value: A by rows: (num_row + 1,), (nnz,), (nnz,).
        cost, x: (num_col,). y: (num_row,).

    Returns:
        ``activity`` = A x (num_row,) and ``activity_size`` = |A| |x|, then ``z`` = cost - A'y (num_col,) and
        ``z_size`` = the largest |term| of each reduced cost, its cost included.

    Raises:
        ValueError: when a length does not fit.
    """
    num_row, num_col = len(start) - 1, len(cost)
    if len(x) != num_col or len(y) != num_row or len(index) != len(value) or start[-1] != len(value):
        raise ValueError(
            f"shapes do not fit: {num_row} rows, {num_col} costs, {len(x)} values, {len(y)} row duals, "
            f"{len(index)} indices, {len(value)} coefficients, last start {int(start[-1])}"
        )
    activity, activity_size = np.empty(num_row), np.empty(num_row)
    z = np.array(cost, dtype=np.float64)
    z_size = np.abs(z)
    _products(start, index, value, x, y, activity, activity_size, z, z_size)
    return activity, activity_size, z, z_size


def sides(level: Floats, level_size: Floats, dual: Floats, dual_size: Floats, lower: Floats, upper: Floats) -> Sides:
    """Infeasibilities, complementarity and dual x bound over rows (or columns); all arguments of one length."""
    lengths = {len(a) for a in (level, level_size, dual, dual_size, lower, upper)}
    if len(lengths) != 1:
        raise ValueError(f"arrays of different lengths: {sorted(lengths)}")
    return Sides(*_sides(level, level_size, dual, dual_size, lower, upper))


def dot(a: Floats, b: Floats) -> tuple[float, float]:
    """a'b and sum |a_i b_i|, summed in fixed chunks; a and b of one length."""
    if len(a) != len(b):
        raise ValueError(f"arrays of different lengths: {len(a)} and {len(b)}")
    return _dot(a, b)
