"""A kernel as the benchmarks see it: its work at any size, its peers, and what that work needs of the machine.

`benchmarks/kernel_*.py` hold one kernel each and list their cases; `CASES` below lists them all. pytest-benchmark times
them (`test_kernels.py`), and `guard.py` holds their ratios against recorded ones.

All roads of a case start from the same input and end with the same answer, on one thread: two pools of threads in one
process (numba's and OpenMP's) slow each other down, and NumPy has none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

KERNELS = ("load", "headroom", "cost", "break_even", "profiles", "dispatch", "residuals")


@dataclass(frozen=True)
class Case:
    """One kind of work of a kernel.

    Attributes:
        name: of kernel and work.
        make: the input for a size; sizes double, and ``guarded`` is the one that the guard measures.
        kernel, numpy, c: roads from the input to the answer. ``c`` is None where there is no peer in C.
        same: raises AssertionError where an answer is not the kernel's.
        cells: how many cells the work has; time is linear in them.
        bytes: what has to come from memory and go back at least.
        operations: vector operations at least: an addition, product, comparison or choice of one number is one; a
            product and a sum are two, since kernels do not fuse them.
        numpy_share: how much of the work the NumPy road does, where all of it would take too long; ratios allow for it.
    """

    name: str
    sizes: tuple[int, ...]
    guarded: int
    make: Callable[[int], Any]
    kernel: Callable[[Any], Any]
    numpy: Callable[[Any], Any]
    c: Callable[[Any], Any] | None
    same: Callable[[Any, Any], None]
    cells: Callable[[Any], int]
    bytes: Callable[[Any], float]
    operations: Callable[[Any], float]
    numpy_share: float = 1.0


def cases() -> list[Case]:
    """The cases of all kernels."""
    return [case for name in KERNELS for case in import_module(f"benchmarks.kernel_{name}").CASES]
