"""Demand: markets, workloads and round-trip times become streams and routes.

A stream is one workload of all markets that reach the same hosts; a route joins it to a pool of hosts. Where it
reaches every host of the pool the route is plain; where it reaches some, it is a near route and chips in reach are
set aside (room reach). Local daily shapes are placed on UTC hours, so load follows the sun; five weekdays and two
weekend days make the mean day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .compute import OTHER_AI, TTOK_PER_KCHIP_HOUR, throughput, workload_table
from .draft import Draft, World
from .finance import Floats

OTHER_AI_LEAVES = (
    0.98  # other AI work leaves at 2 % less than tokens of users, so that a tie between them has one answer
)
MIX_TTOK_PER_H = 1.0  # mean of the fixed mix at scale one


@dataclass(frozen=True)
class Stream:
    """One workload of one or more markets; `reach` maps a pool to the hosts of it within the limits."""

    label: str
    workload: str
    markets: tuple[tuple[str, float], ...]  # market, share of its demand that this scenario serves
    country: str
    reach: dict[str, tuple[str, ...]]


def build(world: World, out: Draft) -> None:
    """Sets stream, route, window, step, near_route, near_arc and the arrays of the rooms demand and reach."""
    loads = workload_table(world)
    streams = make_streams(world, out, loads)
    periods, shots = world.periods, world.snapshots
    labels = out.set(
        "stream",
        [s.label for s in streams],
        workload=[s.workload for s in streams],
        market=["+".join(m for m, _ in s.markets) for s in streams],
        country=[s.country for s in streams],
    )
    routes = [(f"{s.label}>{pool}", s, pool) for s in streams for pool in s.reach]
    names = out.set(
        "route",
        [r[0] for r in routes],
        stream=[s.label for _, s, _ in routes],
        workload=[s.workload for _, s, _ in routes],
        market=["+".join(m for m, _ in s.markets) for _, s, _ in routes],
        pool=[p for _, _, p in routes],
    )
    out.relation("routes_of", labels, ((s.label, name) for name, s, _ in routes))
    keys = [(w, q) for w in out.sets["workload"] for q in out.sets["pool"]]
    out.relation("routes_into", keys, (((s.workload, pool), name) for name, s, pool in routes))

    path = world.scenario.demand.path
    asked = _stack([_reference_demand(world, loads, s, path) for s in streams], len(periods))  # Ttok/h
    shape = _shapes(world, streams)  # mean one
    other = np.asarray([s.workload == OTHER_AI for s in streams], bool)
    size = {pool: len(out.relations["hosts_in_pool"][pool]) for pool in out.sets["pool"]}
    everywhere = [all(len(hosts) == size[pool] for pool, hosts in s.reach.items()) for s in streams]
    wanted = world.scenario.objective.mix_workloads or world.scenario.demand.workload_list
    in_mix = np.asarray([e and s.workload in wanted for e, s in zip(everywhere, streams, strict=True)], bool)
    mix = _common_mix(world, loads, streams, np.where(in_mix[:, None], asked, 0.0))
    flexible = np.asarray([_flexible_share(world, loads, s) for s in streams], float)
    shape_of = (len(streams), len(periods), len(shots))
    waits = np.broadcast_to((flexible > 0)[:, None, None], shape_of).astype(float)
    steps = world.scenario.demand.unserved_steps_usd_per_mtok
    out.set("step", [f"{price:g} USD/Mtok" for price in steps])
    out.put(**requested(world, out, streams, path))
    out.put(
        mix=mix[:, :, None] * shape[:, None, :],
        firm_share=1.0 - flexible,
        waits=waits,
        does_not_wait=1.0 - waits,
        willingness=np.asarray(steps, float),
        leaves_last=np.where(other, OTHER_AI_LEAVES, 1.0),
        scale_min=np.zeros(len(periods)),
        scale_max=np.zeros(len(periods)),
        mix_ptok=mix.sum(axis=0) * 8760.0 * 1e-3,
        tokens_floor=0.0,
        arc_cost=np.zeros((len(names), len(periods))),
    )
    _windows(world, out, loads, streams, flexible)
    _near(world, out, loads, routes)
    if other.any():
        out.note(
            "other AI work (training, ranking, media) takes an assumed share of the fleet "
            "and is kept out of the cost of tokens"
        )
    out.note("demand and chips are those of a period's first year; load and plants are means over its years")


def requested(world: World, out: Draft, streams: list[Stream], path: str) -> dict[str, Floats]:
    """What a demand path asks for: `demand` and the bounds `unserved_max`, the arrays that tell paths apart.

    Other AI work is a share of what the country's fleet and supply could do; it needs the compute and supply rooms'
    arrays.
    """
    loads = workload_table(world)
    asked = _stack(
        [
            _other_ai(world, out, s) if s.workload == OTHER_AI else _reference_demand(world, loads, s, path)
            for s in streams
        ],
        len(world.periods),
    )
    shape = _shapes(world, streams)
    demand = asked[:, :, None] * shape[:, None, :]
    steps = world.scenario.demand.unserved_steps_usd_per_mtok
    shares = np.asarray(world.scenario.demand.unserved_step_shares or [1.0 / len(steps)] * len(steps), float)
    return {"demand": demand, "unserved_max": demand[:, None, :, :] * shares[None, :, None, None]}


def _stack(rows: list[Floats], width: int) -> Floats:
    """Rows on top of each other; none make an empty table of the same width (a year without AI)."""
    return np.stack(rows) if rows else np.zeros((0, width))


def _other_ai(world: World, out: Draft, stream: Stream) -> Floats:
    """Other AI work of a country, Ttok/h per period: a share of what its fleet and supply could make."""
    table = world.scenario.table("demand.other_ai_shares").set_index("demand_group")["share_of_fleet"]
    row = list(out.sets["workload"]).index(OTHER_AI)
    hours = out.params["chip_hours"][row]
    rate = np.divide(1.0, hours, out=np.zeros_like(hours), where=hours > 0)  # Ttok/h per kchip
    setting = world.scenario.countries[stream.country]
    share = float(table[setting.demand_group]) if setting.other_ai_share is None else setting.other_ai_share
    position = world.country_position()[stream.country]
    arrived = np.einsum("gb,gbp->gp", out.params["chip_supply"][position], out.params["chip_alive"])
    here = np.asarray(out.attributes["host"]["country"]) == stream.country
    fleet = out.params["chip_stock"][here].sum(axis=0) + arrived
    return share * world.scenario.compute.availability * (fleet * rate).sum(axis=0)


def make_streams(world: World, out: Draft, loads: pd.DataFrame) -> list[Stream]:
    """Group markets of a workload by the hosts they reach; other AI work is one stream a country, without limits."""
    reach = _reach_table(world, out)
    country_of = dict(zip(out.sets["host"], out.attributes["host"]["country"], strict=True))
    trusted = trusted_countries(world)
    grouped: dict[tuple[str, str, tuple[str, ...]], list[tuple[str, float]]] = {}
    for workload in loads.index:
        if workload == OTHER_AI:
            continue
        limit = loads.at[workload, _limit_column(world)]
        limit = loads.at[workload, "rtt_limit_ms"] if np.isnan(limit) else limit  # a case without a figure of its own
        for market, owner, share in served_markets(world, workload):
            times, welcome = reach.loc[market], trusted[market]
            hosts = tuple(h for h in times.index[times.to_numpy() <= limit] if country_of[h] in welcome)
            if not hosts:
                out.note(f"no host within {limit:g} ms of {market} for {workload}: that demand is not served")
                continue
            grouped.setdefault((workload, owner, hosts), []).append((market, share))
    streams = []
    for number, ((workload, owner, hosts), markets) in enumerate(grouped.items()):
        pools: dict[str, list[str]] = {}
        for host in hosts:
            pools.setdefault(country_of[host], []).append(host)
        label = f"{workload}:{markets[0][0]}" + (f"+{len(markets) - 1}" if len(markets) > 1 else "")
        streams.append(
            Stream(f"{label}#{number}", workload, tuple(markets), owner, {p: tuple(h) for p, h in pools.items()})
        )
    merged = sum(len(s.markets) for s in streams)
    out.note(f"{merged} pairs of market and workload with equal reach were merged into {len(streams)} streams")
    if OTHER_AI in loads.index:
        for name in dict.fromkeys(country_of.values()):
            own = tuple(str(h) for h, c in country_of.items() if c == name)
            streams.append(Stream(f"{OTHER_AI}:{name}", OTHER_AI, (), name, {name: own}))
    return streams


def served_markets(world: World, workload: str) -> list[tuple[str, str, float]]:
    """Markets whose demand of a workload enters: (market, country that serves it, share). A market is counted once."""
    table = world.scenario.table("demand.markets")
    groups = dict(zip(table["market"], table["group"], strict=True))
    found: dict[str, tuple[str, float]] = {}
    for name in world.countries:
        setting = world.scenario.countries[name]
        abroad = setting.foreign_markets.get(workload, ())
        if abroad == "all":
            home = {m for c in world.countries for m in world.scenario.countries[c].markets}
            abroad = tuple(m for m, g in groups.items() if g == setting.demand_group and m not in home)
        for market in (*setting.markets, *abroad):
            found.setdefault(market, (name, setting.served_share))
    return [(market, owner, share) for market, (owner, share) in found.items()]


def _limit_column(world: World) -> str:
    return {"strict": "rtt_limit_strict_ms", "central": "rtt_limit_ms", "loose": "rtt_limit_loose_ms"}[
        world.scenario.demand.latency_limit
    ]


def _reach_table(world: World, out: Draft) -> pd.DataFrame:
    """Round-trip time, ms: markets x hosts, infinite where no figure is known."""
    table = world.scenario.table("demand.latency")
    times = table.pivot_table(index="market", columns="site", values="rtt_ms", aggfunc="min")
    return times.reindex(columns=list(out.sets["host"])).fillna(np.inf) + world.scenario.demand.last_mile_ms


def trusted_countries(world: World) -> dict[str, set[str]]:
    """Countries whose hosts the users of a market accept, by market: the trust rule of its group decides by bloc."""
    table = world.scenario.table("demand.markets")
    blocs = {name: world.scenario.countries[name].trust_bloc for name in world.countries}
    result = {}
    for market, group in zip(table["market"], table["group"], strict=True):
        rule = world.scenario.demand.trust.get(group)
        accepted = "all" if rule is None else rule.hosts
        result[market] = {name for name, bloc in blocs.items() if accepted == "all" or bloc in accepted}
    return result


def _reference_demand(world: World, loads: pd.DataFrame, stream: Stream, path: str) -> Floats:
    """Mean reference tokens asked for, Ttok/h per period: output tokens x work multiplier x model size."""
    if stream.workload == OTHER_AI:
        return np.zeros(len(world.periods))  # not asked for by markets: see `_other_ai`
    rows = world.scenario.table("demand.demand")
    rows = rows[rows["workload"] == stream.workload]
    total = np.zeros(len(world.periods))
    for market, share in stream.markets:
        own = rows[rows["market"] == market].sort_values("year")
        total += share * np.interp(world.periods, own["year"].to_numpy(float), own[path].to_numpy(float))
    work = loads.at[stream.workload, "work_multiplier"] * world.scenario.demand.model_size_factor
    return total * work / 24.0 * 1e-12


def _common_mix(world: World, loads: pd.DataFrame, streams: list[Stream], asked: Floats) -> Floats:
    """The fixed mix, Ttok/h per stream and period: workloads in the world's central shares, the same for every country.

    Within a workload the streams keep the shares of their own demand (``asked``, zero for streams outside the mix).
    The mean of the mix is `MIX_TTOK_PER_H`.
    """
    rows = world.scenario.table("demand.demand")
    rows = rows[rows["workload"].isin(loads.index)]
    world_work = np.zeros((len(loads), len(world.periods)))
    for w, workload in enumerate(loads.index):
        yearly = rows[rows["workload"] == workload].groupby("year")["central"].sum().sort_index()
        if len(yearly):
            world_work[w] = (
                np.interp(world.periods, yearly.index.to_numpy(float), yearly.to_numpy(float))
                * loads.at[workload, "work_multiplier"]
            )
    which = np.asarray([list(loads.index).index(s.workload) for s in streams], int)
    own = np.zeros_like(world_work)
    np.add.at(own, which, asked)
    world_work = np.where(own > 0, world_work, 0.0)
    total = world_work.sum(axis=0)
    share = np.divide(world_work, total, out=np.zeros_like(world_work), where=total > 0)
    within = np.divide(asked, own[which], out=np.zeros_like(asked), where=own[which] > 0)
    return MIX_TTOK_PER_H * share[which] * within


def _shapes(world: World, streams: list[Stream]) -> Floats:
    """Demand over its mean, stream x snapshot: local hours placed on UTC, weekdays and weekends mixed five to two."""
    if not streams:
        return np.zeros((0, len(world.snapshots)))
    days = world.scenario.table("demand.diurnal").pivot_table(
        index=["workload", "hour_local"], columns="day_type", values="factor_to_weekly_mean"
    )
    local = (5 * days["weekday"] + 2 * days["weekend"]) / 7.0
    offset = world.scenario.table("demand.markets").set_index("market")["utc_offset_h"].to_dict()
    asked = world.scenario.table("demand.demand").groupby(["workload", "market"])["central"].sum().to_dict()
    weight = world.snapshots.weight_h
    by_workload = {workload: day.to_numpy(float) for workload, day in local.groupby(level="workload")}

    def shape(stream: Stream) -> Floats:
        if stream.workload == OTHER_AI:
            return np.ones(len(world.snapshots))
        day = by_workload[stream.workload]
        utc = np.zeros(24)
        for market, share in stream.markets:
            hours = (np.arange(24) + float(offset[market])) % 24
            size = share * float(asked.get((stream.workload, market), 0.0))
            utc += size * np.interp(hours, np.arange(25), np.append(day, day[0]))
        placed = world.snapshots.diurnal(utc / utc.mean())
        return placed / float((placed * weight).sum() / weight.sum())

    return _stack([shape(stream) for stream in streams], len(world.snapshots))


def _flexible_share(world: World, loads: pd.DataFrame, stream: Stream) -> float:
    """Share that may wait; none where the window is shorter than every step of the scenario's days."""
    window = float(loads.at[stream.workload, "deferral_window_h"])
    if window < float(world.snapshots.step_h.min()) or window < 1.0:
        return 0.0
    return float(loads.at[stream.workload, "flexible_share"])


