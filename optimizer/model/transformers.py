"""Transformers: new connections, plants and lines share the large transformers that reach a country.

    MVA per MW x (connections + plants + line ends) built in a period <= supply

Enters only where a scenario lists a supply: without a sourced figure the family has no data and no say.
"""

from __future__ import annotations

from .room import Room

room = Room("transformers", doc=__doc__)

# what it reads
room.relation("grid_plants_of", "country", "plant", "plants of the country that connect to its grid")
room.relation("corridors_of", "country", "corridor", "corridors whose first end is in the country")
room.param("has_transformers", "country period", "0/1", "countries and periods with a figure of supply")
room.param(
    "transformer_supply_gva",
    "country period",
    "GVA",
    "large transformers free for new uses in the period",
    origin="connection.transformers",
)
room.param("gva_per_mw_load", "country", "GVA/MW", "transformers per MW of new connection, spares included")
room.param("gva_per_mw_plant", "country", "GVA/MW", "transformers per MW of new plant")
room.param("gva_per_mw_line", "country", "GVA/MW", "transformers per MW of new line, both ends")


# what holds it back
@room.limit("country period", family="transformers", per="GVA", where="has_transformers")
def transformers_within_supply(m, c, p):
    "What is connected and built in a period fits into the transformers that can be had."
    return (
        m.gva_per_mw_load[c] * sum(m.firm_built[r, p] + m.flexible_built[r, p] for r in m.hosts_of[c])
        + m.gva_per_mw_plant[c] * sum(m.capacity_built[k, p] for k in m.grid_plants_of[c])
        + m.gva_per_mw_line[c] * sum(m.line_built[l, p] for l in m.corridors_of[c])
        <= m.transformer_supply_gva[c, p]
    )
