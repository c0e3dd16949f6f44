"""Weather and load of a scenario: reads each country's profiles and lays them side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from optimizer.scenario.errors import Fault, ScenarioErrors

from .hours import MONTH_DAYS, monthly_means
from .profiles import Profiles, flat_profiles, hourly_profiles, join_profiles, month_hour_profiles
from .synthetic import ScatterSettings
from .wind_and_sun import clear_sky_days, describe_sun, describe_wind, wind_factors

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario
    from optimizer.scenario.schema.power import HourlyProfiles, MonthHourProfiles, Synthetic

PROFILE_OF = {
    "onshore_wind": "wind",
    "offshore_wind": "offshore_wind",
    "solar": "solar",
}  # file key -> technologies.profile


def read_profiles(scenario: Scenario, regions: pd.DataFrame) -> Profiles:
    """Hourly load and capacity factors of all regions in the order of ``regions``.

    Factors are keyed as technologies name them.
    """
    parts = []
    entries = {entry.country: entry for entry in scenario.power.profiles}
    for country in dict.fromkeys(regions["country"]):
        rows = regions[regions["country"] == country]
        entry = entries.get(country) or entries.get("third")
        names = tuple(rows.index)
        energy = rows["annual_load_twh"].fillna(0.0).to_numpy(float) * 1e6
        peak = rows["peak_load_mw"].fillna(0.0).to_numpy(float)
        if entry is None or entry.kind == "flat":
            parts.append(flat_profiles(names, energy))
        elif entry.kind == "hourly":
            parts.append(_hourly(scenario, entry, names, peak, energy))
        else:
            parts.append(_month_hour(scenario, entry, rows, peak, energy))
    joined = join_profiles(parts)
    order = [joined.regions.index(name) for name in regions.index]
    return Profiles(
        tuple(regions.index),
        joined.load_mw[:, order],
        {PROFILE_OF[name]: values[:, order] for name, values in joined.capacity_factor.items()},
        joined.notes,
    )


def _hourly(
    scenario: Scenario, entry: HourlyProfiles, names: tuple[str, ...], peak: np.ndarray, energy: np.ndarray
) -> Profiles:
    """Measured hours, or their month means where the scenario asks for them."""
    load = _columns(scenario.table(f"power.profiles.{entry.country}.load"), names)
    notes: tuple[str, ...] = ()
    factors = {}
    for key, turbine in (("onshore_wind", entry.onshore_turbine), ("offshore_wind", entry.offshore_turbine)):
        frame, speed = _frame(scenario, entry.country, key), _frame(scenario, entry.country, f"{key}_speed")
        if frame is not None:
            factors[key] = _columns(frame, names)
        elif speed is not None:
            factors[key] = wind_factors(_columns(speed, names), turbine)
            notes += (f"{entry.country}: {describe_wind(key.replace('_', ' '), turbine)}",)
    sun = _frame(scenario, entry.country, "solar")
    if sun is not None:
        factors["solar"] = _columns(sun, names)
    if entry.country in scenario.time.month_means_for:
        load, factors = _month_means(load), {k: _month_means(v) for k, v in factors.items()}
        notes += (f"{entry.country}: hourly records reduced to the mean day of each month",)
    offset = round(entry.utc_offset_h)
    return hourly_profiles(names, load, peak, energy, factors, offset, notes)


def _frame(scenario: Scenario, country: str, key: str) -> pd.DataFrame | None:
    """A profile's table, or None where the scenario lists none."""
    name = f"power.profiles.{country}.{key}"
    return scenario.table(name) if name in scenario.profile_names() else None


def _columns(frame: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """Columns of the regions, zero where a region has none (no offshore wind inland)."""
    return frame.reindex(columns=list(names)).fillna(0.0).to_numpy(float)


def _month_means(values: np.ndarray) -> np.ndarray:
    """Each day replaced by the mean day of its month, hour by hour."""
    days = values.reshape(365, 24, -1)
    month = np.repeat(np.arange(12), MONTH_DAYS)
    means = np.stack([days[month == m].mean(axis=0) for m in range(12)])
    return means[month].reshape(values.shape)


def _month_hour(
    scenario: Scenario, entry: MonthHourProfiles, rows: pd.DataFrame, peak: np.ndarray, energy: np.ndarray
) -> Profiles:
    """Mean days and monthly means with labelled scatter. Wind is published once a province: offshore shares it."""
    names = list(rows.index)
    offset = round(entry.utc_offset_h)
    lat, lon, high = (rows[key].to_numpy(float) for key in ("lat", "lon", "elevation_m"))
    load = _mean_days(scenario.table(f"power.profiles.{entry.country}.load"), names)
    mean_days = _frame(scenario, entry.country, "solar")
    notes: tuple[str, ...] = ()
    if mean_days is not None:
        sun = _mean_days(mean_days, names)
    else:
        sun = clear_sky_days(lat, lon, high, entry.panels, scenario.time.weather_year, offset)
        notes = (f"{entry.country}: {describe_sun(entry.panels)}",)
    monthly = scenario.table(f"power.profiles.{entry.country}.monthly").set_index(["region", "month"])
    kind = scenario.power.wind_solar

    def by_month(column: str) -> np.ndarray:
        values = monthly[column].unstack("month").reindex(names).to_numpy(float)
        return np.clip(np.nan_to_num(values), 0.0, 1.0)

    wind, solar = by_month(f"wind_cf_{kind}"), by_month(f"solar_cf_{kind}")
    if mean_days is None:
        _require_light(entry.country, names, solar, sun)
    scatter = scatter_settings(entry.synthetic, scenario.time.seed)
    return month_hour_profiles(
        names,
        load,
        peak,
        energy,
        sun,
        solar,
        {"onshore_wind": wind, "offshore_wind": wind},
        lat,
        lon,
        offset,
        scatter,
        notes,
    )


def _require_light(country: str, names: list[str], monthly: np.ndarray, sun: np.ndarray) -> None:
    """A monthly factor of the sun, (regions, 12), needs as many hours of light, (8760, regions)."""
    light = monthly_means(np.where(sun > 0.0, 1.0, 0.0))
    if (monthly > light).any():
        r, month = np.argwhere(monthly > light)[0].tolist()
        raise ScenarioErrors(
            [
                Fault(
                    f"{names[r]} has too little light in month {month + 1} for its solar factor",
                    path=f"power.profiles.{country}.monthly",
                    found=f"{monthly[r, month]:g}",
                    allowed=f"at most {light[r, month]:.3g}, the share of hours with the sun above the horizon",
                )
            ]
        )


def scatter_settings(own: Synthetic, seed: int) -> ScatterSettings:
    """The scatter that a scenario asks for: the measured sizes where it names none."""
    named = {key: getattr(own, key) for key in ("wind_cv", "solar_cv", "load_cv") if getattr(own, key) is not None}
    if named.get("solar_cv") == 0.0:
        named["solar_cv_swing"] = 0.0
    return ScatterSettings(seed=seed if own.seed is None else own.seed, **named)


def _mean_days(frame: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Mean days, (regions, 12, 24)."""
    hours = [f"h{i:02d}" for i in range(24)]
    table = frame.set_index(["region", "month"])[hours]
    return np.stack([table.loc[name].sort_index().to_numpy(float) for name in names])
