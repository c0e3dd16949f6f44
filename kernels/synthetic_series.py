"""Synthetic series around monthly means.

An autoregressive process, standardised within groups of steps (months), mapped to any distribution by its quantiles,
and scaled so that every group has the sum that was published. 8 bytes read, 8 written a cell; about 30 operations.
Noise is made of eight places at a time, in 64 bytes a step that stay in the second level of cache. These eight are one
thread's, so the bits do not depend on the number of threads.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange
from numpy.typing import ArrayLike, NDArray

from kernels._jit import jit_dividing, jit_parallel
from kernels.checks import within
from kernels.look_up import STRETCH, between
from kernels.order import number
from kernels.runs import runs

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

LANES = 32  # running sums
ABREAST = 8  # series that are made side by side: their shocks of a step are one line of cache
MANY_CELLS = 4_000_000  # from which several threads pay for loading the parallel kernel


@jit_dividing
def _remember(shocks: Floats, first: int, memory: float, series: Floats) -> None:
    """Shocks of the places from ``first`` on become series, (step, abreast); nothing where there is no place."""
    fresh = math.sqrt(1.0 - memory**2)
    last, width = np.zeros(ABREAST), min(ABREAST, shocks.shape[1] - first)
    new = np.zeros(ABREAST)
    for t in range(len(series)):
        if width == ABREAST:
            here = shocks[t, first : first + ABREAST]
            for k in range(ABREAST):
                last[k] = series[t, k] = memory * last[k] + fresh * here[k]
        else:
            new[:width] = shocks[t, first:]
            for k in range(ABREAST):
                last[k] = series[t, k] = memory * last[k] + fresh * new[k]
        if t == 0:  # the first step remembers nothing
            for k in range(width):
                last[k] = series[0, k] = shocks[0, first + k]


@jit_dividing
def _add(series: Floats, total: Floats) -> None:
    """The sum of each of the series that stand abreast."""
    for t in range(len(series)):
        for k in range(ABREAST):
            total[k] += series[t, k]


@jit_dividing
def _add_squares(series: Floats, mean: Floats, total: Floats) -> None:
    for t in range(len(series)):
        for k in range(ABREAST):
            away = series[t, k] - mean[k]
            total[k] += away * away


@jit_dividing
def _normal(series: Floats, mean: Floats, spread: Floats, found: Floats) -> None:
    """Series that stand abreast, laid down one by one, (place, step): few steps at a time, while they are in cache."""
    for first in range(0, len(series), ABREAST):
        end = min(first + ABREAST, len(series))
        for k in range(len(found)):
            off, scale = mean[k], 1.0 / spread[k]
            for t in range(np.uint64(first), np.uint64(end)):
                found[k, t] = (series[t, k] - off) * scale


def _noises(shocks: Floats, memory: float, group: Whole, turns: Whole, found: Floats) -> None:
    steps, places = shocks.shape
    groups = group.max() + 1 if steps else 0
    count = np.zeros(groups)
    for run in range(len(turns) - 1):
        count[group[turns[run]]] += turns[run + 1] - turns[run]
    for block in prange((places + ABREAST - 1) // ABREAST):
        first = block * ABREAST
        series = np.empty((steps, ABREAST))
        mean, spread = np.zeros((groups, ABREAST)), np.zeros((groups, ABREAST))
        _remember(shocks, first, memory, series)
        for run in range(len(turns) - 1):
            _add(series[turns[run] : turns[run + 1]], mean[group[turns[run]]])
        for g in range(groups):
            for k in range(ABREAST):
                mean[g, k] /= count[g]
        for run in range(len(turns) - 1):
            g = group[turns[run]]
            _add_squares(series[turns[run] : turns[run + 1]], mean[g], spread[g])
        for g in range(groups):
            for k in range(ABREAST):
                spread[g, k] = math.sqrt(spread[g, k] / count[g])
        for run in range(len(turns) - 1):
            here, g = slice(turns[run], turns[run + 1]), group[turns[run]]
            _normal(series[here], mean[g], spread[g], found[first : first + ABREAST, here])


_noises_one, _noises_many = jit_dividing(_noises), jit_parallel(_noises)


def noise(shocks: ArrayLike, memory: float, group: ArrayLike) -> Floats:
    """Series (place, step) that remember their last step, of mean 0 and variance 1 within each group of steps.

    Args:
        shocks: standard normal numbers, (step, place), as they are drawn.
        memory: correlation with the step before, 0 <= memory < 1.
        group: of each step, (step,), from 0; every group has two steps or more.
    """
    drawn, groups = np.ascontiguousarray(shocks, np.float64), np.ascontiguousarray(group, np.int64)
    if not 0.0 <= memory < 1.0:
        raise ValueError(f"the memory of a series lies in [0, 1), found {memory}")
    if drawn.ndim != 2 or groups.shape != drawn.shape[:1] or (groups < 0).any():
        raise ValueError(f"shocks {drawn.shape} and groups {groups.shape} do not fit")
    if len(groups) and np.bincount(groups).min() < 2:
        raise ValueError("a group of fewer than two steps has no variance")
    within("shock", drawn)
    found = np.empty(drawn.shape[::-1])
    (_noises_many if drawn.size >= MANY_CELLS else _noises_one)(drawn, memory, groups, runs(groups), found)
    return found


@jit_dividing
def _draw(
    normal: Floats, low: float, a_step: float, quantile: Floats, spots: NDArray[np.uint32], found: Floats
) -> None:
    """What normal numbers draw, between the quantiles of a grid that begins at ``low``; ``a_step`` of it is 1."""
    for first in range(0, len(normal), STRETCH):
        here = slice(first, first + STRETCH)
        between(normal[here], low, a_step, quantile, spots, found[here])


@jit_dividing
def _shape(drawn: Floats, shape: Floats, repeat: int, found: Floats) -> None:
    """Each drawn number for the hours of its step."""
    for t in range(len(drawn)):
        for h in range(repeat):
            at = np.uint64(t * repeat + h)
            found[at] = shape[at] * drawn[t]


@jit_dividing
def _sum(shares: Floats, lanes: Floats) -> tuple[float, int, float]:
    """Of numbers from 0 on: their sum, how many are above 0, and the highest."""
    lanes[:] = 0.0
    whole = len(shares) // LANES * LANES
    for first in range(0, whole, LANES):
        for lane in range(LANES):
            lanes[lane] += shares[np.uint64(first + lane)]  # unsigned: what may be negative is gathered one by one
    total = 0.0
    for lane in range(LANES):
        total += lanes[lane]
    for h in range(whole, len(shares)):
        total += shares[h]
    bits = shares.view(np.int64)
    above, highest = 0, 0
    for h in range(len(bits)):  # numbers from 0 on have the order of their bits
        above += bits[h] > 0
        highest = max(highest, bits[h])
    return total, above, number(highest)


@jit_dividing
def _scale(shares: Floats, full: NDArray[np.bool_], factor: float) -> None:
    for h in range(len(shares)):
        shares[h] = 1.0 if full[h] else shares[h] * factor


def _scatters(
    normal: Floats, group: Whole, turns: Whole, repeat: int, low: float, step: float, quantile: Floats, shape: Floats,
    total: Floats, found: Floats, short: NDArray[np.bool_],
) -> None:  # fmt: skip
    places = normal.shape[0]
    groups, hours = total.shape[1], normal.shape[1] * repeat
    for p in prange(places):
        reach, fixed, factor, free, most = (
            np.zeros(groups), np.zeros(groups), np.zeros(groups), np.zeros(groups), np.zeros(groups)
        )  # fmt: skip
        full, passing = np.zeros(hours, np.bool_), np.zeros(groups, np.bool_)
        drawn, lanes, spots = np.empty(normal.shape[1]), np.empty(LANES), np.empty(STRETCH, np.uint32)
        for run in range(len(turns) - 1):
            g, here = group[turns[run]], slice(turns[run], turns[run + 1])
            hour = slice(turns[run] * repeat, turns[run + 1] * repeat)
            into = drawn[here] if shape.size else found[p, hour]
            _draw(normal[p, here], low, 1.0 / step, quantile[p, g], spots, into)
            if shape.size:
                _shape(drawn[here], shape[p, hour], repeat, found[p, hour])
            sum_, above, highest = _sum(found[p, hour], lanes)
            free[g] += sum_
            reach[g] += above
            most[g] = max(most[g], highest)
        for g in range(groups):
            short[p, g] = total[p, g] > reach[g] * (1.0 + 1e-9)
        while True:  # hours that would pass 1 stay there, and the others take up the rest
            again = False
            for g in range(groups):
                factor[g] = max(total[p, g] - fixed[g], 0.0) / free[g] if free[g] > 0.0 else 0.0
                passing[g] = most[g] * factor[g] > 1.0
                if passing[g]:
                    again, free[g], most[g] = True, 0.0, 0.0
            if not again:
                break
            for run in range(len(turns) - 1):
                g = group[turns[run]]
                if passing[g]:
                    for h in range(turns[run] * repeat, turns[run + 1] * repeat):
                        if not full[h] and found[p, h] * factor[g] > 1.0:
                            full[h] = True
                            fixed[g] += 1.0
                        elif not full[h]:
                            free[g] += found[p, h]
                            most[g] = max(most[g], found[p, h])
        for run in range(len(turns) - 1):
            hour = slice(turns[run] * repeat, turns[run + 1] * repeat)
            _scale(found[p, hour], full[hour], factor[group[turns[run]]])


_scatters_one, _scatters_many = jit_dividing(_scatters), jit_parallel(_scatters)


def scatter(
    normal: ArrayLike, group: ArrayLike, grid: tuple[float, float], quantile: ArrayLike, shape: ArrayLike | None,
    total: ArrayLike,
) -> Floats:  # fmt: skip
    """Shares (place, hour) with given sums over groups of hours, from standard normal series.

    Args:
        normal: (place, step), as ``noise`` makes them; group: of each step, (step,), from 0.
        grid: lowest and highest normal number of the quantiles, in equal steps; beyond them the outermost count.
        quantile: what is drawn at the normal numbers of the grid, (place, group, point).
        shape: multiplied by what is drawn, (place, hour), a whole number of hours a step; None: 1 in every step.
        total: sum of every group, (place, group). Met by one factor a group, and nothing above 1.

    Raises:
        ValueError: for shapes that do not fit, and where hours above 0 are too few for a sum.
    """
    series, groups = np.ascontiguousarray(normal, np.float64), np.ascontiguousarray(group, np.int64)
    quantiles, totals = np.ascontiguousarray(quantile, np.float64), np.ascontiguousarray(total, np.float64)
    base = np.empty((0, 0)) if shape is None else np.ascontiguousarray(shape, np.float64)
    if series.ndim != 2 or totals.ndim != 2 or quantiles.ndim != 3 or quantiles.shape[2] < 2:
        raise ValueError(f"series {series.shape}, totals {totals.shape} and quantiles {quantiles.shape} do not fit")
    places, steps = series.shape
    repeat = base.shape[1] // steps if base.size else 1
    fits = shape is None or base.shape == (places, steps * repeat)
    if groups.shape != (steps,) or totals.shape[0] != places or quantiles.shape[:2] != totals.shape or not fits:
        given = f"series {series.shape}, groups {groups.shape}, totals {totals.shape}, quantiles {quantiles.shape}"
        raise ValueError(f"{given}, shape {base.shape} do not fit")
    if steps and not 0 <= groups.min() <= groups.max() < totals.shape[1]:
        raise ValueError(f"groups from {groups.min()} to {groups.max()}, {totals.shape[1]} totals")
    for name, values in (("series", series), ("quantile", quantiles), ("shape", base), ("total", totals)):
        within(name, values, -np.inf if name == "series" else 0.0)
    found, short = np.empty((places, steps * repeat)), np.zeros(totals.shape, np.bool_)
    kernel = _scatters_many if found.size >= MANY_CELLS else _scatters_one
    step = (grid[1] - grid[0]) / (quantiles.shape[2] - 1)
    kernel(series, groups, runs(groups), repeat, grid[0], step, quantiles, base, totals, found, short)
    if short.any():
        p, g = np.argwhere(short)[0].tolist()
        raise ValueError(f"place {p}, group {g}: a sum of {totals[p, g]:.6g} is out of reach")
    return found
