"""What each line is worth: the plan with all of them, and without one, from one hot session.

A line that is taken out loses its rating, its share of firm transfers, what could be added to it and what has to flow
over it. Its own cost is no part of the bill (it is decided already, or planned by others), so its worth is what
the rest of the system saves: to be held against the cost of building it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optimizer.results.measures import fleet
from optimizer.results.planner import Plan, Planner
from optimizer.results.rungs import RATINGS
from optimizer.results.section import Section
from optimizer.scenario.load import load_scenario
from optimizer.scenario.study import scenario_of

from .answer import Answer

if TYPE_CHECKING:
    from optimizer.scenario.study import UhvBuildOut

Say = Callable[[str], None]
TAKE = ("line_take_gwh", "has_line_take")
ALL = "all of them"


def answer(study: UhvBuildOut, file: Path, say: Say) -> Answer:
    """Solve with all lines, without each, and without any. Raises ScenarioErrors, SolveError without a plan."""
    overrides = {"demand": {"path": study.path}, "transmission": {"planned": True}}
    scenario = load_scenario(scenario_of(file, study.scenario), overrides=overrides)
    planner = Planner(scenario)
    table = scenario.table("transmission.corridors")
    chosen = table[
        table["kind"].isin(study.kinds)
        & table["status"].isin(study.statuses)
        & (table["in_service_year"].astype(float) <= study.until)
        & table["corridor"].isin(planner.prepared.instance.sets["corridor"])
    ]
    say("with all lines")
    base = planner.least_cost()
    cases: list[tuple[str, str, list[str]]] = [
        (str(row["corridor"]), str(row["name"]), [str(row["corridor"])]) for _, row in chosen.iterrows()
    ]
    cases.append((ALL, ALL, [str(name) for name in chosen["corridor"]]))
    rows = []
    for name, words, lines in cases:
        say(f"without {words}")
        plan = planner.ask_again(base, f"without {name}", without(base, lines)) if lines else base
        rows.append({"corridor": name, "name": words} | _figures(base, plan, lines))
    found = pd.DataFrame(rows)
    sentences = verdict(found, len(chosen))
    last = planner.prepared.instance.sets["period"][-1]
    shown = Section.from_frame(
        f"What each line is worth, {study.path} demand at least cost: with all lines less without it",
        found.rename(columns=lambda column: column.replace("_", " ")),
        (
            f"MUSD in present value of all periods; tokens and energy of {last}; the line's own cost is not counted",
            "lines in series or side by side share their worth: without all is not the sum of the lines",
        ),
        {"rating mw": 0, "worth musd": 1, "million tokens a second": 1, "energy over it twh": 1},
    )
    told = Section("verdict", ("", "what the numbers say"), tuple((str(i), s) for i, s in enumerate(sentences, 1)))
    statistics = {"with all": {"bill_musd": base.solution.objective, "certificate": base.solution.certificate}}
    return Answer([shown, told], {"lines": found}, {"verdict": sentences}, statistics)


def without(plan: Plan, lines: list[str]) -> dict[str, np.ndarray]:
    """Parameters of a plan's instance with lines taken out."""
    rows = [plan.position("corridor")[name] for name in lines]
    out = {}
    for name in (*RATINGS, *TAKE):
        values = plan.param(name).copy()
        values[rows] = 0.0
        out[name] = values
    return out


def _figures(base: Plan, plan: Plan, lines: list[str]) -> dict[str, Any]:
    rows = [base.position("corridor")[name] for name in lines]
    flow = (base.value("flow_forward") + base.value("flow_backward"))[rows, -1] @ base.param("hours")
    served = [float(fleet(one)["served_mtok_per_s"].iloc[-1]) for one in (base, plan)]
    return {
        "rating_mw": float(base.param("line_mw")[rows, -1].sum()),
        "worth_musd": plan.solution.objective - base.solution.objective,
        "million_tokens_a_second": served[0] - served[1],
        "energy_over_it_twh": float(flow.sum()) * 1e-6,
    }


def verdict(found: pd.DataFrame, count: int) -> list[str]:
    """Sentences from the table; its last row is all lines together."""
    if not count:
        return ["No line of these kinds and statuses comes into service by then."]
    each, together = found.iloc[:-1], float(found["worth_musd"].iloc[-1])
    total = float(each["worth_musd"].sum())
    best = each.loc[each["worth_musd"].idxmax()]
    said = [
        f"All {count} lines together are worth {together:,.0f} MUSD; one by one they add up to {total:,.0f}.",
        f"The most valuable is {best['name']}: {best['worth_musd']:,.0f} MUSD, "
        f"{1e3 * best['worth_musd'] / max(best['rating_mw'], 1e-9):,.0f} USD per kW of its rating.",
    ]
    idle = int((each["worth_musd"] <= 1e-6 * max(total, 1e-9)).sum())
    if idle:
        said.append(f"{idle} of them are worth nothing on this path of demand.")
    tokens = float(found["million_tokens_a_second"].iloc[-1])
    if abs(tokens) <= 1.0:
        said.append("Not a token hangs on them: without all of them the same requests are served, at a higher bill.")
    else:
        said.append(f"Without all of them {tokens:,.0f} million tokens a second less are served in the last period.")
    return said
