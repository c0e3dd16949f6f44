"""Demand: every request is served by a pool within reach, later within its window, or not at all at a price.

    sum_pools serve + sum_steps unserved = demand[d,p,t] + mix[d,p,t] x scale[p]        hour by hour, or over the window
    hour by hour at least the share that cannot wait

A stream is one workload of markets with the same reach. Its flexible share balances over its window inside the day.
`scale` is the size of one fixed mix of workloads and markets: `least_cost` holds it at zero and asks for `demand`;
`most_tokens` asks for nothing fixed and makes the mix as large as it can, then seeks the cheapest plan of that size.

Dual of `hourly_demand`: MUSD per Ttok, which is USD per million tokens, the marginal price of a reference token.
"""

from __future__ import annotations

from .room import Room

room = Room("demand", doc=__doc__)

# what it reads
room.set("stream", "one workload of markets with the same reach", columns="workload market country")
room.set("route", "a stream served by a pool within latency and trust", columns="stream workload market pool")
room.set("window", "consecutive hours over which a deferrable stream balances", columns="stream day")
room.set("step", "a step of willingness to pay for what is not served")
room.relation("routes_of", "stream", "route", "routes of a stream")
room.relation("routes_into", "workload pool", "route", "routes of a workload that end in a pool")
room.relation("snapshots_of_window", "window", "snapshot", "snapshots of the window")
room.lookup("stream_of", "window", "stream", "the stream that the window belongs to")
room.param(
    "demand", "stream period snapshot", "Ttok/h", "reference tokens asked for", origin="demand.demand demand.path"
)
room.param("mix", "stream period snapshot", "Ttok/h", "the fixed mix at scale one")
room.param("firm_share", "stream", "1", "share of a stream that cannot wait")
room.param("waits", "stream period snapshot", "0/1", "1 where part of the stream can wait")
room.param("does_not_wait", "stream period snapshot", "0/1", "1 where the stream is served in its hour")
room.param(
    "unserved_max",
    "stream step period snapshot",
    "Ttok/h",
    "share of the demand that leaves at each step of price",
    origin="demand.unserved_step_shares demand.demand",
)
room.param(
    "willingness", "step", "MUSD/Ttok", "price at which users leave; 1 MUSD per Ttok is 1 USD per million tokens"
)
room.param(
    "leaves_last", "stream", "1", "weight of the price at which a stream leaves; other AI work leaves first in a tie"
)
room.param("scale_min", "period", "mix", "bound on the scale")
room.param("scale_max", "period", "mix", "bound on the scale; zero for least cost")
room.param("mix_ptok", "period", "Ptok/yr", "reference tokens a year of the mix at scale one")
room.param("tokens_floor", "", "Ptok", "discounted tokens that the plan must make", origin="objective.tokens_tolerance")
room.param("arc_cost", "route period", "MUSD/Ttok", "cost of the network between market and pool")

# what it decides
room.decide("serve", "route period snapshot", "Ttok/h", "served along the route")
room.decide(
    "unserved",
    "stream step period snapshot",
    "Ttok/h",
    "not served",
    upper="unserved_max",
    family="willingness to pay",
    role="demand",
)
room.decide(
    "scale",
    "period",
    "mix",
    "size of the fixed mix",
    lower="scale_min",
    upper="scale_max",
    family="token target",
    role="demand",
)


# what holds it back
@room.limit("stream period snapshot", family="demand for tokens", per="Ttok", where="does_not_wait", role="demand")
def hourly_demand(m, s, p, t):
    "What cannot wait is served in its hour or leaves."
    return (
        sum(m.serve[v, p, t] for v in m.routes_of[s])
        + sum(m.unserved[s, u, p, t] for u in m.step)
        - m.mix[s, p, t] * m.scale[p]
        == m.demand[s, p, t]
    )


@room.limit("stream period snapshot", family="demand for tokens", per="Ttok", where="waits", role="demand")
def firm_demand(m, s, p, t):
    "The share that cannot wait is served in its hour or leaves."
    return (
        sum(m.serve[v, p, t] for v in m.routes_of[s])
        + sum(m.unserved[s, u, p, t] for u in m.step)
        - m.firm_share[s] * m.mix[s, p, t] * m.scale[p]
        >= m.firm_share[s] * m.demand[s, p, t]
    )


@room.limit("window period", family="demand for tokens", per="Ttok", role="demand")
def window_demand(m, v, p):
    "Over its window all of a deferrable stream is served or leaves."
    return sum(
        m.step_h[t] * m.serve[x, p, t] for t in m.snapshots_of_window[v] for x in m.routes_of[m.stream_of[v]]
    ) + sum(m.step_h[t] * m.unserved[m.stream_of[v], u, p, t] for t in m.snapshots_of_window[v] for u in m.step) - sum(
        m.step_h[t] * m.mix[m.stream_of[v], p, t] for t in m.snapshots_of_window[v]
    ) * m.scale[p] == sum(m.step_h[t] * m.demand[m.stream_of[v], p, t] for t in m.snapshots_of_window[v])


@room.limit("", family="token target", per="Ptok", role="demand")
def tokens_kept(m):
    "The cheapest plan makes as many tokens as the largest one, within a tolerance."
    return sum(m.discount[p] * m.mix_ptok[p] * m.scale[p] for p in m.period) >= m.tokens_floor


@room.goal("tokens")
def tokens_made(m):
    "Discounted reference tokens of the fixed mix, Ptok."
    return sum(m.discount[p] * m.mix_ptok[p] * m.scale[p] for p in m.period)


# what it costs
@room.cost("unserved")
def leaving(m):
    return sum(
        m.discount[p] * m.hours[t] * m.willingness[u] * m.leaves_last[s] * m.unserved[s, u, p, t]
        for s in m.stream
        for u in m.step
        for p in m.period
        for t in m.snapshot
    )


@room.cost("network")
def routing(m):
    return sum(
        m.discount[p] * m.hours[t] * m.arc_cost[v, p] * m.serve[v, p, t]
        for v in m.route
        for p in m.period
        for t in m.snapshot
    )
