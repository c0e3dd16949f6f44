"""Commands that solve a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .frame import (
    Changes,
    Out,
    Quiet,
    Road,
    ScenarioName,
    Seed,
    Solver,
    Threads,
    TimeLimit,
    Tolerance,
    Variant,
    Via,
    app,
    load,
    load_all,
    one_error_style,
    say_where,
    with_solver,
)


@app.command()
def solve(
    scenario: ScenarioName,
    variant: Variant = None,
    changes: Changes = None,
    out: Out = Path("results"),
    via: Road = Via.arrays,
    solver: Solver = None,
    threads: Threads = None,
    time_limit: TimeLimit = None,
    tolerance: Tolerance = None,
    seed: Seed = None,
    iis: Annotated[
        bool, typer.Option("--iis", help="Where no plan keeps all limits, name limits that cannot hold together.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Solve a scenario, certify the plan and keep the run; where there is no plan, say what would have to give way."""
    with one_error_style():
        changes = with_solver(
            changes, solver=solver, threads=threads, time_limit_s=time_limit, tolerance=tolerance, seed=seed
        )
        loaded = load(scenario, variant, changes)
        from optimizer.report.terminal import StageLog, print_sections
        from optimizer.results.plan import solve_scenario
        from optimizer.results.store import check_writable

        check_writable(out)
        with StageLog(quiet=quiet) as log:
            run = solve_scenario(loaded, out=out, via=via.value, on_progress=log, iis=iis)
        print_sections(run.sections)
        say_where(run.path)


@app.command()
def compare(
    first: ScenarioName,
    second: ScenarioName,
    ladder: Annotated[bool, typer.Option(help="Climb the relief ladder too, the longest of the tables.")] = True,
    variant: Variant = None,
    changes: Changes = None,
    out: Out = Path("results"),
    solver: Solver = None,
    threads: Threads = None,
    time_limit: TimeLimit = None,
    tolerance: Tolerance = None,
    seed: Seed = None,
    quiet: Quiet = False,
) -> None:
    """Solve two scenarios and print them side by side. Variant and changes apply to both."""
    with one_error_style():
        changes = with_solver(
            changes, solver=solver, threads=threads, time_limit_s=time_limit, tolerance=tolerance, seed=seed
        )
        pair = load_all([first, second], variant, changes)
        from optimizer.report.terminal import err_console, print_sections
        from optimizer.results.compare import compare as compare_scenarios
        from optimizer.results.store import check_writable

        check_writable(out)
        comparison = compare_scenarios(
            *pair,
            out=out,
            on_progress=None if quiet else lambda line: err_console().print(line, soft_wrap=True, highlight=False),
            on_section=lambda made: print_sections([made]),
            ladder=ladder,
        )
        say_where(comparison.path)


@app.command()
def check(
    scenarios: Annotated[list[str], typer.Argument(help="Scenario files or names of shipped scenarios.")],
) -> None:
    """Solve the year 2024 and hold generation and UHV energy against what was published."""
    with one_error_style():
        from optimizer.report.terminal import print_sections
        from optimizer.results.truth_check import BASE_YEAR_VARIANT, check_section

        for name in scenarios:
            print_sections([check_section(load(name, BASE_YEAR_VARIANT, None))])


@app.command()
def screen(
    scenario: ScenarioName,
    variant: Variant = None,
    changes: Changes = None,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="At most this long.")] = 60.0,
) -> None:
    """Look for a rough answer with a first-order method, meant for LPs too large to solve. Nothing is stored."""
    with one_error_style():
        loaded = load(scenario, variant, changes)
        from optimizer.report.terminal import print_sections
        from optimizer.results.screening import screening_section

        print_sections([screening_section(loaded, seconds)])
