"""Day-to-day scatter for countries whose public record stops at monthly means and mean days.

China publishes no hourly wind, no clouds and no load of single days. A model that sees only mean days needs no storage
and meets no calm week, so scatter is drawn from a seed with the size that the United States' hourly record of 2019
shows, and every monthly mean stays exactly the published one. Nothing here is a measurement of China: whoever uses it
must carry the note that `ScatterSettings.describe` writes.

Measured on the 30 US regions, 2019 (wind and solar: the 19 regions with observed series), medians:
- wind: coefficient of variation of hourly output 0.67 over the year and 0.59 within a month; the anomaly's
  correlation is 0.86 after 3 h, 0.71 after 6 h, 0.47 after 12 h, 0.20 after 24 h: 0.94 per hour is near all of them.
  Pairs of regions fit a fall by e in 420 km, but 700 km is needed for the variation of the national sum (0.35 within a
  month against 0.29), which is what storage and reserves meet, so 700 km is the default;
- solar: daily energy around its monthly mean varies by 0.43 in winter and 0.17 in summer, next-day correlation 0.3,
  falling by e in 770 km; days are skewed to the left (many nearly clear, few very dark);
- load: daily energy, weekday removed, varies by 0.076 within a month, next-day correlation 0.75, falling by e in
  1,150 km.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernels.synthetic_series import noise, scatter
from optimizer.instance.hours import MONTH_DAYS, MONTH_HOURS, MONTH_OF_DAY, MONTH_OF_HOUR, Array

EARTH_RADIUS_KM = 6371.0
GRID_ENDS = (-4.5, 4.5)
NORMAL_GRID = np.linspace(*GRID_ENDS, 181)  # where quantiles are computed; between them they are interpolated


@dataclass(frozen=True)
class ScatterSettings:
    """Size and memory of the scatter; the defaults are the US measurements above.

    seed: one integer, the whole weather follows from it. *_cv: standard deviation over mean (wind: hourly within a
    month; solar: daily, middle of the year's swing and half of that swing; load: daily within a month).
    *_memory: correlation with the hour (wind) or day (solar, load) before. *_km: distance at which the correlation
    between two regions has fallen to 1/e. A cv of 0 leaves that quantity without scatter.
    """

    seed: int = 2026
    wind_cv: float = 0.59
    wind_memory: float = 0.94
    wind_km: float = 700.0
    solar_cv: float = 0.30
    solar_cv_swing: float = 0.13
    solar_memory: float = 0.3
    solar_km: float = 770.0
    load_cv: float = 0.076
    load_memory: float = 0.75
    load_km: float = 1150.0

    def describe(self) -> str:
        """The label that must travel with everything drawn from these settings."""
        return (
            f"synthetic scatter, seed {self.seed}: hourly wind (cv {self.wind_cv:g} within a month), daily clouds "
            f"(cv {self.solar_cv - self.solar_cv_swing:g}-{self.solar_cv + self.solar_cv_swing:g}) and daily load "
            f"(cv {self.load_cv:g}) as measured in the US in 2019; monthly means are the published ones"
        )


def distance_km(lat: Array, lon: Array) -> Array:
    """Great-circle distances [n, n] in km between places given in degrees."""
    phi, lam = np.radians(lat), np.radians(lon)
    half = np.sin((phi[:, None] - phi) / 2) ** 2
    half = half + np.cos(phi[:, None]) * np.cos(phi) * np.sin((lam[:, None] - lam) / 2) ** 2
    return 2.0 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0)))


def correlated_noise(
    steps: np.ndarray, distances_km: Array, memory: float, reach_km: float, seed: tuple[int, int]
) -> Array:
    """Standard normal series [n, steps]: each remembers its last step, neighbours move together.

    The correlation of two regions is exp(-distance / reach_km) at every lag; that of one region at lag k is memory**k.
    ``steps`` is the month of every step: within each, a series has zero mean and unit variance, since a month's mean is
    data and not chance.
    """
    regions = len(distances_km)
    correlation = np.exp(-distances_km / reach_km) + 1e-9 * np.eye(regions)  # two regions may share one place
    shocks = np.random.default_rng(seed).standard_normal((len(steps), regions)) @ np.linalg.cholesky(correlation).T
    return noise(shocks, memory, steps)


def _beta_quantiles(mean: float, cv: float, top: float) -> Array:
    """Beta distribution on [0, top] with this mean and variation, at the points of ``NORMAL_GRID``.

    The variance is capped at 0.3 of the largest possible one: beyond, a beta distribution piles up at both ends.
    """
    centre = mean / top
    if not 0.0 < centre < 1.0 or cv <= 0.0:
        return np.full_like(NORMAL_GRID, mean)
    variance = min((cv * centre) ** 2, 0.3 * centre * (1.0 - centre))
    sharpness = centre * (1.0 - centre) / variance - 1.0
    from scipy.special import (
        betaincinv,
        ndtr,
    )  # here: loaded before Pyomo it draws in all of scipy.stats, half a second

    return top * betaincinv(centre * sharpness, (1.0 - centre) * sharpness, ndtr(NORMAL_GRID))


def wind_capacity_factors(monthly: Array, distances_km: Array, settings: ScatterSettings) -> Array:
    """Hourly wind capacity factors [8760, n] on the local clock from monthly means [n, 12], met exactly."""
    if settings.wind_cv <= 0.0:
        return np.ascontiguousarray(monthly[:, MONTH_OF_HOUR].T)
    normal = correlated_noise(MONTH_OF_HOUR, distances_km, settings.wind_memory, settings.wind_km, (settings.seed, 1))
    known: dict[float, Array] = {}  # provinces share months: two figures may be one
    for mean in monthly.ravel().tolist():
        if mean not in known:
            known[mean] = _beta_quantiles(mean, settings.wind_cv, 1.0)
    quantiles = np.array([[known[mean] for mean in row] for row in monthly.tolist()])
    return scatter(normal, MONTH_OF_HOUR, GRID_ENDS, quantiles, None, monthly * MONTH_HOURS).T


def solar_capacity_factors(clear_days: Array, monthly: Array, distances_km: Array, settings: ScatterSettings) -> Array:
    """Hourly solar capacity factors [8760, n] on the local clock.

    clear_days [8760, n] is the mean day of each month; every day is multiplied by its own cloud factor; the monthly
    means [n, 12] are met exactly. The brightest day is 1 + 1.6 x cv above the mean, which gives the left-skewed days
    of the US record.
    """
    normal = correlated_noise(MONTH_OF_DAY, distances_km, settings.solar_memory, settings.solar_km, (settings.seed, 2))
    sizes = settings.solar_cv + settings.solar_cv_swing * np.cos(2 * np.pi * np.arange(12) / 12)
    if settings.solar_cv <= 0.0:
        sizes = np.zeros(12)
    clouds = np.stack([_beta_quantiles(1.0, cv, 1.0 + 1.6 * cv) for cv in sizes.tolist()])
    quantiles = np.broadcast_to(clouds, (len(monthly), *clouds.shape))
    return scatter(normal, MONTH_OF_DAY, GRID_ENDS, quantiles, clear_days.T, monthly * MONTH_HOURS).T


def load_day_factors(distances_km: Array, settings: ScatterSettings) -> Array:
    """Factors [365, n] of daily load around its monthly mean day; the mean of every month is exactly 1."""
    normal = correlated_noise(MONTH_OF_DAY, distances_km, settings.load_memory, settings.load_km, (settings.seed, 3)).T
    factors = 1.0 + settings.load_cv * np.clip(normal, -3.0, 3.0)
    for month in range(12):
        days = month == MONTH_OF_DAY
        factors[days] *= MONTH_DAYS[month] / factors[days].sum(axis=0)
    return factors
