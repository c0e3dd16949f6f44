"""A plan as the replay kernel reads it: what stands in a period, what its campuses draw, hour by hour.

What the plan decided (capacity, lines, chips, connections) is taken as it is. A campus wants what the plan gave its
chips to do in the snapshot that stands for the hour, at the PUE of the hour itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernels.replay_inputs import Campuses, Lines, Loads, Plants, Rations, Rules, Stores, System, Weather
from kernels.weather_years import Scatter, correlation_root
from optimizer.instance.hours import HOURS
from optimizer.instance.real_hours import RealHours
from optimizer.instance.synthetic import ScatterSettings

from .planner import Plan
from .prices import lmp_usd_per_mwh

Floats = np.ndarray

USD = 1e6  # a MUSD
UNIT_MW = 500.0  # assumed: size of the units that fail one by one (a smaller plant is one unit); tables have none
OUTAGE_MEMORY = 0.8  # assumed: correlation of a plant's outages with those of the day before
BANDWIDTH = 1.06 * 31 ** (-0.2)  # Silverman's rule for the 31 days that may stand in for a day
RESERVE_SHARE = 0.5  # of a store, kept for shortage
AI_SHED_FIRST = 0.5  # value of a campus MWh over that of other load: it only has to be lower


@dataclass(frozen=True)
class Replayed:
    """A period of a plan, ready to run: the arrays, and reference tokens a MWh at the meter, Mtok (region,)."""

    system: System
    tokens_mtok_per_mwh: Floats
    other_ai_mtok_per_mwh: Floats


def replayed(plan: Plan, hours: RealHours, p: int, reserve_share: float = RESERVE_SHARE) -> Replayed:
    """Period number ``p`` of a plan on its real hours."""
    plants, rations = _plants(plan, hours, p)
    rules = _rules(plan, plants, rations, reserve_share)
    campuses = _campuses(plan, hours, p, rules)
    system = System(
        Loads(hours.base_load_mw[p]), campuses, _weather(plan, hours, p), plants, rations, _stores(plan, p, rules),
        _lines(plan, p), rules,
    )  # fmt: skip
    users, other = tokens_per_mwh(plan, p)
    return Replayed(system, _on_regions(plan, users), _on_regions(plan, other))


def scatter(hours: RealHours) -> Scatter:
    """How sampled days are moved: a smoothed bootstrap with the variation and the memory that were measured."""
    known = ScatterSettings()
    return Scatter(
        size=BANDWIDTH * hours.scatter_cv,
        memory=np.array([known.load_memory, known.wind_memory**24, known.solar_memory]),
        root=correlation_root(hours.distance_km, [known.load_km, known.wind_km, known.solar_km]),
        plant_memory=OUTAGE_MEMORY,
    )


def capacity_mw(plan: Plan, p: int) -> Floats:
    """What stands of every plant in a period, new and old, MW (plant,)."""
    added = np.einsum("kb,kb->k", plan.param("plant_alive")[:, :, p], plan.value("capacity_built"))
    retired = plan.value("capacity_retired") @ plan.param("by_then")[:, p]
    return np.maximum(plan.param("standing_mw")[:, p] + added - retired, 0.0)


def _on_regions(plan: Plan, of_host: Floats) -> Floats:
    """Values of hosts (..., host) in the places of their regions (..., region), zero elsewhere."""
    found = np.zeros((*of_host.shape[:-1], len(plan.instance.sets["region"])))
    found[..., [plan.position("region")[host] for host in plan.instance.sets["host"]]] = of_host
    return found


def _rows(plan: Plan, name: str) -> np.ndarray:
    """Rows of a set of plants among all plants."""
    return np.asarray([plan.position("plant")[k] for k in plan.instance.sets[name]], np.int64)


def _regions(plan: Plan, rows: np.ndarray) -> np.ndarray:
    region = plan.instance.attributes["plant"]["region"]
    return np.asarray([plan.position("region")[region[i]] for i in rows], np.int64)


def _plants(plan: Plan, hours: RealHours, p: int) -> tuple[Plants, Rations]:
    """Plants by merit order, and those with a daily water or a yearly energy limit.

    A minimum yearly take is run flat. What must run of a rationed plant stays with the plants, outages at their mean.
    """
    rows = _rows(plan, "generator")
    region, mw = _regions(plan, rows), capacity_mw(plan, p)[rows]
    standing = plan.param("standing_mw")[rows, p]
    usd = (plan.param("output_cost") + plan.param("carbon_cost"))[:, p] * USD
    can = hours.availability * mw
    share = hours.must_run_share * np.divide(standing, mw, out=np.zeros_like(mw), where=mw > 0)
    take = plan.param("take_gwh")[:, p] * 1e3 / HOURS
    must = np.minimum(np.maximum(share * can, take), can)
    water = np.isin(plan.instance.sets["generator"], plan.instance.sets["hydro"])
    yearly = (plan.param("has_yearly_limit")[:, p] > 0) & ~water
    free = ~(water | yearly)
    out = np.where(free, hours.outage_rate * mw, 0.0)
    plants = Plants(
        region=region,
        usd_per_mwh=usd,
        available_mw=np.where(free, can, must),
        outage_mw=out,
        spread_mw=np.sqrt((1.0 - hours.outage_rate) * out * np.minimum(mw, UNIT_MW)),
        must_share=np.where(free, share, 1.0),
        must_mw=take,
    )
    mean = np.zeros_like(can)
    mean[:, water] = hours.water * standing[water]
    limit_h = plan.param("yearly_limit_h")
    mean[:, yearly] = np.maximum(mw * limit_h / HOURS - must.mean(axis=0), 0.0)[yearly]
    mean[:, water] = np.maximum(mean - must, 0.0)[:, water]
    some = np.flatnonzero(water | yearly)
    rations = Rations(
        region=region[some],
        usd_per_mwh=usd[some],
        limit_mw=(can - must)[:, some],
        mean_mw=mean[:, some],
        span_h=np.where(water[some], 24, HOURS),
    )
    return plants, rations


def _rules(plan: Plan, plants: Plants, rations: Rations, reserve_share: float) -> Rules:
    """Reserves are refilled from any plant and used before any campus is shed; campuses are shed before other load."""
    dearest = max(plants.usd_per_mwh.max(initial=0.0), rations.usd_per_mwh.max(initial=0.0))
    load = max(float(plan.param("shed_cost")) * USD, 4.0 * dearest + 4.0)
    campus = AI_SHED_FIRST * load
    return Rules(dearest, dearest + 0.5 * (campus - dearest), campus, load, reserve_share)


def _weather(plan: Plan, hours: RealHours, p: int) -> Weather:
    """Capacity of wind and sun by kind and region; offshore wind moves with the wind."""
    rows = _rows(plan, "weather_plant")
    mw = np.zeros((len(hours.weather), len(plan.instance.sets["region"])))
    np.add.at(mw, (hours.kind_of, _regions(plan, rows)), capacity_mw(plan, p)[rows])
    sun = [kind == len(hours.weather) - 1 for kind in range(len(hours.weather))]
    return Weather(hours.weather, mw, np.asarray(sun, np.int64))


def _stores(plan: Plan, p: int, rules: Rules) -> Stores:
    """Stores with the median price of the plan in their region as the middle between buying and selling."""
    rows = _rows(plan, "store")
    region, mw = _regions(plan, rows), capacity_mw(plan, p)[rows]
    added = np.maximum(mw - plan.param("standing_mw")[rows, p], 0.0)
    kept_in, kept_out = plan.param("efficiency_in"), plan.param("efficiency_out")
    middle = _median_price(plan, p)[region]
    high = np.clip(middle / kept_out, 2e-3, rules.refill + 2e-3)
    return Stores(
        region=region,
        mw=mw,
        mwh=plan.param("standing_mwh")[:, p] + plan.param("duration_h") * added,
        kept_in=kept_in,
        kept_out=kept_out,
        usd_per_mwh=plan.param("cycle_cost")[:, p] * USD,
        low=np.clip(middle * kept_in, 1e-3, high - 1e-3),
        high=high,
    )


def _median_price(plan: Plan, p: int) -> Floats:
    """The price that half the hours of the plan's year lie below, USD/MWh (region,)."""
    price, weight = np.maximum(lmp_usd_per_mwh(plan)[:, p], 0.0), plan.param("hours")
    order = np.argsort(price, axis=1)
    passed = np.cumsum(weight[order], axis=1)
    middle = (passed < 0.5 * passed[:, -1:]).sum(axis=1)
    return np.take_along_axis(price, np.take_along_axis(order, middle[:, None], axis=1), axis=1)[:, 0]


