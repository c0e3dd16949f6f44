"""The kernels that make profiles and their peers: clear skies, wind power and seeded series, for a year of hours each.

The kernels are the public functions with their checks. C takes the same steps without checks. NumPy makes every step an
array of all cells.
"""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks import c_peer
from benchmarks.case import Case
from kernels.clear_sky import ALBEDO, STEADY, clear_sky
from kernels.sun import sun
from kernels.synthetic_series import noise, scatter
from kernels.wind import power_curve, wind_power
from optimizer.instance.hours import HOURS, MONTH_HOURS, MONTH_OF_HOUR, days_since_2000, scale_to_total

Floats = NDArray[np.float64]

ENDS, POINTS, MEMORY = (-4.5, 4.5), 181, 0.94
CURVE = power_curve([3.0, 5.0, 8.0, 11.4, 25.0], [0.0, 0.1, 0.35, 1.0, 1.0], spread=1.0)


class World:
    """Places and their weather."""

    def __init__(self, places: int) -> None:
        rng = np.random.default_rng(0)
        self.places = places
        self.latitude, self.longitude = rng.uniform(-60, 60, places), rng.uniform(-180, 180, places)
        self.elevation, self.turbidity = rng.uniform(0, 2000, places), rng.uniform(2, 5, places)
        self.tilt = np.maximum(np.abs(self.latitude) - 5.0, 0.0)
        self.at = sun(days_since_2000(2019))
        self.speed, self.factor = rng.weibull(2.0, (places, HOURS)) * 8.0, np.full(places, 1.05)
        self.shocks = rng.standard_normal((HOURS, places))
        mean = rng.uniform(0.15, 0.45, (places, 12, 1))
        self.quantile = np.clip(mean * np.exp(0.4 * np.linspace(*ENDS, POINTS)), 0.0, 1.0)
        self.total = mean[..., 0] * MONTH_HOURS


make = cache(World)


def sky_by_kernel(w: World) -> tuple[Floats, ...]:
    return clear_sky(w.at, w.latitude, w.longitude, w.elevation, w.turbidity, STEADY, w.tilt)


def sky_in_c(w: World) -> tuple[Floats, ...]:
    found = tuple(np.empty((4, w.places, HOURS)))  # one block, as the kernel has it: the system gives it in large pages
    angles = [np.radians(values) for values in (w.latitude, w.longitude, w.tilt)]
    arrays = [w.at.declination, w.at.hour_angle, w.at.beam, *angles[:2], w.elevation, w.turbidity, angles[2], *found]
    c_peer.load("profiles").clear_sky(
        *(ctypes.c_int64(n) for n in (w.places, HOURS)), *(c_peer.pointer(array) for array in arrays)
    )
    return found


def sky_by_numpy(w: World) -> tuple[Floats, ...]:
    lat, lon, tilt = (np.radians(values)[:, None] for values in (w.latitude, w.longitude, w.tilt))
    elevation, turbidity = w.elevation[:, None], w.turbidity[:, None]
    hour = w.at.hour_angle + lon
    up = np.sin(w.at.declination) * np.sin(lat) + np.cos(w.at.declination) * np.cos(hour) * np.cos(lat)
    north = np.sin(w.at.declination) * np.cos(lat) - np.cos(w.at.declination) * np.cos(hour) * np.sin(lat)
    height = np.maximum(up, 1e-12)
    air = (1.0 - 2.25577e-5 * elevation) ** 5.25588 / (
        height + 0.50572 * (np.degrees(np.arcsin(np.minimum(height, 1.0))) + 6.07995) ** -1.6364
    )
    high, higher, haze = np.exp(-elevation / 8000.0), np.exp(-elevation / 1250.0), turbidity - 1.0
    through = (5.09e-5 * elevation + 0.868) * np.exp(-(3.92e-5 * elevation + 0.0387) * (high + higher * haze) * air)
    whole = w.at.beam * height * np.minimum(through, 1.0)
    most = np.maximum(1.0 - (0.1 - 0.2 * np.exp(-turbidity)) / (0.1 + 0.882 / high), 0.0)
    direct = np.minimum((0.664 + 0.163 / high) * w.at.beam * np.exp(-0.09 * haze * air), most * whole / height)
    diffuse = whole - direct * up
    facing = np.maximum(np.cos(tilt) * up - np.copysign(np.sin(tilt), lat) * north, 0.0)
    panel = direct * facing + 0.5 * (diffuse * (1.0 + np.cos(tilt)) + ALBEDO * whole * (1.0 - np.cos(tilt)))
    return tuple(np.where(up > 0.0, part, 0.0) for part in (whole, diffuse, direct, panel))


