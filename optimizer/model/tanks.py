"""Tanks: stores of energy whose power has no rating, such as heat, hydrogen or gas.

    tank_level[t] = kept x tank_level[t-1] - step_h tank_output[t]            s, p, t where it stands
    least_share x capacity <= tank_level <= most_share x capacity             capacity in MWh

A tank's output is above zero where it gives and below where it takes. What limits its power is the links that lead to
it.
"""

from __future__ import annotations

from .room import Room

room = Room("tanks", doc=__doc__)

# what it reads
room.set("tank", "a store of energy with figures of its own", columns="region carrier")
room.set("growing_tank", "a tank whose capacity is decided", within="tank", columns="region carrier")
room.relation("tanks_in", "region", "tank", "tanks of a region")
room.lookup("tank_from", "tank period", "period", "the period whose end comes before the first snapshot")
room.param(
    "tank_capacity_min_mwh",
    "tank",
    "MWh",
    "least capacity; the capacity itself where it is given",
    origin="network.tanks:capacity_min network.tanks:capacity_mwh",
)
room.param(
    "tank_capacity_max_mwh",
    "tank",
    "MWh",
    "most capacity; the capacity itself where it is given",
    origin="network.tanks:capacity_max network.tanks:capacity_mwh",
)
room.param("tank_capital", "growing_tank", "MUSD/MWh", "yearly charges of a MWh over the periods in which it stands")
room.param("tank_sign", "tank", "1", "1: output feeds the region; -1: the other way")
room.param("tank_stands", "tank period snapshot", "0/1", "hours in which the tank stands")
room.param(
    "tank_output_min_mw",
    "tank period snapshot",
    "MW",
    "output where it is laid down, else -infinite",
    origin="network.tanks:set_mw",
)
room.param(
    "tank_output_max_mw",
    "tank period snapshot",
    "MW",
    "output where it is laid down, else infinite",
    origin="network.tanks:set_mw",
)
room.param(
    "tank_level_min_mwh",
    "tank period snapshot",
    "MWh",
    "bound on the level where capacity is given",
    origin="network.tanks:min_share network.tanks:capacity_mwh network.tanks:set_mwh",
)
room.param(
    "tank_level_max_mwh",
    "tank period snapshot",
    "MWh",
    "bound on the level where capacity is given, else infinite",
    origin="network.tanks:max_share network.tanks:capacity_mwh network.tanks:set_mwh",
)
room.param("tank_has_least", "growing_tank period snapshot", "0/1", "hours in which the least level leans on capacity")
room.param("tank_has_most", "growing_tank period snapshot", "0/1", "hours in which the most level leans on capacity")
room.param("tank_least_share", "growing_tank period snapshot", "1", "least level over capacity")
room.param("tank_most_share", "growing_tank period snapshot", "1", "most level over capacity")
room.param("tank_kept_within", "tank period snapshot", "1", "share of the level before that is kept, same period")
room.param(
    "tank_kept_between", "tank period snapshot", "1", "share of the level before that is kept, from a period before"
)
room.param(
    "tank_gain_mwh",
    "tank period snapshot",
    "MWh",
    "what was stored before the beginning",
    origin="network.tanks:initial_mwh",
)
room.param("tank_cost", "tank period snapshot", "MUSD/MWh", "running cost of output")
room.param("tank_level_cost", "tank period snapshot", "MUSD/MWh/h", "cost of holding a MWh for an hour")

# what it decides
room.decide(
    "tank_capacity",
    "tank",
    "MWh",
    "capacity of a tank",
    lower="tank_capacity_min_mwh",
    upper="tank_capacity_max_mwh",
    family="network capacity",
)
room.decide(
    "tank_output",
    "tank period snapshot",
    "MW",
    "what a tank gives, below zero where it takes",
    lower="tank_output_min_mw",
    upper="tank_output_max_mw",
    family="network storage",
)
room.decide(
    "tank_level",
    "tank period snapshot",
    "MWh",
    "stored at the end of the snapshot",
    lower="tank_level_min_mwh",
    upper="tank_level_max_mwh",
    family="network storage",
)


# what holds it back
@room.limit("tank period snapshot", family="network storage", per="MWh", where="tank_stands")
def tank_carried_over(m, s, p, t):
    "What is stored now is what was kept of before, less what came out."
    return (
        m.tank_level[s, p, t]
        - m.tank_kept_within[s, p, t] * m.tank_level[s, p, m.previous[t]]
        - m.tank_kept_between[s, p, t] * m.tank_level[s, m.tank_from[s, p], m.previous[t]]
        + m.step_h[t] * m.tank_output[s, p, t]
        == m.tank_gain_mwh[s, p, t]
    )


@room.limit("growing_tank period snapshot", family="network storage", per="MWh", where="tank_has_least")
def tank_above_least(m, s, p, t):
    "The level stays above its least share of the capacity decided."
    return m.tank_level[s, p, t] - m.tank_least_share[s, p, t] * m.tank_capacity[s] >= 0


@room.limit("growing_tank period snapshot", family="network storage", per="MWh", where="tank_has_most")
def tank_below_most(m, s, p, t):
    "The level stays within the capacity decided."
    return m.tank_level[s, p, t] - m.tank_most_share[s, p, t] * m.tank_capacity[s] <= 0


# what it feeds to shared balances
@room.feeds("power_balance")
def from_tanks(m, r, p, t):
    return sum(m.tank_sign[s] * m.tank_output[s, p, t] for s in m.tanks_in[r])


# what it costs
@room.cost("network capacity")
def tank_charges(m):
    return sum(m.tank_capital[s] * m.tank_capacity[s] for s in m.growing_tank)


@room.cost("network running")
def tank_running(m):
    return sum(
        m.discount[p]
        * m.hours[t]
        * (m.tank_cost[s, p, t] * m.tank_output[s, p, t] + m.tank_level_cost[s, p, t] * m.tank_level[s, p, t])
        for s in m.tank
        for p in m.period
        for t in m.snapshot
    )
