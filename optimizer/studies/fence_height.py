"""What a country can make under each set of export rules: the most tokens of one fixed mix, rule set by rule set.

Supply is what tables of deliveries say. A rule set decides which of those chips may come and how many; it adds no
delivery that no row foresees. So a laxer law than today's shows the chips that makers planned anyway, not those that
they would have sold had they been free to.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optimizer.results.ladder import NOTHING
from optimizer.results.planner import Plan, Planner
from optimizer.results.section import Section
from optimizer.scenario.load import load_scenario
from optimizer.scenario.study import known_name, scenario_of

from .answer import Answer

if TYPE_CHECKING:
    from optimizer.scenario.study import FenceHeight

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
        plan = Planner(scenario).largest_scale()
        statistics[rule_set] = {"certificate": plan.solution.certificate}
        rows.append(_row(rule_set, plan, study.country))
        chips.append(_chips(rule_set, plan, study.country))
    table = pd.DataFrame(rows)
    periods = [column for column in table if str(column).startswith("mtok_per_s_")]
    last = table[periods[-1]].to_numpy(float)
    sentences = verdict(list(table["rule_set"]), last, periods[-1].rsplit("_", 1)[1])
    if len(table) > 1 and table["chips"].nunique() == 1:
        sentences.append(
            "The tables hold no delivery in these periods of a chip that one set of rules allows and another denies: "
            "the fence stands in the deliveries themselves, which were estimated under today's law."
        )
    shown = Section.from_frame(
        f"What {study.country} can make at most under each set of rules, million reference tokens a second",
        table.rename(columns=lambda name: str(name).replace("mtok_per_s_", "").replace("_", " ")),
        ("supply is what the tables foresee under today's law: a laxer one adds no delivery that no row names",),
        dict.fromkeys([name.rsplit("_", 1)[1] for name in periods], 0),
    )
    told = Section("verdict", ("", "what the numbers say"), tuple((str(i), s) for i, s in enumerate(sentences, 1)))
    tables = {"fence": table, "chips": pd.concat(chips, ignore_index=True)}
    return Answer([shown, told], tables, {"verdict": sentences}, statistics)


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
    mix = plan.param("mix") @ plan.param("hours")
    rate = plan.value("scale") * mix.sum(axis=0) * 1e6 / 3600.0 / 8760.0
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
