"""Reserve: every zone holds firm capacity for its coincident peak and a margin, new AI load included.

    sum_k credit[k] capacity[k] + demand response + firm imports + shortfall - (1 + margin) x growth of firm AI load
        >= (1 + margin) x (coincident peak + AI load that stands)

A zone counts each plant at its capacity credit. Firm imports lean on the n-1 rating of corridors between zones and
are taken off the zone that gives them. AI load that stands today is part of the requirement like any other load; only
its growth is a decision. Flexible connections are left out: they give way at the peak. What cannot be met is a
shortfall at a price, so that a tight system still has a plan and says how tight it is.

Dual of `reserve_margin`: MUSD for one MW of firm capacity in the zone; it belongs into the power price of a site.
"""

from __future__ import annotations

from .power import capacity_added
from .room import Room

room = Room("reserve", doc=__doc__, block="base system")

# what it reads
room.set("zone", "regions that pool their reserve", columns="country")
room.relation("plants_in_zone", "zone", "plant", "plants that count in the zone")
room.relation("hosts_in_zone", "zone", "host", "regions of the zone that may host sites")
room.relation("firm_corridors_into", "zone", "corridor", "corridors from another zone that end here")
room.relation("firm_corridors_from", "zone", "corridor", "corridors to another zone that begin here")
room.param("has_reserve", "zone period", "0/1", "zones with a reserve requirement")
room.param("reserve_credit", "plant", "1", "share of capacity that counts at the peak")
room.param("reserve_margin_factor", "zone", "1", "1 + planning reserve margin")
room.param(
    "reserve_gap_mw",
    "zone period",
    "MW",
    "requirement without growth of AI sites, less the credit of what stands and demand response",
    origin="reserve.zones:planning_reserve_margin regions.table:peak_load_mw",
)
room.param(
    "firm_forward_max_mw",
    "corridor period",
    "MW",
    "n-1 rating forward, between zones only",
    origin="transmission.corridors:forward_n1_mw",
)
room.param(
    "firm_backward_max_mw",
    "corridor period",
    "MW",
    "n-1 rating backward, between zones only",
    origin="transmission.corridors:backward_n1_mw",
)
room.param("reserve_need_mw", "zone period", "MW", "requirement without growth of AI sites, for reports")
room.param(
    "standing_firm_load_mw",
    "host period",
    "MW",
    "firm AI load that stands today",
    origin="facility.data_centres:ai_it_mw",
)
room.param("shortfall_max_mw", "zone period", "MW", "bound on the shortfall")
room.param("shortfall_cost", "period", "MUSD/MW", "price of a missing MW over the period, discounted")

# what it decides
room.decide(
    "firm_forward",
    "corridor period",
    "MW",
    "reserve leaned on forward",
    upper="firm_forward_max_mw",
    family="transmission",
)
room.decide(
    "firm_backward",
    "corridor period",
    "MW",
    "reserve leaned on backward",
    upper="firm_backward_max_mw",
    family="transmission",
)
room.decide("firm_growth", "host period", "MW", "firm AI load beyond what stands today")
room.decide(
    "reserve_shortfall", "zone period", "MW", "firm capacity missing", upper="shortfall_max_mw", family="reserve"
)


# what holds it back
@room.limit("host period", family="reserve", per="MW", block="AI")
def growth_of_firm_load(m, r, p):
    "Firm AI load beyond what stands today asks for new reserve."
    return m.firm_load[r, p] - m.firm_growth[r, p] <= m.standing_firm_load_mw[r, p]


@room.limit("zone period", family="reserve", per="MW", where="has_reserve", role="policy")
def reserve_margin(m, z, p):
    "Firm capacity covers the peak, the margin and the growth of firm AI load."
    return (
        sum(m.reserve_credit[k] * capacity_added(m, k, p) for k in m.plants_in_zone[z])
        + sum((1 - m.line_loss[l]) * m.firm_forward[l, p] - m.firm_backward[l, p] for l in m.firm_corridors_into[z])
        + sum((1 - m.line_loss[l]) * m.firm_backward[l, p] - m.firm_forward[l, p] for l in m.firm_corridors_from[z])
        + m.reserve_shortfall[z, p]
        - m.reserve_margin_factor[z] * sum(m.firm_growth[r, p] for r in m.hosts_in_zone[z])
        >= m.reserve_gap_mw[z, p]
    )


# what it costs
@room.cost("reserve shortfall")
def missing_reserve(m):
    return sum(m.shortfall_cost[p] * m.reserve_shortfall[z, p] for z in m.zone for p in m.period)
