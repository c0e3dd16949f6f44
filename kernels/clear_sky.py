"""What a clear sky gives: on level ground, facing the sun and on panels.

Ineichen and Perez (2002), "A new airmass independent formulation for the Linke turbidity coefficient", with the air
mass of Kasten and Young (1989). Light on a panel: beam, an even sky, and the ground.

A cell takes two roots, two exponentials and a division, about 130 operations in all, and no branch: hours become
vectors; nights are made like days and come to nothing, which takes less time than telling them apart. Per place two
rows of instants stay in cache; four numbers are written, 32 bytes a cell. Powers and angles come from polynomials, good
to 1e-11 (tests). A place is one thread's, so the bits do not depend on the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.polynomial import Chebyshev, Polynomial
from numpy.typing import ArrayLike, NDArray

from kernels._jit import jit_dividing, jit_inside, jit_parallel
from kernels.checks import within
from kernels.elementary import exp_falling, fma, polynomial
from kernels.sun import MANY_CELLS, Sun, places

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

ALBEDO = 0.2  # of the ground before a panel, the usual value
STEADY, TRACKING = 0, 1  # panels on a fixed tilt towards the equator; on horizontal axes from north to south


class ClearSky(NamedTuple):
    """W/m2 under a clear sky, each (place, instant): on level ground (all, and from the sky but not the sun), from the
    sun itself on a plane that faces it, and on the panels."""

    ghi: Floats
    dhi: Floats
    dni: Floats
    panel: Floats


def _coefficients(
    function: Callable[[Floats], Floats], low: float, high: float, degree: int, origin: float
) -> tuple[float, ...]:
    """A polynomial in x - origin that meets the function where Chebyshev polynomials of this degree are 0."""
    along = Chebyshev.interpolate(function, degree, [low, high]).convert(kind=Polynomial)
    return tuple(along(Polynomial([origin, 1.0])).coef.tolist())


# Kasten and Young: air mass = 1 / (sin h + 0.50572 (h + 6.07995)^-1.6364), h the height in degrees, 0 to 90
_NUMERATOR, _RAISED, _EXPONENT = 0.50572, 6.07995, 1.6364
_MIDDLE = 6.13  # of the roots of h + 6.07995
# arcsin(s) / s as a function of s^2, up to 45 degrees
_arcsine = polynomial(_coefficients(lambda q: np.arcsin(np.sqrt(q)) / np.sqrt(q), 1e-12, 0.5, 14, 0.0))
# the power of h + 6.07995, from its root
_power = polynomial(_coefficients(lambda root: root ** (2.0 * _EXPONENT), 2.46, 9.81, 16, _MIDDLE))


@jit_inside
def air_mass(up: float) -> float:
    """Air between ground and sun over the air right above, at sea level; ``up``: sine of the sun's height, 0 to 1."""
    half = 0.5 - 0.5 * up  # square of the sine of half the angle between sun and zenith
    angle = math.sqrt(half) * _arcsine(half)
    raised = _power(math.sqrt(fma(-360.0 / math.pi, angle, 90.0 + _RAISED)) - _MIDDLE)
    return raised / fma(up, raised, _NUMERATOR)


class _Air(NamedTuple):
    """Of a place: pressure over that at sea level, and what Ineichen and Perez make of its height and turbidity."""

    pressure: float
    all_light: float
    all_loss: float
    sun_light: float
    sun_loss: float
    most: float


@jit_dividing
def _air(elevation: float, turbidity: float) -> _Air:
    haze = turbidity - 1.0
    high, higher = math.exp(-elevation / 8000.0), math.exp(-elevation / 1250.0)
    return _Air(
        (1.0 - 2.25577e-5 * elevation) ** 5.25588,  # the standard atmosphere
        5.09e-5 * elevation + 0.868,
        (3.92e-5 * elevation + 0.0387) * (high + higher * haze),
        0.664 + 0.163 / high,
        0.09 * haze,
        max(1.0 - (0.1 - 0.2 * math.exp(-turbidity)) / (0.1 + 0.882 / high), 0.0),
    )


@jit_inside
def _light(up: float, beam: float, air: _Air) -> tuple[float, float]:
    """On level ground, and from the sun on a plane that faces it; ``beam`` above the air. Nothing at night."""
    height = up if up > 0.0 else 0.0
    height = height if height < 1.0 else 1.0
    through = air.pressure * air_mass(height)
    all_ = air.all_light * exp_falling(-air.all_loss * through)
    all_ = all_ if all_ < 1.0 else 1.0  # it would be more on high, clean ground
    direct = air.sun_light * exp_falling(-air.sun_loss * through)
    direct = direct if direct < air.most * all_ else air.most * all_
    return beam * height * all_, beam * direct if up > 0.0 else 0.0


