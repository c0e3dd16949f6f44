"""Reach: requests with a tight latency limit need chips close by.

    serve[v,p,t] <= near_capacity[v,p] = sum_{hosts in reach, g} set_aside[a,g,p] / chip_hours[w,g,p]     every hour
    sum_arcs set_aside[a,g,p] <= availability x powered[r,g,p]                            every host and chip

Work is planned per pool of hosts. Where a stream reaches only some hosts of a pool, chips in those hosts are set
aside for it, enough for its busiest hour. They may work for others in other hours; what is set aside for two streams
is not shared.
"""

from __future__ import annotations

from .room import Room

room = Room("reach", doc=__doc__)

# what it reads
room.set(
    "near_route",
    "a route whose stream reaches only some hosts of its pool",
    within="route",
    columns="stream workload market pool",
)
room.set("near_arc", "a near route and one host within its reach", columns="route host workload")
room.relation("arcs_of", "near_route", "near_arc", "hosts within reach of the route")
room.relation("arcs_at", "host", "near_arc", "near routes that reach the host")
room.param(
    "tokens_per_chip",
    "near_arc chip period",
    "Ttok/h per kchip",
    "reference tokens that a chip makes for the arc's class",
)
room.param(
    "set_aside_max", "near_arc chip period", "kchip", "zero where the chip cannot serve the class, else infinite"
)

# what it decides
room.decide("near_capacity", "near_route period", "Ttok/h", "what the chips set aside within reach can serve")
room.decide(
    "set_aside",
    "near_arc chip period",
    "kchip",
    "chips set aside for the stream",
    upper="set_aside_max",
    family="chip fitness",
)


# what holds it back
@room.limit("near_route period snapshot", family="latency", per="Ttok")
def served_nearby(m, v, p, t):
    "What is served under a tight limit has chips set aside within reach."
    return m.serve[v, p, t] - m.near_capacity[v, p] <= 0


@room.limit("near_route period", family="latency", per="Ttok/h")
def set_aside_makes_capacity(m, v, p):
    "Chips set aside within reach make the capacity of the route."
    return (
        m.near_capacity[v, p]
        - sum(m.tokens_per_chip[a, g, p] * m.set_aside[a, g, p] for a in m.arcs_of[v] for g in m.chip)
        == 0
    )


@room.limit("host chip period", family="latency", per="kchip")
def set_aside_within_powered(m, r, g, p):
    "A chip is set aside once."
    return sum(m.set_aside[a, g, p] for a in m.arcs_at[r]) - m.chip_availability * m.chips_powered[r, g, p] <= 0
