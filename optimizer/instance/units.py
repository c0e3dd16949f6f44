"""Units of the network as arrays."""

from __future__ import annotations

import numpy as np

from .draft import Draft, World
from .network import elements, ramps, shares, within


def build(world: World, out: Draft) -> None:
    """Sets unit and growing_unit and all arrays of the units room."""
    given = elements(world, "units")
    names = given.subset(out, "unit")
    region = given.frame["region"]
    country = world.regions["country"].reindex(region).to_numpy()
    out.relation("units_in", world.regions.index, zip(region, names, strict=True))
    out.relation("units_of_country", world.countries, zip(country, names, strict=True))
    least, most = given.over_time("min_share"), given.over_time("max_share", 1.0)
    low, high = within(given.laid_down("set_mw"), *given.bounds("capacity_mw", least, most))
    small, large = given.capacity("capacity_mw")
    with np.errstate(divide="ignore"):
        fuel = 1.0 / given.over_time("efficiency", 1.0)
    energy_min, energy_max = given.column("energy_min_mwh", -np.inf), given.column("energy_max_mwh", np.inf)
    out.put(
        unit_capacity_min_mw=small,
        unit_capacity_max_mw=large,
        unit_capital=given.charges(),
        unit_output_min_mw=low,
        unit_output_max_mw=high,
        unit_sign=given.column("sign", 1.0),
        unit_cost=given.over_time("cost_per_mwh") * given.musd,
        unit_fuel=np.where(np.isfinite(fuel), fuel, 0.0),
        unit_co2_t_per_mwh=given.column("co2_t_per_mwh"),
        carbon_price=world.scenario.power.co2_price_usd_per_t * 1e-6,
        unit_has_energy_min=np.isfinite(energy_min),
        unit_energy_min_mwh=np.where(np.isfinite(energy_min), energy_min, 0.0),
        unit_has_energy_max=np.isfinite(energy_max),
        unit_energy_max_mwh=np.where(np.isfinite(energy_max), energy_max, 0.0),
        **shares(given, "unit", least, most),
        **ramps(given, "unit"),
    )
