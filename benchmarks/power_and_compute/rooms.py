"""The power-and-compute LP of the build benchmark, as rooms.

A small relative of the shipped model, with the same kinds of families: rows over plants, hours and periods, ragged sums
over relations, lookups of the hour before, filters, ranges, scalars and a few rows that touch nearly every column. It
only has to be built. Nothing is planned with it, so it may not import the shipped rooms and change with them.
"""

from __future__ import annotations

from functools import cache

from optimizer.model.room import Formulation, Room, declare


def power_room() -> Room:
    room = Room("power", doc="Plants, load and what is not served.")
    room.set("region", "grid node")
    room.set("period", "investment period")
    room.set("snapshot", "a block of hours of a typical day")
    room.set("plant", "one technology in one region")
    room.relation("plants_in", "region", "plant", "plants of a region")
    room.relation("alive", "plant period", "period", "build periods whose plants still stand")
    room.lookup("region_of", "plant", "region", "where the plant stands")
    room.lookup("previous", "snapshot", "snapshot", "the block before, wrapping within its day")
    room.param("hours", "snapshot", "h", "hours of a year that the block stands for")
    room.param("discount", "period", "1", "present value of a year of the period")
    room.param("load_mw", "region period snapshot", "MW", "load other than data centres")
    room.param("availability", "plant snapshot", "1", "share of capacity")
    room.param("standing_mw", "plant period", "MW", "capacity in place")
    room.param("potential_mw", "plant", "MW", "most new capacity")
    room.param("ramp", "plant", "1", "share of capacity from one block to the next")
    room.param("can_ramp_slowly", "plant period snapshot", "0/1", "plants that ramp slower than a block")
    room.param("energy_cost", "plant period", "MUSD/MWh", "fuel and operation")
    room.param("plant_cost", "plant period", "MUSD/MW", "annuities")
    room.param("site_factor", "region", "1", "cost of building in a region")
    room.param("firm_share", "plant", "1", "counted in the reserve")
    room.param("reserve_mw", "period", "MW", "peak load and margin")
    room.param("shed_cost", "", "MUSD/MWh", "value of lost load")
    room.decide("output", "plant period snapshot", "MW", "generation")
    room.decide("built", "plant period", "MW", "new capacity")
    room.decide("shed", "region period snapshot", "MW", "load not served", upper="load_mw", family="load shed")

    def capacity(m, k, p):
        return m.standing_mw[k, p] + sum(m.built[k, q] for q in m.alive[k, p])

    @room.balance("region period snapshot", family="demand for power", per="MWh")
    def power_balance(m, r, p, t):
        return m.load_mw[r, p, t]

    @room.feeds("power_balance")
    def generation(m, r, p, t):
        return sum(m.output[k, p, t] for k in m.plants_in[r]) + m.shed[r, p, t]

    @room.limit("plant period snapshot", family="generation", per="MW")
    def output_within_capacity(m, k, p, t):
        return m.output[k, p, t] <= m.availability[k, t] * capacity(m, k, p)

    @room.limit("plant period snapshot", family="ramping", per="MW", where="can_ramp_slowly")
    def ramp_up(m, k, p, t):
        return m.output[k, p, t] - m.output[k, p, m.previous[t]] <= m.ramp[k] * capacity(m, k, p)

    @room.limit("plant period snapshot", family="ramping", per="MW", where="can_ramp_slowly")
    def ramp_down(m, k, p, t):
        return m.output[k, p, m.previous[t]] - m.output[k, p, t] <= m.ramp[k] * capacity(m, k, p)

    @room.limit("plant", family="potential", per="MW")
    def built_within_potential(m, k):
        return sum(m.built[k, p] for p in m.period) <= m.potential_mw[k]

    @room.limit("period", family="reserve", per="MW")
    def reserve(m, p):
        return sum(m.firm_share[k] * capacity(m, k, p) for k in m.plant) >= m.reserve_mw[p]

    @room.cost("energy")
    def energy(m):
        return sum(
            m.discount[p] * m.hours[t] * m.energy_cost[k, p] * m.output[k, p, t]
            for k in m.plant
            for p in m.period
            for t in m.snapshot
        )

    @room.cost("plants")
    def plants(m):
        return sum(
            m.plant_cost[k, p] * m.site_factor[m.region_of[k]] * m.built[k, p] for k in m.plant for p in m.period
        )

    @room.cost("unserved")
    def shedding(m):
        return m.shed_cost * sum(
            m.discount[p] * m.hours[t] * m.shed[r, p, t] for r in m.region for p in m.period for t in m.snapshot
        )

    return room


