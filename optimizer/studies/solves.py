"""Several least-cost plans, two at a time, each in a process of its own; what is kept is tables."""

from __future__ import annotations

import multiprocessing as mp
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, NamedTuple

import pandas as pd

from optimizer.results.country import cost_frames
from optimizer.results.planner import Planner
from optimizer.results.token_cost import marginal_cost
from optimizer.scenario.load import load_scenario

Job = tuple[str, tuple[str, ...], dict[str, Any]]  # scenario, variants, overrides
AT_ONCE = 2


class Made(NamedTuple):
    """Tables of a plan at least cost, and the statistics of its solve."""

    frames: dict[str, pd.DataFrame]
    statistics: dict[str, Any]


def solve_all(jobs: Mapping[str, Job], say: Callable[[str], None]) -> dict[str, Made]:
    """Solve each job at least cost; the order of the result is that of the jobs.

    Raises what a solve raises: SolveError without a certified plan, ScenarioErrors for a scenario that is not valid.
    """
    found: dict[str, Made] = {}
    with ProcessPoolExecutor(min(AT_ONCE, len(jobs)) or 1, mp_context=mp.get_context("spawn")) as workers:
        waiting = {workers.submit(_solve, *job): name for name, job in jobs.items()}
        try:
            for done in as_completed(waiting):
                found[waiting[done]] = done.result()
                say(f"solved {waiting[done].replace('|', ', ')}")
        except BaseException:
            workers.shutdown(wait=False, cancel_futures=True)
            raise
    return {name: found[name] for name in jobs}


def _solve(scenario: str, variants: tuple[str, ...], overrides: dict[str, Any]) -> Made:
    plan = Planner(load_scenario(scenario, variants, overrides)).least_cost()
    frames = cost_frames(plan) | {"marginal_cost": marginal_cost(plan)}
    return Made(frames, {"bill_musd": plan.solution.objective, "certificate": plan.solution.certificate})
