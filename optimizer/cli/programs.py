"""The command for linear programs that come from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .frame import Quiet, app, one_error_style


@app.command()
def certify(
    file: Annotated[Path, typer.Argument(help="A linear program as free or fixed MPS, .gz allowed.")],
    solver: Annotated[str, typer.Option("--solver", help="auto, ipx, hipo or simplex.")] = "auto",
    threads: Annotated[int, typer.Option("--threads", help="Threads of the solver; 0 lets it decide.")] = 1,
    time_limit: Annotated[float | None, typer.Option("--time-limit", help="Seconds; default: no limit.")] = None,
    quiet: Quiet = False,
) -> None:
    """Solve the linear program of an MPS file and prove its optimum. Exit code 3 where there is no proven optimum."""
    with one_error_style():
        from optimizer.solve.options import SolverOptions

        try:
            options = SolverOptions(solver=solver, threads=threads, time_limit_s=time_limit)  # type: ignore[arg-type]
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        from optimizer.interop.certify import certify_program, program_sections
        from optimizer.interop.mps import read_mps
        from optimizer.report.terminal import StageLog, print_sections

        program = read_mps(file)
        print_sections(program_sections(program))
        with StageLog(quiet=quiet) as log:
            log("solve")
            certify_program(program, options, log, lambda made: print_sections([made]))
