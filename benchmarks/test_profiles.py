"""Clear skies, wind power and seeded series, timed by pytest-benchmark: `pytest benchmarks/test_profiles.py`.

Three roads each: ``kernel``, the public functions with their checks; ``c``, the same steps in plain C
(`benchmarks/c/profiles.c`, skipped without a compiler); ``numpy``, which makes every step an array of all cells. Places
double, each for a year of hours. All on one thread.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import c_peer
from kernels.profiles import ALBEDO, STEADY, clear_sky, noise, power_curve, scatter, sun, wind_power
from optimizer.instance.hours import HOURS, MONTH_HOURS, MONTH_OF_HOUR, days_since_2000, scale_to_total

Floats = NDArray[np.float64]

PLACES = (16, 32, 64, 128)
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


@cache
def peer() -> ctypes.CDLL:
    library = c_peer.load("profiles")
    library.omp_set_num_threads(1)
    return library


def sky_by_kernel(w: World) -> tuple[Floats, ...]:
    return clear_sky(w.at, w.latitude, w.longitude, w.elevation, w.turbidity, STEADY, w.tilt)


def sky_in_c(w: World) -> tuple[Floats, ...]:
    found = tuple(np.empty((w.places, HOURS)) for _ in range(4))
    angles = [np.radians(values) for values in (w.latitude, w.longitude, w.tilt)]
    arrays = [w.at.declination, w.at.hour_angle, w.at.beam, *angles[:2], w.elevation, w.turbidity, angles[2], *found]
    peer().clear_sky(*(ctypes.c_int64(n) for n in (w.places, HOURS)), *(c_peer.pointer(array) for array in arrays))
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
    peer().wind_power(n(w.places), n(HOURS), p(w.speed), p(w.factor), *curve, p(found))
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
    peer().series(*sizes, p(w.shocks), d(MEMORY), p(MONTH_OF_HOUR), *grid, *ends)
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


Road = Callable[[World], tuple[Floats, ...]]
ROADS: dict[str, dict[str, Road]] = {
    "clear sky": {"kernel": sky_by_kernel, "c": sky_in_c, "numpy": sky_by_numpy},
    "wind power": {"kernel": wind_by_kernel, "c": wind_in_c, "numpy": wind_by_numpy},
    "series": {"kernel": series_by_kernel, "c": series_in_c, "numpy": series_by_numpy},
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(before)


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize("name", ["kernel", "c", "numpy"])
@pytest.mark.parametrize("what", ROADS)
def test_profiles(benchmark: Any, what: str, name: str, places: int) -> None:
    if name == "c" and c_peer.compiler() is None:
        pytest.skip("no C compiler")
    world, road = make(places), ROADS[what][name]
    for mine, theirs in zip(road(world), ROADS[what]["kernel"](world), strict=True):  # compiled afterwards
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)
    benchmark.group = f"{what}, {places * HOURS:,} cells"
    benchmark.pedantic(road, args=(world,), rounds=3 if name == "numpy" else 9)
