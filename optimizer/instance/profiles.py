"""Hourly load and capacity factors of every region, in UTC, from whatever a country publishes.

Three kinds of record lead to the same arrays:
- `hourly_profiles`: measured hours (United States);
- `month_hour_profiles`: a mean day a month for load and sun and monthly means for wind (China), with labelled,
  seeded scatter (`synthetic.py`);
- `flat_profiles`: a steady load (regions that buy at a tariff).
Load keeps its shape and is stretched linearly until the recorded peak and the recorded energy are both met.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from optimizer.instance.hours import (
    HOURS,
    MONTH_DAYS,
    Array,
    hourly,
    local_to_utc,
    month_hour_to_local,
)
from optimizer.instance.synthetic import (
    ScatterSettings,
    distance_km,
    load_day_factors,
    solar_capacity_factors,
    wind_capacity_factors,
)

MAINTENANCE_MONTHS = (3, 4, 5, 10, 11)  # planned outages: spring and autumn, away from both peaks


@dataclass(frozen=True)
class Profiles:
    """Hours of a year for a list of regions.

    load_mw [8760, region]; capacity_factor: technology -> [8760, region] within 0..1; notes: what is synthetic or
    otherwise not as measured, to be repeated by whoever shows a result.
    """

    regions: tuple[str, ...]
    load_mw: Array
    capacity_factor: dict[str, Array]
    notes: tuple[str, ...] = ()


def join_profiles(parts: Sequence[Profiles]) -> Profiles:
    """Put countries side by side; a technology that a country lacks has capacity factor 0 there."""
    regions = tuple(region for part in parts for region in part.regions)
    if len(set(regions)) != len(regions):
        raise ValueError(f"regions given twice: {sorted({r for r in regions if regions.count(r) > 1})}")
    technologies = list(dict.fromkeys(name for part in parts for name in part.capacity_factor))
    factors = {
        name: np.hstack([part.capacity_factor.get(name, np.zeros_like(part.load_mw)) for part in parts])
        for name in technologies
    }
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    return Profiles(regions, np.hstack([part.load_mw for part in parts]), factors, notes)


def stretch_load(
    shape: ArrayLike, peak_mw: ArrayLike, energy_mwh: ArrayLike, regions: Sequence[str], floor_mw: ArrayLike = 0.0
) -> Array:
    """Stretch (or compress) each column of `shape` [8760, n] so that its peak and its energy are the recorded ones.

    load = max(floor, peak - b x (top of shape - shape)): order and timing of hours stay, only the depth b of the
    valleys changes. b above the shape's own scale stretches, below compresses. The unit of the shape does not matter.
    Raises ValueError naming the regions whose record is impossible (energy above peak x 8,760 h, or below the floor)
    or whose shape is flat while the record is not.
    """
    form = hourly(shape, "load shape")
    count = form.shape[1]
    peak, energy, floor = (np.broadcast_to(np.asarray(v, dtype=float), count) for v in (peak_mw, energy_mwh, floor_mw))
    depth = form.max(axis=0) - form
    flat = depth.max(axis=0) <= 0.0
    wrong = (energy > peak * HOURS * (1 + 1e-9)) | (energy < floor * HOURS) | ~np.isfinite(peak + energy)
    wrong |= flat & (np.abs(energy / HOURS - peak) > 1e-6 * np.abs(peak))
    if wrong.any():
        names = ", ".join(
            f"{regions[i]} (peak {peak[i]:.6g} MW, mean {energy[i] / HOURS:.6g} MW)"
            for i in np.flatnonzero(wrong).tolist()
        )
        raise ValueError(f"no load shape has this peak and this energy: {names}")
    resting = np.zeros(form.shape, dtype=bool)  # hours that lie on the floor
    while True:
        awake = ~resting
        below = (depth * awake).sum(axis=0)
        surplus = peak * awake.sum(axis=0) + floor * resting.sum(axis=0) - energy
        slope = np.divide(np.maximum(surplus, 0.0), below, out=np.zeros(count), where=below > 0.0)
        load = peak - slope * depth
        sinking = awake & (load < floor)
        if not sinking.any():
            return np.where(resting, floor, load)
        resting |= sinking


def _bounded_factors(factors: Mapping[str, ArrayLike], count: int) -> dict[str, Array]:
    """Check capacity factors: [8760, count], within 0..1."""
    result = {}
    for name, values in factors.items():
        array = hourly(values, name)
        if array.shape[1] != count:
            raise ValueError(f"{name}: {array.shape[1]} columns for {count} regions")
        if array.min(initial=0.0) < 0.0 or array.max(initial=0.0) > 1.0:
            raise ValueError(f"{name}: capacity factors from {array.min():.4g} to {array.max():.4g}, not within 0..1")
        result[name] = array
    return result


def hourly_profiles(
    regions: Sequence[str],
    load_shape: ArrayLike,
    peak_mw: ArrayLike,
    energy_mwh: ArrayLike,
    capacity_factor: Mapping[str, ArrayLike],
    utc_offset_h: int = 0,
    notes: Sequence[str] = (),
) -> Profiles:
    """Profiles from measured hours.

    load_shape and capacity factors [8760, region] on the clock `utc_offset_h` ahead of UTC; peak [region] MW and
    energy [region] MWh of the year. Capacity factors are taken as they are.
    """
    factors = _bounded_factors(capacity_factor, len(regions))
    load = stretch_load(load_shape, peak_mw, energy_mwh, regions)
    return Profiles(
        tuple(regions),
        local_to_utc(load, utc_offset_h),
        {name: local_to_utc(values, utc_offset_h) for name, values in factors.items()},
        tuple(notes),
    )


def month_hour_profiles(
    regions: Sequence[str],
    load_days: ArrayLike,
    peak_mw: ArrayLike,
    energy_mwh: ArrayLike,
    solar_days: ArrayLike,
    solar_monthly: ArrayLike,
    wind_monthly: Mapping[str, ArrayLike],
    lat: ArrayLike,
    lon: ArrayLike,
    utc_offset_h: int,
    scatter: ScatterSettings | None,
    notes: Sequence[str] = (),
) -> Profiles:
    """Profiles from mean days and monthly means.

    load_days, solar_days [region, 12, 24] on the clock `utc_offset_h` ahead of UTC (Beijing +8), the sun also hour by
    hour [8760, region]; the load's unit does not matter, the sun's shape is rescaled to solar_monthly [region, 12].
    wind_monthly: technology -> [region, 12] (several wind technologies may share one table: they then share the weather
    too). lat, lon in degrees place the regions for the correlation of their weather. scatter None repeats mean days and
    flat months, and says so; notes are repeated with the profiles.
    Monthly means hold for months on the local clock.
    """
    monthly = {name: np.asarray(table, dtype=float) for name, table in wind_monthly.items()}
    sun = np.asarray(solar_monthly, dtype=float)
    for name, table in {**monthly, "solar": sun}.items():
        if table.shape != (len(regions), 12) or not ((table >= 0.0) & (table <= 1.0)).all():
            raise ValueError(f"{name}: expected monthly factors within 0..1 for {len(regions)} regions and 12 months")
    calm = ScatterSettings(wind_cv=0.0, solar_cv=0.0, solar_cv_swing=0.0, load_cv=0.0)
    settings = calm if scatter is None else scatter
    distances = distance_km(np.asarray(lat, dtype=float), np.asarray(lon, dtype=float))
    shape = month_hour_to_local(load_days) * np.repeat(load_day_factors(distances, settings), 24, axis=0)
    factors: dict[str, Array] = {}
    for name, table in monthly.items():
        twin = next((other for other in factors if monthly[other] is table), None)
        factors[name] = wind_capacity_factors(table, distances, settings) if twin is None else factors[twin]
    shown = np.asarray(solar_days, dtype=float)
    clear = month_hour_to_local(shown) if shown.ndim == 3 else hourly(shown, "solar")
    factors["solar"] = solar_capacity_factors(clear, sun, distances, settings)
    note = "every day of a month is its mean day: no calm week, no cloud" if scatter is None else scatter.describe()
    return Profiles(
        tuple(regions),
        local_to_utc(stretch_load(shape, peak_mw, energy_mwh, regions), utc_offset_h),
        {name: local_to_utc(values, utc_offset_h) for name, values in factors.items()},
        (f"{len(regions)} regions from {regions[0]} to {regions[-1]}: {note}", *notes),
    )


def flat_profiles(regions: Sequence[str], energy_mwh: ArrayLike = 0.0) -> Profiles:
    """A steady load [region] for regions without a power system of their own; no wind and no sun."""
    mean = np.broadcast_to(np.asarray(energy_mwh, dtype=float) / HOURS, len(regions))
    return Profiles(tuple(regions), np.tile(mean, (HOURS, 1)), {})


def monthly_availability(
    forced_outage_rate: ArrayLike,
    planned_outage_rate: ArrayLike,
    maintenance_months: Sequence[int] = MAINTENANCE_MONTHS,
) -> Array:
    """Share of capacity that can run, [12] for one technology, [12, technology] for several.

    Both rates are shares of the year [technology]. Forced outages hit every hour alike; planned ones are taken in the
    maintenance months only (1..12), so that their yearly share is met: 8 % a year is 19 % in five months and nothing at
    the peaks. Raises ValueError where the months are too short for the planned outages.
    """
    forced, planned = np.asarray(forced_outage_rate, dtype=float), np.asarray(planned_outage_rate, dtype=float)
    season = np.isin(np.arange(1, 13), maintenance_months)
    out_in_season = planned * MONTH_DAYS.sum() / MONTH_DAYS[season].sum()
    share = 1.0 - forced - np.multiply.outer(season, out_in_season)
    if not ((share >= 0.0) & (share <= 1.0)).all():
        raise ValueError("outage rates leave less than nothing, or more than everything, in a maintenance month")
    return share
