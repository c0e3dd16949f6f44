"""On-site supply: plants behind the meter as arrays; needs hosts and plants."""

from __future__ import annotations

import numpy as np

from .draft import Draft, World
from .fleet import Fleet
from .power import HEAT_RATE_CEILING, fuel_price


def build(world: World, out: Draft, fleet: Fleet) -> None:
    """Set campus_plant and all arrays of the on-site room."""
    names, table = out.sets["host"], fleet.table
    campus = ((table["site"] == "campus") & (table["role"] == "generation") & table["region"].isin(names)).to_numpy()
    rows = table[campus]
    plants = out.set(
        "campus_plant", rows.index, region=rows["region"], technology=rows["technology"], country=rows["country"]
    )
    out.relation("campus_plants_in", names, zip(rows["region"], plants, strict=True))
    out.relation("campus_plants_of_country", world.countries, zip(rows["country"], plants, strict=True))
    credit = rows["capacity_credit"].fillna(0.0).to_numpy(float)
    outage = rows["forced_outage_rate"].fillna(0.0).to_numpy(float) + rows["planned_outage_rate"].fillna(0.0).to_numpy(
        float
    )
    rate = rows["heat_rate_mmbtu_per_mwh"].fillna(0.0).clip(upper=HEAT_RATE_CEILING).to_numpy(float)
    running = rows["variable_om_per_mwh"].fillna(0.0).to_numpy(float)[:, None] + rate[:, None] * fuel_price(world, rows)
    emissions = rows["co2_t_per_mwh"].fillna(0.0).to_numpy(float)
    carbon = emissions[:, None] * world.scenario.power.co2_price_usd_per_t
    host = [out.position("host")[region] for region in rows["region"]]
    size = (len(names), len(world.periods))
    firm, stands, grows = np.zeros(size), np.zeros(size), np.zeros(size)
    standing = fleet.standing_mw[campus]
    np.add.at(firm, host, credit[:, None] * standing)
    np.add.at(stands, host, (1.0 - outage)[:, None] * standing)
    np.add.at(grows, host, np.maximum.accumulate(fleet.build_max_mw[campus] > 0, axis=1).astype(float))
    limit = (
        world.scenario.table("connection.limits")
        .set_index("region")["onsite_limit_mw_per_yr"]
        .reindex(list(names))
        .to_numpy(float)
    )
    share = np.zeros(size)
    for i, row in zip(host, fleet.available[campus], strict=True):
        share[i] = np.maximum(share[i], row)  # the quickest technology of the region sets its share of the period
    capped = ~np.isnan(limit)[:, None] & (grows > 0)
    shape = (*size, len(world.snapshots))
    may_grow = np.broadcast_to((grows > 0)[:, :, None], shape)
    out.put(
        campus_credit=credit,
        campus_co2_kt_per_gwh=emissions,
        campus_availability=1.0 - outage,
        onsite_firm_mw=firm,
        onsite_max_mw=np.where(may_grow, np.inf, stands[:, :, None]),
        onsite_grows=may_grow,
        onsite_standing_mw=stands,
        has_onsite_limit=capped,
        onsite_build_mw=np.where(capped, np.nan_to_num(limit)[:, None] * world.length_yr * share, 0.0),
        onsite_cost=(running + carbon) * 1e-3,
    )
