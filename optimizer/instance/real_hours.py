"""Every hour of the year behind a scenario, not yet cut into snapshots: what a replay dispatches, as arrays.

The same tables and rules as the rooms' builders, on 8,760 hours in place of snapshots. Hours are put in the order of
the scenario's days, so that a day begins in the country's night.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .connection import SEASON_OF_MONTH
from .draft import Draft, World
from .facility import campus_pue
from .finance import Floats
from .fleet import make_fleet
from .hours import MONTH_OF_HOUR
from .instance import Instance
from .power import WEATHER, ai_draw_recorded_mw, availability_by_month, growth, water_by_month
from .synthetic import ScatterSettings, distance_km
from .weather import scatter_settings


@dataclass(frozen=True)
class RealHours:
    """Hours in the order in which they are run.

    hour (8760,): hour of the year, UTC; snapshot (8760,): the one that stands for it. base_load_mw (period, hour,
    region); ceiling_mw, the same shape: the seasonal peak below which flexible load keeps. availability (hour,
    generator), outage_rate and must_run_share (generator,). weather (kind, hour, region), kind_of (weather plant,):
    share of capacity. water (hour, hydro): share of capacity that the month's water allows on average. pue (hour,
    host). scatter_cv (3, region): variation of the days' load, wind and sun; distance_km (region, region).
    """

    hour: np.ndarray
    snapshot: np.ndarray
    base_load_mw: Floats
    ceiling_mw: Floats
    availability: Floats
    outage_rate: Floats
    must_run_share: Floats
    weather: Floats
    kind_of: np.ndarray
    water: Floats
    pue: Floats
    scatter_cv: Floats
    distance_km: Floats


def real_hours(world: World, instance: Instance) -> RealHours:
    """The hours behind an instance; its sets give the order of plants and hosts."""
    shots = world.snapshots
    hour = shots.hours_of_days.ravel()
    month = MONTH_OF_HOUR[hour]
    table = make_fleet(world, Draft()).table
    table.index = [f"{r}:{k}" for r, k in zip(table["region"], table["technology"], strict=True)]
    generators, hydro = (table.loc[list(instance.sets[name])] for name in ("generator", "hydro"))
    kinds = [kind for kind in WEATHER if kind in world.weather]
    factors = np.stack([world.weather[kind][hour] for kind in kinds]) if kinds else np.zeros((0, *world.load_mw.shape))
    profile = table.loc[list(instance.sets["weather_plant"]), "profile"]
    energy, _ = growth(world)
    recorded = ai_draw_recorded_mw(world)
    load = energy.T[:, None, :] * world.load_mw[hour][None]
    season = SEASON_OF_MONTH[MONTH_OF_HOUR]
    peaks = np.stack([world.load_mw[season == s].max(axis=0) for s in range(3)])
    ceiling = energy.T[:, None, :] * peaks[SEASON_OF_MONTH[month]][None] - recorded
    lat, lon = (world.regions[name].to_numpy(float) for name in ("lat", "lon"))
    return RealHours(
        hour=hour,
        snapshot=_snapshot_of_hour(world),
        base_load_mw=np.maximum(load - recorded, 0.0),
        ceiling_mw=ceiling,
        availability=availability_by_month(generators)[month],
        outage_rate=generators["forced_outage_rate"].fillna(0.0).to_numpy(float),
        must_run_share=generators["min_output_share"].fillna(0.0).to_numpy(float),
        weather=np.where(factors < 1e-3, 0.0, factors),  # as the power room does
        kind_of=np.asarray([kinds.index(name) for name in profile], np.int64),
        water=water_by_month(world, hydro)[:, month].T,
        pue=campus_pue(world, instance.sets["host"])[hour],
        scatter_cv=_scatter(world),
        distance_km=distance_km(lat, lon),
    )


def _snapshot_of_hour(world: World) -> np.ndarray:
    """The snapshot that stands for each hour, days in order."""
    shots = world.snapshots
    rows = [
        np.repeat(np.flatnonzero(shots.day == day), shots.step_h[shots.day == day].astype(int))
        for day in range(len(shots.date))
    ]
    return np.stack(rows)[shots.shown_by].ravel()


def _scatter(world: World) -> Floats:
    """Variation of a day's load, wind and sun around its month, (3, region): what a scenario's scatter says of a
    country without hourly records, what was measured for one with them, none where load is flat."""
    entries = {entry.country: entry for entry in world.scenario.power.profiles}
    found = np.zeros((3, len(world.regions)))
    for i, country in enumerate(world.regions["country"]):
        entry = entries.get(country) or entries.get("third")
        if entry is None or entry.kind == "flat":
            continue
        own = (
            ScatterSettings() if entry.kind == "hourly" else scatter_settings(entry.synthetic, world.scenario.time.seed)
        )
        found[:, i] = own.load_cv, own.wind_cv, own.solar_cv
    return found
