"""Reserve: zones, credits, coincident peaks and firm transfers as arrays."""

from __future__ import annotations

import numpy as np

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
    need = coincident_peak_mw(world, list(names)) * factor[:, None]
    held = np.zeros_like(need)
    position = {zone: i for i, zone in enumerate(names)}
    for i, zone in enumerate(zone_of_plant):
        if zone in position and on_grid[i]:
            held[position[zone]] += credit[i] * fleet.standing_mw[i]
    lines = corridors(world)
    forward, backward = rating(lines, "n-1")
    ends = own.reindex(lines["from"]).to_numpy(), own.reindex(lines["to"]).to_numpy()
    between = (ends[0] != ends[1]) & np.isin(ends[0].astype(str), list(names)) & np.isin(ends[1].astype(str), list(names))
    out.relation("firm_corridors_into", names, ((z, l) for z, l, b in zip(ends[1], lines.index, between, strict=True) if b))  # noqa: E741
    out.relation("firm_corridors_from", names, ((z, l) for z, l, b in zip(ends[0], lines.index, between, strict=True) if b))  # noqa: E741
    standing = out.params["line_mw"] > 0
    enabled = float(settings.enabled)
    out.put(
        has_reserve=np.full(need.shape, enabled),
        reserve_credit=credit,
        reserve_margin_factor=factor,
        reserve_gap_mw=need - held,
        firm_forward_max_mw=(forward * between)[:, None] * standing,
        firm_backward_max_mw=(backward * between)[:, None] * standing,
        shortfall_max_mw=np.full(need.shape, np.inf),
        shortfall_cost=settings.shortfall_usd_per_kw_yr * 1e-3 * world.discount,
    )


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
