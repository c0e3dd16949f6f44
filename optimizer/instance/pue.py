"""Hourly PUE (facility power over IT power) of a region.

No public table gives hourly wet-bulb temperatures for these regions, so the year's mean carries a synthetic swing: warm
summers, warm afternoons. Energy is billed with the hour's value; halls and connections are sized with the highest one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from optimizer.instance.hours import DAYS, HOURS, Array

WARMEST_DAY = 201  # 21 July, about a month after the solstice; in the south half a year later
WARMEST_HOUR = 15  # local solar time
NOTE = "PUE swings with season and hour by a synthetic curve around its yearly mean, not by measured weather"


def hourly_pue(
    mean: ArrayLike,
    seasonal_swing: ArrayLike,
    daily_swing: ArrayLike,
    cap: ArrayLike,
    longitude: ArrayLike,
    latitude: ArrayLike = 90.0,
) -> Array:
    """PUE [8760, region] in UTC.

    mean: yearly mean; *_swing: how far the warmest season and the warmest hour lie above it (amplitudes, so the
    coolest lie as far below); cap: a rule's ceiling, blank (NaN) for none; degrees of longitude give the local solar
    hour, negative latitudes turn the seasons round. Never below 1. Where the cap or 1 cuts the curve, the yearly mean
    moves accordingly. Raises ValueError when a mean lies below 1 or a swing is negative.
    """
    base, season, day, lon, lat, ceiling = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(v, float)) for v in (mean, seasonal_swing, daily_swing, longitude, latitude, cap))
    )
    if not ((base >= 1.0) & (season >= 0.0) & (day >= 0.0)).all():
        raise ValueError("a PUE is at least 1 and its swings are not negative")
    hour = np.arange(HOURS)[:, None] + 0.5
    warmest = np.where(lat < 0.0, WARMEST_DAY + DAYS / 2, WARMEST_DAY)
    yearly = np.cos(2 * np.pi * (hour / 24 - warmest) / DAYS)
    daily = np.cos(2 * np.pi * (hour + lon / 15 - WARMEST_HOUR) / 24)
    return np.clip(base + season * yearly + day * daily, 1.0, np.where(np.isnan(ceiling), np.inf, ceiling))
