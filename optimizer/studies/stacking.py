"""How many older chips replace a newer one, what power they take, and which runs out first: chips or megawatts.

    older chips = newer chips x rate of the newer / (rate of the older x efficiency kept)
    megawatts   = older chips x facility kW each

Both are held against what the scenario's tables let the country have by the end of the period: chips delivered after
export rules, and megawatts that its connection queues energise.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optimizer.instance.build import prepare
from optimizer.results.section import Section
from optimizer.scenario.load import load_scenario
from optimizer.scenario.study import known_name, scenario_of

from .answer import Answer
from .owned_compute import owned_compute

if TYPE_CHECKING:
    from optimizer.instance.instance import Instance
    from optimizer.scenario.study import Stacking

CHIPS, POWER, NEITHER = "chips", "power", "neither"


def answer(study: Stacking, file: Path, say: Callable[[str], None]) -> Answer:
    """From the tables alone. Raises ScenarioErrors for a name that the scenario does not have."""
    say("reading tables")
    scenario = load_scenario(scenario_of(file, study.scenario))
    known_name(file, ("country",), study.country, scenario.countries, f"a country of {scenario.name}")
    chips = list(scenario.table("compute.chips")["chip"])
    known_name(file, ("newer",), study.newer, chips, f"a chip of {scenario.name}")
    for chip in study.older:
        known_name(file, ("older",), chip, chips, f"a chip of {scenario.name}")
    years = [str(year) for year in scenario.periods.years]
    known_name(file, ("period",), str(study.period), years, f"a period of {scenario.name}")
    instance = prepare(scenario).instance
    books = owned_compute(scenario, study.country, (study.newer, *study.older), 1.0)
    books = books[books["operating_point"] == study.operating_point]
    queue = queue_mw(instance, study.country, study.period)
    rows = []
    for chip_set in study.chip_sets:
        book = books[books["chip_set"] == chip_set].set_index("chip")
        if study.newer not in book.index:
            continue
        for older in (chip for chip in study.older if chip in book.index):
            there = supply_kchip(instance, study.country, older, study.period)
            rows.append({"chip_set": chip_set} | replaced(study, book, older, there, queue))
    table = pd.DataFrame(rows)
    sentences = [sentence(study, row) for row in rows]
    shown = Section.from_frame(
        f"{study.newer_kchip:,.0f} thousand {study.newer} replaced by older chips, {study.country}, by {study.period}",
        table.rename(columns=lambda name: name.replace("_", " ")),
        (
            f"{study.efficiency:.0%} of an older chip's rate is kept when one service spreads over more of them",
            "supply: all deliveries up to the period after export rules; queue: all connections up to it, in its hosts",
        ),
    )
    told = Section("verdict", ("", "what the numbers say"), tuple((str(i), s) for i, s in enumerate(sentences, 1)))
    return Answer([shown, told], {"stacking": table}, {"verdict": sentences})


def supply_kchip(instance: Instance, country: str, chip: str, period: int) -> float:
    """Thousand chips that the country gets up to a period, export rules counted."""
    if chip not in instance.sets["chip"]:
        return 0.0
    until = instance.sets["period"].index(period) + 1
    rows = instance.params["chip_supply"][instance.sets["country"].index(country), instance.sets["chip"].index(chip)]
    return float(rows[:until].sum())


def queue_mw(instance: Instance, country: str, period: int) -> float:
    """Megawatts that the country's hosts can connect up to a period."""
    here = np.asarray(instance.attributes["host"]["country"]) == country
    until = instance.sets["period"].index(period) + 1
    return float(instance.params["queue_mw"][here, :until].sum())


def replaced(study: Stacking, book: pd.DataFrame, older: str, there: float, queue: float) -> dict[str, Any]:
    """One row: chips and power that replace the newer ones, and what runs out first as more are replaced."""
    new, old = book.loc[study.newer], book.loc[older]
    rates = [float(row["tokens_per_kwh"] * row["facility_kw_per_chip"]) for row in (new, old)]
    each = rates[0] / (rates[1] * study.efficiency)
    kchip = each * study.newer_kchip
    megawatts = kchip * float(old["facility_kw_per_chip"])
    by_chips = there / kchip if kchip else np.inf
    by_power = queue / megawatts if megawatts else np.inf
    first = NEITHER if min(by_chips, by_power) >= 1.0 else CHIPS if by_chips <= by_power else POWER
    return {
        "older": older,
        "older_for_one": each,
        "kchip_needed": kchip,
        "kchip_there": there,
        "mw_needed": megawatts,
        "mw_of_the_newer": study.newer_kchip * float(new["facility_kw_per_chip"]),
        "mw_in_the_queue": queue,
        "share_that_chips_allow": by_chips,
        "share_that_power_allows": by_power,
        "runs_out_first": first,
        "cost_over_the_newer": float(old["usd_per_mtok"] / study.efficiency / new["usd_per_mtok"]),
    }


def sentence(study: Stacking, row: dict[str, Any]) -> str:
    """One row in words."""
    power = row["mw_needed"] / row["mw_of_the_newer"]
    said = (
        f"On {row['chip_set'].replace('_', '-')} rates {row['older_for_one']:.1f} {row['older']} do the work of one "
        f"{study.newer}, on {power:.1f} times the power, at {row['cost_over_the_newer']:.1f} times the cost of a token"
    )
    if row["runs_out_first"] == NEITHER:
        return f"{said}; neither chips nor power run out by {study.period}."
    if not row["kchip_there"]:
        return f"{said}; none is delivered by {study.period}."
    least = min(row["share_that_chips_allow"], row["share_that_power_allows"])
    out = "power runs out" if row["runs_out_first"] == POWER else "chips run out"
    return f"{said}; {out} first, at {least:.0%} of the chips to be replaced."
