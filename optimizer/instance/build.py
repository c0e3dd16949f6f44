"""From a validated scenario to named arrays: every room's builder is called here, in the order in which they lean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from optimizer.scenario.export_control import LpEffect, evaluate, lp_effect
from optimizer.scenario.export_rules import load_rules

from . import (
    branches,
    clean_share,
    compute,
    connection,
    demand,
    facility,
    fleet,
    horizon,
    links,
    network_limits,
    onsite,
    power,
    reserve,
    reservoirs,
    storage,
    supply_chain,
    tanks,
    transformers,
    transmission,
    units,
    voltage_law,
)
from .draft import Draft, World
from .hours import quietest_hour_utc
from .instance import Instance
from .listed_snapshots import listed_snapshots
from .time import TimeSettings, make_snapshots
from .typical_days import WeatherGroup, default_cache_dir
from .weather import read_profiles

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario

    from .profiles import Profiles
    from .time import Snapshots

LOAD_WEIGHT = 3.0  # of load beside wind and sun in the choice of days: it cuts the error of the net load by a fifth


@dataclass(frozen=True)
class Prepared:
    """An instance and what it was made from: other demand paths need no second reading of weather and plants."""

    instance: Instance
    world: World
    draft: Draft

    def demand_path(self, path: str) -> dict[str, np.ndarray]:
        """The arrays of the demand room that differ on another path (low, central, high)."""
        streams = demand.make_streams(self.world, self.draft, compute.workload_table(self.world))
        return demand.requested(self.world, self.draft, streams, path)

    def queue_path(self, path: str) -> dict[str, np.ndarray]:
        """The arrays of the connection room that differ on another path of the yearly limits (low, central, high)."""
        return dict(connection.queue_limits(self.world, self.draft, path))

    def supply_path(self, path: str) -> dict[str, np.ndarray]:
        """Chip supply on another path (low, central, high). Chips that the scenario's own path lacks stay out."""
        effects = export_effects(self.world.scenario, self.world.countries)
        return {"chip_supply": supply_chain.allowed_supply(self.world, self.draft, effects, path)}


def build_instance(scenario: Scenario) -> Instance:
    """All sets, relations and arrays of the formulation. Pure: the same scenario gives the same bits."""
    return prepare(scenario).instance


def prepare(scenario: Scenario) -> Prepared:
    """Build the instance and keep the world beside it."""
    world = make_world(scenario)
    out = Draft()
    for note in world.notes:
        out.note(note)
    horizon.build(world, out)
    plants = fleet.make_fleet(world, out)
    power.build(world, out, plants)
    storage.build(world, out, plants)
    transmission.build(world, out)
    voltage_law.build(world, out)
    connection.build(world, out)
    reserve.build(world, out, plants)
    onsite.build(world, out, plants)
    facility.build(world, out)
    effects = export_effects(scenario, world.countries)
    compute.build(world, out, effects)
    supply_chain.build(world, out, effects)
    transformers.build(world, out, plants)
    demand.build(world, out)
    clean_share.build(world, out, plants)
    for room in (units, links, reservoirs, tanks, branches, network_limits):
        room.build(world, out)
    return Prepared(out.finish(), world, out)


def make_world(scenario: Scenario) -> World:
    """Regions, weather and snapshots of a scenario."""
    regions = scenario.table("regions.table").set_index("region")
    regions = regions[~regions.index.isin(scenario.regions.leave_out)]
    profiles = read_profiles(scenario, regions)
    shots = choose_snapshots(scenario, regions, profiles)
    return World(
        scenario, regions, shots, profiles.load_mw, profiles.capacity_factor, (*profiles.notes, shots.describe())
    )


def choose_snapshots(scenario: Scenario, regions: pd.DataFrame, profiles: Profiles) -> Snapshots:
    """Representative days on load, wind and sun of all regions; each country's day of highest net load is forced."""
    settings = scenario.time
    listed = scenario.table("time.snapshots")
    if len(listed):
        return listed_snapshots(listed)
    has_grid = regions["grid"].astype(float).to_numpy() > 0
    energy = profiles.load_mw.sum(axis=0)
    groups = [WeatherGroup("load", profiles.load_mw[:, has_grid], energy[has_grid], weight=LOAD_WEIGHT)]
    standing = scenario.table("power.plants").groupby(["region", "technology"])["existing_mw"].sum()
    net = {
        country: profiles.load_mw[:, (regions["country"] == country).to_numpy()].sum(axis=1)
        for country in _gridded(regions)
    }
    for technology, profile in (("onshore_wind", "wind"), ("offshore_wind", "offshore_wind"), ("solar", "solar")):
        if profile not in profiles.capacity_factor:
            continue
        mw = np.asarray([float(standing.get((region, technology), 0.0)) for region in regions.index])
        factors = profiles.capacity_factor[profile]
        if mw.sum() > 0 and profile != "offshore_wind":
            groups.append(WeatherGroup(profile, factors[:, has_grid]))
        for country in net:
            here = (regions["country"] == country).to_numpy()
            net[country] = net[country] - factors[:, here] @ mw[here]
    start = quietest_hour_utc(profiles.load_mw[:, has_grid])
    return make_snapshots(
        groups,
        net,
        TimeSettings(settings.days, settings.segments, settings.peak_day, settings.full_year, start),
        default_cache_dir(),
    )


def _gridded(regions: pd.DataFrame) -> list[str]:
    """Countries with a modelled power system."""
    return list(dict.fromkeys(regions.loc[regions["grid"].astype(float) > 0, "country"]))


def export_effects(scenario: Scenario, countries: tuple[str, ...]) -> dict[tuple[str, str], LpEffect]:
    """What export control does to each (country, chip): the verdict of the scenario's rule set at its date."""
    settings, path = scenario.export_control, scenario.rules_path
    chips = scenario.table("compute.chips").to_dict("records")
    if path is None:
        return {(country, str(row["chip"])): LpEffect(allowed=True) for country in countries for row in chips}
    rules = load_rules(path).variant(settings.rule_set).assuming(*settings.assume)
    effects = {}
    for country in countries:
        destination = scenario.countries[country].destination
        for row in chips:
            verdict = evaluate({str(key): value for key, value in row.items()}, destination, settings.as_of, rules)
            effects[(country, str(row["chip"]))] = lp_effect(verdict, switches=settings.switches)
    return effects
