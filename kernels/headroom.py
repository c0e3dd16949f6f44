"""Curtailment-enabled headroom: how much flexible load an existing grid can take (the Duke University method).

A grid that carried its seasonal peak once can carry that much again. A flat load of F MW fits without new capacity if
it steps back whenever load + F would pass the peak of that season, and if stepping back costs at most a share ``c`` of
its yearly energy::

    sum_h max(0, F - g_h) <= c x hours x F          g_h = peak of the season - load in hour h

The left side is piecewise linear and convex in F, so the largest F is found exactly, without sorting a year: from a
size that is too large, the tangent (the hours that are short now) gives the next one,

    F' = sum of g_h over the k hours with g_h < F, over (k - c x hours)

which falls until no hour drops out any more. Sizes only fall, for a smaller share too, so an hour that is not short can
be forgotten: the gaps left are moved together whenever they are a third as many. Twenty passes for three shares come to
about five over the whole year, moving included.

Memory: a row of ``hours`` numbers is read once from memory, 8 bytes an hour; its gaps (70 kB a year) stay in cache for
the passes, one comparison and one addition an hour each.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange
from numpy.typing import ArrayLike, NDArray

from kernels._jit import jit, jit_parallel
from kernels.checks import all_finite
from kernels.runs import runs

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

LANES = 32  # running sums
FORGOTTEN = 3  # gaps are moved together when they are one in so many: moving one costs two or three looks at it
MANY_ROWS = 256  # regions x years from which several threads pay for loading the parallel kernel


@jit
def _peaks(load: Floats, season: Whole, turns: Whole, peak: Floats) -> None:
    """The highest load of each season, in four running maxima over each run of hours of one season."""
    peak[:] = -np.inf
    for run in range(len(turns) - 1):
        h, end = turns[run], turns[run + 1]
        a = b = c = d = load[h]
        while h + 4 <= end:
            a = load[h] if load[h] > a else a
            b = load[h + 1] if load[h + 1] > b else b
            c = load[h + 2] if load[h + 2] > c else c
            d = load[h + 3] if load[h + 3] > d else d
            h += 4
        while h < end:
            a = load[h] if load[h] > a else a
            h += 1
        peak[season[turns[run]]] = max(peak[season[turns[run]]], max(max(a, b), max(c, d)))


@jit
def _short(gaps: Floats, size: float, counts: Floats, sums: Floats) -> tuple[int, float]:
    """How many gaps are smaller than ``size``, and their sum, in ``LANES`` running counts and sums."""
    counts[:] = 0.0
    sums[:] = 0.0
    for first in range(0, len(gaps), LANES):
        for lane in range(LANES):
            gap = gaps[first + lane]
            counts[lane] += 1.0 if gap < size else 0.0
            sums[lane] += gap if gap < size else 0.0
    count, total = 0.0, 0.0
    for lane in range(LANES):
        count += counts[lane]
        total += sums[lane]
    return int(count), total


@jit
def _all_peaks(load: Floats, season: Whole, turns: Whole, peak: Floats) -> None:
    for row in range(len(load)):
        _peaks(load[row], season, turns, peak[row])


@jit
def _keep_short(gaps: Floats, count: int, size: float) -> int:
    """Move the gaps smaller than ``size`` to the front, in their order; how many they are. Infinite ones follow."""
    kept = 0
    for h in range(count):
        gap = gaps[h]
        gaps[kept] = gap  # overwritten by the next one unless it counts: no branch
        kept += gap < size
    gaps[kept : _blocks(kept)] = np.inf
    return kept


@jit
def _blocks(count: int) -> int:
    """So many gaps in whole blocks."""
    return (count + LANES - 1) // LANES * LANES


def _rows(load: Floats, season: Whole, turns: Whole, seasons: int, shares: Floats, found: Floats) -> None:
    """``found[row, share]``; shares fall, so that each begins where the one before has ended."""
    hours = load.shape[1]
    for row in prange(load.shape[0]):
        peak, gaps = np.empty(seasons), np.full(_blocks(hours), np.inf)  # an infinite gap is never short
        counts, sums = np.empty(LANES), np.empty(LANES)
        _peaks(load[row], season, turns, peak)
        for run in range(len(turns) - 1):
            top = peak[season[turns[run]]]
            for h in range(turns[run], turns[run + 1]):
                gaps[h] = top - load[row, h]
        size, count = np.inf, hours
        for i in range(len(shares)):
            allowed = shares[i] * hours
            while True:
                k, total = _short(gaps[: _blocks(count)], size, counts, sums)
                if k <= allowed:  # the curve lies on its tangent: this size is exact
                    break
                if FORGOTTEN * k <= count:
                    count = _keep_short(gaps, count, size)
                smaller = total / (k - allowed)
                if not smaller < size:
                    break
                size = smaller
            found[row, i] = size


_one_thread = jit(_rows)
_many_threads = jit_parallel(_rows)


def headroom(load: ArrayLike, season: ArrayLike, share: ArrayLike) -> Floats:
    """Largest flexible load of each region (and year) for one share or many.

    Args:
        load: MW, (..., hour), for example (region, hour) or (year, region, hour), usually 8760 hours; what is already
            connected is part of it.
        season: index of the season of each hour, (hour,), from 0; the peak of a season is the limit in its hours.
        share: yearly share of its own energy that the new load gives up, 0 <= share < 1 (0.0025 is common); any shape.

    Returns:
        MW, the leading shape of ``load`` followed by the shape of ``share``. Zero where the peak hours alone already
        exceed the share. The same bits for any number of threads.

    Raises:
        ValueError: for shapes that do not fit, a load that is not a number, or a share outside its range.
    """
    loads, seasons = _checked(load, season)
    shares = np.asarray(share, dtype=np.float64)
    wrong = shares[~((shares >= 0.0) & (shares < 1.0))]
    if len(wrong):
        raise ValueError(f"share {wrong.flat[0]} is outside 0 <= share < 1: any load would fit")
    order = np.argsort(-shares.ravel(), kind="stable")
    rows = loads.reshape(math.prod(loads.shape[:-1]), loads.shape[-1])  # there may be none
    found = np.empty((len(rows), shares.size))
    kernel = _many_threads if len(rows) >= MANY_ROWS else _one_thread
    kernel(rows, seasons, runs(seasons), int(seasons.max()) + 1, shares.ravel()[order], found)
    result = np.empty_like(found)
    result[:, order] = found
    return result.reshape(*loads.shape[:-1], *shares.shape)


def seasonal_peaks(load: ArrayLike, season: ArrayLike) -> Floats:
    """The highest load of each season: MW, the leading shape of ``load`` followed by the season.

    What an hour leaves below it is the headroom that flexible load may take in that hour. Arguments and errors as for
    `headroom`; minus infinity for a season without an hour.
    """
    loads, seasons = _checked(load, season)
    rows = loads.reshape(math.prod(loads.shape[:-1]), loads.shape[-1])  # there may be none
    peak = np.empty((len(rows), int(seasons.max()) + 1))
    _all_peaks(rows, seasons, runs(seasons), peak)
    return peak.reshape(*loads.shape[:-1], peak.shape[1])


def _checked(load: ArrayLike, season: ArrayLike) -> tuple[Floats, Whole]:
    loads = np.ascontiguousarray(load, dtype=np.float64)
    seasons: Whole = np.ascontiguousarray(season, dtype=np.int64)
    if loads.ndim < 2 or loads.shape[-1] == 0 or seasons.shape != loads.shape[-1:]:
        raise ValueError(f"load (..., hour) and season (hour,) do not fit: {loads.shape} and {seasons.shape}")
    if not all_finite(loads):
        *place, hour = np.argwhere(~np.isfinite(loads))[0]
        raise ValueError(f"load of region {', '.join(map(str, place))} in hour {hour} is not a number")
    if seasons.min() < 0:
        raise ValueError("a season index is negative")
    return loads, seasons
