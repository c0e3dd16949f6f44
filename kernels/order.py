"""Numbers as whole numbers of the same order, so that loops over them become vectors.

A highest or lowest number found in vectors depends on the order of comparing where some are not numbers, so compilers
leave such loops alone; those over whole numbers they turn into vectors. The order of numbers is that of their bits,
once the bits of negative ones are turned round (IEEE 754); -0.0 comes right before 0.0.
"""

from __future__ import annotations

import numpy as np

from kernels._jit import jit

ALL_BUT_SIGN = (1 << 63) - 1


@jit
def turned(bits: int) -> int:
    """The key of these bits, or the bits of this key: negative ones are turned round."""
    return bits ^ ((bits >> 63) & ALL_BUT_SIGN)


@jit
def number(bits: int) -> float:
    """The number of these bits."""
    room = np.empty(1, np.int64)
    room[0] = bits
    return float(room.view(np.float64)[0])
