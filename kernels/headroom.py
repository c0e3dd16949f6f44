"""Curtailment-enabled headroom: how much flexible load an existing grid can take (the Duke University method).

A grid that carried its seasonal peak once can carry that much again. A flat load of F MW fits without new capacity if
it steps back whenever load + F would pass the peak of that season, and if stepping back costs at most a share ``c`` of
its yearly energy::

    sum_h max(0, F - g_h) <= c x hours x F          g_h = peak of the season - load in hour h

The left side is piecewise linear and convex in F, so the largest F is found exactly, without sorting a year: from a
size that is too large, the tangent (the hours that are short now) gives the next one,

    F' = sum of g_h over the k hours with g_h < F, over (k - c x hours)

which falls until no hour drops out any more. Sizes only fall, for a smaller share too, so an hour that is not short can
be forgotten: the gaps left are moved together whenever they are a third as many.

A year begins with one hour in 13, whose size, a quarter added, is probably too large for the year: only gaps below it
are written down, some 8 %. Where it was too small, the tangent there leads to a size that is large enough, since the
curve is convex; the year is then looked through again. Two passes over the year do for all shares, mostly.

Memory: a row of ``hours`` numbers is read once from memory, 8 bytes an hour, and once more from cache; the gaps that
are kept (6 kB) stay there for the tangents. About three operations an hour.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange
from numpy.typing import ArrayLike, NDArray

from kernels._jit import jit, jit_parallel
from kernels.checks import INFINITY_BITS
from kernels.order import ALL_BUT_SIGN, number, turned
from kernels.runs import runs

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

LANES = 32  # running sums
INFINITY = int(INFINITY_BITS)
FORGOTTEN = 3  # gaps are moved together when they are one in so many: moving one costs two or three looks at it
APART = 13  # hours between those that a first size is found from: prime to the hours of a day and of a week
WIDER = 1.25  # gaps up to so many times the first size are kept
FEW = 1000  # hours below which all gaps are kept
MANY_ROWS = 256  # regions x years from which several threads pay for loading the parallel kernel


@jit
def _peaks(bits: Whole, season: Whole, turns: Whole, peak: Floats) -> bool:
    """The highest load of each season, from the loads' bits; whether all loads are finite numbers."""
    peak[:] = -np.inf
    largest = 0  # by size, as bits without sign; infinity and what is no number lie above all others
    for run in range(len(turns) - 1):
        here = bits[turns[run] : turns[run + 1]]
        highest = turned(here[0])
        for h in range(len(here)):
            highest = max(highest, turned(here[h]))
            largest = max(largest, here[h] & ALL_BUT_SIGN)
        s = season[turns[run]]
        peak[s] = max(peak[s], number(turned(highest)))
    return largest < INFINITY


@jit
def _all_peaks(load: Floats, season: Whole, turns: Whole, peak: Floats, finite: NDArray[np.bool_]) -> None:
    for row in range(len(load)):
        finite[row] = _peaks(load[row].view(np.int64), season, turns, peak[row])


@jit
def _short(gaps: Floats, size: float, counts: Floats, sums: Floats) -> tuple[int, float]:
    """How many gaps are smaller than ``size``, and their sum, counted in lanes. Gaps are whole blocks."""
    counts[:] = 0.0
    sums[:] = 0.0
    for first in range(0, len(gaps), LANES):
        for lane in range(LANES):
            gap = gaps[np.uint64(first + lane)]  # unsigned: a place that may be negative is gathered one by one
            counts[lane] += 1.0 if gap < size else 0.0
            sums[lane] += gap if gap < size else 0.0
    width = LANES
    while width > 1:
        width //= 2
        for lane in range(width):
            counts[lane] += counts[width + lane]
            sums[lane] += sums[width + lane]
    return int(counts[0]), sums[0]


@jit
def _blocks(count: int) -> int:
    """So many gaps in whole blocks."""
    return (count + LANES - 1) // LANES * LANES


@jit
def _keep_short(gaps: Floats, count: int, size: float) -> int:
    """Move the gaps smaller than ``size`` to the front, in their order; how many they are. Infinite ones follow."""
    kept = 0
    for h in range(count):
        gap = gaps[h]
        gaps[np.uint64(kept)] = gap  # overwritten by the next one unless it counts: no branch
        kept += gap < size
    gaps[kept : _blocks(kept)] = np.inf
    return kept


