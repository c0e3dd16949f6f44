"""Break-even maps by the kernel, by NumPy and by C, timed by pytest-benchmark: `pytest benchmarks/test_break_even.py`.

Power prices by token rates of one side, five further inputs uncertain; maps doubling in cells and in samples. ``whole``
is the public function, draws and checks included. ``kernel``, ``numpy`` and ``c`` start from the same samples and add
them up, on all threads; for one, set both NUMBA_NUM_THREADS and OMP_NUM_THREADS, since numba and C share one OpenMP.
NumPy holds a plane of one price at a time, since all planes would not fit.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import c_peer
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
SIZES = [(64, 8_192), (128, 8_192), (128, 16_384), (256, 16_384)]  # cells along each axis, samples


class Work:
    """One map and the samples it is made of."""

    def __init__(self, cells: int, samples: int) -> None:
        self.samples = samples
        self.price = np.linspace(0.0, 0.3, cells)
        self.tokens = np.linspace(0.2, 4.0, cells)
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

    def _finish(self, wins: Floats, shift: Floats, total: Floats, square: Floats) -> Map:
        mean = total / self.samples
        return Map(wins / self.samples, shift + mean, np.sqrt(np.maximum(square / self.samples - mean**2, 0.0)))

    def _sums(self) -> Floats:
        return np.zeros((4, len(self.price), len(self.tokens)))

    def whole(self) -> Map:
        x, y = Axis("a", "power_usd_per_kwh", self.price), Axis("a", "tokens_per_kwh", self.tokens)
        return break_even(SIDE, SIDE, x, y, self.samples)

    def kernel(self) -> Map:
        sums = self._sums()
        blocks, tile = self.samples // place.BLOCK, (place.TILE_ROWS, place.TILE_COLUMNS)
        place.add(self.factors, self.lines, blocks, True, 0, 0, *AXES, self.price, 1.0 / self.tokens, *tile, *sums)
        return self._finish(*sums)

    def numpy(self) -> Map:
        planes = []
        for price in self.price:
            ratio = ((self.capital + price * self.load) * self.per_sold / self.other)[None, :] / self.tokens[:, None]
            planes.append(((ratio < 1.0 - place.MARGIN).mean(axis=1), ratio.mean(axis=1), ratio.std(axis=1)))
        return Map(*(np.array(part) for part in zip(*planes, strict=True)))

    def c(self, library: ctypes.CDLL) -> Map:
        sums = self._sums()
        p, n = c_peer.pointer, ctypes.c_int64
        samples = [p(array) for array in (self.capital, self.load, self.per_sold, self.other)]
        rows, columns = (n(len(self.price)), p(self.price)), (n(len(self.tokens)), p(self.tokens))
        library.break_even(n(self.samples), *samples, *rows, *columns, *(p(part) for part in sums))
        return self._finish(*sums)


@pytest.mark.parametrize("cells, samples", SIZES)
@pytest.mark.parametrize("name", ["whole", "kernel", "c", "numpy"])
def test_map(benchmark: Any, name: str, cells: int, samples: int) -> None:
    if name == "c" and c_peer.compiler() is None:
        pytest.skip("no C compiler")
    work = Work(cells, samples)
    library = c_peer.load("break_even") if name == "c" else None
    once: Callable[[], Map] = getattr(work, name) if library is None else lambda: work.c(library)
    found = once()  # compiled afterwards
    if name != "whole":
        for part, expected in zip(found, work.whole(), strict=True):
            np.testing.assert_allclose(part, expected, rtol=1e-6, atol=2 / samples)
    benchmark.group = f"{cells} x {cells} cells, {samples:,} samples"
    benchmark.pedantic(once, rounds=3 if name == "numpy" else 9, iterations=1)
