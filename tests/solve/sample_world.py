"""Two small rooms and worlds of any size for them, shared by the tests of the compiler.

The rooms are written for the tests: they use lookups, a subset, ragged relations with one and two keys, scalars,
filters, bounds of all kinds, equalities, ranges and both directions of inequality.
"""

from __future__ import annotations

import itertools

import numpy as np

from optimizer.instance.instance import Instance
from optimizer.model.room import Formulation, Room, declare, total


def power_room() -> Room:
    room = Room("power")
    room.set("region", "grid node")
    room.set("period", "investment period")
    room.set("snapshot", "hour of a representative day")
    room.set("plant", "generation and storage")
    room.set("storage", "plants that store", within="plant")
    room.relation("plants_in", "region", "plant")
    room.relation("alive", "plant period", "period", "build periods whose plants stand in the period")
    room.lookup("previous", "snapshot", "snapshot", "hour before, wrapping within its day")
    room.lookup("region_of", "plant", "region", "where the plant stands")
    room.param("hours", "snapshot", "h", "weight")
    room.param("base_load_mw", "region period snapshot", "MW", "load")
    room.param("standing_mw", "plant", "MW", "capacity that stands")
    room.param("availability", "plant snapshot", "1", "share of capacity")
    room.param("fuel_cost", "plant period", "MUSD/MWh", "fuel")
    room.param("site_cost", "region", "MUSD/MW", "capital cost by place")
    room.param("shed_cost", "", "MUSD/MWh", "value of lost load")
    room.param("efficiency", "storage", "1", "one way")
    room.param("build_max_mw", "plant period", "MW", "may be infinite")
    room.param("output_min_mw", "plant period snapshot", "MW", "may be minus infinity")
    room.param("may_ramp", "plant period snapshot", "0/1", "rows that exist")
    room.param("ramp_mw", "plant", "MW", "an hour")
    room.param("carbon_cap", "", "t", "all together")
    room.decide("output", "plant period snapshot", "MW", "net output", lower="output_min_mw", family="must run")
    room.decide("built", "plant period", "MW", "new capacity", upper="build_max_mw", family="build rate")
    room.decide("shed", "region period snapshot", "MW", "not served", upper="base_load_mw", family="load shed")
    room.decide("level", "storage snapshot", "MWh", "state of charge")
    room.decide("emitted", "", "t", "carbon dioxide")

    def capacity(m, k, p):
        return m.standing_mw[k] + sum(m.built[k, q] for q in m.alive[k, p])

    @room.limit("plant period snapshot", family="generation", per="MW")
    def output_within_plant(m, k, p, t):
        return m.output[k, p, t] <= m.availability[k, t] * capacity(m, k, p)

    @room.limit("plant period snapshot", family="ramping", per="MW/h", where="may_ramp")
    def ramp_up(m, k, p, t):
        return m.output[k, p, t] - m.output[k, p, m.previous[t]] <= m.ramp_mw[k] + capacity(m, k, p) / 2

    @room.limit("storage snapshot", family="storage", per="MWh")
    def level_follows(m, s, t):
        return (
            m.level[s, t]
            == 0.99 * m.level[s, m.previous[t]] - sum(m.output[s, p, t] for p in m.period) / m.efficiency[s]
        )

    @room.limit("storage snapshot", family="storage", per="MWh")
    def level_within(m, s, t):
        return 0, m.level[s, t], 4 * m.standing_mw[s] + 1

    @room.limit("region period", family="mandate", per="MW")
    def some_local_plant(m, r, p):
        return -m.shed_cost <= sum(m.built[k, p] for k in m.plants_in[r]) - m.emitted / 1000

    @room.limit("", family="carbon", per="t")
    def carbon(m):
        used = sum(m.hours[t] * m.output[k, p, t] for k in m.plant for p in m.period for t in m.snapshot)
        return m.emitted - 0.3 * used >= -m.carbon_cap * sum(m.hours[t] for t in m.snapshot)

    @room.balance("region period snapshot", family="demand for power", per="MWh")
    def power_balance(m, r, p, t):
        return m.base_load_mw[r, p, t]

    @room.feeds("power_balance")
    def plants(m, r, p, t):
        return sum(m.output[k, p, t] for k in m.plants_in[r]) + m.shed[r, p, t]

    @room.cost("energy")
    def fuel(m):
        return sum(
            m.hours[t] * m.fuel_cost[k, p] * m.output[k, p, t] for k in m.plant for p in m.period for t in m.snapshot
        )

    @room.cost("capital")
    def capital(m):
        return sum(m.site_cost[m.region_of[k]] * m.built[k, p] for k in m.plant for p in m.period) + 11

    @room.cost("capital")
    def upkeep(m):
        return sum(m.standing_mw[k] ** 2 for k in m.plant) + 0.5 * m.emitted

    @room.cost("unserved")
    def shedding(m):
        return m.shed_cost * sum(m.shed[r, p, t] for r in m.region for p in m.period for t in m.snapshot)

    @room.goal("served")
    def served(m):
        return total(
            [
                sum(m.output[s, p, t] for s in m.storage for p in m.period for t in m.snapshot),
                -sum(m.shed[r, p, t] for r in m.region for p in m.period for t in m.snapshot),
            ]
        )

    return room


