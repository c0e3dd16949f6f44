"""Facility: halls, PUE and the cost of delivery as arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .connection import committed_share
from .draft import Draft, Label, World
from .finance import Floats, capital_recovery_factor, share_available, vintage_alive, vintage_charge

DEMAND_CHARGE_LOAD_FACTOR = 0.85  # load factor at which a demand charge is spread over energy


def build(world: World, out: Draft) -> None:
    """All arrays of the facility room."""
    from .pue import NOTE

    names, periods, length = out.sets["host"], world.periods, world.length_yr
    out.relation("hosts_at", world.regions.index, ((n, n) for n in names))

    climate = world.scenario.table("facility.climate").set_index("region").loc[list(names)]
    hourly = campus_pue(world, names)
    halls = world.scenario.table("facility.halls").set_index("country")
    country = np.asarray(out.attributes["host"]["country"])
    own = halls.loc[country]
    available = share_available(periods, length, world.decided_from, own["lead_time_yr"].to_numpy(float))
    available[:, world.too_early] = 0.0
    alive = vintage_alive(periods, length, available, own["lifetime_yr"].to_numpy(float))
    wacc = np.asarray([world.wacc(c, "campus") for c in country])
    capex = own["capex_per_mw_it"].to_numpy(float) * world.money(own["money"]) * 1e-6
    yearly = capex * (
        capital_recovery_factor(wacc, own["lifetime_yr"].to_numpy(float))
        + own["fixed_om_share"].fillna(0.0).to_numpy(float)
    )
    centres = world.scenario.table("facility.data_centres").set_index("region").reindex(list(names))
    lead = (
        world.scenario.table("connection.limits")
        .set_index("region")["months_to_power"]
        .reindex(list(names))
        .to_numpy(float)
        / 12.0
    )
    peak = climate["pue_peak"].to_numpy(float)
    coming = (
        centres["under_construction_facility_mw"].fillna(0.0).to_numpy(float)
        / peak
        * float(world.scenario.connection.committed)
    )
    idle = world.scenario.facility.convert_idle_share * np.maximum(
        centres["existing_it_mw"].fillna(0.0).to_numpy(float) - centres["ai_it_mw"].fillna(0.0).to_numpy(float), 0.0
    )
    standing = centres["ai_it_mw"].fillna(0.0).to_numpy(float) + idle
    if idle.any():
        out.put(connected_mw=out.params["connected_mw"] + (idle * peak)[:, None])
    out.put(
        pue=world.snapshots.aggregate(hourly).T,
        pue_peak=peak,
        hall_mw=standing[:, None] + coming[:, None] * committed_share(world, lead),
        hall_build_max_mw=np.where(available > 0, np.inf, 0.0),
        hall_alive=alive,
        hall_cost=vintage_charge(alive, world.discount, yearly[:, None] * np.ones(len(periods))),
        delivery_adder=delivery_adder(world, [str(name) for name in names]) * 1e-6,
    )
    out.note(NOTE)


def campus_pue(world: World, names: Sequence[Label]) -> Floats:
    """PUE of hosts in every hour of the year (UTC), (8760, hosts)."""
    from .pue import hourly_pue

    climate = world.scenario.table("facility.climate").set_index("region").loc[list(names)]
    places = world.regions.reindex(list(names))
    own_mean = climate["pue_mean"].to_numpy(float)
    return hourly_pue(
        mean=np.fmin(own_mean, climate["pue_cap"].to_numpy(float)),  # a rule's ceiling holds for the yearly mean
        seasonal_swing=climate["pue_seasonal_swing"].fillna(0.0).to_numpy(float),
        daily_swing=climate["pue_daily_swing"].fillna(0.0).to_numpy(float),
        cap=np.inf,
        longitude=places["lon"].to_numpy(float),
        latitude=places["lat"].to_numpy(float),
    )


def delivery_adder(world: World, names: list[str]) -> Floats:
    """What a campus pays on top of the wholesale price, USD/MWh: one definition for all regions, without VAT.

    ``difference``: industrial less wholesale price. ``components``: energy tariff + funds + demand charge spread over
    730 h at a load factor of 0.85. ``flat`` (a tariff region): nothing, the tariff is the price of its supply.
    """
    table = world.scenario.table("power.tariffs").set_index("region").reindex(names)
    usd = world.money(table["money"].fillna("USD-2024"))
    difference = table["industrial_price_per_mwh"] - table["wholesale_price_per_mwh"]
    parts = (
        table["energy_tariff_per_mwh"].fillna(0.0)
        + table["funds_per_mwh"].fillna(0.0)
        + table["demand_charge_per_kw_month"].fillna(0.0) * 1000.0 / (730.0 * DEMAND_CHARGE_LOAD_FACTOR)
    )
    adder = pd.Series(0.0, index=table.index)
    adder = adder.where(table["method"] != "difference", difference.clip(lower=0.0)).where(
        table["method"] != "components", parts
    )
    return (adder / (1.0 + table["vat_rate"].fillna(0.0))).fillna(0.0).to_numpy(float) * usd
