"""Reservoirs of the network as arrays."""

from __future__ import annotations

import numpy as np

from .draft import Draft, World
from .network import carried, elements, within


def build(world: World, out: Draft) -> None:
    """Sets reservoir and growing_reservoir and all arrays of the reservoirs room."""
    given = elements(world, "reservoirs")
    names = given.subset(out, "reservoir")
    out.relation("reservoirs_in", world.regions.index, zip(given.frame["region"], names, strict=True))
    stands = np.broadcast_to(given.stands[:, :, None], given.shape)
    nothing = np.zeros(given.shape)
    release, pumping = given.over_time("max_share", 1.0), -given.over_time("min_share")
    hours = np.broadcast_to(given.column("hours")[:, None, None], given.shape)
    _, release_max = given.bounds("capacity_mw", nothing, release)
    _, pumping_max = given.bounds("capacity_mw", nothing, pumping)
    _, level_max = given.bounds("capacity_mw", nothing, hours)
    release_low, release_high = within(given.laid_down("set_release_mw"), nothing, release_max)
    pumping_low, pumping_high = within(given.laid_down("set_pumping_mw"), nothing, pumping_max)
    level_low, level_high = within(given.laid_down("set_mwh"), nothing, level_max)
    net = given.laid_down("set_mw")
    inflow = np.where(stands, given.over_time("inflow_mw"), 0.0)
    parts, source = carried(given)
    step = world.snapshots.step_h
    small, large = given.capacity("capacity_mw")
    out.put(
        reservoir_capacity_min_mw=small,
        reservoir_capacity_max_mw=large,
        reservoir_capital=given.charges(),
        reservoir_sign=given.column("sign", 1.0),
        reservoir_stands=stands,
        release_min_mw=release_low,
        release_max_mw=release_high,
        pumping_min_mw=pumping_low,
        pumping_max_mw=pumping_high,
        reservoir_level_min_mwh=level_low,
        reservoir_level_max_mwh=level_high,
        reservoir_spill_max_mw=np.maximum(inflow, 0.0),
        reservoir_leans=given.growing(stands),
        release_share=given.growing(release),
        pumping_share=given.growing(pumping),
        reservoir_hours=given.column("hours")[given.grows],
        kept_within=parts["within"],
        kept_between=parts["between"],
        reservoir_gain_mwh=inflow * step + parts["gain"],
        pumping_gain=given.over_time("efficiency_in", 1.0),
        release_draw=1.0 / given.over_time("efficiency_out", 1.0),
        has_net_release=~np.isnan(net),
        net_release_mw=np.nan_to_num(net),
        release_cost=given.over_time("cost_per_mwh") * given.musd,
        reservoir_level_cost=given.over_time("level_cost_per_mwh") * given.musd,
        reservoir_spill_cost=given.over_time("spill_cost_per_mwh") * given.musd,
    )
    out.params["reservoir_from"] = source
