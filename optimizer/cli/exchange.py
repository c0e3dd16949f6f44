"""Commands that carry networks in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .frame import app, one_error_style, say_where

import_app = typer.Typer(help="Turn a network of another tool into a scenario folder.", no_args_is_help=True)
app.add_typer(import_app, name="import")

Folder = Annotated[Path, typer.Option("--out", "-o", help="The scenario folder to write; it must be new or empty.")]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse a network of which anything would be left out.")]
ForYear = Annotated[int, typer.Option("--year", help="The year that a network without investment periods stands for.")]
Currency = Annotated[float, typer.Option("--usd-per-currency", help="What one unit of the network's money is in USD.")]


@import_app.command("pypsa")
def import_pypsa_network(
    network: Annotated[Path, typer.Argument(help="A PyPSA 1.x network: a netCDF file or a folder of CSV files.")],
    out: Folder,
    strict: Strict = False,
    year: ForYear = 2030,
    currency: Currency = 1.0,
) -> None:
    """Write a PyPSA network as a scenario, and name what a linear plan cannot hold. Needs PyPSA."""
    with one_error_style():
        from optimizer.interop.import_report import import_sections
        from optimizer.interop.pypsa_import import import_pypsa
        from optimizer.report.terminal import print_sections

        made = import_pypsa(network, out, strict=strict, year=year, currency=currency)
        print_sections(import_sections(made))
        say_where(made.file)
