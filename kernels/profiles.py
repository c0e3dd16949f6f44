"""Where the sun stands, what the wind lets plants give, and synthetic series around monthly means.

Sun: the low-precision formula of the Astronomical Almanac (Michalsky 1988, "The Astronomical Almanac's algorithm for
approximate solar position (1950-2050)"), good to 0.01 degrees. All that needs a sine is one number an instant or a
place; a cell of (place, instant) costs a dozen multiplications. Angles are geometric: air does not bend the light here.

Wind: a power curve in equal steps of wind speed, one multiplication to the hub and one interpolation a cell; 8 bytes
read, 8 written.

Series: an autoregressive process, standardised within groups of steps (months), mapped to any distribution by its
quantiles, and scaled so that every group has the sum that was published. 8 bytes read, 8 written a cell; about 30
operations. Noise is made of eight places at a time, in 64 bytes a step that stay in the second level of cache.

A place is one thread's, so the bits do not depend on the number of threads.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import ArrayLike, NDArray

from kernels._jit import jit, jit_dividing, jit_parallel
from kernels.checks import INFINITY_BITS, within
from kernels.order import number
from kernels.runs import runs

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Bits = NDArray[np.uint64]

SOLAR_CONSTANT = 1361.0  # W/m2 at one astronomical unit (Kopp and Lean 2011)
LANES = 32  # running sums
STRETCH = 512  # values that are placed in a table before it is read: spots stay in the first level of cache
ABREAST = 8  # series that are made side by side: their shocks of a step are one line of cache
MANY_CELLS = 4_000_000  # from which several threads pay for loading the parallel kernel


def places(latitude: ArrayLike, longitude: ArrayLike) -> tuple[Floats, Floats]:
    """Latitudes and longitudes as arrays, in degrees, (place,). Raises ValueError for others."""
    lat, lon = np.ascontiguousarray(latitude, np.float64), np.ascontiguousarray(longitude, np.float64)
    if lat.ndim != 1 or lat.shape != lon.shape:
        raise ValueError(f"latitudes {lat.shape} and longitudes {lon.shape} do not fit")
    within("latitude", lat, -90.0, 90.0)
    within("longitude", lon, -360.0, 360.0)
    return lat, lon


class Sun(NamedTuple):
    """What all places share, each (instant,): angles in radians, ``beam`` in W/m2 above the air, facing the sun.

    ``equation_of_time``: how far a sundial is ahead of a clock. ``hour_angle``: at longitude 0, 0 at noon, rising.
    """

    declination: Floats
    equation_of_time: Floats
    hour_angle: Floats
    beam: Floats


def sun(days: ArrayLike) -> Sun:
    """The sun at instants given in days since noon (UT) of 1 January 2000, (instant,)."""
    n = np.asarray(days, dtype=np.float64)
    if n.ndim != 1 or not np.isfinite(n).all():
        raise ValueError(f"instants are one row of finite numbers, found shape {n.shape}")
    mean_longitude = np.radians(280.460 + 0.9856474 * n)
    anomaly = np.radians(357.528 + 0.9856003 * n)
    ecliptic = mean_longitude + np.radians(1.915) * np.sin(anomaly) + np.radians(0.020) * np.sin(2.0 * anomaly)
    obliquity = np.radians(23.439 - 0.0000004 * n)
    right_ascension = np.arctan2(np.cos(obliquity) * np.sin(ecliptic), np.cos(ecliptic))
    ahead = (mean_longitude - right_ascension + np.pi) % (2.0 * np.pi) - np.pi
    distance = 1.00014 - 0.01671 * np.cos(anomaly) - 0.00014 * np.cos(2.0 * anomaly)
    return Sun(
        np.arcsin(np.sin(obliquity) * np.sin(ecliptic)),
        ahead,
        2.0 * np.pi * (n % 1.0) + ahead,
        SOLAR_CONSTANT / distance**2,
    )


def _angles(
    declination: Floats, hour_angle: Floats, latitude: Floats, longitude: Floats, zenith: Floats, azimuth: Floats
) -> None:
    for place in prange(len(latitude)):
        sin_lat, cos_lat = math.sin(latitude[place]), math.cos(latitude[place])
        for i in range(len(declination)):
            hour = hour_angle[i] + longitude[place]
            sin_height, cos_height = math.sin(declination[i]), math.cos(declination[i])
            east, north = -cos_height * math.sin(hour), sin_height * cos_lat - cos_height * math.cos(hour) * sin_lat
            up = sin_height * sin_lat + cos_height * math.cos(hour) * cos_lat
            zenith[place, i] = math.degrees(math.atan2(math.hypot(east, north), up))
            azimuth[place, i] = math.degrees(math.atan2(east, north)) % 360.0


def position(at: Sun, latitude: ArrayLike, longitude: ArrayLike) -> tuple[Floats, Floats]:
    """Zenith and azimuth (from north, eastwards) in degrees, each (place, instant); places in degrees, (place,)."""
    lat, lon = places(latitude, longitude)
    shape = len(lat), len(at.declination)
    zenith, azimuth = np.empty((2, *shape))
    kernel = _angles_many if zenith.size >= MANY_CELLS else _angles_one
    kernel(at.declination, at.hour_angle, np.radians(lat), np.radians(lon), zenith, azimuth)
    return zenith, azimuth


class PowerCurve(NamedTuple):
    """Share of rated power at wind speeds of 0, ``step``, 2 ``step``, ... m/s; nothing beyond the last."""

    step: float
    power: Floats


def power_curve(speed: ArrayLike, power: ArrayLike, spread: float = 0.0, step: float = 0.01) -> PowerCurve:
    """A piecewise linear curve in equal steps, smoothed for turbines that see different winds at the same time.

    Args:
        speed, power: corners, (corner,), m/s rising from 0 or more, shares of rated power. Nothing outside them.
        spread: standard deviation of the turbines' winds around their mean, m/s; normal, cut at 4 of them.
        step: m/s; corners on whole steps are kept exactly, a jump takes one step.

    Raises:
        ValueError: for corners that do not rise, powers outside 0 .. 1 or a negative spread.
    """
    x, y = np.asarray(speed, dtype=np.float64), np.asarray(power, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or not len(x) or not (np.diff(x) > 0.0).all() or not x[0] >= 0.0:
        raise ValueError(f"corners of a power curve rise from 0 or more, one power each: {x.tolist()} and {y.tolist()}")
    within("power", y, 0.0, 1.0)
    if not (0.0 <= spread < np.inf and step > 0.0):
        raise ValueError(f"a spread of {spread} m/s, a step of {step} m/s")
    reach = math.ceil(4.0 * spread / step)
    grid = step * np.arange(math.ceil(x[-1] / step - 1e-9) + 2 + reach)
    curve = np.interp(grid, x, y, left=0.0, right=0.0)
    curve[np.searchsorted(grid, x[-1] + 1e-9) :] = 0.0
    if reach:
        weight = np.exp(-0.5 * (step * np.arange(-reach, reach + 1) / spread) ** 2)
        curve = np.clip(np.convolve(curve, weight / weight.sum(), mode="same"), 0.0, 1.0)
    return PowerCurve(step, curve)


def to_hub(measured_m: ArrayLike, hub_m: ArrayLike, roughness_m: ArrayLike) -> Floats:
    """Wind speed at the hub over the one measured, by the logarithmic law over ground of this roughness."""
    low, high, rough = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in (measured_m, hub_m, roughness_m)))
    if not ((rough > 0.0) & (low > rough) & (high > rough) & np.isfinite(low + high)).all():
        raise ValueError("heights lie above the roughness length, which is above 0")
    return np.log(high / rough) / np.log(low / rough)


@jit_dividing
def _between(
    values: Floats, low: float, a_step: float, table: Floats, spots: NDArray[np.uint32], found: Floats
) -> None:
    """What a table says at some values, linear between its numbers; the outermost beyond them.

    The first number stands for ``low``, each further one for 1 / ``a_step`` more. Where values lie is found in vectors,
    as many at a time as ``spots`` has room for, and only then is the table read, number by number.
    """
    last, top = np.float64(len(table) - 1), np.uint32(len(table) - 2)
    for h in range(len(values)):
        x = (values[h] - low) * a_step
        x = x if x > 0.0 else 0.0
        x = x if x < last else last
        i = min(np.uint32(np.int32(x)), top)  # within the table, whatever the value; NaN is 0 by now
        spots[h] = i
        found[h] = x - np.float64(i)
    for h in range(len(values)):
        spot = np.uint64(spots[h])
        before = table[spot]
        found[h] = before + found[h] * (table[spot + np.uint64(1)] - before)


@jit
def _greatest(bits: Bits) -> np.uint64:
    found = np.uint64(0)
    for h in range(len(bits)):
        found = max(found, bits[h])
    return found


def _winds(
    speed: Floats, bits: Bits, factor: Floats, inverse_step: float, power: Floats, found: Floats,
    wrong: NDArray[np.bool_],
) -> None:  # fmt: skip
    for p in prange(speed.shape[0]):
        spots, greatest = np.empty(STRETCH, np.uint32), np.uint64(0)
        for first in range(0, speed.shape[1], STRETCH):
            hours = slice(first, first + STRETCH)
            greatest = max(greatest, _greatest(bits[p, hours]))
            _between(speed[p, hours], 0.0, factor[p] * inverse_step, power, spots, found[p, hours])
        wrong[p] = greatest >= INFINITY_BITS  # NaN and negative numbers have higher bits still


def wind_power(speed: ArrayLike, factor: ArrayLike, curve: PowerCurve) -> Floats:
    """Share of rated power, (place, hour), of winds in m/s, (place, hour), multiplied by ``factor``, (place,).

    Raises ValueError for shapes that do not fit, and for speeds that are negative or not a number.
    """
    winds, factors = np.ascontiguousarray(speed, np.float64), np.ascontiguousarray(factor, np.float64)
    if winds.ndim != 2 or factors.shape != winds.shape[:1]:
        raise ValueError(f"winds {winds.shape} and factors {factors.shape} do not fit")
    within("factor", factors, 0.0)
    found, wrong = np.empty_like(winds), np.zeros(len(winds), np.bool_)
    kernel = _winds_many if winds.size >= MANY_CELLS else _winds_one
    kernel(winds, winds.view(np.uint64), factors, 1.0 / curve.step, curve.power, found, wrong)
    if wrong.any():  # found on the way; said in full here
        within("wind speed", winds, 0.0)
    return found


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
        _between(normal[here], low, a_step, quantile, spots, found[here])


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


_angles_one, _angles_many = jit(_angles), jit_parallel(_angles)
_winds_one, _winds_many = jit(_winds), jit_parallel(_winds)
_noises_one, _noises_many = jit_dividing(_noises), jit_parallel(_noises)
_scatters_one, _scatters_many = jit_dividing(_scatters), jit_parallel(_scatters)
