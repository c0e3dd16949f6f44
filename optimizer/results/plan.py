"""Solve one scenario from start to stored run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from . import assumptions, campus_load, measures, time_to_power, token_cost, token_cost_table
from .ledger import ledger
from .ledger_tables import ledger_section, ledger_tables
from .planner import Plan, Planner, Report, Via
from .section import Section
from .solution_tables import solution_tables
from .store import Run, save_run

if TYPE_CHECKING:
    from optimizer.instance.draft import World
    from optimizer.scenario.scenario import Scenario
    from optimizer.solve.options import SolverOptions


def solve_scenario(
    scenario: Scenario,
    *,
    out: str | Path | None = None,
    via: Via = "arrays",
    options: SolverOptions | None = None,
    on_progress: Report | None = None,
    iis: bool = False,
) -> Run:
    """Answer the question that the scenario asks (`objective.goal`), return the run; stored under ``out`` where given.

    Raises SolveError when there is no certified plan, StoreError when the run cannot be written. Where no plan keeps
    all limits it is a NoPlanError that says why; ``iis`` adds an irreducible conflict to it.
    """
    planner = Planner(scenario, via=via, options=options, report=on_progress, iis=iis)
    plan = planner.solve()
    run = run_of(plan, planner, done=True)
    if out is None:
        return run
    if on_progress is not None:
        on_progress("writing the run")
    return save_run(run, out)


def run_of(plan: Plan, planner: Planner, *, done: bool = False) -> Run:
    """The run of a plan: every decision and dual as a table, measures beside them.

    ``done``: nothing will be solved any more, so the solver's memory is given back before tables are made.
    """
    answers = planner.answers(plan)
    if done:
        planner.case.release()
    tables = solution_tables(planner.formulation, plan.instance, plan.lp, plan.solution)
    frames = summaries(plan, planner.prepared.world)
    tables |= {f"summary_{name}": frame for name, frame in frames.items()}
    account = ledger(plan, planner.formulation)
    tables |= ledger_tables(account, plan, planner.formulation)
    accounts, ledgers = [ledger_section(account)], {plan.question: account.identity()}
    certificates: dict[str, Any] = {plan.question: plan.solution.certificate}
    statistics: dict[str, Any] = {plan.question: plan.solution.statistics}
    if plan.tokens is not None:
        first = plan.tokens
        certificates[first.question], statistics[first.question] = first.solution.certificate, first.solution.statistics
        stage = solution_tables(planner.formulation, first.instance, first.lp, first.solution, first.price_unit)
        tables |= {
            f"tokens_{name}": table for name, table in stage.items() if name.startswith(("dual_", "reduced_cost_"))
        }
        account = ledger(first, planner.formulation)
        in_tokens = ledger_tables(account, first, planner.formulation)
        tables |= {f"tokens_{name}": table for name, table in in_tokens.items()}
        accounts.append(ledger_section(account))
        ledgers[first.question] = account.identity()
    low, high, most, least = plan.lp.coefficient_range()
    return Run(
        name=scenario_name(plan.scenario),
        title=plan.scenario.title,
        status=plan.solution.status,
        objective=plan.solution.objective,
        scenario=plan.scenario.resolved(),
        scenario_hash=plan.scenario.hash,
        tables=tables,
        certificate=certificates,
        statistics=statistics
        | {
            "rows": plan.lp.num_row,
            "columns": plan.lp.num_col,
            "nonzeros": plan.lp.num_nonzero,
            "coefficients": {"smallest": low, "largest": high, "smallest_in": least, "largest_in": most},
        },
        timings_s=planner.timings_s,
        notes=tuple(plan.instance.notes),
        summary=headline(plan, frames) | {"ledger": ledgers},
        sections=sections(plan, frames, accounts),
        source={"file": str(plan.scenario.source_path), "variants": plan.scenario.variants_applied},
        answers=answers,
    )


def run_about(
    plan: Plan, what: str, tables: Mapping[str, pd.DataFrame], sections: Sequence[Section], **more: Any
) -> Run:
    """What was asked about a plan, as a run of its own: `us-explained`. ``more`` are further fields of the run."""
    given: dict[str, Any] = {
        "status": f"{what}: {plan.question}",
        "objective": plan.solution.objective,
        "title": plan.scenario.title,
    }
    return Run(
        name=f"{scenario_name(plan.scenario)}-{what}",
        scenario=plan.scenario.resolved(),
        scenario_hash=plan.scenario.hash,
        tables=dict(tables),
        sections=tuple(sections),
        **(given | more),
    )


def scenario_name(scenario: Scenario) -> str:
    """Name of the run: the scenario's, with its variants."""
    return scenario.name if not scenario.variant else f"{scenario.name}-{scenario.variant}"