def _windows(world: World, out: Draft, loads: pd.DataFrame, streams: list[Stream], flexible: Floats) -> None:
    """Windows of deferrable streams: consecutive snapshots of one day.

    Each is at least as long as the stream's window where the day allows.
    """
    shots = world.snapshots
    names, owners, days, members = [], [], [], []
    for s, share in zip(streams, flexible, strict=True):
        if share <= 0:
            continue
        length = min(float(loads.at[s.workload, "deferral_window_h"]), 24.0)
        for day in dict.fromkeys(int(d) for d in shots.day):
            block: list[int] = []
            blocks = []
            for t in np.flatnonzero(shots.day == day):
                block.append(int(t))
                if shots.step_h[block].sum() >= length - 1e-9:
                    blocks.append(block)
                    block = []
            if block:
                if blocks:
                    blocks[-1] = blocks[-1] + block
                else:
                    blocks.append(block)
            for i, hours in enumerate(blocks):
                names.append(f"{s.label}@{day}.{i}")
                owners.append(s.label)
                days.append(day)
                members.append(hours)
    out.set("window", names, stream=owners, day=days)
    labels = out.sets["snapshot"]
    out.relations["snapshots_of_window"] = {
        name: [labels[t] for t in hours] for name, hours in zip(names, members, strict=True)
    }
    lookup = np.empty(len(names), dtype=object)
    lookup[:] = owners
    out.params["stream_of"] = lookup


