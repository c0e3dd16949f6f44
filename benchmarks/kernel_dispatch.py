"""The dispatch kernel and its peers: hour after hour of a region graph, each at least cost.

The kernel and C repair the basis of the hour before, in the same steps. SciPy stands for NumPy, which solves no linear
program: its HiGHS starts every hour anew, which is what it offers; it is timed on some of the hours and its answer is
held against the kernel's there.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from benchmarks import c_peer
from benchmarks.case import Case
from kernels._jit import jit_dividing
from kernels.dispatch import Graph, new_basis, new_room, read, solve

Floats = NDArray[np.float64]
REGIONS, STEPS, ARCS = 30, 9, 150
SAMPLED = 24  # one hour in so many goes to SciPy


@dataclass(frozen=True, eq=False)
class Work:
    """A graph of the size of the United States; demand (hour, region), sizes of blocks (hour, block), limits (arc,)."""

    graph: Graph
    demand: Floats
    size: Floats
    limit: Floats


@cache
def make(hours: int) -> Work:
    random = np.random.default_rng(0)
    cost = np.sort(random.uniform(5.0, 120.0, (REGIONS, STEPS)), axis=1)
    cost = np.concatenate([np.zeros((REGIONS, 1)), cost, random.uniform(5000.0, 5001.0, (REGIONS, 1))], axis=1)
    start = random.integers(0, REGIONS, ARCS)
    end = (start + random.integers(1, 5, ARCS)) % REGIONS
    graph = Graph(
        np.arange(REGIONS + 1) * (STEPS + 2), cost.ravel(), start, end, random.uniform(0.94, 0.99, ARCS),
        random.uniform(0.5, 3.0, ARCS),
    )  # fmt: skip
    hour, peak = np.arange(hours), random.uniform(5e3, 3e4, REGIONS)
    daily = 0.7 + 0.2 * np.sin(2 * np.pi * (hour[:, None] / 24 + random.random(REGIONS)))
    demand = peak * daily * random.uniform(0.97, 1.03, (hours, REGIONS))
    size = np.empty((hours, REGIONS, STEPS + 2))
    size[:, :, 0] = 0.4 * peak * np.abs(np.sin(2 * np.pi * hour[:, None] / 130 + np.arange(REGIONS)))
    size[:, :, 1:-1] = (peak * random.uniform(0.5, 1.6, REGIONS) / STEPS)[:, None]
    size[:, :, -1] = demand
    return Work(graph, demand, size.reshape(hours, -1), random.uniform(200.0, 4000.0, ARCS))


@jit_dividing
def _hours(graph: Graph, demand: Floats, size: Floats, limit: Floats, found: Floats) -> None:
    basis, room = new_basis(graph), new_room(graph)
    output, flow = np.zeros(len(graph.cost)), np.zeros(len(graph.start))
    for h in range(len(demand)):
        found[h] = np.nan
        if solve(graph, basis, demand[h], size[h], limit, room, 1000 + 20 * (len(size[h]) + len(limit))) >= 0:
            read(graph, basis, size[h], limit, room, output, flow)
            total = 0.0
            for k in range(len(output)):
                total += graph.cost[k] * output[k]
            for a in range(len(flow)):
                total += graph.toll[a] * flow[a]
            found[h] = total


def by_kernel(work: Work) -> Floats:
    found = np.empty(len(work.demand))
    _hours(work.graph, work.demand, work.size, work.limit, found)
    return found


def in_c(work: Work) -> Floats:
    found, graph = np.empty(len(work.demand)), work.graph
    sizes = (ctypes.c_int64(n) for n in (len(found), REGIONS, len(graph.cost), ARCS))
    c_peer.load("dispatch").dispatch(
        *sizes, *(c_peer.pointer(array) for array in (*graph, work.demand, work.size, work.limit, found))
    )
    return found


def by_scipy(work: Work) -> Floats:
    """One hour in ``SAMPLED``; the others are not a number."""
    graph, found = work.graph, np.full(len(work.demand), np.nan)
    blocks = len(graph.cost)
    block_region = np.repeat(np.arange(REGIONS), np.diff(graph.first))
    rows = np.concatenate([block_region, graph.end, graph.start])
    arcs = blocks + np.arange(ARCS)
    columns = np.concatenate([np.arange(blocks), arcs, arcs])
    values = np.concatenate([np.ones(blocks), graph.kept, np.full(ARCS, -1.0)])
    balance = sparse.csr_array((values, (rows, columns)), shape=(REGIONS, blocks + ARCS))
    cost = np.concatenate([graph.cost, graph.toll])
    for h in range(0, len(found), SAMPLED):
        upper = np.concatenate([work.size[h], work.limit])
        ends = np.stack([np.zeros(len(upper)), upper], axis=1)
        found[h] = linprog(cost, A_eq=balance, b_eq=work.demand[h], bounds=ends, method="highs").fun
    return found


def same(found: Floats, expected: Floats) -> None:
    solved = np.isfinite(found)
    assert np.isfinite(expected).all()
    assert solved[::SAMPLED].all()
    np.testing.assert_allclose(found[solved], expected[solved], rtol=1e-7)


def moved(work: Work) -> float:
    """Demand and sizes in."""
    return float(work.demand.nbytes + work.size.nbytes)


def operations(work: Work) -> float:
    """A product of the inverse with a vector, twice an hour at least: when it arrives and after one step."""
    return 4.0 * REGIONS**2 * len(work.demand)


CASES = [
    Case(
        "dispatch: hours", (720, 1440, 2880, 8760), 1440, make, by_kernel, by_scipy, in_c, same,
        lambda work: len(work.demand) * REGIONS, moved, operations, 1.0 / SAMPLED,
    )
]  # fmt: skip
