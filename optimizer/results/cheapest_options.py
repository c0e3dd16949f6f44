"""Where a million reference tokens would cost least, before any plan is made: the cheapest chips and hosts of a market.

Every option (a chip in a host) at its full cost: chip, hall and connection at their annuity and in use as often as
chips are available, energy at the published tariff and the PUE of the hour, the network of the arc. Nothing limits how
much of an option there is; what is scarce, and what power costs then, is the plan's to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from kernels.cost import Options, cheapest
from kernels.cost_spread import mean, quantiles
from optimizer.instance.build import Prepared, prepare
from optimizer.instance.compute import workload_table
from optimizer.instance.demand import make_streams, served_markets
from optimizer.instance.finance import Floats
from optimizer.scenario.errors import Fault, ScenarioErrors

from .section import Section
from .store import Run, save_run
from .unit_costs import chip_annuity, connection_annuity, fee_share, hall_annuity, tariff_usd_per_mwh

if TYPE_CHECKING:
    from pathlib import Path

    from optimizer.scenario.scenario import Scenario

UNIT = "_usd_per_mtok"
PARTS = ("chips", "hall_and_connection", "energy", "network", "full_cost")
SPREAD = ("cheapest", "mean", "median", "ninety_percent")


class CostParts(NamedTuple):
    """What the kernel reads, with the labels of its axes and the share of capital that is the chip's."""

    options: Options  # in one hour that stands for the year
    chip_capital: Floats  # USD per busy chip-hour, (host, chip): chip and fees without hall and connection
    workloads: tuple[str, ...]
    markets: tuple[str, ...]
    served: np.ndarray  # whether the scenario serves the market's demand of the workload, (workload, market)


def cost_parts(prepared: Prepared, period: int) -> CostParts:
    """Costs of all options of a period from the arrays of an instance; ``period`` is one of its labels.

    Raises:
        ScenarioErrors: where a host has no published tariff.
    """
    scenario, instance, params = prepared.world.scenario, prepared.instance, prepared.instance.params
    hosts, chips, p = instance.sets["host"], instance.sets["chip"], instance.sets["period"].index(period)
    country = instance.attributes["host"]["country"]
    tariff = tariff_usd_per_mwh(scenario, hosts)
    unknown = [str(host) for host, price in zip(hosts, tariff, strict=True) if np.isnan(price)]
    if unknown:
        text = f"no industrial tariff for {', '.join(unknown)}: power has no price there before a plan is made"
        raise ScenarioErrors([Fault(text, path="power.tariffs.industrial_price_per_mwh")])
    busy = 8.76 * float(params["chip_availability"])  # thousand hours a year: MUSD/kchip over it is USD per chip-hour
    chip = chip_annuity(scenario, country, chips) * (1.0 + fee_share(scenario, country, chips))
    site = hall_annuity(scenario, country) + params["pue_peak"] * connection_annuity(scenario, country)
    hours = params["chip_hours"][:, :, p]
    workloads, markets, served, network = _arcs(prepared, p)
    options = Options(
        capital=(chip + site[:, None] * params["it_kw"]) / busy,
        it_kw=params["active_kw"] + params["idle_kw"] / params["chip_availability"],
        tokens=np.divide(1e3, hours, out=np.zeros_like(hours), where=hours > 0)[: len(workloads)],
        price=params["pue"] * tariff[:, None] * 1e-3,
        network=network,
        allowed=_present(prepared, p),
    )
    return CostParts(options.over_hours(params["hours"]), chip / busy, workloads, markets, served)


def _arcs(prepared: Prepared, p: int) -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray, Floats]:
    """Workloads and markets, which of them are served, and the network cost of every arc that latency and trust allow.

    Other AI work comes from no market and stays out of the cost of tokens.
    """
    world, instance = prepared.world, prepared.instance
    workloads = tuple(world.scenario.demand.workload_list)
    asked = {w: [market for market, _, _ in served_markets(world, w)] for w in workloads}
    markets = tuple(dict.fromkeys(market for names in asked.values() for market in names))
    host, route = prepared.draft.position("host"), prepared.draft.position("route")
    served = np.asarray([[m in asked[w] for m in markets] for w in workloads], bool).reshape(len(asked), len(markets))
    network = np.full((len(workloads), len(markets), len(host)), np.inf)
    for stream in make_streams(world, prepared.draft, workload_table(world)):
        for pool, reached in stream.reach.items():
            cost = instance.params["arc_cost"][route[f"{stream.label}>{pool}"], p]
            for market, _ in stream.markets:
                at = workloads.index(stream.workload), markets.index(market)
                network[at][[host[name] for name in reached]] = cost
    return workloads, markets, served, network


