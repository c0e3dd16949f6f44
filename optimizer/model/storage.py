"""Storage: batteries and pumped hydro move energy within a representative day.

    soc[s,p,t] = soc[s,p,t-1] + step (eff_in charge - discharge / eff_out)         wrapping within the day
    soc <= duration x capacity,   charge + discharge <= capacity

Charge and discharge of a growing store share one power rating. Prices never fall below zero (what finds no use is
spilled), so no store gains by burning energy.
"""

from __future__ import annotations

from .power import capacity_added
from .room import Room

room = Room("storage", doc=__doc__, block="base system")

# what it reads
room.set("store", "a plant that stores power", within="plant", columns="region technology country")
room.relation("stores_in", "region", "store", "stores of a region")
room.param("efficiency_in", "store", "1", "share of charged power that is stored")
room.param("efficiency_out", "store", "1", "share of stored energy that comes back")
room.param("duration_h", "store", "h", "hours of storage at full power of new capacity")
room.param(
    "standing_mwh",
    "store period",
    "MWh",
    "energy capacity standing or committed",
    origin="power.plants:energy_mwh power.plant_changes:energy_mwh",
)
room.param(
    "store_max_mw",
    "store period snapshot",
    "MW",
    "power rating where capacity is fixed, else infinite",
    origin="power.plants:existing_mw power.plant_changes:change_mw",
)
room.param(
    "store_max_mwh",
    "store period snapshot",
    "MWh",
    "energy capacity where it is fixed, else infinite",
    origin="power.plants:energy_mwh power.plant_changes:energy_mwh",
)
room.param("store_grows", "store period snapshot", "0/1", "hours in which the store leans on what is built or retired")
room.param("cycle_cost", "store period", "MUSD/MWh", "variable operation per MWh given back")

# what it decides
room.decide("charge", "store period snapshot", "MW", "taken from the grid", upper="store_max_mw", family="storage")
room.decide("discharge", "store period snapshot", "MW", "given to the grid", upper="store_max_mw", family="storage")
room.decide(
    "state_of_charge",
    "store period snapshot",
    "MWh",
    "stored at the end of the snapshot",
    upper="store_max_mwh",
    family="storage",
)


# what holds it back
@room.limit("store period snapshot", family="storage", per="MWh")
def charge_carried_over(m, s, p, t):
    "What is stored now is what was stored before, plus what went in, less what came out."
    return (
        m.state_of_charge[s, p, t]
        - m.state_of_charge[s, p, m.previous[t]]
        - m.step_h[t] * m.efficiency_in[s] * m.charge[s, p, t]
        + m.step_h[t] / m.efficiency_out[s] * m.discharge[s, p, t]
        == 0
    )


@room.limit("store period snapshot", family="storage", per="MW", where="store_grows")
def power_within_rating(m, s, p, t):
    "Charging and discharging share the rating of a store that grows; a fixed one has a bound on each."
    return m.charge[s, p, t] + m.discharge[s, p, t] - capacity_added(m, s, p) <= m.standing_mw[s, p]


@room.limit("store period snapshot", family="storage", per="MWh", where="store_grows")
def energy_within_store(m, s, p, t):
    "What is stored stays within the hours of storage that were built."
    return m.state_of_charge[s, p, t] - m.duration_h[s] * capacity_added(m, s, p) <= m.standing_mwh[s, p]


# what it feeds to shared balances
@room.feeds("power_balance")
def from_storage(m, r, p, t):
    return sum(m.discharge[s, p, t] - m.charge[s, p, t] for s in m.stores_in[r])


# what it costs
@room.cost("energy")
def cycling(m):
    return sum(
        m.discount[p] * m.hours[t] * m.cycle_cost[s, p] * m.discharge[s, p, t]
        for s in m.store
        for p in m.period
        for t in m.snapshot
    )
