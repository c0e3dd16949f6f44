"""Network limits: sums of energy, fuel, levels and capacity that are held to an amount.

    sum_u,p,t energy_h (energy_weight[v,u,p] + fuel_weight[v,u,p] unit_fuel[u,p,t]) unit_output[u,p,t]
        + sum_s,p weight x level at the end of p + sum weight x capacity      <=, >= or = amount            v

A cap on carbon weighs the fuel of each unit with its emissions; a limit on the energy of a carrier, on the volume of
lines or on the capacity of a technology is the same sum with other weights. Amounts and weights are scaled so that the
largest weight is one.
"""

from __future__ import annotations

from .room import Room

room = Room("network limits", doc=__doc__)

# what it reads
room.set("network_limit", "a limit on a sum over the network", columns="kind sense amount scale")
room.relation("units_of_limit", "network_limit", "unit", "units whose energy or fuel counts")
room.relation("growing_units_of_limit", "network_limit", "growing_unit", "units whose capacity counts")
room.relation("links_of_limit", "network_limit", "growing_link", "links whose capacity counts")
room.relation("reservoirs_of_limit", "network_limit", "reservoir", "reservoirs whose level counts")
room.relation("growing_reservoirs_of_limit", "network_limit", "growing_reservoir", "reservoirs whose power counts")
room.relation("tanks_of_limit", "network_limit", "tank", "tanks whose level counts")
room.relation("growing_tanks_of_limit", "network_limit", "growing_tank", "tanks whose capacity counts")
room.relation("branches_of_limit", "network_limit", "growing_branch", "branches whose capacity counts")
room.param("limit_of_energy", "network_limit unit period", "1", "weight of a MWh of output")
room.param("limit_of_fuel", "network_limit unit period", "1", "weight of a MWh of fuel")
room.param("limit_of_unit", "network_limit growing_unit", "1", "weight of a MW")
room.param("limit_of_link", "network_limit growing_link", "1", "weight of a MW")
room.param("limit_of_level", "network_limit reservoir period", "1", "weight of a MWh that is left at the end")
room.param("limit_of_reservoir", "network_limit growing_reservoir", "1", "weight of a MW")
room.param("limit_of_tank_level", "network_limit tank period", "1", "weight of a MWh that is left at the end")
room.param("limit_of_tank", "network_limit growing_tank", "1", "weight of a MWh of capacity")
room.param("limit_of_branch", "network_limit growing_branch", "1", "weight of a MW")
room.param("limit_is_most", "network_limit", "0/1", "limits that say at most, or equal")
room.param("limit_is_least", "network_limit", "0/1", "limits that say at least, or equal")
room.param("limit_amount", "network_limit", "1", "what the sum is held to", origin="network.limits:amount")


def network_sum(m, v):
    """What a limit adds up, in the unit of its amount over its scale."""
    return (
        sum(
            m.energy_h[t]
            * (m.limit_of_energy[v, u, p] + m.limit_of_fuel[v, u, p] * m.unit_fuel[u, p, t])
            * m.unit_output[u, p, t]
            for u in m.units_of_limit[v]
            for p in m.period
            for t in m.snapshot
        )
        + sum(
            m.limit_of_level[v, s, p] * m.reservoir_level[s, p, m.closing[p]]
            for s in m.reservoirs_of_limit[v]
            for p in m.period
        )
        + sum(
            m.limit_of_tank_level[v, s, p] * m.tank_level[s, p, m.closing[p]]
            for s in m.tanks_of_limit[v]
            for p in m.period
        )
        + sum(m.limit_of_unit[v, u] * m.unit_capacity[u] for u in m.growing_units_of_limit[v])
        + sum(m.limit_of_link[v, l] * m.link_capacity[l] for l in m.links_of_limit[v])
        + sum(m.limit_of_reservoir[v, s] * m.reservoir_capacity[s] for s in m.growing_reservoirs_of_limit[v])
        + sum(m.limit_of_tank[v, s] * m.tank_capacity[s] for s in m.growing_tanks_of_limit[v])
        + sum(m.limit_of_branch[v, b] * m.branch_capacity[b] for b in m.branches_of_limit[v])
    )


# what holds it back
@room.limit("network_limit", family="network limit", per="unit", where="limit_is_most")
def sum_at_most(m, v):
    "The sum stays within its amount."
    return network_sum(m, v) <= m.limit_amount[v]


@room.limit("network_limit", family="network limit", per="unit", where="limit_is_least")
def sum_at_least(m, v):
    "The sum reaches its amount."
    return network_sum(m, v) >= m.limit_amount[v]