def storage_room() -> Room:
    room = Room("storage", doc="Stores move energy within a typical day.")
    room.set("store", "one kind of storage in one region")
    room.relation("stores_in", "region", "store", "stores of a region")
    room.relation("store_alive", "store period", "period", "build periods whose stores still stand")
    room.param("step_hours", "", "h", "length of a block within its day")
    room.param("keeps", "store", "1", "share of the level left after a block")
    room.param("efficiency_in", "store", "1", "charging")
    room.param("efficiency_out", "store", "1", "discharging")
    room.param("duration", "store", "h", "hours at full power")
    room.param("store_mw", "store", "MW", "power in place")
    room.param("store_max_mw", "store period", "MW", "most new power; may be infinite")
    room.param("store_cost", "store period", "MUSD/MW", "annuities")
    room.decide("charge", "store period snapshot", "MW", "taken from the grid")
    room.decide("discharge", "store period snapshot", "MW", "given to the grid")
    room.decide("level", "store period snapshot", "MWh", "energy held at the end of the block")
    room.decide("store_built", "store period", "MW", "new power", upper="store_max_mw", family="store build")

    def power(m, s, p):
        return m.store_mw[s] + sum(m.store_built[s, q] for q in m.store_alive[s, p])

    @room.limit("store period snapshot", family="storage", per="MWh")
    def level_follows(m, s, p, t):
        return (
            m.level[s, p, t]
            == m.keeps[s] * m.level[s, p, m.previous[t]]
            + m.step_hours * m.efficiency_in[s] * m.charge[s, p, t]
            - m.step_hours * m.discharge[s, p, t] / m.efficiency_out[s]
        )

    @room.limit("store period snapshot", family="storage", per="MWh")
    def level_within_energy(m, s, p, t):
        return m.level[s, p, t] <= m.duration[s] * power(m, s, p)

    @room.limit("store period snapshot", family="storage", per="MW")
    def use_within_power(m, s, p, t):
        return m.charge[s, p, t] + m.discharge[s, p, t] <= power(m, s, p)

    @room.feeds("power_balance")
    def storage(m, r, p, t):
        return sum(m.discharge[s, p, t] - m.charge[s, p, t] for s in m.stores_in[r])

    @room.cost("storage")
    def stores(m):
        return sum(m.store_cost[s, p] * m.store_built[s, p] for s in m.store for p in m.period)

    return room


def transmission_room() -> Room:
    room = Room("transmission", doc="Corridors carry power with losses and can be widened.")
    room.set("corridor", "a pair of regions")
    room.relation("corridors_into", "region", "corridor", "corridors whose second end is the region")
    room.relation("corridors_from", "region", "corridor", "corridors whose first end is the region")
    room.relation("built_by", "period", "period", "this period and those before it")
    room.param("line_mw", "corridor", "MW", "capacity in place")
    room.param("line_loss", "corridor", "1", "share lost on the way")
    room.param("line_max_mw", "corridor period", "MW", "most new capacity; may be infinite")
    room.param("line_cost", "corridor period", "MUSD/MW", "annuities")
    room.decide("forward", "corridor period snapshot", "MW", "sent from the first end")
    room.decide("backward", "corridor period snapshot", "MW", "sent from the second end")
    room.decide("line_built", "corridor period", "MW", "new capacity", upper="line_max_mw", family="line build")

    def line_capacity(m, c, p):
        return m.line_mw[c] + sum(m.line_built[c, q] for q in m.built_by[p])

    @room.limit("corridor period snapshot", family="transmission", per="MW")
    def forward_within_corridor(m, c, p, t):
        return m.forward[c, p, t] <= line_capacity(m, c, p)

    @room.limit("corridor period snapshot", family="transmission", per="MW")
    def backward_within_corridor(m, c, p, t):
        return line_capacity(m, c, p) >= m.backward[c, p, t]

    @room.feeds("power_balance")
    def net_import(m, r, p, t):
        return sum((1 - m.line_loss[c]) * m.forward[c, p, t] - m.backward[c, p, t] for c in m.corridors_into[r]) + sum(
            (1 - m.line_loss[c]) * m.backward[c, p, t] - m.forward[c, p, t] for c in m.corridors_from[r]
        )

    @room.cost("transmission")
    def lines(m):
        return sum(m.line_cost[c, p] * m.line_built[c, p] for c in m.corridor for p in m.period)

    return room


