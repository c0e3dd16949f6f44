"""A power system with campuses run through every hour of many years, in order, hour after hour.

Each hour is dispatched at least cost over the whole region graph (``kernels.dispatch``): must-run, wind and sun first
and free, plants by merit order, lines with losses and a toll. If all is not enough, campuses are shed first, at a value
below that of other load. Without stores and rations every hour is the exact optimum of its linear program, and so is
the year, because nothing hangs together over hours then.

What does hang together follows rules that look at the hour alone, never ahead. So the result is a dispatch that could
be done, and never better than one with foresight:

* **Stores.** The part of a store below ``reserve_share`` is kept for shortage: it is refilled from any plant
  (``Rules.refill``) and given back only instead of shedding (``Rules.rescue``). The part above trades: it takes power
  that is cheaper than ``low`` and replaces power that is dearer than ``high``.
* **Rations** (water of a day, fuel or contract hours of a year) are spread evenly over what is left of their span; more
  than that is used only at ``Rules.rescue``, up to what is left. Lines with a yearly use are rationed in the same way.

A campus draws no more from the grid than its firm connection and, for a flexible one, the headroom that the region's
load leaves below ``ceiling_mw``. What this holds back is lost like what is shed, and counted apart.

Left out: ramps, minimum output over time, unit commitment, the voltage law, carbon caps.

Work: about 18 us an hour for 30 regions and 150 arcs on one core, see ``benchmarks/kernel_dispatch.py``. Memory:
inputs of an hour are read once a sample, 8 bytes a region, plant and kind of weather; a sample writes tables by
region and group of hours, a lane of samples one row of hours. No cube is stored. Lanes are handed to as many threads
as numba has: compiled code lets the interpreter go, and a parallel loop of numba over so many arrays takes three
times as long to compile. A sample writes to places of its own and sums over samples by hour are whole numbers of Wh,
so the bits depend neither on the number of threads nor on the chunks in which samples are run.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import ArrayLike

from kernels._jit import jit_dividing
from kernels.dispatch import Floats, Graph, Whole, begin, invert, new_basis, new_room, read, solve
from kernels.replay_inputs import (
    CHARGE_REFILL,
    CHARGE_TRADE,
    DISCHARGE_RESERVE,
    DISCHARGE_TRADE,
    Blocks,
    Campuses,
    Loads,
    Plants,
    Rations,
    Rules,
    Stores,
    System,
    Weather,
    arrange,
    check,
)
from kernels.weather_years import Years

SHORT_MW = 1e-3  # less than a kilowatt is rounding
LANES = 64  # of samples that share one row of hours
LEDGER = (
    "base_load", "campus_load", "free", "plants", "rationed", "onsite", "discharged", "charged", "lost_on_lines",
    "curtailed", "base_shed", "campus_shed", "campus_held",
)  # fmt: skip
(
    BASE_LOAD, CAMPUS_LOAD, FREE, PLANTS, RATIONED, ONSITE, DISCHARGED, CHARGED, LOST, CURTAILED, BASE_SHED,
    CAMPUS_SHED, CAMPUS_HELD,
) = range(13)  # fmt: skip


class Outcome(NamedTuple):
    """What the years came to. Energy in MWh of a sample's year.

    ``base``, ``campus``, ``held`` (sample, region): base load and campus load that was shed, campus load that the
    connection held back. ``curtailed`` (sample, region): free power that found no use. ``short_h``, ``campus_short_h``
    (sample, region): hours with base load, with campus load not served. ``lole_h``, ``campus_lole_h`` (sample,): hours
    with any region short. ``worst_mwh``, ``worst_hour`` (sample, region): largest loss of base and campus load in one
    hour, and that hour of the record (-1 where nothing was lost). ``base_by_group``, ``campus_by_group`` (sample,
    group, region). ``base_by_hour``, ``campus_by_hour``, ``short_by_hour`` (hour of the record,): Wh, Wh and number of
    times short, summed over samples and regions; whole numbers. ``ledger`` (sample, entry): where energy came from and
    went, entries as in ``LEDGER``. ``cost_usd`` (sample,): running cost, tolls and what is lost at its value.
    ``steps`` (sample,): of the simplex method.
    """

    base: Floats
    campus: Floats
    held: Floats
    curtailed: Floats
    short_h: Floats
    campus_short_h: Floats
    lole_h: Floats
    campus_lole_h: Floats
    worst_mwh: Floats
    worst_hour: Whole
    base_by_group: Floats
    campus_by_group: Floats
    base_by_hour: Whole
    campus_by_hour: Whole
    short_by_hour: Whole
    ledger: Floats
    cost_usd: Floats
    steps: Whole


def replay(system: System, years: Years, group: ArrayLike) -> Outcome:
    """Run every sample of ``years`` through its hours.

    ``group`` (hour of the record,): a number from 0, such as month x 24 + hour, by which losses are summed.

    Raises:
        ValueError: for shapes that do not fit, a value that is not a number or outside its range.
        RuntimeError: where an hour could not be dispatched; there is always a way, so this is a defect.
    """
    system, years, groups = check(system, years, group)
    hours, regions = system.loads.base_mw.shape
    samples, lanes = len(years.day), min(len(years.day), LANES)
    of_group = samples, int(groups.max(initial=-1)) + 1, regions
    rows = [np.zeros((lanes, hours), np.int64) for _ in range(3)]
    outcome = Outcome(
        base=np.zeros((samples, regions)),
        campus=np.zeros((samples, regions)),
        held=np.zeros((samples, regions)),
        curtailed=np.zeros((samples, regions)),
        short_h=np.zeros((samples, regions)),
        campus_short_h=np.zeros((samples, regions)),
        lole_h=np.zeros(samples),
        campus_lole_h=np.zeros(samples),
        worst_mwh=np.zeros((samples, regions)),
        worst_hour=np.full((samples, regions), -1, np.int64),
        base_by_group=np.zeros(of_group),
        campus_by_group=np.zeros(of_group),
        base_by_hour=rows[0],
        campus_by_hour=rows[1],
        short_by_hour=rows[2],
        ledger=np.zeros((samples, len(LEDGER))),
        cost_usd=np.zeros(samples),
        steps=np.zeros(samples, np.int64),
    )
    if samples and regions and hours:
        blocks, graph = arrange(system)
        with ThreadPoolExecutor(numba.get_num_threads()) as pool:
            turns = [pool.submit(_lane, lane, graph, blocks, system, years, groups, outcome) for lane in range(lanes)]
        for turn in turns:
            turn.result()
        if (outcome.steps < 0).any():
            raise RuntimeError("an hour could not be dispatched")
    by_hour = (row.sum(axis=0) for row in rows)
    return outcome._replace(**dict(zip(("base_by_hour", "campus_by_hour", "short_by_hour"), by_hour, strict=True)))


@jit_dividing
def _lane(
    lane: int, graph: Graph, blocks: Blocks, system: System, years: Years, group: Whole, outcome: Outcome
) -> None:
    """Every sample of a lane, one after the other."""
    for s in range(lane, len(years.day), len(outcome.base_by_hour)):
        _year(s, lane, graph, blocks, system, years, group, outcome)


@jit_dividing
def _year(
    s: int, lane: int, graph: Graph, blocks: Blocks, system: System, years: Years, group: Whole, outcome: Outcome
) -> None:
    """One sample: all its hours in order."""
    hours, regions = system.loads.base_mw.shape
    stores, lines, rules = system.stores, system.lines, system.rules
    basis, room = new_basis(graph), new_room(graph)
    size, output = np.zeros(len(graph.cost)), np.zeros(len(graph.cost))
    limit, flow = np.zeros(len(graph.toll)), np.zeros(len(graph.toll))
    demand, held = np.zeros(regions), np.zeros(regions)
    charge = stores.mwh * rules.reserve_share
    left, line_left = np.zeros(len(system.rations.span_h)), np.zeros(len(blocks.thrifty))
    count = len(lines.mw)
    for i, a in enumerate(blocks.thrifty):
        line_left[i] = lines.mean_mw[a] * hours
    for a in range(count):
        limit[a] = lines.mw[a]
    most = 1000 + 20 * (len(size) + len(limit))
    for h in range(hours):
        day = h // 24
        now = years.day[s, day] * 24 + h % 24
        if h % 24 == 0 and not invert(graph, basis, room.square):
            begin(graph, basis)
        _demand_of_hour(s, day, now, blocks, system.loads, system.campuses, system.weather, years, demand, held, size)
        _plants_of_hour(s, day, now, blocks, system.plants, years, size)
        _rations_of_hour(s, h, now, hours, blocks, system.rations, years, left, size)
        _stores_of_hour(blocks, stores, rules, charge, size, demand)
        for i, a in enumerate(blocks.thrifty):
            limit[a] = min(lines.mw[a], max(line_left[i], 0.0) / (hours - h))
            limit[count + i] = min(lines.mw[a], max(line_left[i], 0.0)) - limit[a]
        steps = solve(graph, basis, demand, size, limit, room, most)
        if steps < 0:  # rounding has spoilt the basis: once more from the beginning
            begin(graph, basis)
            steps = solve(graph, basis, demand, size, limit, room, 10 * most)
        if steps < 0:
            outcome.steps[s] = -1
            return
        outcome.steps[s] += steps
        read(graph, basis, size, limit, room, output, flow)
        for i, a in enumerate(blocks.thrifty):
            line_left[i] -= flow[a] + flow[count + i]
        _remember(blocks, system.rations, stores, size, output, left, charge)
        _count_flows(s, blocks, system, size, output, flow, outcome)
        _count_regions(s, lane, now, group, blocks, rules, size, output, held, outcome)


@jit_dividing
def _demand_of_hour(
    s: int, day: int, now: int, blocks: Blocks, loads: Loads, campuses: Campuses, weather: Weather, years: Years,
    demand: Floats, held: Floats, size: Floats,
) -> None:  # fmt: skip
    """Load, what campuses may draw, what wind and sun give."""
    for r in range(len(demand)):
        base = loads.base_mw[now, r] * years.load[s, day, r]
        want, onsite = campuses.want_mw[now, r], campuses.onsite_mw[r]
        headroom = max(campuses.ceiling_mw[now, r] - base, 0.0)
        may = onsite + campuses.firm_mw[r] + min(campuses.flexible_mw[r], headroom)
        held[r] = max(want - may, 0.0)
        campus = want - held[r]
        demand[r] = base + campus
        size[blocks.base[r]] = base
        size[blocks.onsite[r]] = min(onsite, campus)
        size[blocks.campus[r]] = campus - min(onsite, campus)
        free = 0.0
        for kind in range(len(weather.mw)):
            share = weather.factor[kind, now, r]
            odds = years.odds[s, weather.odds[kind], day, r]
            free += weather.mw[kind, r] * share * odds / (1.0 - share + share * odds) if share > 0.0 else 0.0
        size[blocks.free[r]] = free


@jit_dividing
def _plants_of_hour(s: int, day: int, now: int, blocks: Blocks, plants: Plants, years: Years, size: Floats) -> None:
    """What can run after outages; the part that must run is free."""
    for k in range(len(plants.region)):
        mean = plants.available_mw[now, k]
        can = min(max(mean + plants.spread_mw[k] * years.plant[s, day, k], 0.0), mean + plants.outage_mw[k])
        must = min(max(plants.must_share[k] * can, plants.must_mw[k]), can)
        size[blocks.plant[k]] = can - must
        size[blocks.free[plants.region[k]]] += must


@jit_dividing
def _rations_of_hour(
    s: int, h: int, now: int, hours: int, blocks: Blocks, rations: Rations, years: Years, left: Floats, size: Floats
) -> None:
    """An even part of what is left of the span, and behind it all that is left."""
    for k in range(len(rations.span_h)):
        span = rations.span_h[k]
        end = min(h - h % span + span, hours)
        if h % span == 0:
            left[k] = 0.0
            for i in range(h, end):
                left[k] += rations.mean_mw[years.day[s, i // 24] * 24 + i % 24, k]
        can = min(rations.limit_mw[now, k], max(left[k], 0.0))
        even = min(can, max(left[k], 0.0) / (end - h))
        size[blocks.ration[k]] = even
        size[blocks.rescue[k]] = can - even


@jit_dividing
def _stores_of_hour(blocks: Blocks, stores: Stores, rules: Rules, charge: Floats, size: Floats, demand: Floats) -> None:
    """What stores could give back and take, each in its trading part and its reserve."""
    for k in range(len(stores.mw)):
        reserve = rules.reserve_share * stores.mwh[k]
        trade = min(stores.mw[k], max(charge[k] - reserve, 0.0) * stores.kept_out[k])
        refill = min(stores.mw[k], max(reserve - charge[k], 0.0) / stores.kept_in[k])
        take = min(stores.mw[k], max(stores.mwh[k] - charge[k], 0.0) / stores.kept_in[k])
        size[blocks.store[DISCHARGE_TRADE, k]] = trade
        size[blocks.store[DISCHARGE_RESERVE, k]] = min(stores.mw[k], charge[k] * stores.kept_out[k]) - trade
        size[blocks.store[CHARGE_REFILL, k]] = refill
        size[blocks.store[CHARGE_TRADE, k]] = take - refill
        demand[stores.region[k]] += take


@jit_dividing
def _remember(
    blocks: Blocks, rations: Rations, stores: Stores, size: Floats, output: Floats, left: Floats, charge: Floats
) -> None:
    """Carry stores and rations over to the next hour."""
    for k in range(len(rations.span_h)):
        left[k] -= output[blocks.ration[k]] + output[blocks.rescue[k]]
    for k in range(len(stores.mw)):
        out = output[blocks.store[DISCHARGE_TRADE, k]] + output[blocks.store[DISCHARGE_RESERVE, k]]
        refill, trade = blocks.store[CHARGE_REFILL, k], blocks.store[CHARGE_TRADE, k]
        taken = size[refill] - output[refill] + size[trade] - output[trade]
        level = charge[k] + stores.kept_in[k] * taken - out / stores.kept_out[k]
        charge[k] = min(max(level, 0.0), stores.mwh[k])


@jit_dividing
def _count_flows(
    s: int, blocks: Blocks, system: System, size: Floats, output: Floats, flow: Floats, outcome: Outcome
) -> None:
    """Add what plants, stores and lines did in an hour to the sums of the sample."""
    ledger, lines = outcome.ledger[s], system.lines
    cost = 0.0
    for k in range(len(size)):
        cost += blocks.usd_per_mwh[k] * output[k]
    for a in range(len(flow)):
        line = a if a < len(lines.mw) else blocks.thrifty[a - len(lines.mw)]
        cost += lines.toll[line] * flow[a]
        ledger[LOST] += (1.0 - lines.kept[line]) * flow[a]
    outcome.cost_usd[s] += cost
    for k in blocks.plant:
        ledger[PLANTS] += output[k]
    for k in range(len(blocks.ration)):
        ledger[RATIONED] += output[blocks.ration[k]] + output[blocks.rescue[k]]
    for k in range(blocks.store.shape[1]):
        for way in (DISCHARGE_TRADE, DISCHARGE_RESERVE):
            ledger[DISCHARGED] += output[blocks.store[way, k]]
        for way in (CHARGE_REFILL, CHARGE_TRADE):
            ledger[CHARGED] += size[blocks.store[way, k]] - output[blocks.store[way, k]]


@jit_dividing
def _count_regions(
    s: int, lane: int, now: int, group: Whole, blocks: Blocks, rules: Rules, size: Floats, output: Floats, held: Floats,
    outcome: Outcome,
) -> None:  # fmt: skip
    """Add what regions used, spilled and missed in an hour to the sums of the sample."""
    ledger = outcome.ledger[s]
    any_base, any_campus, base_sum, campus_sum = False, False, 0.0, 0.0
    for r in range(len(held)):
        base, campus = output[blocks.base[r]], output[blocks.campus[r]]
        curtailed = size[blocks.free[r]] - output[blocks.free[r]]
        ledger[BASE_LOAD] += size[blocks.base[r]]
        ledger[CAMPUS_LOAD] += size[blocks.campus[r]] + size[blocks.onsite[r]] + held[r]
        ledger[FREE] += size[blocks.free[r]]
        ledger[ONSITE] += output[blocks.onsite[r]]
        ledger[CURTAILED] += curtailed
        ledger[BASE_SHED] += base
        ledger[CAMPUS_SHED] += campus
        ledger[CAMPUS_HELD] += held[r]
        outcome.cost_usd[s] += rules.campus * held[r]
        outcome.curtailed[s, r] += curtailed
        lost = campus + held[r]
        if base + lost <= SHORT_MW:
            continue
        outcome.base[s, r] += base
        outcome.campus[s, r] += campus
        outcome.held[s, r] += held[r]
        outcome.base_by_group[s, group[now], r] += base
        outcome.campus_by_group[s, group[now], r] += lost
        base_sum += base
        campus_sum += lost
        if base > SHORT_MW:
            outcome.short_h[s, r] += 1.0
            any_base = True
        if lost > SHORT_MW:
            outcome.campus_short_h[s, r] += 1.0
            any_campus = True
        if base + lost > outcome.worst_mwh[s, r]:
            outcome.worst_mwh[s, r] = base + lost
            outcome.worst_hour[s, r] = now
    outcome.lole_h[s] += 1.0 if any_base else 0.0
    outcome.campus_lole_h[s] += 1.0 if any_campus else 0.0
    if any_base or any_campus:
        outcome.base_by_hour[lane, now] += np.int64(base_sum * 1e6 + 0.5)
        outcome.campus_by_hour[lane, now] += np.int64(campus_sum * 1e6 + 0.5)
        outcome.short_by_hour[lane, now] += 1
