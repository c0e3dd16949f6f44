"""A synthetic capacity-expansion LP of any size, written straight into arrays.

It has the shape that makes such models hard for a solver: dispatch that repeats over snapshots, storage that links
them, investment that links periods, corridors that link regions, a movable data-centre load and a few national rows
(build rate, carbon cap, connections) that touch thousands of columns. Numbers are invented but in the units and
magnitudes of the real model (MW, MUSD, hours), and a seed fixes them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]

#        MUSD per MW and year, USD per MWh, t CO2 per MWh, firm share of capacity
TECHNOLOGIES = {
    "coal": (0.22, 24.0, 0.95, 0.90),
    "gas_cc": (0.11, 31.0, 0.36, 0.92),
    "gas_ct": (0.08, 48.0, 0.55, 0.92),
    "nuclear": (0.60, 9.0, 0.0, 0.95),
    "wind": (0.13, 0.1, 0.0, 0.15),
    "solar": (0.085, 0.05, 0.0, 0.10),
}


@dataclass(frozen=True)
class ArrayLp:
    """min cost'x + offset with row_lower <= Ax <= row_upper, col_lower <= x <= col_upper; A in CSR by rows."""

    cost: Floats
    col_lower: Floats
    col_upper: Floats
    row_lower: Floats
    row_upper: Floats
    start: NDArray[np.int64]
    index: NDArray[np.int32]
    value: Floats
    demand_rows: NDArray[np.int64]
    cost_offset: dict[str, float]

    @property
    def num_col(self) -> int:
        return len(self.cost)

    @property
    def num_row(self) -> int:
        return len(self.row_lower)


class _Builder:
    """Collects columns and blocks of rows as triplets."""

    def __init__(self) -> None:
        self.cost: list[Floats] = []
        self.upper: list[Floats] = []
        self.columns = 0
        self.rows = 0
        self.row_lower: list[Floats] = []
        self.row_upper: list[Floats] = []
        self.triplets: list[tuple[NDArray[np.int64], NDArray[np.int64], Floats]] = []

    def decide(self, cost: Floats, upper: Floats | float = np.inf) -> NDArray[np.int64]:
        cost = np.asarray(cost, float)
        ids = self.columns + np.arange(cost.size).reshape(cost.shape)
        self.columns += cost.size
        self.cost.append(cost.ravel())
        self.upper.append(np.broadcast_to(np.asarray(upper, float), cost.shape).ravel())
        return ids

    def limit(self, shape: tuple[int, ...], lower: Floats | float, upper: Floats | float) -> NDArray[np.int64]:
        ids = self.rows + np.arange(int(np.prod(shape))).reshape(shape)
        self.rows += ids.size
        self.row_lower.append(np.broadcast_to(np.asarray(lower, float), shape).ravel())
        self.row_upper.append(np.broadcast_to(np.asarray(upper, float), shape).ravel())
        return ids

    def put(self, rows: NDArray[np.int64], columns: NDArray[np.int64], value: Floats | float) -> None:
        r, c, v = np.broadcast_arrays(rows, columns, np.asarray(value, float))
        self.triplets.append((r.ravel(), c.ravel(), v.ravel()))

    def finish(self, demand_rows: NDArray[np.int64]) -> ArrayLp:
        rows, columns, values = (np.concatenate(part) for part in zip(*self.triplets, strict=True))
        matrix = sparse.csr_array((values, (rows, columns)), shape=(self.rows, self.columns))
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return ArrayLp(
            cost=np.concatenate(self.cost),
            col_lower=np.zeros(self.columns),
            col_upper=np.concatenate(self.upper),
            row_lower=np.concatenate(self.row_lower),
            row_upper=np.concatenate(self.row_upper),
            start=matrix.indptr.astype(np.int64),
            index=matrix.indices.astype(np.int32),
            value=matrix.data.astype(float),
            demand_rows=demand_rows.ravel(),
            cost_offset={"fixed": 0.0},
        )


