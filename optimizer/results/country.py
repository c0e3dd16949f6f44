"""One side of a comparison: a scenario solved for most tokens, for three demand paths at least cost, and without AI."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from . import assumptions, measures, time_to_power, token_cost, token_cost_table
from .ladder import climb
from .planner import Plan, Planner, Report

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario
    from optimizer.solve.options import SolverOptions

Frames = dict[str, pd.DataFrame]
STAGES = ("most_tokens", "central", "low", "high", "without_ai", "ladder")
RANGED = ("connection queue",)  # families that a comparison climbs on the low and high path of their limit as well


def study(
    scenario: Scenario,
    deliver: Callable[[str, Frames], None],
    report: Report | None = None,
    options: SolverOptions | None = None,
    ladder: bool = True,
) -> dict[str, Any]:
    """Answer the five questions in turn; each stage's tables are delivered as soon as they stand.

    ``ladder``: whether the relief ladder is climbed in the end, which takes longer than all questions before it.

    Returns what a stored comparison keeps of the side: certificates, statistics, timings and notes.
    """
    planner = Planner(scenario, options=options, report=report)
    kept: dict[str, Any] = {"certificates": {}, "statistics": {}}

    def keep(stage: str, plan: Plan) -> None:
        kept["certificates"][stage] = plan.solution.certificate
        kept["statistics"][stage] = plan.solution.statistics

    plan = planner.most_tokens()
    assert plan.tokens is not None
    keep("most_tokens:scale", plan.tokens)
    keep("most_tokens", plan)
    deliver(
        "most_tokens",
        {
            "fleet": measures.fleet(plan),
            "sites": measures.sites(plan),
            "chips": measures.chips(plan),
            "limits_in_tokens": measures.limits(plan.tokens),
            "limits": measures.limits(plan),
            "months": measures.months_to_power(plan),
        },
    )
    served: dict[str, Plan] = {}
    for path in ("central", "low", "high"):
        served[path] = planner.least_cost(path)
        keep(path, served[path])
        deliver(path, cost_frames(served[path]))
    bare = planner.without_ai()
    keep("without_ai", bare)
    incremental = pd.DataFrame(
        {
            "path": list(served),
            "incremental_usd_per_mtok": [token_cost.incremental_system_cost(p, bare) for p in served.values()],
        }
    )
    deliver("without_ai", {"incremental": incremental, "assumptions": assumptions.by_table(scenario)})
    if ladder:
        deliver("ladder", {"ladder": climb(planner, plan.tokens, ranges=RANGED)})
    return kept | {
        "timings_s": planner.timings_s,
        "notes": planner.prepared.instance.notes,
        "assumed": assumptions.assumed_settings(scenario),
    }


def cost_frames(plan: Plan) -> Frames:
    """Tables of a least-cost plan."""
    return {
        "fleet": measures.fleet(plan),
        "sites": measures.sites(plan),
        "chips": measures.chips(plan),
        "limits": measures.limits(plan),
        "full_cost": token_cost.full_cost(plan),
        "token_cost": token_cost_table.token_cost(plan),
        "time_to_power": time_to_power.time_to_power(plan),
        "marginal": token_cost.marginal_cost(plan),
        "article_ratio": token_cost.article_ratio(plan),
    }
