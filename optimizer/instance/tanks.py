"""Tanks of the network as arrays."""

from __future__ import annotations

import numpy as np

from .draft import Draft, World
from .network import carried, elements, within


def build(world: World, out: Draft) -> None:
    """Sets tank and growing_tank and all arrays of the tanks room."""
    given = elements(world, "tanks")
    names = given.subset(out, "tank")
    out.relation("tanks_in", world.regions.index, zip(given.frame["region"], names, strict=True))
    stands = np.broadcast_to(given.stands[:, :, None], given.shape)
    free = np.where(stands, np.inf, 0.0)
    output_low, output_high = within(given.laid_down("set_mw"), -free, free)
    least, most = given.over_time("min_share"), given.over_time("max_share", 1.0)
    level_low, level_high = within(given.laid_down("set_mwh"), *given.bounds("capacity_mwh", least, most))
    parts, source = carried(given)
    small, large = given.capacity("capacity_mwh")
    out.put(
        tank_capacity_min_mwh=small,
        tank_capacity_max_mwh=large,
        tank_capital=given.charges(),
        tank_sign=given.column("sign", 1.0),
        tank_stands=stands,
        tank_output_min_mw=output_low,
        tank_output_max_mw=output_high,
        tank_level_min_mwh=level_low,
        tank_level_max_mwh=level_high,
        tank_has_least=given.growing(stands & (least != 0.0)),
        tank_has_most=given.growing(stands & (most != 0.0)),
        tank_least_share=given.growing(least),
        tank_most_share=given.growing(most),
        tank_kept_within=parts["within"],
        tank_kept_between=parts["between"],
        tank_gain_mwh=parts["gain"],
        tank_cost=given.over_time("cost_per_mwh") * given.musd,
        tank_level_cost=given.over_time("level_cost_per_mwh") * given.musd,
    )
    out.params["tank_from"] = source
