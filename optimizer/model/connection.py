"""Connection: a site draws from the grid only what its connection allows, and connections wait in a queue.

    firm load <= standing + committed + sum_b alive[r,b,p] firm_built[r,b]
    firm_built[r,b] + flexible_built[r,b] <= limit per year x years of the period that the lead time leaves
    grid draw <= firm load + flexible connection; in hours of tight headroom the flexible draw stays within it
    sum_t hours curtailed <= c x 8760 x flexible connection

A firm connection comes with the network that it needs and counts in the reserve requirement. A flexible one lives in
the headroom that the region's own load leaves below its seasonal peak, may have its right to draw curtailed for a
share c of its energy, and is outside the reserve. Months from request to energisation enter as the share of a period
that they leave.

Dual of `queue`: MUSD for one more MW energised in that region and period.
"""

from __future__ import annotations

from .room import Room

room = Room("connection", doc=__doc__)

# what it reads
room.set("host", "a region that may host AI sites", within="region", columns="country zone grid_region name")
room.param(
    "connected_mw",
    "host period",
    "MW",
    "firm connections of AI sites standing or committed",
    origin="facility.data_centres:ai_it_mw facility.data_centres:under_construction_facility_mw",
)
room.param(
    "queue_mw",
    "host period",
    "MW",
    "new MW that the queue can energise in the period",
    origin="connection.limits:limit_mw_per_yr connection.limits:months_to_power",
)
room.param(
    "firm_queue_mw",
    "host period",
    "MW",
    "the same for firm connections, whose lead time is longer",
    origin="connection.limits:limit_mw_per_yr connection.limits:months_to_power",
)
room.param(
    "firm_alive", "host period period", "1", "share of the second period in which a firm connection of the first works"
)
room.param("flexible_alive", "host period period", "1", "the same for flexible connections")
room.param(
    "flexible_build_max_mw",
    "host period",
    "MW",
    "bound on new flexible connections",
    origin="connection.limits:limit_mw_per_yr connection.limits:flexible_months",
)
room.param(
    "flexible_room_mw",
    "host period",
    "MW",
    "largest flexible load for the curtailed share, over 8760 hours",
    origin="connection.flexible.curtailed_share",
)
room.param("offers_flexible", "host period", "0/1", "regions and periods with flexible connections")
room.param("draw_counts", "host period snapshot", "0/1", "hours in which a campus with own plants could draw too much")
room.param(
    "headroom_mw",
    "host period snapshot",
    "MW",
    "seasonal peak less base load",
    origin="regions.table:peak_load_mw power.load_growth:energy_pct_per_yr",
)
room.param(
    "headroom_tight", "host period snapshot", "0/1", "hours in which headroom may be less than the flexible connection"
)
room.param(
    "curtailed_share",
    "",
    "1",
    "share of flexible energy whose right to draw may be curtailed",
    origin="connection.flexible.curtailed_share",
)
room.param("firm_cost", "host period", "MUSD/MW", "annuities of a firm connection, discounted")
room.param("flexible_cost", "host period", "MUSD/MW", "annuities of a flexible connection, discounted")

# what it decides
room.decide(
    "firm_built",
    "host period",
    "MW",
    "new firm connection",
    upper="firm_queue_mw",
    family="connection queue",
    serves="firm_alive",
)
room.decide(
    "flexible_built",
    "host period",
    "MW",
    "new flexible connection",
    upper="flexible_build_max_mw",
    family="connection queue",
    serves="flexible_alive",
)
room.decide("firm_load", "host period", "MW", "load at the peak under firm service")
room.decide(
    "draw_flexible",
    "host period snapshot",
    "MW",
    "draw under flexible service",
    upper="headroom_mw",
    family="flexible headroom",
)
room.decide("curtailed", "host period snapshot", "MW", "right to draw that is curtailed")


def flexible_connection(m, r, p):
    """Flexible connection energised in a region, MW."""
    return sum(m.flexible_alive[r, b, p] * m.flexible_built[r, b] for b in m.period)


# what holds it back
@room.limit("host period", family="connection queue", per="MW", serves="firm_alive flexible_alive")
def queue(m, r, p):
    "Firm and flexible requests share what the region can energise."
    return m.firm_built[r, p] + m.flexible_built[r, p] <= m.queue_mw[r, p]


@room.limit("host period", family="connection in place", per="MW")
def firm_load_within_connection(m, r, p):
    "Load under firm service stays within firm connections."
    return m.firm_load[r, p] - sum(m.firm_alive[r, b, p] * m.firm_built[r, b] for b in m.period) <= m.connected_mw[r, p]


@room.limit("host period snapshot", family="connection in place", per="MW", where="draw_counts")
def draw_within_connection(m, r, p, t):
    "A campus draws no more than its connections allow, even when its own plants stand still."
    return m.grid_draw[r, p, t] - m.firm_load[r, p] - flexible_connection(m, r, p) <= 0


@room.limit("host period snapshot", family="flexible headroom", per="MW", where="headroom_tight")
def draw_beyond_firm(m, r, p, t):
    "In a tight hour, what is drawn beyond firm service is drawn under flexible service."
    return m.grid_draw[r, p, t] - m.draw_flexible[r, p, t] - m.firm_load[r, p] <= 0


@room.limit("host period", family="flexible headroom", per="MW", where="offers_flexible")
def flexible_within_room(m, r, p):
    "Flexible connections stay within what 8760 hours of load allow at the curtailed share."
    return flexible_connection(m, r, p) <= m.flexible_room_mw[r, p]


@room.limit("host period snapshot", family="flexible headroom", per="MW", where="headroom_tight")
def right_to_draw(m, r, p, t):
    "What a flexible connection may not draw in an hour is curtailed."
    return flexible_connection(m, r, p) - m.curtailed[r, p, t] <= m.headroom_mw[r, p, t]


@room.limit("host period", family="flexible headroom", per="GWh", where="offers_flexible", states="curtailed_share")
def curtailed_within_share(m, r, p):
    "Over the year no more than the agreed share of the right to draw is curtailed."
    return (
        sum(0.001 * m.hours[t] * m.curtailed[r, p, t] for t in m.snapshot)
        - 8.76 * m.curtailed_share * flexible_connection(m, r, p)
        <= 0
    )


# what it costs
@room.cost("connection")
def connections(m):
    return sum(
        m.firm_cost[r, p] * m.firm_built[r, p] + m.flexible_cost[r, p] * m.flexible_built[r, p]
        for r in m.host
        for p in m.period
    )
