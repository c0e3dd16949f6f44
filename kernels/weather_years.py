"""Years made of real days: which day of the record stands where, and how far it is moved from what was recorded.

A sample is a year of days in runs. Each run of ``run_days`` consecutive days is taken from the record at most
``window_days`` away from its place in the year, all regions and series together, so that what happened at once stays
together (moving-block bootstrap, Kunsch 1989). A record of one year holds few extremes, so every day is moved a little
(smoothed bootstrap, Silverman and Young 1987): load by a factor, wind and sun by a factor on the odds of their output,
which keeps it between nothing and everything. These factors remember the day before and are shared by neighbours.
Plants have standard normal numbers with a memory of their own; what they mean is for the caller to say.

Every number is a function of (seed, stream, number of the sample), see ``kernels.draws``: samples can be made in any
part, order and number of threads with the same bits.

Work: about 100 operations a number. Memory: the three arrays that are returned, 8 bytes a number, written once.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import ArrayLike, NDArray

from kernels._jit import jit_parallel
from kernels.draws import standard_normal, standard_uniform
from kernels.elementary import exp

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

LOAD, WIND, SUN = range(3)
FURTHEST = 3.0  # standard deviations of a load factor
_RUNS = 1 << 31  # streams from here on place the runs; those below move days


class Scatter(NamedTuple):
    """How days are moved. ``size`` (3, region): load, wind and sun; standard deviation of the load factor and of the
    logarithm of the odds. ``memory`` (3,): correlation with the day before. ``root`` (3, region, region): a lower
    triangle times its transpose is the correlation between regions. ``plant_memory``: of the numbers of plants."""

    size: Floats
    memory: Floats
    root: Floats
    plant_memory: float


class Years(NamedTuple):
    """Samples of a year.

    ``day`` (sample, day): the day of the record; ``load`` (sample, day, region): factor; ``odds`` (sample, 2, day,
    region): factor on the odds of wind and of sun; ``plant`` (sample, day, plant): standard normal numbers.
    """

    day: Whole
    load: Floats
    odds: Floats
    plant: Floats


def recorded(days: int, regions: int, plants: int) -> Years:
    """One sample: the record as it is."""
    return Years(
        np.arange(days, dtype=np.int64)[None], np.ones((1, days, regions)), np.ones((1, 2, days, regions)),
        np.zeros((1, days, plants)),
    )  # fmt: skip


def draw(
    seed: int,
    first: int,
    samples: int,
    days: int,
    plants: int,
    scatter: Scatter,
    run_days: int = 5,
    window_days: int = 15,
) -> Years:
    """Draw samples ``first``, ``first`` + 1, ... of a record of ``days`` days.

    Raises:
        ValueError: for numbers out of range or shapes that do not fit.
    """
    if not 0 <= seed < 2**64 or min(first, samples, days, plants, window_days) < 0 or run_days < 1:
        raise ValueError("a seed is 0 to 2^64 - 1, counts are not negative, a run has a day or more")
    size, memory, root = (np.ascontiguousarray(a, dtype=np.float64) for a in scatter[:3])
    if size.ndim != 2 or root.shape != (3, size.shape[1], size.shape[1]) or (len(size), memory.shape) != (3, (3,)):
        raise ValueError(f"scatter of {size.shape}, {memory.shape} and {root.shape} for load, wind and sun")
    if not (np.isfinite(root).all() and (size >= 0.0).all() and np.isfinite(size).all()):
        raise ValueError("a size or a correlation of the scatter is not a number")
    memories = np.array([*memory, scatter.plant_memory])
    if not ((memories >= 0.0) & (memories < 1.0)).all():
        raise ValueError(f"a memory lies in [0, 1), found {memories.tolist()}")
    regions = size.shape[1]
    years = Years(
        np.zeros((samples, days), np.int64), np.empty((samples, days, regions)), np.empty((samples, 2, days, regions)),
        np.empty((samples, days, plants)),
    )  # fmt: skip
    if samples and days:
        _draw(np.uint64(seed), first, run_days, window_days, size, memories, root, *years)
    return years


@jit_parallel
def _draw(
    seed: np.uint64, first: int, run_days: int, window_days: int, size: Floats, memory: Floats, root: Floats,
    day: Whole, load: Floats, odds: Floats, plant: Floats,
) -> None:  # fmt: skip
    samples, days = day.shape
    regions, plants = load.shape[2], plant.shape[2]
    width = 3 * regions + plants
    for s in prange(samples):
        sample = np.uint64(first + s)
        for start in range(0, days, run_days):
            u = standard_uniform(seed, np.uint64(_RUNS + start), sample)
            moved = start + int(u * (2 * window_days + 1)) - window_days
            for d in range(start, min(start + run_days, days)):
                day[s, d] = (moved + d - start) % days
        state, fresh = np.zeros((3, regions)), np.empty(regions)
        for d in range(days):
            for kind in range(3):
                for r in range(regions):
                    fresh[r] = standard_normal(seed, np.uint64(d * width + kind * regions + r), sample)
                old = memory[kind] if d else 0.0
                new = math.sqrt(1.0 - old * old)
                for r in range(regions):
                    together = 0.0
                    for q in range(r + 1):
                        together += root[kind, r, q] * fresh[q]
                    state[kind, r] = old * state[kind, r] + new * together
                    most = FURTHEST * size[kind, r]
                    z = size[kind, r] * state[kind, r]
                    if kind == LOAD:
                        load[s, d, r] = max(0.0, 1.0 + min(max(z, -most), most))
                    else:
                        odds[s, kind - 1, d, r] = exp(z)
            old = memory[3] if d else 0.0
            new = math.sqrt(1.0 - old * old)
            for k in range(plants):
                z = standard_normal(seed, np.uint64(d * width + 3 * regions + k), sample)
                plant[s, d, k] = old * plant[s, d - 1, k] + new * z if d else z


def correlation_root(distances_km: ArrayLike, reach_km: ArrayLike) -> Floats:
    """Lower triangles, (kind, region, region), of correlations that fall by e in ``reach_km`` (kind,)."""
    apart = np.asarray(distances_km, dtype=np.float64)
    reach = np.asarray(reach_km, dtype=np.float64)
    near = 1e-9 * np.eye(len(apart))  # two regions may share one place
    return np.stack([np.linalg.cholesky(np.exp(-apart / km) + near) for km in reach])
