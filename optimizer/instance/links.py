"""Links of the network and their ports as arrays."""

from __future__ import annotations

import numpy as np

from .draft import Draft, World
from .network import Elements, elements, ramps, shares, within


def build(world: World, out: Draft) -> None:
    """Sets link, growing_link and link_port and all arrays of the links room."""
    given, ports = elements(world, "links"), elements(world, "link_ports")
    names = given.subset(out, "link")
    out.relation("links_from", world.regions.index, zip(given.frame["from"], names, strict=True))
    at = {name: i for i, name in enumerate(names)}
    ports = Elements(world, "link_ports", ports.frame[ports.frame["link"].isin(at)].reset_index(drop=True))
    ends = out.set("link_port", ports.names, link=ports.frame["link"], to_region=ports.frame["to"])
    out.relation("ports_into", world.regions.index, zip(ports.frame["to"], ends, strict=True))
    owner = np.empty(len(ends), dtype=object)
    owner[:] = [str(name) for name in ports.frame["link"]]
    out.params["link_of_port"] = owner
    least, most = given.over_time("min_share"), given.over_time("max_share", 1.0)
    low, high = within(given.laid_down("set_mw"), *given.bounds("capacity_mw", least, most))
    small, large = given.capacity("capacity_mw")
    out.put(
        link_capacity_min_mw=small,
        link_capacity_max_mw=large,
        link_capital=given.charges(),
        link_flow_min_mw=low,
        link_flow_max_mw=high,
        link_cost=given.over_time("cost_per_mwh") * given.musd,
        port_share=ports.over_time("efficiency", 1.0),
        **shares(given, "link", least, most),
        **ramps(given, "link"),
    )