def summaries(plan: Plan, world: World) -> dict[str, pd.DataFrame]:
    """Tables that planners read first."""
    frames = {
        "fleet": measures.fleet(plan),
        "hourly": measures.hourly(plan),
        "sites": measures.sites(plan),
        "campus_load": campus_load.campus_load(plan, world),
        "chips": measures.chips(plan),
        "limits": measures.limits(plan),
        "generation": measures.generation(plan),
        "bill": pd.DataFrame({"part": list(plan.bill_musd), "present_value_musd": list(plan.bill_musd.values())}),
    }
    if has_tokens(plan):
        frames["full_cost"] = token_cost.full_cost(plan)
        frames["time_to_power"] = time_to_power.time_to_power(plan)
        frames["token_cost"] = token_cost_table.token_cost(plan)
        if plan.question != "most_tokens":
            frames["marginal_cost"] = token_cost.marginal_cost(plan)
            frames["marginal_by_stream"] = token_cost_table.marginal_by_stream(plan)
    if plan.tokens is not None:
        frames["limits_in_tokens"] = measures.limits(plan.tokens)
    frames["assumptions"] = assumptions.by_table(plan.scenario)
    return frames


def has_tokens(plan: Plan) -> bool:
    """Whether the scenario serves any request."""
    return len(plan.instance.sets["stream"]) > 0


def headline(plan: Plan, frames: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Headline numbers with their units in the keys."""
    return {
        "question": plan.question,
        "demand_path": plan.scenario.demand.path,
        "objective_musd": plan.solution.objective,
        "by_period": frames["fleet"].to_dict("records"),
    }


def sections(plan: Plan, frames: dict[str, pd.DataFrame], accounts: Sequence[Section] = ()) -> tuple[Section, ...]:
    """What the terminal shows after a solve, from the plan's `summaries` and the sections of its ledgers."""
    fleet = _dated(frames["fleet"]).rename(
        columns={
            "served_mtok_per_s": "served Mtok/s",
            "unserved_mtok_per_s": "unserved",
            "other_ai_mtok_per_s": "other AI",
            "it_gw": "IT GW",
            "facility_gw_peak": "facility GW",
            "grid_draw_twh": "grid TWh",
            "made_on_site_twh": "on-site TWh",
            "use_of_chips": "use of chips",
            "use_of_fleet": "of all in place",
        }
    )
    notes = [f"demand path: {plan.scenario.demand.path}", "tokens are reference tokens; Mtok/s is the mean of the year"]
    notes += slack_notes(frames["fleet"])
    made = [
        Section.from_frame(
            f"{plan.scenario.title}: what the plan serves",
            fleet,
            tuple(notes),
            {"use of chips": 2, "of all in place": 2},
        )
    ]
    limits = _dated(frames["limits"])[["family", "period", "share", "used", "available", "unit", "price", "price_unit"]]
    made.append(Section.from_frame("limits: how much is used and what one more is worth", limits, digits={"share": 2}))
    made += campus_load.sections(frames["campus_load"])
    if "full_cost" in frames:
        cost = frames["full_cost"]
        made.append(
            Section.from_frame(
                "full cost of tokens, USD per million reference tokens",
                _dated(cost).rename(columns={"full_cost_usd_per_mtok": "full cost", "use_of_chips": "use of chips"}),
                ("old equipment at replacement price; energy at LMP + reserve + delivery",),
                {"chip_share": 2, "energy_share": 2, "use of chips": 2},
            )
        )
        made.append(token_cost_table.by_class_section(frames))
        made.append(time_to_power.fastest_section(frames["time_to_power"]))
    made += accounts
    certificate = plan.solution.certificate
    made.append(
        Section(
            "certificate",
            ("measure", "value"),
            (
                ("objective, MUSD", plan.solution.objective),
                ("primal infeasibility", certificate.primal_infeasibility),
                ("dual infeasibility", certificate.dual_infeasibility),
                ("relative gap", certificate.relative_gap),
                ("solver road", plan.solution.statistics["road"]),
                ("because", plan.solution.statistics["why"]),
                *range_rows(plan.solution.statistics["ranges"]),
            ),
            tuple(plan.instance.notes),
        )
    )
    return tuple(made)


def range_rows(ranges: Mapping[str, tuple[float, float]]) -> Iterator[tuple[str, str]]:
    """How large the numbers are that the solver saw, smallest and largest of each kind."""
    for kind, (low, high) in ranges.items():
        yield f"{kind} numbers", f"{low:.2g} to {high:.2g}"


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    """Periods as words, so that a year is not shown as a number with a comma."""
    return frame.assign(period=frame["period"].map(lambda year: str(int(year))))


def slack_notes(fleet: pd.DataFrame) -> list[str]:
    """The warning that a slack fleet's marginal cost is no cost; chips that are off stand in the fleet as well."""
    slack = fleet.loc[(fleet["use_of_fleet"] < 0.5) & (fleet["served_mtok_per_s"] > 0), "period"]
    if not len(slack):
        return []
    years = ", ".join(str(int(p)) for p in slack)
    return [
        f"fleet is slack in {years} (use below 50 %): marginal token cost is energy only and must not be read as cost"
    ]
