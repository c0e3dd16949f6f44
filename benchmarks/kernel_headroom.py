"""The headroom kernel and its peers: the largest flexible load of many regions and years.

The kernel is the public function with its checks. C takes the same steps. NumPy sorts every year's gaps and reads the
exact size from their running sums, so that all shares come from one sort.
"""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks import c_peer
from benchmarks.case import Case
from kernels.headroom import headroom

Floats = NDArray[np.float64]

HOURS = 8760
SEASON = (np.arange(HOURS) // 2190).astype(np.int64)
TURNS = np.arange(0, HOURS + 1, 2190)
SHARES = np.array([0.01, 0.005, 0.0025])


@cache
def make(rows: int) -> Floats:
    rng = np.random.default_rng(0)
    hour = np.arange(HOURS)
    swing = 200 * np.sin(hour * 2 * np.pi / 24) + 150 * np.cos(hour * 2 * np.pi / HOURS)
    return np.ascontiguousarray(1000 + swing + rng.normal(0, 60, (rows, HOURS)))


def by_kernel(load: Floats) -> Floats:
    return headroom(load, SEASON, SHARES)


def in_c(load: Floats) -> Floats:
    found, n, p = np.empty((len(load), len(SHARES))), ctypes.c_int64, c_peer.pointer
    c_peer.load("headroom").headroom(
        n(len(load)), n(HOURS), p(load), p(SEASON), n(4), n(len(TURNS) - 1), p(TURNS), n(len(SHARES)), p(SHARES),
        p(found),
    )  # fmt: skip
    return found


def by_numpy(load: Floats) -> Floats:
    peak = np.stack([load[:, season == SEASON].max(axis=1) for season in range(4)], axis=1)
    gaps = np.sort(peak[:, SEASON] - load, axis=1)
    hours_short = np.arange(1, HOURS + 1)
    given_up = gaps * hours_short - np.cumsum(gaps, axis=1)  # when the load is as large as the gap
    found = np.empty((len(load), len(SHARES)))
    for i, share in enumerate(SHARES):
        # convex and 0 at 0: below the size that is asked for, what is given up stays under the share
        fits = given_up <= share * HOURS * gaps
        k = HOURS - np.argmax(fits[:, ::-1], axis=1)  # as many gaps as that are short
        found[:, i] = np.take_along_axis(np.cumsum(gaps, axis=1), k[:, None] - 1, axis=1)[:, 0] / (k - share * HOURS)
    return found


def same(found: Floats, expected: Floats) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def operations(load: Floats) -> float:
    """Of an hour: a comparison with its peak, its gap and whether that is small enough to be kept."""
    return 3.0 * load.size


CASES = [
    Case(
        "headroom: three shares", (30, 60, 120, 240), 60, make, by_kernel, by_numpy, in_c, same, lambda load: load.size,
        lambda load: float(load.nbytes), operations,
    )
]  # fmt: skip
