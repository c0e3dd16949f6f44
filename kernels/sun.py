"""Where the sun stands.

The low-precision formula of the Astronomical Almanac (Michalsky 1988, "The Astronomical Almanac's algorithm for
approximate solar position (1950-2050)"), good to 0.01 degrees. A cell of (place, instant) takes four sines and cosines,
two arctangents and a root, and writes 16 bytes. Angles are geometric: air does not bend the light here. A place is one
thread's, so the bits do not depend on the number of threads.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import ArrayLike, NDArray

from kernels._jit import jit, jit_parallel
from kernels.checks import within

Floats = NDArray[np.float64]

SOLAR_CONSTANT = 1361.0  # W/m2 at one astronomical unit (Kopp and Lean 2011)
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


_one_thread, _many_threads = jit(_angles), jit_parallel(_angles)


def position(at: Sun, latitude: ArrayLike, longitude: ArrayLike) -> tuple[Floats, Floats]:
    """Zenith and azimuth (from north, eastwards) in degrees, each (place, instant); places in degrees, (place,)."""
    lat, lon = places(latitude, longitude)
    shape = len(lat), len(at.declination)
    zenith, azimuth = np.empty((2, *shape))
    kernel = _many_threads if zenith.size >= MANY_CELLS else _one_thread
    kernel(at.declination, at.hour_angle, np.radians(lat), np.radians(lon), zenith, azimuth)
    return zenith, azimuth
