"""Compute: chips turn power into tokens.

    sum_d serve[w,d,pool] = sum_g work[w,pool,g]                                          Ttok/h of reference tokens
    sum_w work / throughput <= availability x sum_{r in pool} powered[r,g]                  chip time, kchip
    powered[r,g,p] <= stock[r,g,p] + sum_b alive[g,b,p] chips_built[r,g,b]                 kchip
    IT draw = idle power of the chips that are on + use[r,p,t]

Hosts with the same reach form a pool: which of them serves a request costs nothing, so work is planned per pool and
hour, and each host decides how much active power it uses in the hour (`it_use`). Three relations keep the two views
one: in every hour the pool's active power is that of its work; no host uses more than its powered chips can; and over
a year each host's use is made of busy hours of chips that stand there. One unit of chips is a thousand, so kW per
chip is MW per unit.

Counts are reference tokens: one output token of a 671B mixture-of-experts model at 1k in, 1k out. The work of a
request in reference tokens is the same on every side.
"""

from __future__ import annotations

from .room import Room

room = Room("compute", doc=__doc__)

# what it reads
room.set("workload", "a class of inference service", columns="operating_point")
room.set("chip", "an accelerator generation", columns="vendor origin generation_index")
room.set("pool", "hosts with the same reach in latency and trust", columns="country")
room.relation("hosts_in_pool", "pool", "host", "hosts of the pool")
room.param(
    "chip_hours", "workload chip period", "kchip h/Ttok", "busy chip hours that a trillion reference tokens take"
)
room.param(
    "work_limit",
    "workload pool chip period snapshot",
    "Ttok/h",
    "zero where the chip cannot serve the class, else infinite",
)
room.param("chip_availability", "", "1", "share of time that a powered chip can work")
room.param("it_kw", "chip", "MW/kchip", "all-in IT power, busy")
room.param("idle_kw", "chip", "MW/kchip", "IT power of an idle chip that is on")
room.param("active_kw", "chip", "MW/kchip", "IT power that work adds to an idle chip")
room.param(
    "chip_stock",
    "host chip period",
    "kchip",
    "fleet in place, retirements counted",
    origin="compute.fleet:units_thousand",
)
room.param("chip_alive", "chip period period", "1", "share of the second period in which a chip of the first lives")
room.param(
    "chips_max",
    "host chip period",
    "kchip",
    "zero where no chip may come, else infinite",
    origin="export_control.rules compute.chip_list",
)
room.param("chip_cost", "host chip period", "MUSD/kchip", "annuities of a server share, fees included, discounted")

# what it decides
room.decide(
    "chips_built",
    "host chip period",
    "kchip",
    "new chips",
    upper="chips_max",
    family="export control",
    role="policy",
    serves="chip_alive",
)
room.decide("chips_powered", "host chip period", "kchip", "chips that stand in a hall with power on")
room.decide("pool_powered", "pool chip period", "kchip", "chips of the pool that are on")
room.decide("active_mw", "host period", "MW", "IT power that work can add to the chips that are on")
room.decide("chips_busy", "host chip period", "kchip kh/yr", "busy time of chips over the year")
room.decide(
    "work",
    "workload pool chip period snapshot",
    "Ttok/h",
    "reference tokens made",
    upper="work_limit",
    family="chip fitness",
)
room.decide("it_use", "host period snapshot", "MW", "IT power that work adds to idle power")


# what holds it back
@room.limit("host chip period", family="chips", per="kchip")
def powered_within_fleet(m, r, g, p):
    "Only chips that stand in the region can be switched on."
    return (
        m.chips_powered[r, g, p] - sum(m.chip_alive[g, b, p] * m.chips_built[r, g, b] for b in m.period)
        <= m.chip_stock[r, g, p]
    )


@room.limit("workload pool period snapshot", family="routing", per="Ttok")
def served_is_worked(m, w, q, p, t):
    "What a pool serves is worked by its chips."
    return sum(m.serve[v, p, t] for v in m.routes_into[w, q]) - sum(m.work[w, q, g, p, t] for g in m.chip) == 0


@room.limit("pool chip period snapshot", family="chips", per="kchip h")
def work_within_chip_time(m, q, g, p, t):
    "Work fits into the time of the chips that are on."
    return (
        sum(m.chip_hours[w, g, p] * m.work[w, q, g, p, t] for w in m.workload)
        - m.chip_availability * m.pool_powered[q, g, p]
        <= 0
    )


@room.limit("pool period snapshot", family="compute power", per="MWh")
def use_is_work(m, q, p, t):
    "The active power of the pool's hosts is that of the work of its chips."
    return (
        sum(m.it_use[r, p, t] for r in m.hosts_in_pool[q])
        - sum(m.active_kw[g] * m.chip_hours[w, g, p] * m.work[w, q, g, p, t] for w in m.workload for g in m.chip)
        == 0
    )


@room.limit("host period snapshot", family="compute power", per="MWh")
def use_within_powered(m, r, p, t):
    "A host's active power stays within its chips that are on."
    return m.it_use[r, p, t] - m.chip_availability * m.active_mw[r, p] <= 0


@room.limit("pool chip period", family="chips", per="kchip")
def pool_is_its_hosts(m, q, g, p):
    "The chips of a pool are those of its hosts."
    return m.pool_powered[q, g, p] - sum(m.chips_powered[r, g, p] for r in m.hosts_in_pool[q]) == 0


@room.limit("host period", family="compute power", per="MW")
def active_power_of_host(m, r, p):
    "What work can add is the active power of the chips that are on."
    return m.active_mw[r, p] - sum(m.active_kw[g] * m.chips_powered[r, g, p] for g in m.chip) == 0


@room.limit("host chip period", family="compute power", per="kchip kh")
def busy_within_year(m, r, g, p):
    "A chip is busy no more than its available hours."
    return m.chips_busy[r, g, p] - 8.76 * m.chip_availability * m.chips_powered[r, g, p] <= 0


@room.limit("host period", family="compute power", per="GWh")
def yearly_use_of_host(m, r, p):
    "Over the year a host's active energy is that of its busy chips."
    return (
        sum(m.active_kw[g] * m.chips_busy[r, g, p] for g in m.chip)
        - sum(0.001 * m.hours[t] * m.it_use[r, p, t] for t in m.snapshot)
        == 0
    )


@room.limit("pool chip period", family="compute power", per="kchip kh")
def yearly_use_of_chip(m, q, g, p):
    "Over the year the busy time of a chip in a pool is that of its work."
    return (
        sum(m.chips_busy[r, g, p] for r in m.hosts_in_pool[q])
        - sum(
            0.001 * m.hours[t] * m.chip_hours[w, g, p] * m.work[w, q, g, p, t] for w in m.workload for t in m.snapshot
        )
        == 0
    )


# what it costs
@room.cost("chips")
def chips(m):
    return sum(m.chip_cost[r, g, p] * m.chips_built[r, g, p] for r in m.host for g in m.chip for p in m.period)
