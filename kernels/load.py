"""The load of every site in every hour of many samples (weather years, periods, plans), in one pass.

IT load follows work between idle and full power, facility load follows the weather::

    it[s, r, h]       = idle[s, r] + (full[s, r] - idle[s, r]) x utilisation[s, r, h]
    pue[s, r, h]      = clip(base[r] + slope[r] x max(0, wet_bulb[s, r, h] - knee[r]), 1, cap[r])
    facility[s, r, h] = it x pue

Energy, peaks, the peak of all sites together and points of the load-duration curve come from the same pass; the cube is
never stored. ``utilisation`` and ``wet_bulb`` may hold one sample for all, or one hour for all.

Work: about 20 operations a cell. Memory: the inputs are read once, 16 bytes a cell where both have a value of their own
in every cell; per thread two rows of hours (140 kB a year) stay in cache. Samples are shared among threads, each writes
to places of its own, so the bits do not depend on the number of threads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import ArrayLike, NDArray

from kernels._jit import jit, jit_parallel
from kernels.checks import within

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

BINS = 2048  # of a load-duration curve between its least and its highest hour
MANY_CELLS = 4_000_000  # from which several threads pay for loading the parallel kernel


class Cooling(NamedTuple):
    """How PUE follows the wet-bulb temperature, each (region,); ``slope`` is per K, ``knee`` in deg C."""

    base: Floats
    slope: Floats
    knee: Floats
    cap: Floats


class Loads(NamedTuple):
    """What a year of loads comes to. Energy in MWh, power in MW, hours as positions; -1 where there is no hour.

    ``it_energy``, ``energy``, ``peak``, ``peak_hour``: (sample, region). ``together``, ``together_hour``: (sample,),
    the highest sum over all regions. ``duration``: (sample, region, share), facility load reached or passed in that
    share of the time, off by at most 1 / 2048 of the range between the least and the highest hour.
    """

    it_energy: Floats
    energy: Floats
    peak: Floats
    peak_hour: Whole
    together: Floats
    together_hour: Whole
    duration: Floats


@jit
def _row(
    utilisation: Floats, wet_bulb: Floats, idle: float, span: float, base: float, slope: float, knee: float, cap: float,
    hours: Floats, facility: Floats,
) -> tuple[float, float, int]:  # fmt: skip
    """One region in one sample: fills ``facility`` and returns the energies of IT and facility.

    The last number is how many hours hold a value outside its range.
    """
    it_energy, energy, wrong = 0.0, 0.0, 0
    many_uses, many_weathers = len(utilisation) > 1, len(wet_bulb) > 1
    for h in range(len(hours)):
        use = utilisation[h] if many_uses else utilisation[0]
        weather = wet_bulb[h] if many_weathers else wet_bulb[0]
        wrong += 1 - ((use >= 0.0) & (use <= 1.0) & (abs(weather) < np.inf))
        it = idle + span * use
        facility[h] = it * min(max(base + slope * max(0.0, weather - knee), 1.0), cap)
        it_energy += it * hours[h]
        energy += facility[h] * hours[h]
    return it_energy, energy, wrong


@jit
def _duration(
    facility: Floats, hours: Floats, low: float, high: float, shares: Floats, weight: Floats, found: Floats
) -> None:
    """Points of the load-duration curve between ``low`` and ``high``; ``weight`` is room for the hours of each bin."""
    scale = BINS / (high - low) if high > low else 0.0
    weight[:] = 0.0
    whole = 0.0
    for h in range(len(facility)):
        weight[min(int((facility[h] - low) * scale), BINS - 1)] += hours[h]
        whole += hours[h]
    for i in range(len(shares)):
        passed, bin_ = 0.0, BINS
        while bin_ > 0 and passed < shares[i] * whole:
            bin_ -= 1
            passed += weight[bin_]
        found[i] = high if bin_ == BINS else low if scale == 0.0 else low + (bin_ + 0.5) / scale


def _samples(
    utilisation: Floats, wet_bulb: Floats, idle: Floats, span: Floats, base: Floats, slope: Floats, knee: Floats,
    cap: Floats, hours: Floats, shares: Floats, energies: Floats, peak: Floats, peak_hour: Whole, together: Floats,
    together_hour: Whole, duration: Floats, wrong: NDArray[np.bool_],
) -> None:  # fmt: skip
    samples, regions = idle.shape
    for s in prange(samples):
        u = s if utilisation.shape[0] > 1 else 0
        w = s if wet_bulb.shape[0] > 1 else 0
        facility, total, weight = np.empty(len(hours)), np.zeros(len(hours)), np.empty(BINS)
        for r in range(regions):
            it_energy, energy, faults = _row(
                utilisation[u, r], wet_bulb[w, r], idle[s, r], span[s, r], base[r], slope[r], knee[r], cap[r],
                hours, facility,
            )  # fmt: skip
            energies[s, r, 0] = it_energy
            energies[s, r, 1] = energy
            wrong[s, r] = faults > 0
            low, high = np.inf, -np.inf
            for h in range(len(hours)):
                total[h] += facility[h]
                low = min(low, facility[h])
                if facility[h] > high:
                    high = facility[h]
                    peak_hour[s, r] = h
            if len(hours):
                peak[s, r] = high
            if len(hours) and len(shares):
                _duration(facility, hours, low, high, shares, weight, duration[s, r])
        for h in range(len(hours)):
            if together_hour[s] < 0 or total[h] > together[s]:
                together[s] = total[h]
                together_hour[s] = h


_one_thread = jit(_samples)
_many_threads = jit_parallel(_samples)


def load(
    utilisation: ArrayLike,
    idle_mw: ArrayLike,
    full_mw: ArrayLike,
    wet_bulb_c: ArrayLike,
    cooling: Cooling,
    hours: ArrayLike,
    shares: ArrayLike = (),
) -> Loads:
    """Energies, peaks and load-duration points of all regions and samples.

    Args:
        utilisation: share of full work, (sample or 1, region, hour or 1), 0 to 1.
        idle_mw, full_mw: IT power of what stands, (sample, region), idle <= full.
        wet_bulb_c: deg C, (sample or 1, region, hour or 1). A PUE that is known already goes in here with
            ``pue_as_given``.
        cooling: see :class:`Cooling`. hours: length of every hour or snapshot, (hour,), h.
        shares: of the time, for the load-duration curve, (share,), 0 to 1.

    Raises:
        ValueError: for shapes that do not fit, a value that is not a number or outside its range.
    """
    use, weather = (np.ascontiguousarray(a, dtype=np.float64) for a in (utilisation, wet_bulb_c))
    idle, full, lengths, points = (np.ascontiguousarray(a, dtype=np.float64) for a in (idle_mw, full_mw, hours, shares))
    curve = [np.ascontiguousarray(a, dtype=np.float64) for a in cooling]
    if idle.ndim != 2 or full.shape != idle.shape or lengths.ndim != 1 or points.ndim != 1:
        given = f"idle {idle.shape}, full {full.shape}, hours {lengths.shape}, shares {points.shape}"
        raise ValueError(f"{given} do not fit")
    samples, regions = idle.shape
    for name, cube in (("utilisation", use), ("wet bulb", weather)):
        if not (
            cube.ndim == 3
            and cube.shape[0] in (1, samples)
            and cube.shape[1] == regions
            and cube.shape[2] in (1, len(lengths))
        ):
            room = f"{samples} samples, {regions} regions, {len(lengths)} hours"
            raise ValueError(f"{name} {cube.shape} does not fit {room}")
    if any(a.shape != (regions,) for a in curve):
        raise ValueError(f"cooling of {[a.shape for a in curve]} for {regions} regions")
    within("idle power", idle, 0.0)
    within("full power over idle power", full - idle, 0.0)
    within("length of an hour", lengths, 0.0)
    within("share", points, 0.0, 1.0)
    for name, values in zip(Cooling._fields[:3], curve[:3], strict=True):
        within(name, values)
    within("cap", np.minimum(curve[3], np.finfo(float).max), 1.0)  # it may be infinite
    of_each, energies = (samples, regions), np.zeros((samples, regions, 2))
    peak, peak_hour = np.zeros(of_each), np.full(of_each, -1, np.int64)
    together, together_hour = np.zeros(samples), np.full(samples, -1, np.int64)
    duration, wrong = np.zeros((*of_each, len(points))), np.zeros(of_each, np.bool_)
    kernel = _many_threads if idle.size * len(lengths) >= MANY_CELLS else _one_thread
    base, slope, knee, cap = curve
    kernel(
        use, weather, idle, full - idle, base, slope, knee, cap, lengths, points, energies, peak, peak_hour, together,
        together_hour, duration, wrong,
    )  # fmt: skip
    if wrong.any() or 0 in wrong.shape or len(lengths) == 0:  # found on the way; said in full here
        within("utilisation", use, 0.0, 1.0)
        within("wet bulb", weather)
    return Loads(energies[..., 0], energies[..., 1], peak, peak_hour, together, together_hour, duration)


def pue_as_given(regions: int) -> Cooling:
    """The curve with which ``wet_bulb_c`` is taken for the PUE itself."""
    return Cooling(np.zeros(regions), np.ones(regions), np.zeros(regions), np.full(regions, np.inf))
