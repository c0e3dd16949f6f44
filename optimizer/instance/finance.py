"""Money and time: annuities, discounting, and the share of a period in which a vintage stands.

Periods are named by their first year and last `length` years. A decision taken at `decided_from` (a date in years,
2026.9 is late November 2026) with a lead time of L years stands from `decided_from + L` on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def capital_recovery_factor(rate: ArrayLike, life_yr: ArrayLike) -> Floats:
    """Yearly payment per unit of capital: CRF = i / (1 - (1 + i)^-n), 1/n at a rate of zero. Shapes broadcast."""
    rate_, life = np.broadcast_arrays(np.asarray(rate, float), np.asarray(life_yr, float))
    safe = np.where(rate_ == 0, 1.0, rate_)
    return np.where(rate_ == 0, 1.0 / life, safe / (1.0 - (1.0 + safe) ** -life))


def discount_weights(periods: Sequence[int], length_yr: int, rate: float, base_year: int) -> Floats:
    """Discounted years of each period, (periods,): the sum over its years v of (1 + rate)^-(v + 0.5 - base_year)."""
    years = np.asarray(periods)[:, None] + np.arange(length_yr)[None, :]
    return ((1.0 + rate) ** -(years + 0.5 - base_year)).sum(axis=1)


def share_available(periods: Sequence[int], length_yr: int, decided_from: float, lead_yr: ArrayLike) -> Floats:
    """Share of each period left after the lead time: clip((end - (decided + lead)) / length, 0, 1).

    ``lead_yr`` of shape (n,) gives (n, periods); a scalar gives (periods,). An infinite lead gives zeros.
    """
    end = np.asarray(periods, float) + length_yr
    lead = np.asarray(lead_yr, float)
    return np.clip((end - (decided_from + lead[..., None])) / length_yr, 0.0, 1.0)


def vintage_alive(periods: Sequence[int], length_yr: int, available: Floats, life_yr: ArrayLike) -> Floats:
    """Share of period p in which a vintage built in period b stands: array (n, b, p), or (b, p) for one row.

    ``available`` is (n, b): the share of its first period in which the vintage stands. Life counts from that moment.
    """
    one = available.ndim == 1
    share = np.atleast_2d(available)
    first = np.asarray(periods, float)
    start = first[None, :] + (1.0 - share) * length_yr
    end = start + np.broadcast_to(np.asarray(life_yr, float), (share.shape[0],))[:, None]
    overlap = np.minimum(end[:, :, None], first[None, None, :] + length_yr) - np.maximum(
        start[:, :, None], first[None, None, :]
    )
    alive = np.clip(overlap / length_yr, 0.0, 1.0) * (share > 0)[:, :, None]
    return alive[0] if one else alive


def year_share(periods: Sequence[int], length_yr: int, year: ArrayLike) -> Floats:
    """Share of each period in which something that comes in mid ``year`` stands: array (n, periods).

    A change dated to a year counts half of that year, all of later years and none of earlier ones.
    """
    years = np.asarray(periods)[None, :, None] + np.arange(length_yr)[None, None, :]
    when = np.atleast_1d(np.asarray(year, float))[:, None, None]
    return np.where(years > when, 1.0, np.where(years == when, 0.5, 0.0)).mean(axis=2)


def vintage_charge(alive: Floats, discount: Floats, yearly: Floats) -> Floats:
    """Discounted charges of one unit of each vintage: yearly[n, b] x sum_p discount[p] alive[n, b, p]. Shape (n, b)."""
    return yearly * (alive @ discount)
