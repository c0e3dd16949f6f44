"""Storage: stores, their efficiency and their energy as arrays."""

from __future__ import annotations

import numpy as np

from .draft import Draft, World
from .fleet import Fleet

MINOR_EFFICIENCY = 0.85  # round trip where a table leaves it blank: assumed


def build(world: World, out: Draft, fleet: Fleet) -> None:
    """Set store and all arrays of the storage room.

    What stands keeps its own hours, new capacity has those of its technology.
    """
    table = fleet.table
    stores = (table["role"] == "storage").to_numpy()
    rows = table[stores]
    names = out.set("store", rows.index, region=rows["region"], technology=rows["technology"], country=rows["country"])
    out.relation("stores_in", world.regions.index, zip(rows["region"], names, strict=True))
    shape = (len(names), len(world.periods), len(world.snapshots))
    standing = fleet.standing_mw[stores]
    hours = rows["storage_hours"].fillna(4.0).to_numpy(float)
    energy = np.where(fleet.standing_mwh[stores] > 0, fleet.standing_mwh[stores], standing * hours[:, None])
    grows = np.broadcast_to(np.maximum.accumulate(fleet.build_max_mw[stores] > 0, axis=1)[:, :, None], shape)
    one_way = np.sqrt(rows["round_trip_efficiency"].fillna(MINOR_EFFICIENCY).to_numpy(float))
    variable = rows["variable_om_per_mwh"].fillna(0.0).to_numpy(float) * 1e-6
    out.put(
        efficiency_in=one_way,
        efficiency_out=one_way,
        duration_h=hours,
        standing_mwh=energy,
        store_max_mw=np.where(grows, np.inf, standing[:, :, None]),
        store_max_mwh=np.where(grows, np.inf, energy[:, :, None]),
        store_grows=grows,
        cycle_cost=variable[:, None] * np.ones(shape[1]),
    )
