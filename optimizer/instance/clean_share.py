"""Clean share: areas, clean plants and mandates as arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .draft import Draft, World
from .finance import Floats, year_share
from .fleet import Fleet

NEW_SINCE = 2025  # committed additions from this year on count as new vintages


def build(world: World, out: Draft, fleet: Fleet) -> None:
    """Sets clean_area and clean_plant and all arrays of the clean share room; needs host and plants."""
    table, hosts = fleet.table, out.sets["host"]
    country, area = out.attributes["host"]["country"], out.attributes["host"]["grid_region"]
    share = {name: world.scenario.countries[name].clean_share for name in world.countries}
    hub = world.regions["hub"].reindex(list(hosts)).to_numpy(float)
    bound = [bool(h) and share[c] > 0 for h, c in zip(hub, country, strict=True)]
    areas = list(dict.fromkeys((a, c) for a, c, b in zip(area, country, bound, strict=True) if b))
    names = out.set("clean_area", [a for a, _ in areas], country=[c for _, c in areas])
    of_plant = world.regions["grid_region"].reindex(table["region"]).to_numpy()
    clean = (
        (table["role"] == "generation")
        & (table["clean"].astype(float) > 0)
        & (table["site"] == "grid")
        & np.isin(of_plant.astype(str), names)
    ).to_numpy()
    rows = table[clean]
    plants = out.set(
        "clean_plant", rows.index, region=rows["region"], technology=rows["technology"], country=rows["country"]
    )
    out.relation("clean_plants_of", names, zip(of_plant[clean], plants, strict=True))
    out.relation("mandated_hosts", names, ((a, h) for a, h, b in zip(area, hosts, bound, strict=True) if b))
    weight = world.snapshots.weight_h
    yearly = dict(zip(out.sets["generator"], out.params["availability"][:, 0] @ weight, strict=True))
    yearly |= dict(zip(out.sets["weather_plant"], out.params["weather_share"] @ weight, strict=True))
    hours = np.asarray([yearly[k] for k in plants], float)
    need = (
        np.asarray([share[c] for _, c in areas])[:, None] * np.ones(len(world.periods))
        if areas
        else np.zeros((0, len(world.periods)))
    )
    out.put(
        clean_share=need,
        has_mandate=need > 0,
        clean_hours=hours,
        contractable_gwh=recent_mw(world, rows.assign(position=np.arange(len(rows)))) * hours[:, None] * 1e-3,
    )


def recent_mw(world: World, rows: pd.DataFrame) -> Floats:
    """Committed additions since `NEW_SINCE`, MW per clean plant and period."""
    changes = world.scenario.table("power.plant_changes")
    changes = changes[(changes["year"] >= NEW_SINCE) & (changes["change_mw"] > 0)]
    where = {(r, k): i for r, k, i in zip(rows["region"], rows["technology"], rows["position"], strict=True)}
    result = np.zeros((len(rows), len(world.periods)))
    share = year_share(world.periods, world.length_yr, changes["year"].to_numpy(float))
    for region, technology, added, stands in zip(
        changes["region"], changes["technology"], changes["change_mw"], share, strict=True
    ):
        if (region, technology) in where:
            result[where[(region, technology)]] += added * stands
    return result
