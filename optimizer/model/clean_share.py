"""Clean share: campuses under a mandate sign yearly contracts with clean plants of their own grid.

    contracted[k,p] <= what new vintages of k can make in a year
    sum_k contracted[k,p] >= share[a,p] x yearly grid draw of the mandated hosts in area a

New vintages only: an old dam is not sold again to a new campus. Matching is by year and grid area, not by hour.
"""

from __future__ import annotations

from .room import Room

room = Room("clean share", doc=__doc__)

# what it reads
room.set("clean_area", "a grid in which clean contracts are signed", columns="country")
room.set("clean_plant", "a clean plant that may sign contracts", within="plant", columns="region technology country")
room.relation("clean_plants_of", "clean_area", "clean_plant", "clean plants of the area")
room.relation("mandated_hosts", "clean_area", "host", "hosts of the area under a mandate")
room.param(
    "clean_share",
    "clean_area period",
    "1",
    "share of yearly grid draw to be covered by contracts",
    origin="countries.clean_share",
)
room.param("has_mandate", "clean_area period", "0/1", "areas and periods with a mandate")
room.param("clean_hours", "clean_plant", "h/yr", "full-load hours of a new vintage")
room.param(
    "contractable_gwh",
    "clean_plant period",
    "GWh/yr",
    "yearly output of recent committed vintages",
    origin="power.plant_changes:change_mw",
)

# what it decides
room.decide("contracted", "clean_plant period", "GWh/yr", "clean energy sold to campuses")


# what holds it back
@room.limit("clean_plant period", family="clean share", per="GWh")
def contracted_from_new(m, k, p):
    "Contracts are signed on new vintages."
    return (
        m.contracted[k, p]
        - 0.001 * m.clean_hours[k] * sum(m.plant_alive[k, b, p] * m.capacity_built[k, b] for b in m.period)
        <= m.contractable_gwh[k, p]
    )


@room.limit(
    "clean_area period",
    family="clean share",
    per="GWh",
    where="has_mandate",
    role="policy",
    states="clean_share",
)
def mandate_met(m, a, p):
    "Contracts cover the mandated share of what campuses draw."
    return (
        sum(m.contracted[k, p] for k in m.clean_plants_of[a])
        - m.clean_share[a, p]
        * sum(0.001 * m.hours[t] * m.grid_draw[r, p, t] for r in m.mandated_hosts[a] for t in m.snapshot)
        >= 0
    )
