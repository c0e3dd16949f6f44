"""The load of every site in every hour of many samples (weather years, periods, plans), in one pass.

IT load follows work between idle and full power, facility load follows the weather::

    it[s, r, h]       = idle[s, r] + (full[s, r] - idle[s, r]) x utilisation[s, r, h]
    pue[s, r, h]      = clip(base[r] + slope[r] x max(0, wet_bulb[s, r, h] - knee[r]), 1, cap[r])
    facility[s, r, h] = it x pue

Energy, peaks, the peak of all sites together and points of the load-duration curve come from the same pass; the cube is
never stored. ``utilisation`` and ``wet_bulb`` may hold one sample for all, or one hour for all.

Work: about 20 operations a cell. Memory: the inputs are read once, 16 bytes a cell where both have a value of their own
in every cell; per thread two rows of hours (140 kB a year) stay in cache. Sums run in lanes, one for each hour of a
block, so that a block is a few vectors. Samples are shared among threads, each writes to places of its own, so the bits
do not depend on the number of threads.
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
GROUP = 32  # bins that are passed at once
GROUPS = BINS // GROUP
LANES = 32  # running sums, and as many lowest and highest loads: hours go to them in turn
STRETCH = 512  # hours whose bins are found before they are filled: both stay in the first level of cache
LOOK = 128  # hours that are compared before it is asked whether one was found
IT, ENERGY, WRONG, LOW, HIGH = range(5)  # the rows of lanes
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
def _hourly(values: Floats, room: Floats) -> Floats:
    """The values of all hours: themselves, or ``room`` filled with the one that stands for all."""
    if len(values) > 1:
        return values
    room[:] = values[0] if len(room) else 0.0
    return room


@jit
def _cells(
    first: int, width: int, use: Floats, weather: Floats, idle: float, span: float, base: float, slope: float,
    knee: float, cap: float, hours: Floats, facility: Floats, total: Floats, lanes: Floats,
) -> None:  # fmt: skip
    """``width`` hours from ``first`` on: each goes to a lane of its own in every row of ``lanes``."""
    for lane in range(width):
        h = np.uint64(first + lane)  # unsigned: a place that may be negative is gathered, number by number
        it = idle + span * use[h]
        load = it * min(max(base + slope * max(0.0, weather[h] - knee), 1.0), cap)
        facility[h] = load
        total[h] += load
        lanes[IT, lane] += it * hours[h]
        lanes[ENERGY, lane] += load * hours[h]
        fits = (use[h] >= 0.0) & (use[h] <= 1.0) & (abs(weather[h]) < np.inf)
        lanes[WRONG, lane] += 0.0 if fits else 1.0
        lanes[LOW, lane] = load if load < lanes[LOW, lane] else lanes[LOW, lane]
        lanes[HIGH, lane] = load if load > lanes[HIGH, lane] else lanes[HIGH, lane]


@jit
def _row(
    use: Floats, weather: Floats, idle: float, span: float, base: float, slope: float, knee: float, cap: float,
    hours: Floats, facility: Floats, total: Floats, lanes: Floats,
) -> tuple[float, float, float, float, float]:  # fmt: skip
    """One region in one sample: fills ``facility``, adds it to ``total``.

    Returns the energies of IT and facility, how many hours hold a value outside its range, and the lowest and the
    highest load.
    """
    lanes[:] = 0.0
    lanes[LOW], lanes[HIGH] = np.inf, -np.inf
    whole = len(hours) // LANES * LANES
    for first in range(0, whole, LANES):
        _cells(first, LANES, use, weather, idle, span, base, slope, knee, cap, hours, facility, total, lanes)
    rest = len(hours) - whole
    _cells(whole, rest, use, weather, idle, span, base, slope, knee, cap, hours, facility, total, lanes)
    it_energy, energy, wrong, low, high = 0.0, 0.0, 0.0, np.inf, -np.inf
    for lane in range(LANES):
        it_energy += lanes[IT, lane]
        energy += lanes[ENERGY, lane]
        wrong += lanes[WRONG, lane]
        low, high = min(low, lanes[LOW, lane]), max(high, lanes[HIGH, lane])
    return it_energy, energy, wrong, low, high


@jit
def _highest(values: Floats, lanes: Floats) -> float:
    """The highest value, by way of one row of lanes; minus infinity of none."""
    lanes[:] = -np.inf
    whole = len(values) // LANES * LANES
    for first in range(0, whole, LANES):
        for lane in range(LANES):
            value = values[np.uint64(first + lane)]
            lanes[lane] = value if value > lanes[lane] else lanes[lane]
    found = -np.inf
    for value in lanes:
        found = max(found, value)
    for h in range(whole, len(values)):
        found = max(found, values[h])
    return found


@jit
def _first(values: Floats, wanted: float) -> int:
    """Where ``wanted`` comes first, -1 if nowhere; in blocks, since a loop that may end anywhere makes no vectors."""
    whole = len(values) // LOOK * LOOK
    h = 0
    while h < whole:
        here = 0
        for lane in range(LOOK):
            here += values[np.uint64(h + lane)] == wanted
        if here:
            break
        h += LOOK
    while h < len(values):
        if values[h] == wanted:
            return h
        h += 1
    return -1


@jit
def _duration(
    facility: Floats, hours: Floats, year: float, low: float, high: float, shares: Floats, bins: NDArray[np.int32],
    weight: Floats, groups: Floats, found: Floats,
) -> None:  # fmt: skip
    """Points of the load-duration curve between ``low`` and ``high`` over ``year`` hours in all.

    There is room in ``bins`` for those of a stretch of hours, in ``weight`` for the hours of each bin and in ``groups``
    for those of many.
    """
    scale = BINS / (high - low) if high > low else 0.0
    weight[:] = 0.0
    for first in range(0, len(facility), STRETCH):
        here, length = facility[first : first + STRETCH], hours[first : first + STRETCH]
        for h in range(len(here)):  # a loop of its own, so that it becomes vectors
            place = (here[h] - low) * scale
            bins[h] = np.int32(place if place < BINS - 1.0 else BINS - 1.0)  # the last one, too, for what is no number
        for h in range(len(here)):
            weight[np.uint64(bins[h])] += length[h]
    for group in range(GROUPS):  # four sums at a time: one alone waits for every addition
        a = b = c = d = 0.0
        for bin_ in range(group * GROUP, (group + 1) * GROUP, 4):
            a += weight[bin_]
            b += weight[bin_ + 1]
            c += weight[bin_ + 2]
            d += weight[bin_ + 3]
        groups[group] = (a + b) + (c + d)
    for i in range(len(shares)):
        passed, bin_, wanted = 0.0, BINS, shares[i] * year
        while bin_ > 0 and passed + groups[bin_ // GROUP - 1] < wanted:
            bin_ -= GROUP
            passed += groups[bin_ // GROUP]
        while bin_ > 0 and passed < wanted:
            bin_ -= 1
            passed += weight[bin_]
        found[i] = high if bin_ == BINS else low if scale == 0.0 else low + (bin_ + 0.5) / scale


def _samples(
    utilisation: Floats, wet_bulb: Floats, idle: Floats, span: Floats, base: Floats, slope: Floats, knee: Floats,
    cap: Floats, hours: Floats, shares: Floats, energies: Floats, peak: Floats, peak_hour: Whole, together: Floats,
    together_hour: Whole, duration: Floats, wrong: NDArray[np.bool_],
) -> None:  # fmt: skip
    samples, regions = idle.shape
    year = hours.sum()
    for s in prange(samples):
        u = s if utilisation.shape[0] > 1 else 0
        w = s if wet_bulb.shape[0] > 1 else 0
        facility, total, rooms = np.empty(len(hours)), np.zeros(len(hours)), np.empty((2, len(hours)))
        lanes, bins, weight = np.empty((5, LANES)), np.empty(STRETCH, np.int32), np.empty(BINS)
        groups = np.empty(GROUPS)
        for r in range(regions):
            it_energy, energy, faults, low, high = _row(
                _hourly(utilisation[u, r], rooms[0]), _hourly(wet_bulb[w, r], rooms[1]), idle[s, r], span[s, r],
                base[r], slope[r], knee[r], cap[r], hours, facility, total, lanes,
            )  # fmt: skip
            energies[s, r, 0] = it_energy
            energies[s, r, 1] = energy
            wrong[s, r] = faults > 0.0
            if len(hours) == 0:
                continue
            peak[s, r] = high
            peak_hour[s, r] = _first(facility, high)
            if len(shares):
                _duration(facility, hours, year, low, high, shares, bins, weight, groups, duration[s, r])
        if len(hours):
            together[s] = _highest(total, lanes[HIGH])
            together_hour[s] = _first(total, together[s])


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
