"""Units: generators with figures of their own, beside the plants that are described by technology.

    least_share x capacity <= unit_output <= most_share x capacity            u, p, t: bounds where capacity is given
    unit_output[t] - unit_output[t-1] <= rise x capacity                      and the same for falls; not into a period
    energy_min <= sum_p,t energy_h unit_output <= energy_max

Network models such as PyPSA give each generator its own costs, shares and years; the arithmetic here is theirs, so that
a network that is carried over keeps its optimum. Capacity is one decision for all periods in which a unit stands. A
unit of sign -1 draws what it puts out.
"""

from __future__ import annotations

from .room import Room

room = Room("units", doc=__doc__)

# what it reads
room.set("unit", "a generator with figures of its own", columns="region carrier")
room.set("growing_unit", "a unit whose capacity is decided", within="unit", columns="region carrier")
room.relation("units_in", "region", "unit", "units of a region")
room.relation("units_of_country", "country", "unit", "units of a country")
room.param(
    "unit_capacity_min_mw",
    "unit",
    "MW",
    "least capacity; the capacity itself where it is given",
    origin="network.units:capacity_min network.units:capacity_mw",
)
room.param(
    "unit_capacity_max_mw",
    "unit",
    "MW",
    "most capacity; the capacity itself where it is given",
    origin="network.units:capacity_max network.units:capacity_mw",
)
room.param("unit_capital", "growing_unit", "MUSD/MW", "yearly charges of a MW over the periods in which it stands")
room.param(
    "unit_output_min_mw",
    "unit period snapshot",
    "MW",
    "bound on output where capacity is given, else -infinite",
    origin="network.units:min_share network.units:capacity_mw network.units:set_mw",
)
room.param(
    "unit_output_max_mw",
    "unit period snapshot",
    "MW",
    "bound on output where capacity is given, else infinite",
    origin="network.units:max_share network.units:capacity_mw network.units:set_mw",
)
room.param(
    "unit_least_share",
    "growing_unit period snapshot",
    "1",
    "least output over capacity",
    origin="network.units:min_share",
)
room.param(
    "unit_most_share",
    "growing_unit period snapshot",
    "1",
    "most output over capacity",
    origin="network.units:max_share",
)
room.param("unit_has_least", "growing_unit period snapshot", "0/1", "hours in which least output leans on capacity")
room.param("unit_has_most", "growing_unit period snapshot", "0/1", "hours in which most output leans on capacity")
room.param("unit_sign", "unit", "1", "1: output feeds the region; -1: it draws")
room.param("unit_cost", "unit period snapshot", "MUSD/MWh", "running cost")
room.param("unit_fuel", "unit period snapshot", "1", "MWh of fuel for a MWh of output")
room.param("unit_co2_t_per_mwh", "unit", "t/MWh", "CO2 of a MWh of fuel")
room.param("carbon_price", "", "MUSD/t", "price on CO2, the same everywhere")
room.param("unit_may_rise", "unit period snapshot", "0/1", "hours with a limit on the rise")
room.param("unit_may_fall", "unit period snapshot", "0/1", "hours with a limit on the fall")
room.param(
    "unit_rise_share",
    "unit period snapshot",
    "1",
    "largest rise from the snapshot before, over capacity",
    origin="network.units:ramp_up_share",
)
room.param(
    "unit_fall_share",
    "unit period snapshot",
    "1",
    "largest fall from the snapshot before, over capacity",
    origin="network.units:ramp_down_share",
)
room.param(
    "unit_before_mw",
    "unit period snapshot",
    "MW",
    "output before the first snapshot, else zero",
    origin="network.units:before_mw",
)
room.param("unit_has_energy_min", "unit", "0/1", "units with a least energy")
room.param("unit_energy_min_mwh", "unit", "MWh", "least energy over all periods", origin="network.units:energy_min_mwh")
room.param("unit_has_energy_max", "unit", "0/1", "units with a most energy")
room.param("unit_energy_max_mwh", "unit", "MWh", "most energy over all periods", origin="network.units:energy_max_mwh")

