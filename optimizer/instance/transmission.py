"""Transmission: corridors, their ratings, caps on use and costs as arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .draft import Draft, World
from .finance import capital_recovery_factor, share_available, vintage_alive, vintage_charge, year_share

LINE_LIFE_YR = 40.0  # assumed for lines and converter stations alike
STANDING = ("existing", "committed")


def corridors(world: World) -> pd.DataFrame:
    """Corridors that the scenario models: collection lines are only listed, planned ones enter when it says so."""
    table = world.scenario.table("transmission.corridors")
    wanted = {*STANDING, "candidate", *(("planned",) if world.scenario.transmission.planned else ())}
    here = table["from"].isin(world.regions.index) & table["to"].isin(world.regions.index)
    return table[here & table["status"].isin(wanted)].set_index("corridor")


def build(world: World, out: Draft) -> None:
    """Sets corridor and sending_cap and all arrays of the transmission room."""
    table, periods, length = corridors(world), world.periods, world.length_yr
    settings = world.scenario.transmission
    country = world.regions["country"].reindex(table["from"]).to_numpy()
    names = out.set(
        "corridor",
        table.index,
        name=table["name"],
        kind=table["kind"],
        from_region=table["from"],
        to_region=table["to"],
        country=country,
        status=table["status"],
    )
    regions = world.regions.index
    out.relation("corridors_into", regions, zip(table["to"], names, strict=True))
    out.relation("corridors_from", regions, zip(table["from"], names, strict=True))
    share = np.zeros((len(table), len(periods)))
    if len(table):
        share = year_share(periods, length, table["in_service_year"].fillna(0).to_numpy(float))
        share[table["status"].to_numpy() == "candidate"] = 0.0
    forward, backward = rating(table, settings.security)
    line, back = share * forward[:, None], share * backward[:, None]

    lead = table["lead_time_yr"].fillna(np.inf).to_numpy(float)
    available = share_available(periods, length, world.decided_from, lead)
    available[:, world.too_early] = 0.0
    limit = table["max_expansion_mw"].fillna(0.0).to_numpy(float) * (table["expandable"].fillna(0).to_numpy(float) > 0)
    build_max = np.where(available > 0, limit[:, None], 0.0)
    alive = vintage_alive(periods, length, np.where(build_max > 0, available, 0.0), LINE_LIFE_YR)
    capex = table["expansion_cost_per_mw"].fillna(0.0).to_numpy(float) * world.money(table["money"]) * 1e-6
    wacc = np.asarray([world.wacc(c, "grid") for c in country], float)
    yearly = (capex * capital_recovery_factor(wacc, LINE_LIFE_YR))[:, None] * np.ones(len(periods))
    two_way = backward > 0

    grows = np.maximum.accumulate(build_max > 0, axis=1)
    shape = (len(table), len(periods), len(world.snapshots))
    cap = table["max_utilisation"].to_numpy(float)
    capped = ~np.isnan(cap) & (cap < 1.0) & bool(settings.use_caps)
    take = table["min_take_twh"].fillna(0.0).to_numpy(float) * 1e3
    take = np.where(settings.minimum_takes, take, 0.0)[:, None] * share
    ceiling = np.where(capped, np.nan_to_num(cap, nan=1.0), 1.0)[:, None] * 8.76 * line
    take = np.minimum(take, 0.95 * ceiling)
    out.put(
        line_mw=line,
        line_back_mw=back,
        forward_limit_mw=np.where(np.broadcast_to(grows[:, :, None], shape), np.inf, line[:, :, None]),
        backward_limit_mw=np.where(
            np.broadcast_to((grows & two_way[:, None])[:, :, None], shape), np.inf, back[:, :, None]
        ),
        line_grows=np.broadcast_to(grows[:, :, None], shape),
        line_two_way=two_way,
        line_alive=alive,
        line_loss=table["loss"].fillna(0.0).to_numpy(float),
        line_build_max_mw=build_max,
        line_cost=vintage_charge(alive, world.discount, yearly),
        hurdle_cost=settings.hurdle_usd_per_mwh * 1e-6,
        has_use_limit=capped[:, None] & ((line > 0) | grows),
        use_limit_h=np.where(capped, np.nan_to_num(cap, nan=1.0), 1.0) * 8760.0,
        has_line_take=take > 1e-3,
        line_take_gwh=take,
    )
    _sending_caps(world, out, table)


def rating(table: pd.DataFrame, security: str) -> tuple[np.ndarray, np.ndarray]:
    """Forward and backward rating, MW: n-1 where the scenario asks for it and a figure is known, else n-0."""
    forward, backward = (
        table["forward_mw"].fillna(0.0).to_numpy(float),
        table["backward_mw"].fillna(0.0).to_numpy(float),
    )
    if security == "n-1":
        forward = table["forward_n1_mw"].fillna(table["forward_mw"]).fillna(0.0).to_numpy(float)
        backward = table["backward_n1_mw"].fillna(table["backward_mw"]).fillna(0.0).to_numpy(float)
    return forward, backward


def _sending_caps(world: World, out: Draft, table: pd.DataFrame) -> None:
    """Legs of multi-terminal lines share the rating of their sending station."""
    caps = world.scenario.table("transmission.joint_caps")
    caps = caps[caps["joint_cap"].isin(table["joint_cap"].dropna())]
    names = out.set("sending_cap", caps["joint_cap"])
    out.relation("corridors_of_cap", names, zip(table["joint_cap"], table.index, strict=True))
    out.put(sending_cap_mw=caps["forward_mw"].to_numpy(float))