def _present(prepared: Prepared, p: int) -> np.ndarray:
    """Chips that stand in a host in the period, or may come and have been supplied to its country by then."""
    params = prepared.instance.params
    rows = [prepared.world.country_position()[c] for c in prepared.instance.attributes["host"]["country"]]
    arrived = np.einsum("cgb,gb->cg", params["chip_supply"], params["chip_alive"][:, :, p])[rows]
    return (params["chip_stock"][:, :, p] > 0) | ((params["chips_max"][:, :, p] > 0) & (arrived > 0))


def cheapest_options(prepared: Prepared, period: int, top: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two tables: the cheapest options, one row a workload, market and place; and the spread over all options.

    Costs in USD per million reference tokens, mean over the hours of a year.
    """
    parts = cost_parts(prepared, period)
    options, (hosts, chips) = parts.options, (prepared.instance.sets[name] for name in ("host", "chip"))
    cost, which = (values[..., 0] for values in cheapest(options, top))
    average, (median, ninety) = mean(options)[..., 0], quantiles(options, (0.5, 0.9))[..., 0]
    rows: list[tuple[object, ...]] = []
    spread: list[tuple[object, ...]] = []
    for w, m in np.argwhere(parts.served):
        key = period, parts.workloads[w], parts.markets[m]
        exist = int((np.isfinite(options.fixed[w]) & np.isfinite(options.network[w, m])[:, None]).sum())
        least = cost[w, m, 0] if exist else np.nan
        spread.append((*key, exist, least, average[w, m], median[w, m], ninety[w, m]))
        for place in range(min(top, exist)):
            r, g = divmod(int(which[w, m, place]), len(chips))
            tokens, chip = options.tokens[w, g], parts.chip_capital[r, g]
            site, energy = options.capital[r, g] - chip, options.it_kw[g] * options.price[r, 0]
            made = chip / tokens, site / tokens, energy / tokens, options.network[w, m, r]
            rows.append((*key, place + 1, hosts[r], chips[g], *made, cost[w, m, place]))
    names = ["period", "workload", "market"]
    return (
        pd.DataFrame(rows, columns=[*names, "place", "host", "chip", *(part + UNIT for part in PARTS)]),
        pd.DataFrame(spread, columns=[*names, "options", *(part + UNIT for part in SPREAD)]),
    )


def cost_sections(
    scenario: Scenario, period: int, top: int, out: Path | None = None
) -> tuple[list[Section], Run | None]:
    """The two tables for a reader, markets with the same answer in one row, and the run folder where one is wanted.

    Raises:
        ScenarioErrors: where a host has no published tariff. StoreError: when ``out`` cannot be written.
    """
    prepared = prepare(scenario)
    best, spread = cheapest_options(prepared, period, top)
    notes = (
        f"USD of {scenario.money.currency_year} per million reference tokens, mean over the hours of a year; equipment "
        f"at its annuity and replacement price, busy {scenario.compute.availability:.0%} of the time",
        "power at the industrial tariff as published, without value-added tax: no LMP, and the same in every hour and "
        "period; the PUE is that of the hour",
        f"chips that stand in the host in {period} or that export control lets in and supply has brought by then; "
        "how many there are, halls, the queue and the grid limit nothing here: a list of first choices, not a plan",
        "markets with the same options in one row; --out keeps every market",
    )
    sections = [
        Section.from_frame(f"{scenario.title}: cheapest options in {period}, before any solve", _merged(best), notes),
        Section.from_frame("Spread over all options, USD per million reference tokens", _merged(spread)),
    ]
    if out is None:
        return sections, None
    run = Run(
        name=f"{scenario.name}-costs",
        status="costs before any solve",
        objective=float("nan"),
        scenario=scenario.resolved(),
        scenario_hash=scenario.hash,
        tables={"cheapest_options": best, "spread_of_options": spread},
        title=scenario.title,
        notes=notes,
        sections=tuple(sections),
    )
    return sections, save_run(run, out, csv=True)


def _merged(table: pd.DataFrame) -> pd.DataFrame:
    """One block of rows for the markets of a workload whose rows are the same; columns without their unit."""
    blocks: dict[object, tuple[list[str], pd.DataFrame]] = {}
    for (workload, market), rows in table.groupby(["workload", "market"], sort=False):
        rest = rows.drop(columns=["period", "market"])
        key = (workload, *rest.itertuples(index=False, name=None))
        blocks.setdefault(key, ([], rest))[0].append(market)
    shown = []
    for markets, rest in blocks.values():
        label = markets[0] + (f" +{len(markets) - 1}" if len(markets) > 1 else "")
        shown.append(rest.assign(market=label))
    names = ["workload", "market", *(name for name in table.columns if name not in ("period", "workload", "market"))]
    merged = pd.concat(shown)[names] if shown else table[names]
    return merged.rename(columns=lambda name: name.removesuffix(UNIT).replace("_", " "))
