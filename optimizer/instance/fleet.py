"""Fleet: which plants a scenario holds, how much of each stands in every period, and what may be added.

A plant is one technology in one region, labelled ``region:technology``. What stands is the table of plants at the end
of its year plus dated changes; a change counts half of its own year. A plant that neither stands nor can be built is
left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .draft import Draft, World
from .finance import Floats, share_available, vintage_alive, year_share


@dataclass(frozen=True)
class Fleet:
    """Plants in the order of the set.

    ``table`` has a row a plant: region, technology, country and the technology's columns (money already in the
    scenario's currency year), its own heat rate, historic capacity factor and storage energy.
    standing_mw, available, build_max_mw: (plants, periods); alive: (plants, periods, periods).
    """

    table: pd.DataFrame
    standing_mw: Floats
    standing_mwh: Floats
    available: Floats
    alive: Floats
    build_max_mw: Floats
    potential_mw: Floats


MINOR_SHARE = 0.002  # of the country's peak load: what a technology adds over the whole horizon below it is left out
MONEY_COLUMNS = ("capex_per_kw", "fixed_om_per_kw_yr", "variable_om_per_mwh", "fuel_price_per_mmbtu")


def technologies(world: World) -> pd.DataFrame:
    """The table of technologies, indexed by (country, technology), money converted to the scenario's currency year."""
    table = world.scenario.table("power.technologies").copy()
    factor = world.money(table["money"])
    for column in MONEY_COLUMNS:
        table[column] = pd.to_numeric(table[column]) * factor
    return table.set_index(["country", "technology"])


def make_fleet(world: World, out: Draft) -> Fleet:
    """Choose the plants, work out what stands and what may be built; prune, and note how many candidates fell away."""
    regions, periods, length = world.regions, world.periods, world.length_yr
    tech = technologies(world)
    known_year = (
        world.scenario.power.base_fleet_year == 2024
    )  # a check against a known year: its mean fleet, no changes
    standing = world.scenario.table("power.plants_2024" if known_year else "power.plants")
    standing = standing[standing["region"].isin(regions.index)]
    changes = world.scenario.table("power.plant_changes")
    changes = changes[changes["region"].isin(regions.index) & (not known_year)]
    potential = _potential(world)

    keys: dict[tuple[str, str], None] = {}
    for region, country in regions["country"].items():
        for technology in tech.loc[country].index if country in tech.index.get_level_values(0) else ():
            keys[(region, technology)] = None
    table = pd.DataFrame(list(keys), columns=["region", "technology"])
    table["country"] = regions["country"].reindex(table["region"]).to_numpy()
    table = table.join(tech, on=["country", "technology"])

    index = pd.MultiIndex.from_frame(table[["region", "technology"]])
    now = (
        standing.groupby(["region", "technology"])
        .agg(
            {
                "existing_mw": "sum",
                "energy_mwh": "sum",
                "heat_rate_mmbtu_per_mwh": "mean",
                "hist_capacity_factor": "mean",
            }
        )
        .reindex(index)
    )
    base_mw = now["existing_mw"].fillna(0.0).to_numpy(float)
    base_mwh = now["energy_mwh"].fillna(0.0).to_numpy(float)
    table["own_heat_rate"] = now["heat_rate_mmbtu_per_mwh"].to_numpy(float)
    table["hist_capacity_factor"] = now["hist_capacity_factor"].to_numpy(float)
    mw, mwh = _changed(changes, index, periods, length, base_mw, base_mwh, table["storage_hours"].to_numpy(float))
    at_tariff = ~regions["grid"].astype(bool).reindex(table["region"]).to_numpy()
    mw[at_tariff] = _tariff_supply(world, table["region"][at_tariff])

    # what may be built: lead time, the resource of the region, nothing before the build years
    available = share_available(
        periods, length, world.decided_from, table["lead_time_yr"].fillna(np.inf).to_numpy(float)
    )
    available[:, world.too_early] = 0.0
    limits = potential.reindex(index)
    table["grid_connection_cost_per_kw"] = limits["grid_connection_cost_per_kw"].fillna(0.0).to_numpy(float)
    room = limits["potential_mw"].to_numpy(float)
    sited = {(regions["country"].get(region), technology) for region, technology in potential.index}
    needs_site = np.asarray([key in sited for key in zip(table["country"], table["technology"], strict=True)])
    room = np.where(np.isnan(room), np.where(needs_site, 0.0, np.inf), room)
    onsite = (table["site"] == "campus").to_numpy()
    may_build = (
        (table["buildable"].to_numpy(float) > 0)
        & (room > 0)
        & ~at_tariff
        & ~(onsite & (not world.scenario.connection.behind_the_meter.enabled))
    )
    rate = table["max_build_mw_per_yr"].fillna(np.inf).to_numpy(float)
    most = rate[:, None] * length * np.where(available > 0, available, 1.0)  # a technology without a rate: infinite
    build_max = np.where(may_build[:, None] & (available > 0), np.minimum(room[:, None], most), 0.0)

    build_max[_too_small(world, table, build_max)] = 0.0
    keep = (mw.max(axis=1) > 0.5) | (build_max.max(axis=1) > 0)
    out.note(f"{int((~keep).sum())} plants that neither stand nor can be built were left out")
    table, mw, mwh = table[keep].reset_index(drop=True), mw[keep], mwh[keep]
    available, build_max = available[keep], build_max[keep]
    alive = vintage_alive(
        periods, length, np.where(build_max > 0, available, 0.0), table["lifetime_yr"].fillna(30).to_numpy(float)
    )
    return Fleet(table, mw, mwh, available, alive, build_max, room[keep])


