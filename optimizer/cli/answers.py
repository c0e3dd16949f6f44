"""Commands that ask a stored run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .frame import Quiet, app, one_error_style, say_where

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or the folder of a scenario's runs.")]


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
