"""Where labels change along a row of hours: a month, a season. Sums and peaks of a run can stay in registers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kernels._jit import jit

Whole = NDArray[np.int64]


@jit
def runs(label: Whole) -> Whole:
    """The first place of every run of equal labels and, last, the length of the row: (run + 1,). 8 bytes a label."""
    found, count = np.empty(len(label) + 1, np.int64), 0
    for t in range(len(label)):
        if t == 0 or label[t] != label[t - 1]:
            found[count] = t
            count += 1
    found[count] = len(label)
    return found[: count + 1]
