"""What one core of this machine can do at most, measured where and when it is asked for.

    bandwidth    bytes a second through memory: a = b + s x c over arrays larger than the caches, 24 bytes an item
    operations   vector operations a second: multiply-adds that stay in registers, each counted as one operation

The time that work needs at least is the larger of its bytes over the one and its operations over the other; the share
of the ceiling is that time over the time taken.
"""

from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass

import numpy as np

from benchmarks import c_peer

ITEMS = 16_000_000  # 128 MB an array
LANES = 96  # as in c/ceilings.c
ROUNDS = 10_000_000


@dataclass(frozen=True)
class Ceilings:
    """Of one core: bytes a second, vector operations a second."""

    bandwidth: float
    operations: float

    def seconds(self, moved: float, operations: float) -> float:
        """Least seconds for so many bytes and operations."""
        return max(moved / self.bandwidth, operations / self.operations)

    def binding(self, moved: float, operations: float) -> str:
        """Which of the two decides."""
        return "memory" if moved / self.bandwidth >= operations / self.operations else "operations"


def measure(repeats: int = 5) -> Ceilings:
    """The best of some repeats. RuntimeError without a C compiler."""
    library = c_peer.load("ceilings")
    library.multiply_add.restype = ctypes.c_double
    number, whole = ctypes.c_double, ctypes.c_int64
    arrays = [np.ones(ITEMS) for _ in range(3)]
    places = [c_peer.pointer(array) for array in arrays]
    memory, registers = [], []
    for _ in range(repeats):
        begin = time.perf_counter()
        library.triad(whole(ITEMS), whole(1), number(2.0), *places)
        memory.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        library.multiply_add(whole(ROUNDS), number(0.999), number(1e-3))
        registers.append(time.perf_counter() - begin)
    return Ceilings(24.0 * ITEMS / min(memory), float(LANES) * ROUNDS / min(registers))


if __name__ == "__main__":
    found = measure()
    print(f"memory {found.bandwidth / 1e9:.1f} GB/s, {found.operations / 1e9:.1f} billion vector operations a second")
