"""Supply chain: units that reach a country in each period, after export control."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .draft import Draft, World
from .finance import Floats

if TYPE_CHECKING:
    from optimizer.scenario.export_control import LpEffect

STOCK_DATE = 2026.5  # the fleet is counted in mid 2026: chips shipped before it are in the stock
ENTERING = ("actual_estimate", "forecast", "assumption")  # kinds of rows that are flows; a licence cap is a ceiling
LEAKING = ("diverted", "all_routes")  # supply beyond the rules, counted only when a scenario says so


def period_share_of_year(periods: tuple[int, ...], year: int) -> Floats:
    """Share of a year's chips that is first there in each period.

    A period has the chips shipped to the end of its first year: the first period from the stock date on, each later one
    from the end of the period before. Without a later row the last known year repeats (see `chip_supply`).
    """
    shares = np.zeros(len(periods))
    for i, period in enumerate(periods):
        start = STOCK_DATE if i == 0 else periods[i - 1] + 1
        shares[i] = max(0.0, min(period + 1, year + 1) - max(start, year))
    return shares


def chip_supply(world: World, out: Draft, path: str) -> Floats:
    """Units a country can buy on a path of supply, kchip (countries, chips, periods), before export control."""
    table = world.scenario.table("compute.supply")
    kinds = ENTERING + (LEAKING if world.scenario.compute.leakage else ())
    table = table[table["kind"].isin(kinds)]
    column = {"low": "units_low_thousand", "central": "units_thousand", "high": "units_high_thousand"}[path]
    chips = out.sets["chip"]
    supply = np.zeros((len(world.countries), len(chips), len(world.periods)))
    if not len(table):
        return supply  # a power system alone
    last = int(table["year"].max())
    for c, name in enumerate(world.countries):
        setting = world.scenario.countries[name]
        rows = table[table["destination_bloc"] == setting.chip_bloc]
        units = rows.assign(units=rows[column].fillna(rows["units_thousand"])).groupby(["chip", "year"])["units"].sum()
        for g, chip in enumerate(chips):
            own = units.loc[chip] if chip in units.index.get_level_values(0) else pd.Series(dtype=float)
            for year in range(int(STOCK_DATE), int(world.periods[-1]) + 1):
                supply[c, g] += (
                    float(own.get(min(year, last), 0.0))
                    * period_share_of_year(world.periods, year)
                    * setting.chip_share
                )
    return supply


def allowed_supply(world: World, out: Draft, effects: dict[tuple[str, str], LpEffect], path: str) -> Floats:
    """Units a country can buy on a path of supply after export control, kchip (countries, chips, periods)."""
    supply = chip_supply(world, out, path)
    for c, name in enumerate(world.countries):
        for g, chip in enumerate(out.sets["chip"]):
            effect = effects[(name, str(chip))]
            supply[c, g] *= effect.supply_share if effect.allowed else 0.0
    return supply


def build(world: World, out: Draft, effects: dict[tuple[str, str], LpEffect]) -> None:
    """Arrays of the supply chain room; needs host and chip."""
    supply = allowed_supply(world, out, effects, world.scenario.compute.supply_path)
    years = world.scenario.table("compute.supply")["year"]
    if len(years) and world.periods[-1] > years.max():
        last = int(years.max())
        out.note(f"chip supply after {last} repeats the rows of {last}: extrapolated")
    countries, chips, periods = world.countries, out.sets["chip"], world.periods
    tpp_cap = np.full((len(countries), len(periods)), np.inf)
    for c, name in enumerate(countries):
        caps = []
        for chip in chips:
            effect = effects[(name, str(chip))]
            if effect.tpp_cap is not None:
                caps.append(effect.tpp_cap)
        if caps:
            tpp_cap[c] = min(caps) * 1e-9  # TPP x chips -> million TPP x kchip
    _volume_caps(world, out, effects)
    out.relation("hosts_of", countries, zip(out.attributes["host"]["country"], out.sets["host"], strict=True))
    table = world.scenario.table("compute.chips").set_index("chip").loc[list(chips)]
    out.put(
        chip_supply=supply,
        has_chip_supply=np.ones(supply.shape),
        has_tpp_cap=np.isfinite(tpp_cap),
        tpp_cap=np.where(np.isfinite(tpp_cap), tpp_cap, 0.0),
        tpp_million=table["tpp"].to_numpy(float) * 1e-6,
    )
    out.params["chips_max"] = np.where(_national(world, out, supply) > 0, out.params["chips_max"], 0.0)


def _volume_caps(world: World, out: Draft, effects: dict[tuple[str, str], LpEffect]) -> None:
    """Caps on licensed units: of one chip, of chips that share a licence, and as a share of the maker's home sales.

    Home sales are the forecast rows of the market outside China, never a decision, so that nobody buys chips to free
    others: exports of a year may reach their share of the sales of the year before.
    """
    end = np.asarray(world.periods, float) + 1.0  # a period has the chips shipped to the end of its first year
    years = end - world.decided_from
    home = world.scenario.table("compute.supply")
    home = (
        home[(home["destination_bloc"] == "world_ex_china") & home["kind"].isin(ENTERING)]
        .groupby(["chip", "year"])["units_thousand"]
        .sum()
    )
    rows: dict[str, tuple[str, str, list[str], Floats]] = {}
    for (country, chip), effect in effects.items():
        if not effect.allowed or chip not in out.sets["chip"]:
            continue
        if effect.volume_cap_units is not None:
            units = effect.volume_cap_units * 1e-3 * (years if effect.volume_cap_per_year else np.ones_like(years))
            rows[f"{country}:{chip}"] = (country, "units", [chip], units)
        if effect.group_cap_units is not None and effect.cap_group is not None:
            units = effect.group_cap_units * 1e-3 * (years if effect.volume_cap_per_year else np.ones_like(years))
            rows.setdefault(f"{country}:{effect.cap_group}", (country, effect.cap_group, [], units))[2].append(chip)
        if effect.share_of_home_units is not None:
            sold = home.loc[chip] if chip in home.index.get_level_values(0) else pd.Series(dtype=float)
            total = np.asarray(
                [
                    sum(
                        float(v) * max(0.0, min(year + 2, e) - max(year + 1, world.decided_from))
                        for year, v in sold.items()
                    )
                    for e in end
                ]
            )
            rows[f"{country}:{chip}:home share"] = (
                country,
                "share of home sales",
                [chip],
                effect.share_of_home_units * total,
            )
    names = out.set("volume_cap", rows, country=[r[0] for r in rows.values()], rule=[r[1] for r in rows.values()])
    out.relation("capped_chips", names, ((name, chip) for name, row in rows.items() for chip in row[2]))
    hosts = list(zip(out.sets["host"], out.attributes["host"]["country"], strict=True))
    out.relation(
        "capped_hosts", names, ((name, host) for name, row in rows.items() for host, c in hosts if c == row[0])
    )
    out.put(volume_cap_kchip=np.stack([row[3] for row in rows.values()]) if rows else np.zeros((0, len(world.periods))))


def _national(world: World, out: Draft, supply: Floats) -> Floats:
    """A country's supply seen from each of its hosts: (hosts, chips, periods)."""
    position = world.country_position()
    return supply[np.asarray([position[c] for c in out.attributes["host"]["country"]], np.intp)]
