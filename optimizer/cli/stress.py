"""Commands that put a stored plan to the test."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .frame import Quiet, RunFolder, app, one_error_style, say_where


@app.command()
def replay(
    run: RunFolder,
    samples: Annotated[int, typer.Option("--samples", min=1, help="So many drawn years.")] = 200,
    period: Annotated[
        list[int] | None, typer.Option("--period", help="Its first year; repeatable. Default: every period.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the drawn years.")] = 0,
    reserve: Annotated[
        float, typer.Option("--reserve", min=0.0, max=1.0, help="Share of every store that is kept for shortage.")
    ] = 0.5,
    top: Annotated[int, typer.Option("--top", min=1, help="So many hours and regions for each period.")] = 10,
    out: Annotated[
        Path | None, typer.Option("--out", help="Keep all tables in OUT/<run>-replay/<time>/; default: print only.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Run a plan through every hour of many years: hours short, energy and tokens lost, and where it breaks."""
    with one_error_style():
        from optimizer.report.terminal import StageLog, print_sections
        from optimizer.results.reopen import reopen
        from optimizer.results.replay import replay_sections
        from optimizer.results.store import check_writable

        if out is not None:
            check_writable(out)
        with StageLog(quiet=quiet) as log:
            planner, plan = reopen(run, log)
            years = [int(label) for label in plan.instance.sets["period"]]
            wrong = [year for year in period or () if year not in years]
            if wrong:
                raise typer.BadParameter(f"--period {wrong[0]}: the plan covers {', '.join(map(str, years))}")
            chosen = years if not period else sorted(set(period))
            sections, kept = replay_sections(planner, plan, chosen, samples, seed, top, reserve, out, log)
        print_sections(sections)
        say_where(None if kept is None else kept.path)
