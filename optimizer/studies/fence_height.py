"""What a country can make under each set of export rules: the most tokens of one fixed mix, rule set by rule set.

Supply is what tables of deliveries say. A rule set decides which of those chips may come and how many; it adds no
delivery that no row foresees, and those rows were estimated under today's law. What makers would have sold had they
been free to is an offer that the study names: so many a year of the best chip that the rules let in. The best is the
one that makes most tokens; caps of licences hold for it too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optimizer.instance.build import export_effects
from optimizer.instance.supply_chain import STOCK_DATE, period_share_of_year
from optimizer.results.ladder import NOTHING
from optimizer.results.planner import Plan, Planner
from optimizer.results.section import Section
from optimizer.scenario.load import load_scenario
from optimizer.scenario.study import known_name, scenario_of

from .answer import Answer

if TYPE_CHECKING:
    from optimizer.scenario.study import FenceHeight, Offer

Say = Callable[[str], None]


def answer(study: FenceHeight, file: Path, say: Say) -> Answer:
    """Solve every rule set. Raises ScenarioErrors for a name that there is not, SolveError without a plan."""
    rows: list[dict[str, Any]] = []
    chips: list[pd.DataFrame] = []
    statistics: dict[str, Any] = {}
    source = scenario_of(file, study.scenario)
    for rule_set in study.rule_sets:
        say(f"rule set {rule_set}")
        scenario = load_scenario(source, overrides={"export_control": {"rule_set": rule_set}})
        known_name(file, ("country",), study.country, scenario.countries, f"a country of {scenario.name}")
        planner = Planner(scenario)
        plan = planner.largest_scale()
        statistics[rule_set] = {"certificate": plan.solution.certificate}
        rows.append(_row(rule_set, plan, study.country))
        if study.offered is not None:
            rows[-1] |= _with_offer(planner, plan, study, study.offered, file)
        chips.append(_chips(rule_set, plan, study.country))
    table = pd.DataFrame(rows)
    periods = [str(column) for column in table if str(column).startswith("mtok_per_s_")]
    last = table[periods[-1]].to_numpy(float)
    sentences = verdict(list(table["rule_set"]), last, periods[-1].rsplit("_", 1)[1])
    if len(table) > 1 and table["chips"].nunique() == 1:
        sentences.append(
            "The tables hold no delivery in these periods of a chip that one set of rules allows and another denies: "
            "the fence stands in the deliveries themselves, which were estimated under today's law."
        )
    notes = ["supply is what the tables foresee under today's law: a laxer one adds no delivery that no row names"]
    if study.offered is not None:
        notes.append(
            f"offered (assumed): {study.offered.kchip_per_yr:,.0f} thousand a year of the best of "
            f"{', '.join(study.offered.chips)} that the rules let in, a licence counted as granted; "
            f"{study.offered.source}"
        )
        sentences += offer_verdict(table, periods[-1].rsplit("_", 1)[1])
    shown = Section.from_frame(
        f"What {study.country} can make at most under each set of rules, million reference tokens a second",
        table.rename(columns=lambda name: str(name).replace("mtok_per_s_", "").replace("_", " ")),
        tuple(notes),
        {str(name).replace("mtok_per_s_", "").replace("_", " "): 0 for name in table if "mtok_per_s" in str(name)},
    )
    told = Section("verdict", ("", "what the numbers say"), tuple((str(i), s) for i, s in enumerate(sentences, 1)))
    tables = {"fence": table, "chips": pd.concat(chips, ignore_index=True)}
    return Answer([shown, told], tables, {"verdict": sentences}, statistics)


def offer_verdict(table: pd.DataFrame, period: str) -> list[str]:
    """What the offer adds in the last period, the rule set where it adds most and that where it adds least."""
    before, after = table[f"mtok_per_s_{period}"], table[f"with_offer_mtok_per_s_{period}"]
    gain = (after / before - 1.0).to_numpy()
    if gain.max() <= NOTHING:
        return ["The offer adds nothing under any set of rules: none lets one of these chips in."]

    def told(i: int) -> str:
        chip = str(table["offered_chip"].iloc[i])
        what = f"{chip}, {after.iloc[i]:,.0f} million tokens a second" if chip else "nothing may come"
        return f"{table['rule_set'].iloc[i]} ({what}: {gain[i]:+.0%})"

    high, low = int(gain.argmax()), int(gain.argmin())
    return [f"With the offer the fence is lowest under {told(high)} and highest under {told(low)} in {period}."]


def _with_offer(planner: Planner, plan: Plan, study: FenceHeight, offer: Offer, file: Path) -> dict[str, Any]:
    """Tokens with the best chip of the offer that the rules let in; without one, those of the plan itself."""
    world, known = planner.prepared.world, [str(chip) for chip in plan.instance.sets["chip"]]
    effects = export_effects(planner.scenario, world.countries)
    at = plan.instance.sets["country"].index(study.country)
    here = np.asarray([each == study.country for each in plan.instance.attributes["host"]["country"]])
    years = range(int(STOCK_DATE), int(world.periods[-1]) + 1)
    shares = sum(period_share_of_year(world.periods, year) for year in years)
    best, best_chip = plan, ""
    for chip in offer.chips:
        known_name(file, ("offered", "chips"), chip, known, f"a chip of {planner.scenario.name}")
        effect = effects[study.country, chip]
        if not effect.allowed or chip in planner.scenario.countries[study.country].barred_chips:
            continue
        g = known.index(chip)
        supply, most = plan.param("chip_supply").copy(), plan.param("chips_max").copy()
        supply[at, g] += offer.kchip_per_yr * effect.supply_share * shares
        most[here, g] = np.inf
        found = planner.ask_again(plan, plan.question, {"chip_supply": supply, "chips_max": most})
        if found.solution.objective < best.solution.objective:
            best, best_chip = found, chip
    rate = _tokens(best)
    periods = plan.instance.sets["period"]
    row = {f"with_offer_mtok_per_s_{p}": float(v) for p, v in zip(periods, rate, strict=True)}
    return {**row, "offered_chip": best_chip}


def _tokens(plan: Plan) -> np.ndarray:
    """Million tokens a second, mean of the year, by period."""
    mix = plan.param("mix") @ plan.param("hours")
    return np.asarray(plan.value("scale") * mix.sum(axis=0) * 1e6 / 3600.0 / 8760.0)


def verdict(names: list[str], last: np.ndarray, period: str) -> list[str]:
    """Sentences from the tokens of the last period, a rule set each in the order given."""
    low, high = int(last.argmin()), int(last.argmax())
    if last[high] <= last[low] * (1.0 + NOTHING):
        return [f"No set of rules makes a difference in {period}: {last[low]:,.0f} million tokens a second under each."]
    said = [
        f"In {period} the lowest fence ({names[high]}) leaves {last[high]:,.0f} million tokens a second, "
        f"the highest ({names[low]}) {last[low]:,.0f}, {1 - last[low] / last[high]:.0%} less."
    ]
    steps = np.diff(last) / np.maximum(last[:-1], 1e-12)
    biggest = int(np.abs(steps).argmax())
    way = "raises" if steps[biggest] > 0 else "lowers"
    said.append(f"The step from {names[biggest]} to {names[biggest + 1]} {way} it most, by {abs(steps[biggest]):.0%}.")
    return said


def _row(rule_set: str, plan: Plan, country: str) -> dict[str, Any]:
    """Tokens by period and the chips that may come."""
    rate = _tokens(plan)
    at = plan.instance.sets["country"].index(country)
    supply = plan.param("chip_supply")[at].sum(axis=1)
    names = [str(chip) for chip, units in zip(plan.instance.sets["chip"], supply, strict=True) if units > 0]
    row: dict[str, Any] = {"rule_set": rule_set, "kchip_supplied": float(supply.sum())}
    row |= {f"mtok_per_s_{p}": float(v) for p, v in zip(plan.instance.sets["period"], rate, strict=True)}
    return row | {"chips": ", ".join(names)}


def _chips(rule_set: str, plan: Plan, country: str) -> pd.DataFrame:
    at = plan.instance.sets["country"].index(country)
    supply = plan.param("chip_supply")[at]
    frame = pd.DataFrame(supply, index=plan.instance.sets["chip"], columns=plan.instance.sets["period"])
    long = frame.rename_axis(index="chip", columns="period").stack().rename("kchip").reset_index()
    return long.assign(rule_set=rule_set)
