"""Facility: halls house chips, and a campus balances what its chips draw with the grid and its own plants.

    sum_g kw[g] powered[g] <= halls standing + committed + built                   IT MW
    grid draw + on-site output = PUE[r,t] x IT draw                                every hour, at the hour's PUE
    PUE at the worst hour x sum_g kw[g] powered[g] <= firm load + flexible connection + firm on-site capacity

Energy is billed at the PUE of the hour; connections are sized for the worst one.
"""

from __future__ import annotations

from .connection import flexible_connection
from .onsite import onsite_firm
from .room import Room

room = Room("facility", doc=__doc__)

# what it reads
room.relation("hosts_at", "region", "host", "the region itself where it may host sites")
room.param("pue", "host snapshot", "1", "facility power over IT power in the hour")
room.param("pue_peak", "host", "1", "facility power over IT power in the worst hour")
room.param(
    "hall_mw",
    "host period",
    "MW",
    "halls for AI standing or committed, IT power",
    origin="facility.data_centres:ai_it_mw facility.data_centres:under_construction_facility_mw",
)
room.param(
    "hall_build_max_mw",
    "host period",
    "MW",
    "halls that can be finished by then, lead time counted",
    origin="facility.halls:max_build_mw_it_per_yr facility.halls:lead_time_yr",
)
room.param("hall_alive", "host period period", "1", "share of the second period in which a hall of the first stands")
room.param("hall_cost", "host period", "MUSD/MW", "annuities and upkeep of a hall, discounted")
room.param("delivery_adder", "host", "MUSD/MWh", "network, funds and demand charges on top of the LMP")

# what it decides
room.decide(
    "hall_built",
    "host period",
    "MW",
    "new halls, IT power",
    upper="hall_build_max_mw",
    family="hall build",
    serves="hall_alive",
)
room.decide("idle_mw", "host period", "MW", "IT power of the chips that are on, idle")
room.decide("grid_draw", "host period snapshot", "MW", "drawn from the grid at the meter")


def it_full_mw(m, r, p):
    """IT power of the chips that are switched on in a region, all busy, MW."""
    return m.idle_mw[r, p] + m.active_mw[r, p]


# what holds it back
@room.limit("host period", family="hall", per="MW")
def chips_within_halls(m, r, p):
    "Chips that are switched on stand in a hall."
    return it_full_mw(m, r, p) - sum(m.hall_alive[r, b, p] * m.hall_built[r, b] for b in m.period) <= m.hall_mw[r, p]


@room.limit("host period snapshot", family="campus balance", per="MWh")
def campus_balance(m, r, p, t):
    "Grid draw and on-site output cover the IT draw and its cooling."
    return (
        m.grid_draw[r, p, t]
        + m.onsite_output[r, p, t]
        - m.pue[r, t] * m.it_use[r, p, t]
        - m.pue[r, t] * m.idle_mw[r, p]
        == 0
    )


@room.limit("host period", family="campus balance", per="MW")
def idle_power_of_host(m, r, p):
    "Chips that are on draw their idle power at all hours."
    return m.idle_mw[r, p] - sum(m.idle_kw[g] * m.chips_powered[r, g, p] for g in m.chip) == 0


@room.limit("host period", family="connection in place", per="MW")
def campus_peak(m, r, p):
    "Firm service, flexible connections and firm on-site plants cover the worst hour of the chips that are switched on."
    return (
        m.pue_peak[r] * it_full_mw(m, r, p) - m.firm_load[r, p] - flexible_connection(m, r, p) - onsite_firm(m, r, p)
        <= m.onsite_firm_mw[r, p]
    )


# what it feeds to shared balances
@room.feeds("power_balance")
def campus_draw(m, r, p, t):
    return -sum(m.grid_draw[h, p, t] for h in m.hosts_at[r])


# what it costs
@room.cost("halls")
def halls(m):
    return sum(m.hall_cost[r, p] * m.hall_built[r, p] for r in m.host for p in m.period)


@room.cost("delivery")
def delivery(m):
    return sum(
        m.discount[p] * m.hours[t] * m.delivery_adder[r] * m.grid_draw[r, p, t]
        for r in m.host
        for p in m.period
        for t in m.snapshot
    )