def compute_room() -> Room:
    room = Room("compute", doc="Requests travel along routes to regions, where chips work them off.")
    room.set("workload", "a class of inference service")
    room.set("origin", "where requests come from")
    room.set("route", "a workload from an origin to a region within its latency")
    room.set("chip", "an accelerator generation")
    room.relation("routes_of", "workload origin", "route", "where requests can go")
    room.relation("routes_into", "workload region", "route", "what can reach a region")
    room.relation("chip_alive", "chip period", "period", "build periods whose chips still run")
    room.param("requests", "workload origin period snapshot", "Mtok/h", "demand")
    room.param("route_cost", "route", "MUSD/Mtok", "network")
    room.param("throughput", "chip workload period", "Mtok/kchip h", "of a busy chip")
    room.param("chip_share", "", "1", "share of time that a chip can work")
    room.param("chip_supply", "chip period", "kchip", "most new chips everywhere")
    room.param("chip_cost", "chip period", "MUSD/kchip", "annuities")
    room.param("fixed_cost", "", "MUSD", "staff and software")
    room.param("unserved_cost", "", "MUSD/Mtok", "value of requests")
    room.decide("serve", "route period snapshot", "Mtok/h", "requests sent")
    room.decide("unserved", "workload origin period snapshot", "Mtok/h", "not served", upper="requests", family="lost")
    room.decide("work", "workload region chip period snapshot", "Mtok/h", "tokens made")
    room.decide("chips_built", "region chip period", "kchip", "new chips")
    room.decide("chip_spending", "", "MUSD", "all chips together")

    @room.limit("workload origin period snapshot", family="demand for tokens", per="Mtok")
    def requests_served(m, w, o, p, t):
        return sum(m.serve[v, p, t] for v in m.routes_of[w, o]) + m.unserved[w, o, p, t] == m.requests[w, o, p, t]

    @room.limit("workload region period snapshot", family="routing", per="Mtok")
    def served_is_worked(m, w, r, p, t):
        return sum(m.serve[v, p, t] for v in m.routes_into[w, r]) == sum(m.work[w, r, g, p, t] for g in m.chip)

    @room.limit("region chip period snapshot", family="chips", per="kchip h")
    def work_within_chip_hours(m, r, g, p, t):
        return sum(m.work[w, r, g, p, t] / m.throughput[g, w, p] for w in m.workload) <= m.chip_share * sum(
            m.chips_built[r, g, q] for q in m.chip_alive[g, p]
        )

    @room.limit("chip period", family="chip supply", per="kchip")
    def chips_within_supply(m, g, p):
        return sum(m.chips_built[r, g, p] for r in m.region) <= m.chip_supply[g, p]

    @room.limit("", family="spending", per="MUSD")
    def spending(m):
        return m.chip_spending == m.fixed_cost + sum(
            m.chip_cost[g, p] * m.chips_built[r, g, p] for r in m.region for g in m.chip for p in m.period
        )

    @room.cost("chips")
    def chips(m):
        return m.chip_spending

    @room.cost("network")
    def network(m):
        return sum(
            m.discount[p] * m.hours[t] * m.route_cost[v] * m.serve[v, p, t]
            for v in m.route
            for p in m.period
            for t in m.snapshot
        )

    @room.cost("unserved")
    def lost_requests(m):
        return m.unserved_cost * sum(
            m.discount[p] * m.hours[t] * m.unserved[w, o, p, t]
            for w in m.workload
            for o in m.origin
            for p in m.period
            for t in m.snapshot
        )

    return room


def facility_room() -> Room:
    room = Room("facility", doc="Halls turn grid power into work and need a connection.")
    room.param("pue", "region snapshot", "1", "facility power over IT power")
    room.param("chip_mw", "chip", "MW/kchip", "IT power of a busy chip")
    room.param("idle_share", "chip", "1", "of the power of a busy chip")
    room.param("queue_min_mw", "region period", "MW", "connections under way")
    room.param("queue_max_mw", "region period", "MW", "connections that the queue lets through")
    room.param("connection_cost", "region period", "MUSD/MW", "annuities")
    room.decide("draw", "region period snapshot", "MW", "taken from the grid")
    room.decide("connected", "region period", "MW", "new connection")

    @room.limit("region period snapshot", family="facility", per="MWh")
    def draw_is_load(m, r, p, t):
        return m.draw[r, p, t] == m.pue[r, t] * sum(
            m.idle_share[g] * m.chip_mw[g] * sum(m.chips_built[r, g, q] for q in m.chip_alive[g, p])
            + (1 - m.idle_share[g])
            * m.chip_mw[g]
            * sum(m.work[w, r, g, p, t] / m.throughput[g, w, p] for w in m.workload)
            for g in m.chip
        )

    @room.limit("region period snapshot", family="connection", per="MWh")
    def draw_within_connection(m, r, p, t):
        return m.draw[r, p, t] <= sum(m.connected[r, q] for q in m.built_by[p])

    @room.limit("region period", family="queue", per="MW")
    def connection_queue(m, r, p):
        return m.queue_min_mw[r, p], sum(m.connected[r, q] for q in m.built_by[p]), m.queue_max_mw[r, p]

    @room.feeds("power_balance")
    def facilities(m, r, p, t):
        return -m.draw[r, p, t]

    @room.cost("connections")
    def connections(m):
        return sum(m.connection_cost[r, p] * m.connected[r, p] for r in m.region for p in m.period)

    return room


def carbon_room() -> Room:
    room = Room("carbon", doc="A cap on what all plants emit in a year.")
    room.param("carbon", "plant", "kt/MWh", "emission factor")
    room.param("carbon_cap", "period", "kt/MWh", "mean emission factor of the year's load")

    @room.limit("period", family="carbon", per="kt")
    def emissions_within_cap(m, p):
        return sum(m.hours[t] * m.carbon[k] * m.output[k, p, t] for k in m.plant for t in m.snapshot) <= m.carbon_cap[
            p
        ] * sum(m.hours[t] * m.load_mw[r, p, t] for r in m.region for t in m.snapshot)

    return room


@cache
def formulation() -> Formulation:
    """The rooms, declared once a process."""
    return declare(fresh_rooms())


def fresh_rooms() -> list[Room]:
    """New rooms, to time what declaring them costs."""
    return [power_room(), storage_room(), transmission_room(), compute_room(), facility_room(), carbon_room()]
