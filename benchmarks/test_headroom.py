"""The largest flexible load of many regions and years, timed by pytest-benchmark: `pytest benchmarks/test_headroom.py`.

Three roads: ``kernel``, the public function with its checks; ``c``, the same steps in plain C
(`benchmarks/c/headroom.c`, skipped without a compiler); ``numpy``, which sorts every year's gaps and reads the exact
size from their running sums, so that all shares come from one sort. All on one thread.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from functools import cache
from typing import Any

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import c_peer
from kernels.headroom import headroom

Floats = NDArray[np.float64]

ROWS = (30, 60, 120, 240)  # regions x years
HOURS = 8760
SEASON = (np.arange(HOURS) // 2190).astype(np.int64)
SHARES = np.array([0.01, 0.005, 0.0025])


@cache
def make(rows: int) -> Floats:
    rng = np.random.default_rng(0)
    hour = np.arange(HOURS)
    swing = 200 * np.sin(hour * 2 * np.pi / 24) + 150 * np.cos(hour * 2 * np.pi / HOURS)
    return np.ascontiguousarray(1000 + swing + rng.normal(0, 60, (rows, HOURS)))


def by_kernel(load: Floats) -> Floats:
    return headroom(load, SEASON, SHARES)


@cache
def peer() -> ctypes.CDLL:
    library = c_peer.load("headroom")
    library.omp_set_num_threads(1)
    return library


def in_c(load: Floats) -> Floats:
    found, n, p = np.empty((len(load), len(SHARES))), ctypes.c_int64, c_peer.pointer
    peer().headroom(n(len(load)), n(HOURS), p(load), p(SEASON), n(4), n(len(SHARES)), p(SHARES), p(found))
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


ROADS = {"kernel": by_kernel, "c": in_c, "numpy": by_numpy}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(before)


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("name", ROADS)
def test_headroom(benchmark: Any, name: str, rows: int) -> None:
    if name == "c" and c_peer.compiler() is None:
        pytest.skip("no C compiler")
    load = make(rows)
    found = ROADS[name](load)  # compiled afterwards
    np.testing.assert_allclose(found, by_kernel(load), rtol=1e-9)
    assert (found > 0.0).all()
    benchmark.group = f"headroom, {load.size:,} cells, {len(SHARES)} shares"
    benchmark.pedantic(ROADS[name], args=(load,), rounds=3 if name == "numpy" else 9)
