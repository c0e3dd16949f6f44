"""A relief ladder from start to stored run: of a scenario, or of a run that was kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .ladder import climb
from .ladder_section import ladder_section, last_period_section, meaning_section
from .plan import run_about, scenario_name
from .planner import Plan, Planner, Report
from .rungs import FAMILIES
from .store import Run, save_run

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario

Goal = Literal["tokens", "cost"]
RANGED = ("connection queue", "chips")


def ladder_of_scenario(
    scenario: Scenario,
    goal: Goal = "tokens",
    ranges: bool = True,
    out: str | Path | None = None,
    on_progress: Report | None = None,
) -> Run:
    """Solve a scenario and climb the ladder; stored under ``out`` where given, its one table is `ladder`.

    Raises SolveError without a certified plan, StoreError when the run cannot be written.
    """
    planner = Planner(scenario, report=on_progress)
    plan = planner.largest_scale() if goal == "tokens" else planner.least_cost()
    return _climbed(planner, plan, ranges, out)


def ladder_of_run(
    path: str | Path,
    goal: Goal = "tokens",
    ranges: bool = True,
    out: str | Path | None = None,
    on_progress: Report | None = None,
) -> Run:
    """The same for the folder of a run: its plan is taken where it answers the question, else the question is solved.

    Raises as `reopen` and `ladder_of_scenario`.
    """
    from .reopen import reopen

    planner, plan = reopen(path, on_progress)
    if goal == "tokens":
        plan = planner.largest_scale() if plan.tokens is None else plan.tokens
    elif plan.tokens is not None:
        plan = planner.least_cost()
    return _climbed(planner, plan, ranges, out)


def _climbed(planner: Planner, plan: Plan, ranges: bool, out: str | Path | None) -> Run:
    scenario, name = planner.scenario, scenario_name(planner.scenario)
    table = climb(planner, plan, [family.name for family in FAMILIES], RANGED if ranges else ())
    sections = [ladder_section([name], [table])]
    if plan.price_unit == "Ptok":
        sections.append(last_period_section(name, table))
    sections.append(meaning_section(list(dict.fromkeys(table["family"]))))
    run = run_about(
        plan,
        "ladder",
        {"ladder": table},
        sections,
        title=f"{scenario.title}: relief ladder",
        certificate={plan.question: plan.solution.certificate},
        timings_s=planner.timings_s,
        notes=tuple(plan.instance.notes),
        summary={"question": plan.question, "objective_unit": plan.price_unit},
    )
    return run if out is None else save_run(run, out)
