"""The residual kernel and its peers: row activities, reduced costs and their sizes in one pass over the matrix.

The matrix is that of the synthetic power-and-compute LP of the build benchmark, plan and prices are drawn. SciPy stands
for NumPy here, which multiplies no sparse matrix: two products with the matrix, one with its absolute values.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks import c_peer
from benchmarks.case import Case
from benchmarks.power_and_compute.rooms import formulation
from benchmarks.power_and_compute.world import world
from kernels.residuals import products
from optimizer.solve.compile import compile_lp

Floats = NDArray[np.float64]
Found = tuple[Floats, Floats, Floats, Floats]


@dataclass(frozen=True, eq=False)
class Work:
    """A by rows, costs, a plan x and prices y."""

    start: NDArray[np.int64]
    index: NDArray[np.int32]
    value: Floats
    cost: Floats
    x: Floats
    y: Floats


@cache
def make(variables: int) -> Work:
    """About so many variables; a third of the prices is zero, as where limits do not bind."""
    lp = compile_lp(formulation(), world(variables))
    rng = np.random.default_rng(0)
    y = rng.normal(size=lp.num_row) * (rng.random(lp.num_row) < 0.67)
    return Work(lp.start, lp.index, lp.value, lp.cost, rng.uniform(0.0, 10.0, lp.num_col), y)


def by_kernel(work: Work) -> Found:
    return products(work.start, work.index, work.value, work.cost, work.x, work.y)


def by_scipy(work: Work) -> Found:
    shape = (len(work.y), len(work.cost))
    matrix = sparse.csr_array((work.value, work.index, work.start), shape=shape)
    size = sparse.csr_array((np.abs(work.value), work.index, work.start), shape=shape)
    worth = np.abs(work.value) * np.repeat(np.abs(work.y), np.diff(work.start))
    z_size = np.abs(work.cost)
    np.maximum.at(z_size, work.index, worth)
    return matrix @ work.x, size @ np.abs(work.x), work.cost - matrix.T @ work.y, z_size


def in_c(work: Work) -> Found:
    activity, activity_size = np.empty(len(work.y)), np.empty(len(work.y))
    z = work.cost.copy()
    z_size = np.abs(z)
    arrays = (work.start, work.index, work.value, work.x, work.y, activity, activity_size, z, z_size)
    c_peer.load("residuals").products(ctypes.c_int64(len(work.y)), *(c_peer.pointer(array) for array in arrays))
    return activity, activity_size, z, z_size


def same(found: Found, expected: Found) -> None:
    for part, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(part, other, rtol=1e-9, atol=1e-9)


def moved(work: Work) -> float:
    """The matrix once, vectors over rows twice in and twice out, over columns x in, z and its size in and out."""
    return float(12 * len(work.index) + 32 * len(work.y) + 56 * len(work.cost))


def operations(work: Work) -> float:
    """Four a non-zero for its row; four more where its row has a price."""
    priced = np.diff(work.start)[work.y != 0.0].sum()
    return float(4 * len(work.index) + 4 * priced)


CASES = [
    Case(
        "residuals: products", (40_000, 80_000, 160_000, 320_000), 160_000, make, by_kernel, by_scipy, in_c, same,
        lambda w: len(w.index), moved, operations,
    )
]  # fmt: skip
