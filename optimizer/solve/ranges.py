"""How large the numbers of an LP are.

The units of the rooms (MW, MUSD, thousand chips, Ttok/h) are chosen so that solvers take the arrays as they are: no
cost, bound or matrix is scaled by us before HiGHS sees it. What small costs need instead is a dual tolerance below
them; see ``SolverOptions.tolerance``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optimizer.solve.certificate import LpArrays

Floats = NDArray[np.float64]


def coefficient_ranges(lp: LpArrays, cost: Floats) -> dict[str, tuple[float, float]]:
    """Smallest and largest non-zero size of what a solver sees: ``matrix``, ``cost``, ``bound``, ``rhs``.

    Infinite bounds are left out; a kind without numbers gives (0, 0). Wide ranges are bad for the plan, not only for
    the time: compare docs/performance.md.
    """
    return {
        "matrix": _range(lp.value),
        "cost": _range(cost),
        "bound": _range(lp.col_lower, lp.col_upper),
        "rhs": _range(lp.row_lower, lp.row_upper),
    }


def _range(*arrays: Floats) -> tuple[float, float]:
    low, high = np.inf, 0.0
    for array in arrays:
        sizes = np.abs(array)
        sizes = sizes[(sizes > 0) & np.isfinite(sizes)]
        if len(sizes):
            low, high = min(low, float(sizes.min())), max(high, float(sizes.max()))
    return (low, high) if high > 0 else (0.0, 0.0)