def _near(world: World, out: Draft, loads: pd.DataFrame, routes: list[tuple[str, Stream, str]]) -> None:
    """Near routes: their hosts in reach and what a chip makes for them."""
    country = out.attributes["host"]["country"]
    size = {pool: country.count(pool) for pool in out.sets["pool"]}
    near = [(name, s, pool) for name, s, pool in routes if len(s.reach[pool]) < size[pool]]
    out.set(
        "near_route",
        [n for n, _, _ in near],
        stream=[s.label for _, s, _ in near],
        workload=[s.workload for _, s, _ in near],
        market=["+".join(m for m, _ in s.markets) for _, s, _ in near],
        pool=[p for _, _, p in near],
    )
    arcs = [(f"{name}@{host}", name, host, s.workload) for name, s, pool in near for host in s.reach[pool]]
    labels = out.set(
        "near_arc",
        [a[0] for a in arcs],
        route=[a[1] for a in arcs],
        host=[a[2] for a in arcs],
        workload=[a[3] for a in arcs],
    )
    out.relation("arcs_of", [n for n, _, _ in near], ((route, label) for label, route, _, _ in arcs))
    out.relation("arcs_at", out.sets["host"], ((host, label) for label, _, host, _ in arcs))
    chips = world.scenario.table("compute.chips").set_index("chip").loc[list(out.sets["chip"])]
    rate = throughput(world, chips, loads) * TTOK_PER_KCHIP_HOUR
    years = np.asarray(world.periods) - world.periods[0]
    gain = (1.0 + world.scenario.compute.software_gain_pct_per_yr / 100.0) ** years
    row = [list(loads.index).index(workload) for *_, workload in arcs]
    per_chip = rate[np.asarray(row, int)][:, :, None] * gain[None, None, :]
    assert len(labels) == len(per_chip)
    out.put(tokens_per_chip=per_chip, set_aside_max=np.where(per_chip > 0, np.inf, 0.0))
