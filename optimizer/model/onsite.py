"""On-site supply: plants behind the meter of a campus.

    onsite output[r,t] <= sum_k availability[k] capacity[k,p]                    all plants of the campuses of a region
    sum_k energy[k,p] = sum_t hours onsite output[r,t]        energy[k,p] <= 8760 availability[k] capacity[k,p]

The plants of a region's campuses run as one in the hour; over the year each is paid for the energy it makes. At the
peak they count at their credit, units held in reserve taken off, so a campus without the grid must hold spare units.
"""

from __future__ import annotations

from .power import capacity_added
from .room import Room

room = Room("on-site supply", doc=__doc__)

# what it reads
room.set("campus_plant", "a generator behind the meter", within="plant", columns="region technology country")
room.relation("campus_plants_in", "host", "campus_plant", "on-site plants of a region's campuses")
room.relation(
    "campus_plants_of_country",
    "country",
    "campus_plant",
    "on-site plants of a country: they count under its carbon cap",
)
room.param("campus_co2_kt_per_gwh", "campus_plant", "kt/GWh", "emissions, equal to t/MWh")
room.param("campus_credit", "campus_plant", "1", "share of on-site capacity that is firm")
room.param("campus_availability", "campus_plant", "1", "share of on-site capacity that can run, outages taken off")
room.param("onsite_firm_mw", "host period", "MW", "firm on-site capacity standing", origin="power.plants:existing_mw")
room.param(
    "onsite_max_mw",
    "host period snapshot",
    "MW",
    "output of standing on-site plants where none can be built, else infinite",
    origin="power.plants:existing_mw",
)
room.param("onsite_grows", "host period snapshot", "0/1", "hours in which on-site output leans on what is built")
room.param(
    "onsite_standing_mw",
    "host period",
    "MW",
    "on-site capacity standing, outages taken off",
    origin="power.plants:existing_mw",
)
room.param("has_onsite_limit", "host period", "0/1", "hosts with a limit on what can be built behind the meter")
room.param(
    "onsite_build_mw",
    "host period",
    "MW",
    "what can be built behind the meter in the period: gas, air permits, engines",
    origin="connection.limits:onsite_limit_mw_per_yr",
)
room.param("onsite_cost", "campus_plant period", "MUSD/GWh", "fuel and variable operation")

# what it decides
room.decide(
    "onsite_output",
    "host period snapshot",
    "MW",
    "made behind the meter",
    upper="onsite_max_mw",
    family="on-site supply",
)
room.decide("onsite_energy", "campus_plant period", "GWh/yr", "made by one technology over the year")


def onsite_firm(m, r, p):
    """Firm capacity of new on-site plants, MW."""
    return sum(m.campus_credit[k] * capacity_added(m, k, p) for k in m.campus_plants_in[r])


# what holds it back
@room.limit("host period snapshot", family="on-site supply", per="MW", where="onsite_grows")
def onsite_within_capacity(m, r, p, t):
    "On-site output stays within the plants of the campus that can run."
    return (
        m.onsite_output[r, p, t]
        - sum(m.campus_availability[k] * capacity_added(m, k, p) for k in m.campus_plants_in[r])
        <= m.onsite_standing_mw[r, p]
    )


@room.limit("host period", family="on-site supply", per="MW", where="has_onsite_limit", serves="plant_alive")
def onsite_within_region(m, r, p):
    "A region's campuses build no more behind the meter than gas supply and permits allow."
    return sum(m.capacity_built[k, p] for k in m.campus_plants_in[r]) <= m.onsite_build_mw[r, p]


@room.limit("host period", family="on-site supply", per="GWh")
def onsite_energy_by_plant(m, r, p):
    "What the campus makes over the year is made by its plants."
    return (
        sum(m.onsite_energy[k, p] for k in m.campus_plants_in[r])
        - sum(0.001 * m.hours[t] * m.onsite_output[r, p, t] for t in m.snapshot)
        == 0
    )


@room.limit("campus_plant period", family="on-site supply", per="GWh")
def onsite_energy_within_year(m, k, p):
    "A plant makes no more over the year than it can."
    return (
        m.onsite_energy[k, p] - 8.76 * m.campus_availability[k] * capacity_added(m, k, p)
        <= 8.76 * m.campus_availability[k] * m.standing_mw[k, p]
    )


# what it costs
@room.cost("on-site energy")
def onsite_running(m):
    return sum(m.discount[p] * m.onsite_cost[k, p] * m.onsite_energy[k, p] for k in m.campus_plant for p in m.period)