def _lines(plan: Plan, p: int) -> Lines:
    """Both ways of every corridor that carries something; legs of a shared sending station are cut pro rata."""
    instance = plan.instance
    added = np.einsum("lb,lb->l", plan.param("line_alive")[:, :, p], plan.value("line_built"))
    forward = plan.param("line_mw")[:, p] + added
    backward = plan.param("line_back_mw")[:, p] + plan.param("line_two_way") * added
    for cap, legs in zip(plan.param("sending_cap_mw"), instance.relations["corridors_of_cap"].values(), strict=True):
        rows = [plan.position("corridor")[leg] for leg in legs]
        forward[rows] *= min(1.0, cap / max(forward[rows].sum(), 1e-9))
    ends = [
        np.asarray([plan.position("region")[name] for name in instance.attributes["corridor"][key]], np.int64)
        for key in ("from_region", "to_region")
    ]
    mean = np.where(plan.param("has_use_limit")[:, p] > 0, plan.param("use_limit_h") / HOURS * forward, np.inf)
    mw = np.concatenate([forward, backward])
    some = mw > 0
    kept = 1.0 - plan.param("line_loss")
    return Lines(
        start=np.concatenate(ends)[some],
        end=np.concatenate(ends[::-1])[some],
        kept=np.concatenate([kept, kept])[some],
        toll=np.full(int(some.sum()), float(plan.param("hurdle_cost")) * USD),
        mw=mw[some],
        mean_mw=np.concatenate([mean, np.full(len(mean), np.inf)])[some],
    )