def _tariff_supply(world: World, names: pd.Series) -> Floats:
    """Supply of regions without a modelled grid, MW (regions, periods): all that may be connected by then is on offer.

    The figure never binds, the connection does: sites that stand or are under construction at twice their IT load (no
    PUE is above two) and the high path of the yearly limit. Energy is bought at the tariff.
    """
    limits = world.scenario.table("connection.limits").set_index("region").reindex(names)
    centres = world.scenario.table("facility.data_centres").set_index("region").reindex(names)
    yearly = limits[["limit_mw_per_yr", "limit_high_mw_per_yr"]].max(axis=1).fillna(0.0).to_numpy(float)
    stands = 2.0 * centres[["existing_it_mw", "ai_it_mw"]].max(axis=1).fillna(0.0) + centres[
        "under_construction_facility_mw"
    ].fillna(0.0)
    years = np.asarray(world.periods, float) + world.length_yr - world.periods[0]
    return stands.to_numpy(float)[:, None] + yearly[:, None] * years[None, :]


def _too_small(world: World, table: pd.DataFrame, build_max: Floats) -> np.ndarray:
    """Programmes that cannot matter: all their country can build of them is below `MINOR_SHARE` of its peak load."""
    peak = world.regions.groupby("country")["peak_load_mw"].sum()
    rate = table["max_build_mw_per_yr"].to_numpy(float)
    lead = share_available(
        world.periods, world.length_yr, world.decided_from, table["lead_time_yr"].fillna(np.inf).to_numpy(float)
    )
    lead[:, world.too_early] = 0.0
    national = np.where(np.isnan(rate), np.inf, np.nan_to_num(rate) * world.length_yr * (lead**2).sum(axis=1))
    minor = MINOR_SHARE * table["country"].map(peak).fillna(0.0).to_numpy(float)
    return (national < minor) & (build_max.max(axis=1) > 0)


def _changed(
    changes: pd.DataFrame,
    index: pd.MultiIndex,
    periods: tuple[int, ...],
    length: int,
    base_mw: Floats,
    base_mwh: Floats,
    hours: Floats,
) -> tuple[Floats, Floats]:
    """Standing MW and MWh per plant and period: the table of plants plus dated changes, never below zero."""
    mw = np.repeat(base_mw[:, None], len(periods), axis=1)
    mwh = np.repeat(base_mwh[:, None], len(periods), axis=1)
    row = index.get_indexer(pd.MultiIndex.from_frame(changes[["region", "technology"]]))
    share = (
        year_share(periods, length, changes["year"].to_numpy(float)) if len(changes) else np.zeros((0, len(periods)))
    )
    added = changes["change_mw"].to_numpy(float)
    energy = changes["energy_mwh"].to_numpy(float) if "energy_mwh" in changes else np.full(len(changes), np.nan)
    known = row >= 0
    energy = np.where(np.isnan(energy), added * np.where(known, np.nan_to_num(hours[row], nan=0.0), 0.0), energy)
    np.add.at(mw, row[known], share[known] * added[known, None])
    np.add.at(mwh, row[known], share[known] * energy[known, None])
    return np.maximum(mw, 0.0), np.maximum(mwh, 0.0)


def _potential(world: World) -> pd.DataFrame:
    """Resource and grid-connection cost per region and technology (several sites of a region are one)."""
    table = world.scenario.table("power.resource_potential").copy()
    if not len(table):
        return pd.DataFrame(
            columns=["potential_mw", "grid_connection_cost_per_kw"],
            index=pd.MultiIndex.from_arrays([[], []]),
            dtype=float,
        )
    table["grid_connection_cost_per_kw"] = pd.to_numeric(table["grid_connection_cost_per_kw"]).fillna(
        0.0
    ) * world.money(table["money"])
    return table.groupby(["region", "technology"]).agg({"potential_mw": "sum", "grid_connection_cost_per_kw": "mean"})