@jit_dividing
def _steady(
    up: Floats, north: Floats, beam: Floats, air: _Air, slope_sin: float, slope_cos: float, ghi: Floats, dhi: Floats,
    dni: Floats, panel: Floats,
) -> None:  # fmt: skip
    for i in range(len(up)):
        whole, direct = _light(up[i], beam[i], air)
        diffuse = whole - direct * up[i]
        facing = slope_cos * up[i] - slope_sin * north[i]
        facing = facing if facing > 0.0 else 0.0
        ghi[i], dhi[i], dni[i] = whole, diffuse, direct
        panel[i] = direct * facing + 0.5 * (diffuse * (1.0 + slope_cos) + ALBEDO * whole * (1.0 - slope_cos))


@jit_dividing
def _tracking(
    up: Floats, east: Floats, beam: Floats, air: _Air, ghi: Floats, dhi: Floats, dni: Floats, panel: Floats
) -> None:
    for i in range(len(up)):
        whole, direct = _light(up[i], beam[i], air)
        diffuse = whole - direct * up[i]
        facing = math.sqrt(east[i] * east[i] + up[i] * up[i])  # turned to where its plane, east-west, sees the sun best
        flat = up[i] / facing
        ghi[i], dhi[i], dni[i] = whole, diffuse, direct
        light = direct * facing + 0.5 * (diffuse * (1.0 + flat) + ALBEDO * whole * (1.0 - flat))
        panel[i] = light if up[i] > 0.0 else 0.0  # by night the sun may be right below, where no plane faces it


@jit_dividing
def _arrow(
    sin_height: Floats, cos_height: Floats, sin_clock: Floats, cos_clock: Floats, latitude: float, longitude: float,
    turns: bool, up: Floats, across: Floats,
) -> None:  # fmt: skip
    """The arrow to the sun: ``up``, and ``across`` to the north, or to the east where panels turn."""
    sin_lat, cos_lat = math.sin(latitude), math.cos(latitude)
    sin_lon, cos_lon = math.sin(longitude), math.cos(longitude)
    for i in range(len(sin_height)):
        cos_hour = cos_clock[i] * cos_lon - sin_clock[i] * sin_lon
        up[i] = sin_height[i] * sin_lat + cos_height[i] * cos_hour * cos_lat
        north = sin_height[i] * cos_lat - cos_height[i] * cos_hour * sin_lat
        east = -cos_height[i] * (sin_clock[i] * cos_lon + cos_clock[i] * sin_lon)
        across[i] = east if turns else north


def _skies(
    sin_height: Floats, cos_height: Floats, sin_clock: Floats, cos_clock: Floats, beam: Floats, latitude: Floats,
    longitude: Floats, elevation: Floats, turbidity: Floats, mount: Whole, tilt: Floats, ghi: Floats, dhi: Floats,
    dni: Floats, panel: Floats,
) -> None:  # fmt: skip
    instants = len(beam)
    for p in prange(len(latitude)):
        slope_sin, slope_cos = math.copysign(math.sin(tilt[p]), latitude[p]), math.cos(tilt[p])
        air, turns = _air(elevation[p], turbidity[p]), mount[p] == TRACKING
        up, across = np.empty(instants), np.empty(instants)
        _arrow(sin_height, cos_height, sin_clock, cos_clock, latitude[p], longitude[p], turns, up, across)
        if turns:
            _tracking(up, across, beam, air, ghi[p], dhi[p], dni[p], panel[p])
        else:
            _steady(up, across, beam, air, slope_sin, slope_cos, ghi[p], dhi[p], dni[p], panel[p])


_one_thread, _many_threads = jit_dividing(_skies), jit_parallel(_skies)


def clear_sky(
    at: Sun,
    latitude: ArrayLike,
    longitude: ArrayLike,
    elevation_m: ArrayLike,
    turbidity: ArrayLike,
    mount: ArrayLike,
    tilt: ArrayLike,
) -> ClearSky:
    """Irradiance of places under a clear sky.

    Args:
        at: the sun at the instants.
        latitude, longitude, elevation_m: of the places, degrees and m, (place,).
        turbidity: Linke turbidity at air mass 2, 1 (clean and dry) and more, (place,) or one for all.
        mount: ``STEADY`` or ``TRACKING``; tilt: of steady panels, degrees from level; each (place,) or one for all.

    Raises:
        ValueError: for shapes that do not fit, a value that is not a number or outside its range.
    """
    lat, lon = places(latitude, longitude)
    high, haze, slope = (
        np.array(np.broadcast_to(np.asarray(v, np.float64), lat.shape)) for v in (elevation_m, turbidity, tilt)
    )
    kind = np.array(np.broadcast_to(np.asarray(mount, np.int64), lat.shape))
    within("elevation", high, -500.0, 9000.0)
    within("turbidity", haze, 1.0, 20.0)
    within("tilt", slope, 0.0, 90.0)
    within("mount", kind.astype(np.float64), STEADY, TRACKING)
    found = ClearSky(*np.empty((len(ClearSky._fields), len(lat), len(at.declination))))
    kernel = _many_threads if found.ghi.size >= MANY_CELLS else _one_thread
    height, clock = at.declination, at.hour_angle
    kernel(
        np.sin(height), np.cos(height), np.sin(clock), np.cos(clock), at.beam, np.radians(lat), np.radians(lon), high,
        haze, kind, np.radians(slope), *found,
    )  # fmt: skip
    return found
