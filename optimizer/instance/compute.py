"""Compute: chips, fleet, throughput and pools as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .draft import Draft, World
from .finance import Floats, capital_recovery_factor, vintage_alive, vintage_charge

if TYPE_CHECKING:
    from optimizer.scenario.export_control import LpEffect

TTOK_PER_KCHIP_HOUR = 3.6e-6  # a thousand chips at 1 token/s each make 3.6 million tokens an hour
OTHER_AI = "other_ai"


def build(world: World, out: Draft, effects: dict[tuple[str, str], LpEffect]) -> None:
    """Sets chip, workload, pool and all arrays of the compute room; needs host."""
    settings = world.scenario.compute
    names, periods = out.sets["host"], world.periods
    country = out.attributes["host"]["country"]
    chips = chip_table(world)
    out.set(
        "chip", chips.index, vendor=chips["vendor"], origin=chips["origin"], generation_index=chips["generation_index"]
    )
    loads = workload_table(world)
    out.set("workload", loads.index, operating_point=loads["operating_point"])
    pools = out.set("pool", dict.fromkeys(country), country=list(dict.fromkeys(country)))
    out.relation("hosts_in_pool", pools, zip(country, names, strict=True))

    rate = throughput(world, chips, loads)
    years = np.asarray(periods) - periods[0]
    rate = rate[:, :, None] * (1.0 + settings.software_gain_pct_per_yr / 100.0) ** years[None, None, :]
    serves = rate > 0
    hours = np.divide(1.0, rate * TTOK_PER_KCHIP_HOUR, out=np.zeros_like(rate), where=serves)
    limit = np.where(serves, np.inf, 0.0)
    shots = len(world.snapshots)
    kw = chips["all_in_w_per_chip"].to_numpy(float) / 1000.0
    idle = settings.idle_power_share * kw
    stock = chip_stock(world, out, chips)
    out.put(
        chip_hours=hours,
        work_limit=np.broadcast_to(
            limit[:, None, :, :, None], (len(loads), len(pools), len(chips), len(periods), shots)
        ),
        chip_availability=settings.availability,
        it_kw=kw,
        idle_kw=idle,
        active_kw=kw - idle,
        chip_stock=stock,
        chips_max=chips_allowed(world, out, effects),
    )
    life = chips["lifetime_yr"].to_numpy(float)
    available = np.ones((len(chips), len(periods)))
    alive = vintage_alive(periods, world.length_yr, available, life)
    price = (
        chips["price_per_chip"].to_numpy(float) * world.money(chips["money"]) * 1e-3
    )  # USD a chip = MUSD per 1000 kchip
    pay_over = np.repeat(life[:, None], len(periods), axis=1)
    if len(periods) > 1:
        pay_over[:, -1] = np.minimum(life, settings.last_period_economic_life_yr)
        out.note(
            f"chips bought in {periods[-1]} are paid over {settings.last_period_economic_life_yr:g} years "
            "instead of their life: what they are worth after the horizon is not counted"
        )
    cost = np.zeros((len(names), len(chips), len(periods)))
    for host, own in enumerate(country):
        yearly = price[:, None] * capital_recovery_factor(world.wacc(own, "chips"), pay_over)
        fee = np.asarray([effects[(own, str(chip))].price_adder_share for chip in chips.index])
        cost[host] = vintage_charge(alive, world.discount, yearly * (1.0 + fee[:, None]))
    out.put(chip_alive=alive, chip_cost=cost)


def chip_table(world: World) -> pd.DataFrame:
    """Chips that stand in a fleet or can be supplied to a country of the scenario, indexed by name."""
    chips = world.scenario.table("compute.chips").set_index("chip")
    supply, fleet = world.scenario.table("compute.supply"), world.scenario.table("compute.fleet")
    blocs = {world.scenario.countries[c].chip_bloc for c in world.countries}
    groups = {
        (world.scenario.countries[c].demand_group, world.scenario.countries[c].fleet_region) for c in world.countries
    }
    known = set(supply.loc[supply["destination_bloc"].isin(blocs), "chip"])
    known |= {
        chip
        for chip, key in zip(fleet["chip"], zip(fleet["group"], fleet["fleet_region"], strict=True), strict=True)
        if key in groups
    }
    listed = world.scenario.compute.chip_list
    wanted = [name for name in chips.index if name in known and (listed == "all" or name in listed)]
    table = chips.loc[wanted]
    if "generation_index" not in table:
        table = table.assign(generation_index=np.nan)
    return table


def workload_table(world: World) -> pd.DataFrame:
    """Workloads of the scenario, with other AI work as a class of its own when it counts; indexed by name."""
    table = world.scenario.table("demand.workloads").set_index("workload")
    table = table.loc[list(world.scenario.demand.workload_list)]
    if world.scenario.demand.other_ai:
        extra = pd.DataFrame(
            {
                "operating_point": ["batch"],
                "rtt_limit_ms": [np.inf],
                "deferral_window_h": [24.0],
                "work_multiplier": [1.0],
                "flexible_share": [1.0],
            },
            index=pd.Index([OTHER_AI], name="workload"),
        )
        table = pd.concat([table, extra])
    return table


def throughput(world: World, chips: pd.DataFrame, loads: pd.DataFrame) -> Floats:
    """Reference tokens per second and chip, (workloads, chips): the chip set's row at a workload's operating point."""
    rows = world.scenario.table("compute.throughput")
    rows = rows[rows["chip_set"] == world.scenario.compute.chip_set]
    rate = rows.set_index(["chip", "operating_point"])["tokens_per_s"]
    index = pd.MultiIndex.from_product([loads["operating_point"], chips.index])
    return (
        rate.reindex([(chip, point) for point, chip in index])
        .fillna(0.0)
        .to_numpy(float)
        .reshape(len(loads), len(chips))
    )


def chip_stock(world: World, out: Draft, chips: pd.DataFrame) -> Floats:
    """Fleet in place, kchip (hosts, chips, periods): a country's stock spread as its AI halls are, retired on schedule.

    Like demand and supply, the stock of a period is that of its first year: a vintage that retires in a later year
    stands.
    """
    fleet = world.scenario.table("compute.fleet")
    hosts = out.sets["host"]
    country = np.asarray(out.attributes["host"]["country"])
    centres = (
        world.scenario.table("facility.data_centres")
        .set_index("region")["ai_it_mw"]
        .reindex(list(hosts))
        .fillna(0.0)
        .to_numpy(float)
    )
    first = np.asarray(world.periods, float)
    stock = np.zeros((len(hosts), len(chips), len(first)))
    for name in world.countries:
        setting = world.scenario.countries[name]
        rows = fleet[
            (fleet["group"] == setting.demand_group)
            & (fleet["fleet_region"] == setting.fleet_region)
            & fleet["chip"].isin(chips.index)
        ]
        here = country == name
        share = centres * here
        if not len(rows) or share.sum() <= 0:
            continue
        share = share / share.sum()
        left = (rows["retire_year"].to_numpy(float)[:, None] > first[None, :]).astype(float)
        units = rows["units_thousand"].to_numpy(float)[:, None] * left * setting.fleet_share
        national = np.zeros((len(chips), len(first)))
        np.add.at(national, chips.index.get_indexer(rows["chip"]), units)
        stock += share[:, None, None] * national[None]
    return stock


def chips_allowed(world: World, out: Draft, effects: dict[tuple[str, str], LpEffect]) -> Floats:
    """Bound on new chips per host: zero where export control or the host's own rules deny them, else none."""
    country = out.attributes["host"]["country"]
    chips = out.sets["chip"]
    barred = {name: set(world.scenario.countries[name].barred_chips) for name in world.countries}
    allowed = np.asarray([[effects[(c, str(g))].allowed and g not in barred[c] for g in chips] for c in country], bool)
    allowed = allowed.reshape(len(country), len(chips))
    return np.repeat(np.where(allowed, np.inf, 0.0)[:, :, None], len(world.periods), axis=2)
