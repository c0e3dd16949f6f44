"""Curtailment-enabled headroom: how much flexible load an existing grid can take (the Duke University method).

A grid that carried its seasonal peak once can carry that much again. A flat load of F MW fits without new capacity if
it steps back whenever load + F would pass the peak of that season, and if stepping back costs at most a share ``c`` of
its yearly energy::

    sum_h max(0, load_h + F - peak_season(h)) <= c x hours x F

With the gaps g_h = peak - load sorted, the left side is piecewise linear and convex in F, so the largest F is found
exactly: between two neighbouring gaps k hours are short, and F = (g_1 + ... + g_k) / (k - c x hours).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kernels._jit import jit

Floats = NDArray[np.float64]


@jit
def _headroom(load: Floats, season: NDArray[np.int64], seasons: int, share: float) -> Floats:
    regions, hours = load.shape
    allowed = share * hours
    found = np.zeros(regions)
    for r in range(regions):
        peak = np.full(seasons, -np.inf)
        for h in range(hours):
            peak[season[h]] = max(peak[season[h]], load[r, h])
        gaps = np.empty(hours)
        for h in range(hours):
            gaps[h] = peak[season[h]] - load[r, h]
        gaps.sort()
        total = 0.0
        for k in range(1, hours + 1):
            total += gaps[k - 1]
            if k <= allowed:
                continue
            size = total / (k - allowed)
            if k == hours or size <= gaps[k]:
                found[r] = size
                break
    return found


def headroom(load: Floats, season: NDArray[np.integer], share: float) -> Floats:
    """Largest flexible load of each region.

    Args:
        load: MW, (region, hour), usually 8760 hours of one year; what is already connected is part of it.
        season: index of the season of each hour, (hour,), from 0; the peak of a season is the limit in its hours.
        share: yearly share of its own energy that the new load gives up, 0 <= share < 1 (0.0025 is common).

    Returns:
        MW, (region,). Zero where the peak hours alone already exceed the share.

    Raises:
        ValueError: for shapes that do not fit, a load that is not a number, or a share outside its range.
    """
    load = np.ascontiguousarray(load, dtype=np.float64)
    seasons: NDArray[np.int64] = np.ascontiguousarray(season, dtype=np.int64)
    if load.ndim != 2 or load.shape[1] == 0 or seasons.shape != load.shape[1:]:
        raise ValueError(f"load (region, hour) and season (hour,) do not fit: {load.shape} and {seasons.shape}")
    if not np.isfinite(load).all():
        region, hour = np.argwhere(~np.isfinite(load))[0]
        raise ValueError(f"load of region {region} in hour {hour} is not a number")
    if seasons.min() < 0:
        raise ValueError("a season index is negative")
    if not 0.0 <= share < 1.0:
        raise ValueError(f"share {share} is outside 0 <= share < 1: any load would fit")
    return _headroom(load, seasons, int(seasons.max()) + 1, float(share))
