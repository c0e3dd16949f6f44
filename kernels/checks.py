"""Are all values of an array within their range? One pass, 8 bytes a value, where NumPy would make four arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kernels._jit import jit

Floats = NDArray[np.float64]

INFINITY_BITS = np.uint64(0x7FF << 52)
SIZE = np.uint64((1 << 63) - 1)  # all bits but the sign


@jit
def _outside(values: Floats, low: float, high: float) -> int:
    """How many values lie outside, or are not a number."""
    found = 0
    for i in range(len(values)):  # by position: a loop over the values themselves does not become vectors
        found += 1 - ((values[i] >= low) & (values[i] <= high))
    return found


@jit
def _highest_size(bits: NDArray[np.uint64]) -> np.uint64:
    """The greatest of all numbers by size, as bits without their sign; those of infinity and NaN lie above others."""
    found = np.uint64(0)
    for i in range(len(bits)):
        found = max(found, bits[i] & SIZE)
    return found


def all_finite(values: Floats) -> bool:
    """Whether no value is infinite or not a number. ``values`` is contiguous; one pass without an array of answers."""
    return bool(_highest_size(values.reshape(-1).view(np.uint64)) < INFINITY_BITS)


def within(name: str, values: Floats, low: float = -np.inf, high: float = np.inf) -> None:
    """Raise ValueError that names the first value outside ``low`` .. ``high``; infinite ones and NaN always are."""
    most = np.finfo(np.float64).max
    if not _outside(np.ascontiguousarray(values).ravel(), max(low, -most), min(high, most)):
        return
    wrong = ~((values >= low) & (values <= high)) | np.isinf(values)
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    raise ValueError(f"{name} at {place} is {values[place]}, outside {low:g} to {high:g}")
