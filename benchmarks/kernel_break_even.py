"""The break-even kernel and its peers: a map of power prices by token rates of one side, five further inputs uncertain.

All roads start from the same samples and add them up. NumPy holds a plane of one price at a time, since all planes
would not fit. `whole` is the public function, draws and checks included: the answer that the others are held to.
"""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks import c_peer
from benchmarks.case import Case
from kernels import ratio_sums as place
from kernels.break_even import INPUTS, Axis, Map, Side, break_even
from kernels.draws import fill, fixed, lognormal, triangular, uniform

Floats = NDArray[np.float64]

SIDE = Side(
    power_usd_per_kwh=uniform(0.03, 0.12),
    tokens_per_kwh=fixed(1.0),
    capex_usd_per_kw=lognormal(20_000, 0.2),
    fixed_usd_per_kw_year=triangular(100, 200, 500),
    load_ratio=uniform(0.5, 0.9),
    sold_share=uniform(0.25, 0.9),
    wacc=triangular(0.05, 0.08, 0.12),
    life_years=triangular(3, 5, 8),
)
AXES = place.POWER, place.TOKENS
SAMPLES = 8_192


class Work:
    """One square map and the samples it is made of."""

    def __init__(self, side: int, samples: int = SAMPLES) -> None:
        self.samples = samples
        self.price = np.linspace(0.0, 0.3, side)
        self.tokens = np.linspace(0.2, 4.0, side)
        draws = [getattr(SIDE, name) for name in INPUTS] * 2
        drawn = np.empty((len(draws), samples))
        fill(draws, range(len(draws)), 0, 0, samples, drawn)
        self.factors = np.empty((2, place.FACTORS, samples))
        self.factors[:, : len(INPUTS)] = drawn.reshape(2, len(INPUTS), samples)
        self.lines = np.empty((4, samples))
        place.prepare(self.factors, samples // place.BLOCK, 0, 0, *AXES, self.lines)
        a, b = self.factors
        capital = [s[place.CAPEX] * s[place.ANNUITY] + s[place.FIXED] for s in (a, b)]
        self.capital, self.load, self.per_sold = capital[0], a[place.LOAD], a[place.SOLD]
        self.other = (capital[1] + b[place.POWER] * b[place.LOAD]) * b[place.SOLD]

    @property
    def cells(self) -> int:
        """Cells of the map x samples."""
        return len(self.price) * len(self.tokens) * self.samples

    def finish(self, wins: Floats, shift: Floats, total: Floats, square: Floats) -> Map:
        mean = total / self.samples
        return Map(wins / self.samples, shift + mean, np.sqrt(np.maximum(square / self.samples - mean**2, 0.0)))

    def sums(self) -> Floats:
        return np.zeros((4, len(self.price), len(self.tokens)))

    def whole(self) -> Map:
        x, y = Axis("a", "power_usd_per_kwh", self.price), Axis("a", "tokens_per_kwh", self.tokens)
        return break_even(SIDE, SIDE, x, y, self.samples)


make = cache(Work)


def by_kernel(work: Work) -> Map:
    sums = work.sums()
    blocks, tile = work.samples // place.BLOCK, (place.TILE_ROWS, place.TILE_COLUMNS)
    place.add(work.factors, work.lines, blocks, True, 0, 0, *AXES, work.price, 1.0 / work.tokens, *tile, *sums)
    return work.finish(*sums)


def by_planes(work: Work) -> Map:
    planes = []
    for price in work.price:
        ratio = ((work.capital + price * work.load) * work.per_sold / work.other)[None, :] / work.tokens[:, None]
        planes.append(((ratio < 1.0 - place.MARGIN).mean(axis=1), ratio.mean(axis=1), ratio.std(axis=1)))
    return Map(*(np.array(part) for part in zip(*planes, strict=True)))


def in_c(work: Work) -> Map:
    sums = work.sums()
    p, n = c_peer.pointer, ctypes.c_int64
    samples = [p(array) for array in (work.capital, work.load, work.per_sold, work.other)]
    rows, columns = (n(len(work.price)), p(work.price)), (n(len(work.tokens)), p(work.tokens))
    c_peer.load("break_even").break_even(n(work.samples), *samples, *rows, *columns, *(p(part) for part in sums))
    return work.finish(*sums)


def same(found: Map, expected: Map) -> None:
    for part, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(part, other, rtol=1e-6, atol=2 / SAMPLES)


def operations(work: Work) -> float:
    """Nine a cell and sample: two for the ratio, three to count it, two for the mean, two for the square."""
    return 9.0 * work.cells


CASES = [
    Case(
        "break-even: map", (64, 90, 128, 181), 64, make, by_kernel, by_planes, in_c, same, lambda w: w.cells,
        lambda w: float(w.factors.nbytes + w.sums().nbytes), operations,
    )
]  # fmt: skip
