"""Reservoirs: storage with a rated power, an inflow of its own, and a level that is carried through time.

    reservoir_level[t] = kept x reservoir_level[t-1] + step_h (efficiency_in pumping - release / efficiency_out
                         + inflow - reservoir_spill)                          s, p, t where it stands
    release, pumping <= share x capacity        reservoir_level <= hours x capacity        reservoir_spill <= inflow

What comes before the first snapshot of a period is the end of that period, the end of the period before, or a given
level: `kept` is (1 - loss)^step_h in one of two places, or in none. Unlike the stores of plants, release and pumping do
not share one rating, and nothing forbids both at once: the arithmetic is that of network models.
"""

from __future__ import annotations

from .room import Room

room = Room("reservoirs", doc=__doc__)

# what it reads
room.set("reservoir", "storage with a rated power and figures of its own", columns="region carrier")
room.set("growing_reservoir", "a reservoir whose power is decided", within="reservoir", columns="region carrier")
room.relation("reservoirs_in", "region", "reservoir", "reservoirs of a region")
room.lookup("reservoir_from", "reservoir period", "period", "the period whose end comes before the first snapshot")
room.param(
    "reservoir_capacity_min_mw",
    "reservoir",
    "MW",
    "least power; the power itself where it is given",
    origin="network.reservoirs:capacity_min network.reservoirs:capacity_mw",
)
room.param(
    "reservoir_capacity_max_mw",
    "reservoir",
    "MW",
    "most power; the power itself where it is given",
    origin="network.reservoirs:capacity_max network.reservoirs:capacity_mw",
)
room.param("reservoir_capital", "growing_reservoir", "MUSD/MW", "yearly charges of a MW over the periods it stands")
room.param("reservoir_sign", "reservoir", "1", "1: release feeds the region; -1: the other way")
room.param("reservoir_stands", "reservoir period snapshot", "0/1", "hours in which the reservoir stands")
room.param(
    "release_min_mw",
    "reservoir period snapshot",
    "MW",
    "least release, where it is laid down",
    origin="network.reservoirs:set_release_mw",
)
room.param(
    "release_max_mw",
    "reservoir period snapshot",
    "MW",
    "bound on release where power is given, else infinite",
    origin="network.reservoirs:max_share network.reservoirs:capacity_mw network.reservoirs:set_release_mw",
)
room.param(
    "pumping_min_mw",
    "reservoir period snapshot",
    "MW",
    "least pumping, where it is laid down",
    origin="network.reservoirs:set_pumping_mw",
)
room.param(
    "pumping_max_mw",
    "reservoir period snapshot",
    "MW",
    "bound on pumping where power is given, else infinite",
    origin="network.reservoirs:min_share network.reservoirs:capacity_mw network.reservoirs:set_pumping_mw",
)
room.param(
    "reservoir_level_min_mwh",
    "reservoir period snapshot",
    "MWh",
    "least level, where it is laid down",
    origin="network.reservoirs:set_mwh",
)
room.param(
    "reservoir_level_max_mwh",
    "reservoir period snapshot",
    "MWh",
    "bound on the level where power is given, else infinite",
    origin="network.reservoirs:hours network.reservoirs:capacity_mw network.reservoirs:set_mwh",
)
room.param(
    "reservoir_spill_max_mw",
    "reservoir period snapshot",
    "MW",
    "what flows in and may be let go",
    origin="network.reservoirs:inflow_mw",
)
room.param("reservoir_leans", "growing_reservoir period snapshot", "0/1", "hours that lean on the power decided")
room.param("release_share", "growing_reservoir period snapshot", "1", "most release over power")
room.param("pumping_share", "growing_reservoir period snapshot", "1", "most pumping over power")
room.param("reservoir_hours", "growing_reservoir", "h", "hours of storage at full power")
room.param("kept_within", "reservoir period snapshot", "1", "share of the level before that is kept, same period")
room.param(
    "kept_between", "reservoir period snapshot", "1", "share of the level before that is kept, from a period before"
)
room.param(
    "reservoir_gain_mwh",
    "reservoir period snapshot",
    "MWh",
    "inflow, and what was stored before the beginning",
    origin="network.reservoirs:inflow_mw network.reservoirs:initial_mwh",
)
room.param("pumping_gain", "reservoir period snapshot", "1", "stored over taken")
room.param("release_draw", "reservoir period snapshot", "1", "drawn from the store over given")
room.param("has_net_release", "reservoir period snapshot", "0/1", "hours in which the net flow is laid down")
room.param(
    "net_release_mw",
    "reservoir period snapshot",
    "MW",
    "net flow that is laid down",
    origin="network.reservoirs:set_mw",
)
room.param("release_cost", "reservoir period snapshot", "MUSD/MWh", "running cost of release")
room.param("reservoir_level_cost", "reservoir period snapshot", "MUSD/MWh/h", "cost of holding a MWh for an hour")
room.param("reservoir_spill_cost", "reservoir period snapshot", "MUSD/MWh", "cost of letting inflow go")

