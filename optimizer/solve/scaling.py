"""How large the numbers of an LP are, and the one scaling that was found to help."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optimizer.solve.certificate import LpArrays

Floats = NDArray[np.float64]

LARGEST_SCALED_COST = 2.0**20  # HiGHS complains of costs beyond about 1e6


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


def cost_exponent(cost: Floats) -> int:
    """Power of two to multiply the costs with before HiGHS sees them, never below 0.

    HiGHS's dual tolerance is absolute, in MUSD. A megawatt for one hour of weight 1 costs about 3e-5 MUSD, so a
    tolerance of 1e-7 leaves hourly prices loose by 0.1 USD/MWh. Lifting the median cost to about one takes this
    away at no cost in time; a power of two is exact to undo.
    """
    sizes = np.abs(cost[cost != 0])
    if not len(sizes):
        return 0
    wanted = -np.log2(np.median(sizes))
    allowed = np.log2(LARGEST_SCALED_COST / sizes.max())
    return int(max(0, np.floor(min(wanted, allowed))))


def _range(*arrays: Floats) -> tuple[float, float]:
    low, high = np.inf, 0.0
    for array in arrays:
        sizes = np.abs(array)
        sizes = sizes[(sizes > 0) & np.isfinite(sizes)]
        if len(sizes):
            low, high = min(low, float(sizes.min())), max(high, float(sizes.max()))
    return (low, high) if high > 0 else (0.0, 0.0)