@jit
def _gaps(load: Floats, season: Whole, turns: Whole, peak: Floats, size: float, gaps: Floats) -> int:
    """Gaps smaller than ``size``, one after the other and infinite ones up to a whole block; how many they are."""
    kept = np.uint64(0)
    for run in range(len(turns) - 1):
        h, end, top = turns[run], turns[run + 1], peak[season[turns[run]]]
        while h < end:
            width = min(8, end - h)
            if width == 8:  # most hours are far from the peak: eight at a time are passed over
                highest = load[h]
                for i in range(1, 8):
                    highest = max(highest, load[np.uint64(h + i)])
                if top - highest >= size:
                    h += 8
                    continue
            for i in range(width):
                gap = top - load[np.uint64(h + i)]
                gaps[kept] = gap
                kept += np.uint64(gap < size)
            h += width
    count = int(kept)
    gaps[count : _blocks(count)] = np.inf
    return count


@jit
def _fall(gaps: Floats, count: int, size: float, allowed: float, counts: Floats, sums: Floats) -> tuple[float, int]:
    """The size at which ``allowed`` hours of its own are given up, from a larger one, and how many gaps are left."""
    while True:
        k, total = _short(gaps[: _blocks(count)], size, counts, sums)
        if k <= allowed:  # the curve lies on its tangent: this size is exact
            return size, count
        if FORGOTTEN * k <= count:
            count = _keep_short(gaps, count, size)
        smaller = total / (k - allowed)
        if not smaller < size:
            return size, count
        size = smaller


@jit
def _first_size(
    load: Floats, season: Whole, peak: Floats, share: float, gaps: Floats, counts: Floats, sums: Floats
) -> float:
    """A size that is probably too large: from one hour in ``APART``, and somewhat more."""
    hours = len(load)
    if hours < FEW:
        return np.inf
    count = 0
    for h in range(0, hours, APART):
        gaps[count] = peak[season[h]] - load[h]
        count += 1
    gaps[count : _blocks(count)] = np.inf
    size, _ = _fall(gaps, count, np.inf, share * count, counts, sums)
    return WIDER * size


def _rows(
    load: Floats, season: Whole, turns: Whole, seasons: int, shares: Floats, found: Floats, finite: NDArray[np.bool_]
) -> None:
    """``found[row, share]``; shares fall, so that each begins where the one before has ended."""
    hours = load.shape[1]
    for row in prange(load.shape[0]):
        peak, gaps, counts, sums = np.empty(seasons), np.empty(_blocks(hours)), np.empty(LANES), np.empty(LANES)
        finite[row] = _peaks(load[row].view(np.int64), season, turns, peak)
        if not finite[row] or len(shares) == 0:
            continue
        size = _first_size(load[row], season, peak, shares[0], gaps, counts, sums)
        allowed = shares[0] * hours
        while True:
            count = _gaps(load[row], season, turns, peak, size, gaps)
            k, total = _short(gaps[: _blocks(count)], size, counts, sums)
            if size == np.inf or (k > allowed and total / (k - allowed) <= size):
                break  # large enough
            # from a size that is too small the tangent of a convex curve leads to one that is large enough
            size = total / (k - allowed) if k > allowed else np.inf
        for i in range(len(shares)):
            size, count = _fall(gaps, count, size, shares[i] * hours, counts, sums)
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
    finite = np.ones(len(rows), np.bool_)
    kernel(rows, seasons, runs(seasons), int(seasons.max()) + 1, shares.ravel()[order], found, finite)
    if not finite.all():  # found on the way; said in full here
        _refuse(loads)
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
    peak, finite = np.empty((len(rows), int(seasons.max()) + 1)), np.ones(len(rows), np.bool_)
    _all_peaks(rows, seasons, runs(seasons), peak, finite)
    if not finite.all():
        _refuse(loads)
    return peak.reshape(*loads.shape[:-1], peak.shape[1])


def _checked(load: ArrayLike, season: ArrayLike) -> tuple[Floats, Whole]:
    loads = np.ascontiguousarray(load, dtype=np.float64)
    seasons: Whole = np.ascontiguousarray(season, dtype=np.int64)
    if loads.ndim < 2 or loads.shape[-1] == 0 or seasons.shape != loads.shape[-1:]:
        raise ValueError(f"load (..., hour) and season (hour,) do not fit: {loads.shape} and {seasons.shape}")
    if seasons.min() < 0:
        raise ValueError("a season index is negative")
    return loads, seasons


def _refuse(loads: Floats) -> None:
    *place, hour = np.argwhere(~np.isfinite(loads))[0]
    raise ValueError(f"load of region {', '.join(map(str, place))} in hour {hour} is not a number")