# what it decides
room.decide(
    "reservoir_capacity",
    "reservoir",
    "MW",
    "rated power of a reservoir",
    lower="reservoir_capacity_min_mw",
    upper="reservoir_capacity_max_mw",
    family="network capacity",
)
room.decide(
    "release",
    "reservoir period snapshot",
    "MW",
    "given by a reservoir",
    lower="release_min_mw",
    upper="release_max_mw",
    family="network storage",
)
room.decide(
    "pumping",
    "reservoir period snapshot",
    "MW",
    "taken by a reservoir",
    lower="pumping_min_mw",
    upper="pumping_max_mw",
    family="network storage",
)
room.decide(
    "reservoir_level",
    "reservoir period snapshot",
    "MWh",
    "stored at the end of the snapshot",
    lower="reservoir_level_min_mwh",
    upper="reservoir_level_max_mwh",
    family="network storage",
)
room.decide(
    "reservoir_spill",
    "reservoir period snapshot",
    "MW",
    "inflow let go",
    upper="reservoir_spill_max_mw",
    family="network storage",
)


# what holds it back
@room.limit("reservoir period snapshot", family="network storage", per="MWh", where="reservoir_stands")
def level_carried_over(m, s, p, t):
    "What is stored now is what was kept of before, plus what went and flowed in, less what came out and was let go."
    return (
        m.reservoir_level[s, p, t]
        - m.kept_within[s, p, t] * m.reservoir_level[s, p, m.previous[t]]
        - m.kept_between[s, p, t] * m.reservoir_level[s, m.reservoir_from[s, p], m.previous[t]]
        - m.step_h[t] * m.pumping_gain[s, p, t] * m.pumping[s, p, t]
        + m.step_h[t] * m.release_draw[s, p, t] * m.release[s, p, t]
        + m.step_h[t] * m.reservoir_spill[s, p, t]
        == m.reservoir_gain_mwh[s, p, t]
    )


@room.limit("growing_reservoir period snapshot", family="network storage", per="MW", where="reservoir_leans")
def release_within_power(m, s, p, t):
    "Release stays within the power that was decided."
    return m.release[s, p, t] - m.release_share[s, p, t] * m.reservoir_capacity[s] <= 0


@room.limit("growing_reservoir period snapshot", family="network storage", per="MW", where="reservoir_leans")
def pumping_within_power(m, s, p, t):
    "Pumping stays within the power that was decided."
    return m.pumping[s, p, t] - m.pumping_share[s, p, t] * m.reservoir_capacity[s] <= 0


@room.limit("growing_reservoir period snapshot", family="network storage", per="MWh", where="reservoir_leans")
def level_within_hours(m, s, p, t):
    "The level stays within the hours of storage that the power brings."
    return m.reservoir_level[s, p, t] - m.reservoir_hours[s] * m.reservoir_capacity[s] <= 0


@room.limit("reservoir period snapshot", family="network storage", per="MW", where="has_net_release")
def net_release_laid_down(m, s, p, t):
    "Release less pumping is what was laid down."
    return m.release[s, p, t] - m.pumping[s, p, t] == m.net_release_mw[s, p, t]


# what it feeds to shared balances
@room.feeds("power_balance")
def from_reservoirs(m, r, p, t):
    return sum(m.reservoir_sign[s] * (m.release[s, p, t] - m.pumping[s, p, t]) for s in m.reservoirs_in[r])


# what it costs
@room.cost("network capacity")
def reservoir_charges(m):
    return sum(m.reservoir_capital[s] * m.reservoir_capacity[s] for s in m.growing_reservoir)


@room.cost("network running")
def reservoir_running(m):
    return sum(
        m.discount[p]
        * m.hours[t]
        * (
            m.release_cost[s, p, t] * m.release[s, p, t]
            + m.reservoir_level_cost[s, p, t] * m.reservoir_level[s, p, t]
            + m.reservoir_spill_cost[s, p, t] * m.reservoir_spill[s, p, t]
        )
        for s in m.reservoir
        for p in m.period
        for t in m.snapshot
    )
