"""What the wind lets plants give: a power curve in equal steps of wind speed.

One multiplication to the hub and one interpolation a cell; 8 bytes read, 8 written. A place is one thread's, so the
bits do not depend on the number of threads.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import ArrayLike, NDArray

from kernels._jit import jit, jit_parallel
from kernels.checks import INFINITY_BITS, within
from kernels.look_up import STRETCH, between

Floats = NDArray[np.float64]
Bits = NDArray[np.uint64]

MANY_CELLS = 4_000_000  # from which several threads pay for loading the parallel kernel


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
            between(speed[p, hours], 0.0, factor[p] * inverse_step, power, spots, found[p, hours])
        wrong[p] = greatest >= INFINITY_BITS  # NaN and negative numbers have higher bits still


_one_thread, _many_threads = jit(_winds), jit_parallel(_winds)


def wind_power(speed: ArrayLike, factor: ArrayLike, curve: PowerCurve) -> Floats:
    """Share of rated power, (place, hour), of winds in m/s, (place, hour), multiplied by ``factor``, (place,).

    Raises ValueError for shapes that do not fit, and for speeds that are negative or not a number.
    """
    winds, factors = np.ascontiguousarray(speed, np.float64), np.ascontiguousarray(factor, np.float64)
    if winds.ndim != 2 or factors.shape != winds.shape[:1]:
        raise ValueError(f"winds {winds.shape} and factors {factors.shape} do not fit")
    within("factor", factors, 0.0)
    found, wrong = np.empty_like(winds), np.zeros(len(winds), np.bool_)
    kernel = _many_threads if winds.size >= MANY_CELLS else _one_thread
    kernel(winds, winds.view(np.uint64), factors, 1.0 / curve.step, curve.power, found, wrong)
    if wrong.any():  # found on the way; said in full here
        within("wind speed", winds, 0.0)
    return found