def _campuses(plan: Plan, hours: RealHours, p: int, rules: Rules) -> Campuses:
    """What campuses want, their own plants, and the connections that they lean on."""
    it_mw = plan.value("idle_mw")[:, p, None] + plan.value("it_use")[:, p]
    hosts = plan.instance.sets["host"]
    rows, availability = _rows(plan, "campus_plant"), plan.param("campus_availability")
    can = availability * capacity_mw(plan, p)[rows]
    place = {host: i for i, host in enumerate(hosts)}
    region = plan.instance.attributes["plant"]["region"]
    at = np.asarray([place[region[i]] for i in rows], np.int64)
    onsite, paid = np.zeros(len(hosts)), np.zeros(len(hosts))
    np.add.at(onsite, at, can)
    np.add.at(paid, at, can * plan.param("onsite_cost")[:, p] * 1e3)
    usd = np.divide(paid, onsite, out=np.zeros_like(paid), where=onsite > 0)
    # what comes over the meter pays for delivery on top, so a plant behind it is worth as much more
    usd = np.clip(usd - plan.param("delivery_adder") * USD, 0.0, rules.refill)
    flexible = np.einsum("rb,rb->r", plan.param("flexible_alive")[:, :, p], plan.value("flexible_built"))
    return Campuses(
        want_mw=_on_regions(plan, np.maximum(it_mw[:, hours.snapshot].T * hours.pue, 0.0)),
        onsite_mw=_on_regions(plan, onsite),
        onsite_usd=_on_regions(plan, usd),
        firm_mw=_on_regions(plan, np.maximum(plan.value("firm_load")[:, p], 0.0)),
        flexible_mw=_on_regions(plan, np.maximum(flexible, 0.0)),
        ceiling_mw=hours.ceiling_mw[p],
    )


def tokens_per_mwh(plan: Plan, p: int) -> tuple[Floats, Floats]:
    """Reference tokens that a MWh at the meter makes over the plan's year, for users and of other AI work; Mtok
    (host,).

    What a chip makes in its pool is shared among hosts by its busy hours there; idle power is part of the energy.
    """
    instance, weight = plan.instance, plan.param("hours")
    other = np.asarray([name == "other_ai" for name in instance.sets["workload"]], bool)
    made = plan.value("work")[:, :, :, p] @ weight  # Ttok: workload, pool, chip
    busy = plan.value("chips_busy")[:, :, p]
    energy = (plan.value("grid_draw")[:, p] + plan.value("onsite_output")[:, p]) @ weight
    tokens = np.zeros((2, len(energy)))
    for q, hosts in enumerate(instance.relations["hosts_in_pool"].values()):
        rows = [plan.position("host")[host] for host in hosts]
        total = busy[rows].sum(axis=0)
        share = np.divide(busy[rows], total, out=np.zeros_like(busy[rows]), where=total > 0)
        for kind, which in enumerate((~other, other)):
            tokens[kind, rows] += share @ made[which, q].sum(axis=0)
    rate = np.divide(tokens * 1e6, energy, out=np.zeros_like(tokens), where=energy > 1e-3)
    return rate[0], rate[1]
