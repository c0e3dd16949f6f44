"""The command for studies: questions asked of several solves or of the tables alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .frame import Out, Quiet, app, one_error_style, say_where


@app.command()
def study(
    file: Annotated[str, typer.Argument(help="A study file, or the name of one that ships with the package.")],
    out: Out = Path("results"),
    quiet: Quiet = False,
) -> None:
    """Answer a study, print its tables and its verdict, and keep both."""
    with one_error_style():
        from optimizer.report.terminal import err_console, print_sections
        from optimizer.results.store import check_writable
        from optimizer.studies.run import run_study

        check_writable(out)

        def say(line: str) -> None:
            if not quiet:
                err_console().print(line, soft_wrap=True, highlight=False)

        answer, run = run_study(file, out, say)
        print_sections(answer.sections)
        say_where(None if run is None else run.path)