def wind_by_kernel(w: World) -> tuple[Floats, ...]:
    return (wind_power(w.speed, w.factor, CURVE),)


def wind_in_c(w: World) -> tuple[Floats, ...]:
    found, n, p = np.empty_like(w.speed), ctypes.c_int64, c_peer.pointer
    curve = ctypes.c_double(1.0 / CURVE.step), n(len(CURVE.power)), p(CURVE.power)
    c_peer.load("profiles").wind_power(n(w.places), n(HOURS), p(w.speed), p(w.factor), *curve, p(found))
    return (found,)


def wind_by_numpy(w: World) -> tuple[Floats, ...]:
    return (np.interp(w.speed * w.factor[:, None], CURVE.step * np.arange(len(CURVE.power)), CURVE.power),)


def series_by_kernel(w: World) -> tuple[Floats, ...]:
    return (scatter(noise(w.shocks, MEMORY, MONTH_OF_HOUR), MONTH_OF_HOUR, ENDS, w.quantile, None, w.total),)


def series_in_c(w: World) -> tuple[Floats, ...]:
    normal, found = np.empty((w.places, HOURS)), np.empty((w.places, HOURS))
    n, d, p = ctypes.c_int64, ctypes.c_double, c_peer.pointer
    grid = d(ENDS[0]), d((ENDS[1] - ENDS[0]) / (POINTS - 1))
    sizes = (n(size) for size in (w.places, HOURS, 12, POINTS))
    ends = (p(array) for array in (w.quantile, w.total, normal, found))
    c_peer.load("profiles").series(*sizes, p(w.shocks), d(MEMORY), p(MONTH_OF_HOUR), *grid, *ends)
    return (found,)


def series_by_numpy(w: World) -> tuple[Floats, ...]:
    """The steps that `optimizer/instance/synthetic.py` took before the kernel."""
    series, grid = np.empty_like(w.shocks), np.linspace(*ENDS, POINTS)
    series[0] = w.shocks[0]
    for step in range(1, HOURS):
        series[step] = MEMORY * series[step - 1] + np.sqrt(1.0 - MEMORY**2) * w.shocks[step]
    found = np.empty_like(series)
    for month in range(12):
        rows = month == MONTH_OF_HOUR
        part = (series[rows] - series[rows].mean(axis=0)) / series[rows].std(axis=0)
        drawn = np.stack([np.interp(part[:, p], grid, w.quantile[p, month]) for p in range(w.places)], axis=1)
        found[rows] = scale_to_total(drawn, np.ones(len(drawn)), w.total[:, month], np.ones(w.places))
    return (found.T,)


def same(found: tuple[Floats, ...], expected: tuple[Floats, ...]) -> None:
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)


def cells(w: World) -> int:
    return w.places * HOURS


SIZES = (16, 32, 64, 128)
CASES = [
    # an hour of a clear sky: 12 for the arrow to the sun; in half of all hours an arcsine and a power (17 each), two
    # exponentials (18 each) and about 28 more; it gives four numbers
    Case(
        "profiles: clear sky", SIZES, 32, make, sky_by_kernel, sky_by_numpy, sky_in_c, same, cells,
        lambda w: 32.0 * cells(w), lambda w: 60.0 * cells(w),
    ),
    # a product, two bounds, the whole part, its bound, two differences, a product, a sum
    Case(
        "profiles: wind power", SIZES, 32, make, wind_by_kernel, wind_by_numpy, wind_in_c, same, cells,
        lambda w: 16.0 * cells(w), lambda w: 9.0 * cells(w),
    ),
    # three for each step of the noise, six to make it normal, nine to draw, six to meet the sums
    Case(
        "profiles: series", SIZES, 32, make, series_by_kernel, series_by_numpy, series_in_c, same, cells,
        lambda w: 16.0 * cells(w), lambda w: 24.0 * cells(w),
    ),
]  # fmt: skip
