"""Transformers: supply and needs as arrays; no rows for a country without a figure."""

from __future__ import annotations

import numpy as np

from .draft import Draft, World
from .fleet import Fleet


def build(world: World, out: Draft, fleet: Fleet) -> None:
    """All arrays of the transformers room; needs plants and corridors."""
    table = world.scenario.table("connection.transformers")
    countries, periods = world.countries, world.periods
    supply = np.zeros((len(countries), len(periods)))
    needs = np.zeros((3, len(countries)))
    for c, country in enumerate(countries):
        rows = table[table["country"] == country].sort_values("from_year")
        for p, period in enumerate(periods):
            for year in range(period, period + world.length_yr):
                known = rows[rows["from_year"] <= year]
                if len(known) and not world.too_early[p]:
                    supply[c, p] += float(known["supply_mva_per_yr"].iloc[-1]) * 1e-3
                    needs[:, c] = (
                        known[["mva_per_mw_load", "mva_per_mw_plant", "mva_per_mw_line_end"]].iloc[-1].to_numpy(float)
                        * np.array([1.0, 1.0, 2.0])
                        * 1e-3
                    )
    plants = fleet.table[fleet.table["site"] == "grid"]
    out.relation("grid_plants_of", countries, zip(plants["country"], plants.index, strict=True))
    out.relation(
        "corridors_of", countries, zip(out.attributes["corridor"]["country"], out.sets["corridor"], strict=True)
    )
    out.put(
        has_transformers=supply > 0,
        transformer_supply_gva=supply,
        gva_per_mw_load=needs[0],
        gva_per_mw_plant=needs[1],
        gva_per_mw_line=needs[2],
    )
