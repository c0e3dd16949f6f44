"""The command that says what relief of each limit is worth."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .frame import Changes, Out, Quiet, Variant, app, load, one_error_style, say_where


class Goal(StrEnum):
    """What a rung is measured in."""

    tokens = "tokens"
    cost = "cost"


@app.command()
def ladder(
    scenario_or_run: Annotated[
        str, typer.Argument(help="A scenario file, a shipped name, or the folder of a run that `solve` kept.")
    ],
    goal: Annotated[Goal, typer.Option("--goal", help="Tokens gained, or cost saved on the path of demand.")] = (
        Goal.tokens
    ),
    ranges: Annotated[
        bool, typer.Option(help="Climb assumed limits on their low and high path too, where there is one.")
    ] = True,
    variant: Variant = None,
    changes: Changes = None,
    out: Out = Path("results"),
    quiet: Quiet = False,
) -> None:
    """Relax each family of limits by a tenth, by half and entirely: what is gained, and what holds next."""
    with one_error_style():
        is_run = Path(scenario_or_run).is_dir()
        if is_run and (variant or changes):
            raise typer.BadParameter("a run is climbed as it was solved: --variant and --set go with a scenario")
        scenario = None if is_run else load(scenario_or_run, variant, changes)
        from optimizer.report.terminal import StageLog, print_sections
        from optimizer.results.ladder_run import ladder_of_run, ladder_of_scenario
        from optimizer.results.store import check_writable

        check_writable(out)
        with StageLog(quiet=quiet) as log:
            if scenario is None:
                run = ladder_of_run(scenario_or_run, goal.value, ranges, out, log)
            else:
                run = ladder_of_scenario(scenario, goal.value, ranges, out, log)
        print_sections(run.sections)
        say_where(run.path)