def expansion_lp(regions: int = 10, periods: int = 3, days: int = 4, hours: int = 24, seed: int = 1) -> ArrayLp:
    """Build the LP: about ``150 x periods x days x hours`` rows at ten regions."""
    rng = np.random.default_rng(seed)
    R, P, T = regions, periods, days * hours
    data = np.array(list(TECHNOLOGIES.values()))
    K = len(data)
    capex, fuel, carbon, firm = data.T
    day = np.arange(T) // hours
    hour = (np.arange(T) % hours) * 24 / hours
    weight = 8760 / hours * rng.dirichlet(np.full(days, 20.0))[day]  # hours a year that a snapshot stands for
    discount = 0.9 ** (2 * np.arange(P)) * 2
    build = _Builder()

    size = rng.lognormal(0, 0.6, R) * 15000
    shape_ = 0.75 + 0.2 * np.sin((hour[None] - 10 + rng.normal(0, 1, R)[:, None]) * np.pi / 12)
    load = size[:, None] * shape_ * (1 + 0.1 * rng.normal(size=(R, days))[:, day])
    load = load[:, None, :] * (1 + 0.03 * np.arange(P))[None, :, None]
    avail = np.broadcast_to(np.array([0.88, 0.9, 0.92, 0.93, 0, 0])[None, :, None], (R, K, T)).copy()
    avail[:, 4] = np.clip(rng.beta(2, 3, (R, days))[:, day] + 0.1 * rng.normal(size=(R, T)), 0.01, 0.95)
    sun = np.clip(np.sin((hour - 6) * np.pi / 12), 0, None)
    avail[:, 5] = sun * np.clip(rng.beta(4, 2, (R, days))[:, day], 0.1, 1) * 0.9
    avail[avail < 1e-3] = 0
    mix = rng.dirichlet(np.array([3, 4, 2, 2, 1.5, 1.5]), R)
    standing = mix * size[:, None] * 1.35

    links = [(a, (a + 1) % R) for a in range(R)] + [(a, (a + R // 2) % R) for a in range(R // 2)]
    ends = np.array(links if R > 2 else links[:1])
    L = len(ends)
    line_mw = rng.uniform(500, 4000, L)
    annual = (weight[None, :] * discount[:, None]) * 1e-6  # USD per MWh -> MUSD per MW in one snapshot
    life = np.cumsum(discount[::-1])[::-1]  # what is built in p is paid to the end of the horizon
    noise = rng.uniform(0.9, 1.15, (R, K))

    fuel_rk = fuel[None] * rng.uniform(0.85, 1.2, (R, K))
    gen = build.decide(fuel_rk[:, :, None, None] * annual[None, None])
    most_new = 0.25 * size[:, None, None] + np.zeros((R, K, P))
    new = build.decide((capex[None] * noise)[:, :, None] * life[None, None], most_new)
    charge = build.decide(0.1 * annual[None] + np.zeros((R, P, T)))
    discharge = build.decide(0.1 * annual[None] + np.zeros((R, P, T)))
    stored = build.decide(np.zeros((R, P, T)))
    battery = build.decide(0.06 * life[None] + np.zeros((R, P)), 0.3 * size[:, None] + np.zeros((R, P)))
    flow = [build.decide(0.5 * annual[None] + np.zeros((L, P, T))) for _ in range(2)]
    line = build.decide(rng.uniform(0.05, 0.25, L)[:, None] * life[None], 3000.0)
    shed = build.decide(9000 * annual[None] + np.zeros((R, P, T)))
    draw = build.decide(np.zeros((R, P, T)))
    hall = build.decide(rng.uniform(0.9, 1.3, R)[:, None] * life[None])
    unserved = build.decide(4000 * annual)

    earlier = [(p, q) for p in range(P) for q in range(p + 1)]
    within = build.limit((R, K, P, T), -np.inf, avail[:, :, None, :] * standing[:, :, None, None])
    build.put(within, gen, 1.0)
    for p, q in earlier:
        build.put(within[:, :, p], new[:, :, q][:, :, None], -avail)
    demand = build.limit((R, P, T), load, load)
    build.put(demand[:, None], gen, 1.0)
    for column, sign in ((charge, -1.0), (discharge, 1.0), (shed, 1.0), (draw, -1.25)):
        build.put(demand, column, sign)
    for direction, (a, b) in enumerate(((0, 1), (1, 0))):
        build.put(demand[ends[:, a]], flow[direction], -1.0)
        build.put(demand[ends[:, b]], flow[direction], 0.97)
        corridor = build.limit((L, P, T), -np.inf, line_mw[:, None, None])
        build.put(corridor, flow[direction], 1.0)
        for p, q in earlier:
            build.put(corridor[:, p], line[:, q][:, None], -1.0)
    step = 24 / hours
    snapshot = np.arange(T)
    previous = np.where(snapshot % hours == 0, snapshot + hours - 1, snapshot - 1)  # a day wraps onto itself
    chain = build.limit((R, P, T), 0.0, 0.0)
    build.put(chain, stored, 1.0)
    build.put(chain, stored[:, :, previous], -1.0)
    build.put(chain, charge, -0.92 * step)
    build.put(chain, discharge, step / 0.92)
    for column, per_mw in ((stored, 4.0), (charge, 1.0), (discharge, 1.0)):
        rows = build.limit((R, P, T), -np.inf, 0.0)
        build.put(rows, column, 1.0)
        for p, q in earlier:
            build.put(rows[:, p], battery[:, q][:, None], -per_mw)
    compute = size.sum() * 0.03 * (1 + 0.8 * np.arange(P))[:, None] * (1 + 0.15 * np.sin(hour * np.pi / 12))
    served = build.limit((P, T), compute, compute)
    build.put(served[None], draw, 1.0)
    build.put(served, unserved, 1.0)
    halls = build.limit((R, P, T), -np.inf, (size * 0.01)[:, None, None])
    build.put(halls, draw, 1.0)
    for p, q in earlier:
        build.put(halls[:, p], hall[:, q][:, None], -1.0)
    connection = build.limit((R, P), -np.inf, (size * 0.02)[:, None] * (1 + np.arange(P))[None])
    for p, q in earlier:
        build.put(connection[:, p], hall[:, q], 1.0)
    reserve = build.limit((P,), 1.12 * load.max(axis=2).sum(axis=0) - (firm * standing).sum(), np.inf)
    for p, q in earlier:
        build.put(reserve[p], new[:, :, q], firm[None])
        build.put(reserve[p], battery[:, q], 0.6)
    rate = build.limit((K, P), -np.inf, size.sum() * 0.08)
    build.put(rate[None], new, 1.0)
    emitted = (carbon[None, :, None, None] * weight[None, None, None, :] * 1e-3) + np.zeros((R, K, P, T))  # kt
    cap = build.limit((P,), -np.inf, 0.3e-3 * (load * weight).sum(axis=(0, 2)) * (0.9 ** np.arange(P)))
    build.put(cap[None, None, :, None], gen, emitted)
    return build.finish(demand)
