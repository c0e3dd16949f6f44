"""Tables in equal steps, read at many values: power curves, quantiles.

A file that calls `between` from compiled code must change whenever it does: numba keys its cache by the caller.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kernels._jit import jit_dividing

Floats = NDArray[np.float64]

STRETCH = 512  # values that are placed in a table before it is read: spots stay in the first level of cache


@jit_dividing
def between(values: Floats, low: float, a_step: float, table: Floats, spots: NDArray[np.uint32], found: Floats) -> None:
    """What a table says at some values, linear between its numbers; the outermost beyond them.

    The first number stands for ``low``, each further one for 1 / ``a_step`` more. Where values lie is found in vectors,
    as many at a time as ``spots`` has room for, and only then is the table read, number by number.
    """
    last, top = np.float64(len(table) - 1), np.uint32(len(table) - 2)
    for h in range(len(values)):
        x = (values[h] - low) * a_step
        x = x if x > 0.0 else 0.0
        x = x if x < last else last
        i = min(np.uint32(np.int32(x)), top)  # within the table, whatever the value; NaN is 0 by now
        spots[h] = i
        found[h] = x - np.float64(i)
    for h in range(len(values)):
        spot = np.uint64(spots[h])
        before = table[spot]
        found[h] = before + found[h] * (table[spot + np.uint64(1)] - before)
