"""The cost kernel and its peers: the cheapest option of every market, workload and hour; mean and median over options.

NumPy makes the table of all cells; `in_two_steps` is NumPy in the kernel's own two steps, which does not, and the peer
in C (`c/cost.c`) takes the same two steps.
"""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks import c_peer
from benchmarks.case import Case
from kernels.cost import BLOCK, Options, cheapest
from kernels.cost_spread import mean, quantiles

Floats = NDArray[np.float64]
Best = tuple[Floats, NDArray[np.int64]]

WORKLOADS, MARKETS, HOSTS, CHIPS = 5, 30, 86, 29  # as the world scenario


@cache
def make(hours: int) -> Options:
    """Costs in the range of the world scenario; three arcs in ten and two chips in ten are forbidden."""
    rng = np.random.default_rng(0)
    arcs = (WORKLOADS, MARKETS, HOSTS)
    return Options(
        capital=rng.uniform(0.5, 4.0, (HOSTS, CHIPS)),
        it_kw=rng.uniform(0.3, 2.0, CHIPS),
        tokens=rng.uniform(0.5, 10.0, (WORKLOADS, CHIPS)),
        price=rng.uniform(0.02, 0.15, (HOSTS, hours)),
        network=np.where(rng.random(arcs) < 0.3, np.inf, rng.uniform(0.0, 0.05, arcs)),
        allowed=rng.random((HOSTS, CHIPS)) < 0.8,
    )


def table(o: Options) -> Floats:
    """All cells, (workload, market, host x chip, hour)."""
    made = o.fixed[..., None] + o.energy[:, None, :, None] * o.price[None, :, None, :]
    return (made[:, None] + o.network[..., None, None]).reshape(WORKLOADS, MARKETS, HOSTS * CHIPS, -1)


def by_table(o: Options) -> Best:
    full = table(o)
    option = full.argmin(axis=2)
    return np.take_along_axis(full, option[:, :, None], axis=2)[:, :, 0], option


def in_two_steps(o: Options) -> Best:
    made = o.fixed[..., None] + o.energy[:, None, :, None] * o.price[None, :, None, :]
    chip = made.argmin(axis=2)
    best = np.take_along_axis(made, chip[:, :, None], axis=2)[:, :, 0]
    delivered = best[:, None] + o.network[..., None]
    host = delivered.argmin(axis=2)
    own = np.take_along_axis(chip, host, axis=1)
    return np.take_along_axis(delivered, host[:, :, None], axis=2)[:, :, 0], host * CHIPS + own


def in_c(o: Options) -> Best:
    hours = o.price.shape[1]
    cost, option = np.empty((WORKLOADS, MARKETS, hours)), np.empty((WORKLOADS, MARKETS, hours), np.int64)
    arrays = [c_peer.pointer(a) for a in (o.fixed, o.energy, o.price, o.network)]
    sizes = [ctypes.c_int64(size) for size in (WORKLOADS, MARKETS, HOSTS, CHIPS, hours, BLOCK)]
    c_peer.load("cost").cheapest(*arrays, *sizes, c_peer.pointer(cost), c_peer.pointer(option))
    return cost, option


def by_kernel(o: Options) -> Best:
    cost, option = cheapest(o)
    return cost[:, :, 0], option[:, :, 0]


def same_best(found: Best, expected: Best) -> None:
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-14)
    assert (found[1] == expected[1]).mean() > 0.999  # C may fuse a product and a sum, and a tie may fall the other way


def spread_by_table(o: Options, median: bool) -> Floats:
    full = table(o)
    full[np.isinf(full)] = np.nan
    found: Floats = np.nanmedian(full, axis=2) if median else np.nanmean(full, axis=2)
    return found


def same(found: Floats, expected: Floats) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def cells(o: Options) -> int:
    """Workload x market x host x chip x hour."""
    return WORKLOADS * MARKETS * HOSTS * CHIPS * o.price.shape[1]


def operations(o: Options) -> float:
    """Five for each chip of a host that exists (product, sum, comparison, two choices), four for each arc that does."""
    chips, arcs = np.isfinite(o.fixed).sum(), np.isfinite(o.network).sum()
    return float((5 * chips + 4 * arcs) * o.price.shape[1])


def moved(o: Options) -> float:
    """Prices in, costs and positions out."""
    return float(o.price.nbytes + 16 * WORKLOADS * MARKETS * o.price.shape[1])


def mean_operations(o: Options) -> float:
    """A product and a sum for each arc and hour; three sums for each chip behind an arc, once for all hours."""
    chips = np.isfinite(o.fixed).sum(axis=2)[:, None] * np.isfinite(o.network)
    return float(2 * np.isfinite(o.network).sum() * o.price.shape[1] + 3 * chips.sum())


def median_operations(o: Options) -> float:
    """Three to make each option (the arc's sum among them) and four to look at it once."""
    return 7.0 * float((np.isfinite(o.fixed).sum(axis=2)[:, None] * np.isfinite(o.network)).sum() * o.price.shape[1])


CASES = [
    Case("cost: cheapest", (16, 32, 64, 128), 64, make, by_kernel, by_table, in_c, same_best, cells, moved, operations),
    Case(
        "cost: cheapest, two steps", (128, 512, 2048, 8760), 512, make, by_kernel, in_two_steps, in_c, same_best, cells,
        moved, operations,
    ),
    Case(
        "cost: mean", (16, 32), 16, make, mean, lambda o: spread_by_table(o, False), None, same, cells, moved,
        mean_operations,
    ),
    Case(
        "cost: median", (16, 32), 16, make, lambda o: quantiles(o, [0.5])[0], lambda o: spread_by_table(o, True), None,
        same, cells, moved, median_operations,
    ),
]  # fmt: skip
