"""Commands that ask a stored run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .frame import Quiet, RunFolder, app, one_error_style, say_where


@app.command()
def explain(
    run: RunFolder,
    top: Annotated[int, typer.Option("--top", min=1, help="So many limits.")] = 10,
    everything: Annotated[
        bool, typer.Option("--all", help="Plants, lines, water and stores that stand count as well.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Keep the tables in OUT/<scenario>-explained/<time>/.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Say what holds a stored plan back most: the price of each limit, how far it holds, and what binds next."""
    with one_error_style():
        from optimizer.report.terminal import StageLog, print_sections
        from optimizer.results.explain import explain_run
        from optimizer.results.store import check_writable

        if out is not None:
            check_writable(out)
        with StageLog(quiet=quiet) as log:
            made = explain_run(run, top, everything, out, log)
        print_sections(made.sections)
        say_where(None if made.run is None else made.run.path)


@app.command()
def alternatives(
    run: RunFolder,
    slack: Annotated[str, typer.Option("--slack", help="How much a plan may cost above the least: 2% or 0.02.")] = "2%",
    plans: Annotated[int, typer.Option("--plans", min=0, help="So many further plans, far apart.")] = 2,
    sites: Annotated[int, typer.Option("--sites", min=0, help="So many sites, the largest first.")] = 3,
    out: Annotated[
        Path | None, typer.Option("--out", help="Keep the tables in OUT/<scenario>-alternatives/<time>/.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Find plans that cost little more and differ most: which sites are must-haves, which are interchangeable."""
    with one_error_style():
        from optimizer.report.terminal import StageLog, print_sections
        from optimizer.results.alternatives import alternatives_of_run
        from optimizer.results.store import check_writable

        share = _share(slack)
        if out is not None:
            check_writable(out)
        with StageLog(quiet=quiet) as log:
            made = alternatives_of_run(run, share, plans, sites, out, log)
        print_sections(made.sections)
        say_where(None if made.run is None else made.run.path)


def _share(text: str) -> float:
    """A share as people write it: 2%, 2 % or 0.02."""
    number, percent = text.strip().removesuffix("%").strip(), text.strip().endswith("%")
    try:
        value = float(number) / (100.0 if percent else 1.0)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise typer.BadParameter(f"--slack {text}: a share from 0 to 1, such as 2% or 0.02")
    return value
