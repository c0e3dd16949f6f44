"""The command about getting power: months by route."""

from __future__ import annotations

from typing import Annotated

import typer

from .frame import RunFolder, app, one_error_style


@app.command("time-to-power")
def time_to_power(
    run: RunFolder,
    hosts: Annotated[
        list[str] | None, typer.Option("--host", help="Show every route of this host. Repeatable; default: the sums.")
    ] = None,
    sooner: Annotated[
        list[str] | None, typer.Option("--sooner", help="Solve again with one month less of this host's queue.")
    ] = None,
) -> None:
    """When the next 100 MW and 1 GW could be energised after a stored plan, by route, and which item decides."""
    with one_error_style():
        from optimizer.report.terminal import print_sections
        from optimizer.results import time_to_power as power
        from optimizer.results.reopen import reopen

        planner, plan = reopen(run)
        known = {str(host) for host in plan.instance.sets["host"]}
        for option, names in (("--host", hosts), ("--sooner", sooner)):
            for name in names or ():
                if name not in known:
                    raise typer.BadParameter(f"{option} {name}: the plan's hosts are {', '.join(sorted(known))}")
        table = power.time_to_power(plan)
        print_sections([power.fastest_section(table)])
        if hosts:
            print_sections([power.hosts_section(table, hosts)])
        if sooner:
            if not plan.question.startswith("least_cost"):
                raise typer.BadParameter("--sooner: only a plan at least cost has a bill that a month could shorten")
            print_sections([power.sooner_section(power.month_sooner(planner, plan, sooner))])
