"""Links: steered elements that take power in one region and give shares of it in others.

    least_share x capacity <= link_flow <= most_share x capacity              l, p, t
    taken at the first end: link_flow        given at port a: port_share[a] x link_flow

HVDC lines, converters between carriers, pumps and electrolysers are all links. A flow below zero runs the other way
without loss turned round, as network models have it: what is taken at the first end is what is counted.
"""

from __future__ import annotations

from .room import Room

room = Room("links", doc=__doc__)

# what it reads
room.set("link", "a steered link", columns="from_region carrier")
room.set("growing_link", "a link whose capacity is decided", within="link", columns="from_region carrier")
room.set("link_port", "an end at which a link gives", columns="link to_region")
room.relation("links_from", "region", "link", "links that take in a region")
room.relation("ports_into", "region", "link_port", "ports that give in a region")
room.lookup("link_of_port", "link_port", "link", "the link of a port")
room.param(
    "link_capacity_min_mw",
    "link",
    "MW",
    "least capacity; the capacity itself where it is given",
    origin="network.links:capacity_min network.links:capacity_mw",
)
room.param(
    "link_capacity_max_mw",
    "link",
    "MW",
    "most capacity; the capacity itself where it is given",
    origin="network.links:capacity_max network.links:capacity_mw",
)
room.param("link_capital", "growing_link", "MUSD/MW", "yearly charges of a MW over the periods in which it stands")
room.param(
    "link_flow_min_mw",
    "link period snapshot",
    "MW",
    "bound on flow where capacity is given, else -infinite",
    origin="network.links:min_share network.links:capacity_mw network.links:set_mw",
)
room.param(
    "link_flow_max_mw",
    "link period snapshot",
    "MW",
    "bound on flow where capacity is given, else infinite",
    origin="network.links:max_share network.links:capacity_mw network.links:set_mw",
)
room.param(
    "link_least_share",
    "growing_link period snapshot",
    "1",
    "least flow over capacity",
    origin="network.links:min_share",
)
room.param(
    "link_most_share", "growing_link period snapshot", "1", "most flow over capacity", origin="network.links:max_share"
)
room.param("link_has_least", "growing_link period snapshot", "0/1", "hours in which least flow leans on capacity")
room.param("link_has_most", "growing_link period snapshot", "0/1", "hours in which most flow leans on capacity")
room.param("link_cost", "link period snapshot", "MUSD/MWh", "running cost of what is taken")
room.param("port_share", "link_port period snapshot", "1", "given at the port over taken at the first end")
room.param("link_may_rise", "link period snapshot", "0/1", "hours with a limit on the rise")
room.param("link_may_fall", "link period snapshot", "0/1", "hours with a limit on the fall")
room.param(
    "link_rise_share",
    "link period snapshot",
    "1",
    "largest rise from the snapshot before, over capacity",
    origin="network.links:ramp_up_share",
)
room.param(
    "link_fall_share",
    "link period snapshot",
    "1",
    "largest fall from the snapshot before, over capacity",
    origin="network.links:ramp_down_share",
)
room.param(
    "link_before_mw",
    "link period snapshot",
    "MW",
    "flow before the first snapshot, else zero",
    origin="network.links:before_mw",
)

# what it decides
room.decide(
    "link_capacity",
    "link",
    "MW",
    "capacity of a link in all periods in which it stands",
    lower="link_capacity_min_mw",
    upper="link_capacity_max_mw",
    family="network capacity",
)
room.decide(
    "link_flow",
    "link period snapshot",
    "MW",
    "what a link takes at its first end",
    lower="link_flow_min_mw",
    upper="link_flow_max_mw",
    family="network flow",
)


# what holds it back
@room.limit("growing_link period snapshot", family="network flow", per="MW", where="link_has_least")
def link_above_least(m, l, p, t):
    "Flow stays above the least share of capacity."
    return m.link_flow[l, p, t] - m.link_least_share[l, p, t] * m.link_capacity[l] >= 0


@room.limit("growing_link period snapshot", family="network flow", per="MW", where="link_has_most")
def link_below_most(m, l, p, t):
    "Flow stays within the share of capacity that can be used."
    return m.link_flow[l, p, t] - m.link_most_share[l, p, t] * m.link_capacity[l] <= 0


@room.limit("link period snapshot", family="network flow", per="MW", where="link_may_rise")
def link_rise(m, l, p, t):
    "Flow rises no faster than the link can."
    return (
        m.link_flow[l, p, t]
        - m.follows[t] * m.link_flow[l, p, m.previous[t]]
        - m.link_rise_share[l, p, t] * m.link_capacity[l]
        <= m.link_before_mw[l, p, t]
    )


@room.limit("link period snapshot", family="network flow", per="MW", where="link_may_fall")
def link_fall(m, l, p, t):
    "Flow falls no faster than the link can."
    return (
        m.link_flow[l, p, t]
        - m.follows[t] * m.link_flow[l, p, m.previous[t]]
        + m.link_fall_share[l, p, t] * m.link_capacity[l]
        >= m.link_before_mw[l, p, t]
    )


# what it feeds to shared balances
@room.feeds("power_balance")
def from_links(m, r, p, t):
    return sum(m.port_share[a, p, t] * m.link_flow[m.link_of_port[a], p, t] for a in m.ports_into[r]) - sum(
        m.link_flow[l, p, t] for l in m.links_from[r]
    )


# what it costs
@room.cost("network capacity")
def link_charges(m):
    return sum(m.link_capital[l] * m.link_capacity[l] for l in m.growing_link)


@room.cost("network running")
def link_running(m):
    return sum(
        m.discount[p] * m.hours[t] * m.link_cost[l, p, t] * m.link_flow[l, p, t]
        for l in m.link
        for p in m.period
        for t in m.snapshot
    )