# what it decides
room.decide(
    "unit_capacity",
    "unit",
    "MW",
    "capacity of a unit in all periods in which it stands",
    lower="unit_capacity_min_mw",
    upper="unit_capacity_max_mw",
    family="network capacity",
)
room.decide(
    "unit_output",
    "unit period snapshot",
    "MW",
    "output of a unit",
    lower="unit_output_min_mw",
    upper="unit_output_max_mw",
    family="network generation",
)


# what holds it back
@room.limit("growing_unit period snapshot", family="network generation", per="MW", where="unit_has_least")
def unit_above_least(m, u, p, t):
    "Output stays above the share of capacity that must run."
    return m.unit_output[u, p, t] - m.unit_least_share[u, p, t] * m.unit_capacity[u] >= 0


@room.limit("growing_unit period snapshot", family="network generation", per="MW", where="unit_has_most")
def unit_below_most(m, u, p, t):
    "Output stays within the share of capacity that can run."
    return m.unit_output[u, p, t] - m.unit_most_share[u, p, t] * m.unit_capacity[u] <= 0


@room.limit("unit period snapshot", family="network generation", per="MW", where="unit_may_rise")
def unit_rise(m, u, p, t):
    "Output rises no faster than the unit can; before the first snapshot it stood at what is known of it."
    return (
        m.unit_output[u, p, t]
        - m.follows[t] * m.unit_output[u, p, m.previous[t]]
        - m.unit_rise_share[u, p, t] * m.unit_capacity[u]
        <= m.unit_before_mw[u, p, t]
    )


@room.limit("unit period snapshot", family="network generation", per="MW", where="unit_may_fall")
def unit_fall(m, u, p, t):
    "Output falls no faster than the unit can."
    return (
        m.unit_output[u, p, t]
        - m.follows[t] * m.unit_output[u, p, m.previous[t]]
        + m.unit_fall_share[u, p, t] * m.unit_capacity[u]
        >= m.unit_before_mw[u, p, t]
    )


@room.limit("unit", family="network generation", per="GWh", where="unit_has_energy_min")
def unit_energy_least(m, u):
    "Energy over all periods reaches what is promised."
    return (
        sum(0.001 * m.energy_h[t] * m.unit_output[u, p, t] for p in m.period for t in m.snapshot)
        >= 0.001 * m.unit_energy_min_mwh[u]
    )


@room.limit("unit", family="network generation", per="GWh", where="unit_has_energy_max")
def unit_energy_most(m, u):
    "Energy over all periods stays within fuel or water."
    return (
        sum(0.001 * m.energy_h[t] * m.unit_output[u, p, t] for p in m.period for t in m.snapshot)
        <= 0.001 * m.unit_energy_max_mwh[u]
    )


# what it feeds to shared balances
@room.feeds("power_balance")
def from_units(m, r, p, t):
    return sum(m.unit_sign[u] * m.unit_output[u, p, t] for u in m.units_in[r])


# what it costs
@room.cost("network capacity")
def unit_charges(m):
    return sum(m.unit_capital[u] * m.unit_capacity[u] for u in m.growing_unit)


@room.cost("network running")
def unit_running(m):
    return sum(
        m.discount[p] * m.hours[t] * m.unit_cost[u, p, t] * m.unit_output[u, p, t]
        for u in m.unit
        for p in m.period
        for t in m.snapshot
    )


@room.cost("carbon")
def unit_emissions(m):
    return sum(
        m.discount[p]
        * m.hours[t]
        * m.carbon_price
        * m.unit_co2_t_per_mwh[u]
        * m.unit_fuel[u, p, t]
        * m.unit_output[u, p, t]
        for u in m.unit
        for p in m.period
        for t in m.snapshot
    )
