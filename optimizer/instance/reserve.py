"""Reserve: zones, credits, coincident peaks and firm transfers as arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .draft import Draft, World
from .fleet import Fleet
from .power import ai_draw_recorded_mw, growth
from .transmission import corridors, rating


def build(world: World, out: Draft, fleet: Fleet) -> None:
    """Set zone and all arrays of the reserve room."""
    settings = world.scenario.reserve
    zones = world.scenario.table("reserve.zones")
    own = world.regions["zone"]
    zones = zones[zones["zone"].isin(own)].set_index("zone")
    names = out.set("zone", zones.index, country=zones["country"])
    table = fleet.table
    zone_of_plant = own.reindex(table["region"]).to_numpy()
    on_grid = (table["site"] == "grid").to_numpy()
    out.relation("plants_in_zone", names, zip(zone_of_plant[on_grid], table.index[on_grid], strict=True))
    out.relation("hosts_in_zone", names, ((own[h], h) for h in out.sets["host"]))

    credit = table["capacity_credit"].fillna(0.0).to_numpy(float)
    factor = 1.0 + zones["planning_reserve_margin"].to_numpy(float)
    peak = coincident_peak_mw(world, list(zones.index))
    standing_ai = standing_ai_mw(world, out)
    need = (peak + _by_zone(out, own, standing_ai)) * factor[:, None]
    held = zones["demand_response_share"].fillna(0.0).to_numpy(float)[:, None] * peak
    position = {zone: i for i, zone in enumerate(names)}
    for i, zone in enumerate(zone_of_plant):
        if zone in position and on_grid[i]:
            held[position[zone]] += credit[i] * fleet.standing_mw[i]
    lines = corridors(world)
    forward, backward = rating(lines, "n-1")
    ends = own.reindex(lines["from"]).to_numpy(), own.reindex(lines["to"]).to_numpy()
    between = (
        (ends[0] != ends[1]) & np.isin(ends[0].astype(str), list(names)) & np.isin(ends[1].astype(str), list(names))
    )
    joining = lines.index[between]
    out.relation("firm_corridors_into", names, zip(ends[1][between], joining, strict=True))
    out.relation("firm_corridors_from", names, zip(ends[0][between], joining, strict=True))
    standing = out.params["line_mw"] > 0
    enabled = float(settings.enabled)
    out.put(
        has_reserve=np.full(need.shape, enabled),
        reserve_credit=credit,
        reserve_margin_factor=factor,
        reserve_gap_mw=need - held,
        reserve_need_mw=need,
        standing_firm_load_mw=standing_ai,
        firm_forward_max_mw=(forward * between)[:, None] * standing,
        firm_backward_max_mw=(backward * between)[:, None] * standing,
        shortfall_max_mw=np.full(need.shape, np.inf),
        shortfall_cost=settings.shortfall_usd_per_kw_yr * 1e-3 * world.discount,
    )


def standing_ai_mw(world: World, out: Draft) -> np.ndarray:
    """Firm AI load that stands today, facility MW at the worst hour: (hosts, periods), the same in every period."""
    names = list(out.sets["host"])
    it_mw = (
        world.scenario.table("facility.data_centres")
        .set_index("region")["ai_it_mw"]
        .reindex(names)
        .fillna(0.0)
        .to_numpy(float)
    )
    pue = world.scenario.table("facility.climate").set_index("region")["pue_peak"].reindex(names).to_numpy(float)
    return np.repeat((it_mw * pue)[:, None], len(world.periods), axis=1)


def _by_zone(out: Draft, zone_of: pd.Series, values: np.ndarray) -> np.ndarray:
    """Sums of a host array over zones, (zones, periods)."""
    position = out.position("zone")
    result = np.zeros((len(position), values.shape[1]))
    for i, host in enumerate(out.sets["host"]):
        if zone_of[host] in position:
            result[position[zone_of[host]]] += values[i]
    return result


def coincident_peak_mw(world: World, zones: list[str]) -> np.ndarray:
    """Coincident peak of the zones without modelled AI sites, MW, grown to each period: (zones, periods)."""
    _, peak = growth(world)
    less = ai_draw_recorded_mw(world)
    result = np.zeros((len(zones), len(world.periods)))
    for i, zone in enumerate(zones):
        inside = (world.regions["zone"] == zone).to_numpy()
        for j in range(len(world.periods)):
            result[i, j] = (world.load_mw[:, inside] * peak[inside, j]).sum(axis=1).max() - less[inside].sum()
    return result
