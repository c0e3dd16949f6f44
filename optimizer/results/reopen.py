"""A stored run, opened again: its scenario compiled anew, its plan put back and certified, nothing solved.

Whatever is asked of a run later (a replay, an explanation, other plans that cost as much) starts here. The scenario is
the resolved one that the run kept; its tables are read again and must be the very ones, byte by byte.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from optimizer.results.planner import Plan, Planner, Report
from optimizer.results.store import Run, StoreError, load_run
from optimizer.scenario.errors import ScenarioErrors
from optimizer.scenario.load import reload_scenario

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario


def reopen(path: str | Path, report: Report | None = None) -> tuple[Planner, Plan]:
    """The planner and the plan of a run folder; the next solve of ``planner.case`` starts from the run's basis.

    Takes what `load_run` takes. Raises StoreError for a folder without a run, a run without its vectors, tables that
    changed since, and vectors that are no certified plan of what is compiled now.
    """
    run = load_run(path)
    if not run.answers:
        raise StoreError(f"{run.path} holds no plan that could be opened again: solve the scenario once more")
    planner = Planner(_scenario(run), report=report)
    plan: Plan | None = None
    for answer in run.answers:
        try:
            plan = planner.restore(answer, tokens=plan)
        except ValueError as error:
            raise StoreError(f"{run.path} cannot be opened with this version: {error}") from error
    assert plan is not None
    return planner, plan


def _scenario(run: Run) -> Scenario:
    try:
        scenario = reload_scenario(run.scenario, Path(run.source["file"]), run.source["variants"])
    except ScenarioErrors as error:
        raise StoreError(f"the scenario of {run.path} can no longer be read:\n{error}") from error
    if scenario.hash != run.scenario_hash:
        raise StoreError(
            f"tables of {run.source['file']} changed since {run.path} was solved: solve the scenario once more"
        )
    return scenario