def transmission_room() -> Room:
    room = Room("transmission")
    room.set("corridor", "a line project")
    room.relation("corridors_into", "region", "corridor")
    room.relation("corridors_from", "region", "corridor")
    room.relation("in_service", "corridor period", "period", "build periods energised by then")
    room.param("line_mw", "corridor period", "MW", "stands")
    room.param("line_loss", "corridor", "1", "share lost")
    room.param("line_cost", "corridor period", "MUSD/MW", "annuities")
    room.param("line_build_max_mw", "corridor period", "MW", "may be infinite")
    room.param("can_grow", "corridor period", "0/1", "rows that exist")
    room.decide("line_built", "corridor period", "MW", "new", upper="line_build_max_mw", family="line build")
    room.decide("flow_forward", "corridor period snapshot", "MW", "sent from the first end")
    room.decide("flow_backward", "corridor period snapshot", "MW", "sent from the second end")

    def line_added(m, l, p):
        return sum(m.line_built[l, q] for q in m.in_service[l, p])

    @room.limit("corridor period snapshot", family="transmission", per="MW")
    def forward_within_corridor(m, l, p, t):
        return m.flow_forward[l, p, t] - line_added(m, l, p) <= m.line_mw[l, p]

    @room.limit("corridor period snapshot", family="transmission", per="MW")
    def backward_within_corridor(m, l, p, t):
        return m.line_mw[l, p] >= -(line_added(m, l, p) - m.flow_backward[l, p, t])

    @room.limit("corridor period", family="line build", per="MW", where="can_grow")
    def grows_at_most(m, l, p):
        return line_added(m, l, p) <= 2 * m.line_mw[l, p] + sum(m.flow_forward[l, p, t] for t in m.snapshot)

    @room.feeds("power_balance")
    def net_import(m, r, p, t):
        return sum(
            (1 - m.line_loss[l]) * m.flow_forward[l, p, t] - m.flow_backward[l, p, t] for l in m.corridors_into[r]
        ) + sum((1 - m.line_loss[l]) * m.flow_backward[l, p, t] - m.flow_forward[l, p, t] for l in m.corridors_from[r])

    @room.cost("transmission")
    def line_investment(m):
        return sum(m.line_cost[l, p] * m.line_built[l, p] for l in m.corridor for p in m.period)

    return room


def sample_formulation() -> Formulation:
    return declare([power_room(), transmission_room()])


def sample_instance(
    seed: int = 0,
    regions: int = 3,
    periods: int = 2,
    snapshots: int = 4,
    plants: int = 4,
    storages: int = 2,
    corridors: int = 3,
    bounded: float = 0.6,
    zeros: float = 0.2,
) -> Instance:
    """A random world: ragged relations (lists may be empty), a share of the numbers zero, labels both str and int.

    ``bounded`` is the share of finite bounds; the rest are infinite.
    """
    random = np.random.default_rng(seed)
    sets: dict[str, tuple[str | int, ...]] = {
        "region": tuple(f"r{i}" for i in range(regions)),
        "period": tuple(2026 + 2 * i for i in range(periods)),
        "snapshot": tuple(range(snapshots)),
        "plant": tuple(f"k{i}" for i in range(plants)),
        "corridor": tuple(f"l{i}" for i in range(corridors)),
    }
    chosen = random.permutation(plants)[: min(storages, plants)]
    sets["storage"] = tuple(f"k{i}" for i in chosen)  # an order of its own
    place = random.integers(0, max(regions, 1), plants)
    first, last = random.integers(0, max(regions, 1), (2, corridors))

    def some(labels: tuple[str | int, ...]) -> list[str | int]:
        return [label for label in labels if random.random() < 0.5]

    def by_region(of: tuple[str | int, ...], where: np.ndarray) -> dict[str | int, list[str | int]]:
        return {r: [of[j] for j in np.flatnonzero(where == i)] for i, r in enumerate(sets["region"])}

    relations = {
        "plants_in": by_region(sets["plant"], place),
        "corridors_into": by_region(sets["corridor"], last),
        "corridors_from": by_region(sets["corridor"], first),
        "alive": {key: some(sets["period"]) for key in itertools.product(sets["plant"], sets["period"])},
        "in_service": {key: some(sets["period"]) for key in itertools.product(sets["corridor"], sets["period"])},
    }
    formulation = sample_formulation()
    params: dict[str, np.ndarray] = {}
    for record in formulation.params.values():
        shape = tuple(len(sets[name]) for name in record.axes)
        values = np.where(random.random(shape) < zeros, 0.0, np.round(random.uniform(0.1, 2.0, shape), 3))
        params[record.name] = np.asarray(values)
    params["previous"] = np.array([(i - 1) % max(snapshots, 1) for i in range(snapshots)], object)
    params["region_of"] = np.array([f"r{i}" for i in place], object)
    params["efficiency"] = params["efficiency"] + 0.5
    for name in ("build_max_mw", "line_build_max_mw"):
        params[name] = np.where(random.random(params[name].shape) < bounded, params[name], np.inf)
    low = params["output_min_mw"]
    params["output_min_mw"] = np.where(random.random(low.shape) < bounded, -low, np.where(low > 1.5, low, -np.inf))
    for name in ("may_ramp", "can_grow"):
        params[name] = (random.random(params[name].shape) < 0.6).astype(float)
    return Instance(sets, relations, params)
