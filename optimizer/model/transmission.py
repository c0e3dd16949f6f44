"""Transmission: power moves along corridors, a share is lost on the way, and corridors can be widened.

    flow[l,p,t] <= line_mw[l,p] + sum_b alive[l,b,p] line_built[l,b]    each way
    arriving at the far end: (1 - line_loss[l]) x sent                  losses are taken on receipt
    sum_t hours flow_forward[l,p,t] <= use_limit x 8760 x rating        yearly use, where a corridor has a cap

A yearly cap on use (UHV lines run at half to two thirds of their rating) and a minimum take (bundled or hydro energy)
keep dispatch near what corridors do in fact. A small hurdle cost keeps a corridor from flowing both ways at once.
Dual of `*_within_corridor`: MUSD for one more MW along l in that hour; summed over hours, per MW and year.
"""

from __future__ import annotations

from .room import Room

room = Room("transmission", doc=__doc__, block="base system")

# what it reads
room.set(
    "corridor",
    "a dated line project: standing, committed or possible",
    columns="name kind from_region to_region country status",
)
room.set("sending_cap", "corridors that share one sending station")
room.relation("corridors_into", "region", "corridor", "corridors whose second end is the region")
room.relation("corridors_from", "region", "corridor", "corridors whose first end is the region")
room.relation("corridors_of_cap", "sending_cap", "corridor", "the legs of a shared sending station")
room.param(
    "line_mw",
    "corridor period",
    "MW",
    "forward capacity standing or committed",
    origin="transmission.corridors:forward_mw transmission.security",
)
room.param(
    "line_back_mw",
    "corridor period",
    "MW",
    "backward capacity standing or committed",
    origin="transmission.corridors:backward_mw transmission.security",
)
room.param(
    "forward_limit_mw",
    "corridor period snapshot",
    "MW",
    "bound on forward flow where the corridor is fixed, else infinite",
    origin="transmission.corridors:forward_mw transmission.security",
)
room.param(
    "backward_limit_mw",
    "corridor period snapshot",
    "MW",
    "bound on backward flow where the corridor is fixed, else infinite",
    origin="transmission.corridors:backward_mw transmission.security",
)
room.param("line_grows", "corridor period snapshot", "0/1", "hours in which the corridor leans on what is built")
room.param("line_two_way", "corridor", "0/1", "1 where new capacity carries power both ways")
room.param(
    "line_alive", "corridor period period", "1", "share of the second period in which a line of the first stands"
)
room.param("line_loss", "corridor", "1", "share of sent power lost, converters included")
room.param(
    "line_build_max_mw",
    "corridor period",
    "MW",
    "what can be energised by then, lead time counted",
    origin="transmission.corridors:max_expansion_mw transmission.corridors:lead_time_yr",
)
room.param("line_cost", "corridor period", "MUSD/MW", "annuities of the vintage, discounted")
room.param("hurdle_cost", "", "MUSD/MWh", "small cost on every flow")
room.param("has_use_limit", "corridor period", "0/1", "corridors with a yearly cap on use")
room.param(
    "use_limit_h",
    "corridor",
    "h/yr",
    "full-load hours a year that dispatch may use",
    origin="transmission.corridors:max_utilisation transmission.use_caps",
)
room.param("has_line_take", "corridor period", "0/1", "corridors with a minimum yearly take")
room.param(
    "line_take_gwh",
    "corridor period",
    "GWh/yr",
    "minimum yearly take, sent",
    origin="transmission.corridors:min_take_twh transmission.minimum_takes",
)
room.param(
    "sending_cap_mw",
    "sending_cap",
    "MW",
    "rating of the shared sending station",
    origin="transmission.joint_caps:forward_mw",
)

# what it decides
room.decide(
    "line_built",
    "corridor period",
    "MW",
    "new capacity",
    upper="line_build_max_mw",
    family="line build",
    block="AI",
    serves="line_alive",
)
room.decide(
    "flow_forward",
    "corridor period snapshot",
    "MW",
    "sent from the first end",
    upper="forward_limit_mw",
    family="transmission",
)
room.decide(
    "flow_backward",
    "corridor period snapshot",
    "MW",
    "sent from the second end",
    upper="backward_limit_mw",
    family="transmission",
)


def line_added(m, l, p):
    """New capacity that stands along a corridor, MW."""
    return sum(m.line_alive[l, b, p] * m.line_built[l, b] for b in m.period)


# what holds it back
@room.limit("corridor period snapshot", family="transmission", per="MW", where="line_grows")
def forward_within_corridor(m, l, p, t):
    "What is sent stays within what stands and what was added."
    return m.flow_forward[l, p, t] - line_added(m, l, p) <= m.line_mw[l, p]


@room.limit("corridor period snapshot", family="transmission", per="MW", where="line_grows")
def backward_within_corridor(m, l, p, t):
    "The same, the other way, where the line carries power both ways."
    return m.flow_backward[l, p, t] - m.line_two_way[l] * line_added(m, l, p) <= m.line_back_mw[l, p]


@room.limit("corridor period", family="line use", per="GWh", where="has_use_limit")
def flow_within_year(m, l, p):
    "Energy sent in a year stays within the use that the corridor has shown or was designed for."
    return (
        sum(0.001 * m.hours[t] * m.flow_forward[l, p, t] for t in m.snapshot)
        - 0.001 * m.use_limit_h[l] * line_added(m, l, p)
        <= 0.001 * m.use_limit_h[l] * m.line_mw[l, p]
    )


@room.limit("corridor period", family="minimum take", per="GWh", where="has_line_take", role="policy")
def line_minimum_take(m, l, p):
    "Bundled plant and supply contracts keep a corridor in use; what flows straight back does not count."
    return (
        sum(0.001 * m.hours[t] * (m.flow_forward[l, p, t] - m.flow_backward[l, p, t]) for t in m.snapshot)
        >= m.line_take_gwh[l, p]
    )


@room.limit("sending_cap period snapshot", family="transmission", per="MW")
def legs_within_sending_station(m, j, p, t):
    "The legs of a multi-terminal line share the rating of their sending station."
    return sum(m.flow_forward[l, p, t] for l in m.corridors_of_cap[j]) <= m.sending_cap_mw[j]


# what it feeds to shared balances
@room.feeds("power_balance")
def net_import(m, r, p, t):
    return sum(
        (1 - m.line_loss[l]) * m.flow_forward[l, p, t] - m.flow_backward[l, p, t] for l in m.corridors_into[r]
    ) + sum((1 - m.line_loss[l]) * m.flow_backward[l, p, t] - m.flow_forward[l, p, t] for l in m.corridors_from[r])


# what it costs
@room.cost("transmission")
def line_investment(m):
    return sum(m.line_cost[l, p] * m.line_built[l, p] for l in m.corridor for p in m.period)


@room.cost("energy")
def hurdles(m):
    return sum(
        m.discount[p] * m.hours[t] * m.hurdle_cost * (m.flow_forward[l, p, t] + m.flow_backward[l, p, t])
        for l in m.corridor
        for p in m.period
        for t in m.snapshot
    )
