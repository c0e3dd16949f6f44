"""Commands that carry networks in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .frame import RunFolder, app, one_error_style, say_where

import_app = typer.Typer(help="Turn a network of another tool into a scenario folder.", no_args_is_help=True)
app.add_typer(import_app, name="import")
export_app = typer.Typer(help="Give a kept plan to another tool.", no_args_is_help=True)
app.add_typer(export_app, name="export")

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
        from optimizer.interop.exchange_report import import_sections
        from optimizer.interop.pypsa_import import import_pypsa
        from optimizer.report.terminal import print_sections

        made = import_pypsa(network, out, strict=strict, year=year, currency=currency)
        print_sections(import_sections(made.file, made.sizes, made.notes, made.left_out))
        say_where(made.file)


@import_app.command("matpower")
def import_matpower_case(
    case: Annotated[Path, typer.Argument(help="A MATPOWER case file (.m).")],
    out: Folder,
    strict: Strict = False,
    year: Annotated[int, typer.Option("--year", help="The year that the case stands for.")] = 2030,
    currency: Currency = 1.0,
    hours: Annotated[
        float, typer.Option("--hours", min=1e-3, help="The hours that its one snapshot stands for.")
    ] = 8760,
    segments: Annotated[
        int, typer.Option("--segments", min=1, help="Steps that stand for a cost curve that bends.")
    ] = 20,
) -> None:
    """Write a MATPOWER case as a scenario of one snapshot. Needs matpowercaseframes."""
    with one_error_style():
        from optimizer.interop.exchange_report import import_sections
        from optimizer.interop.matpower_import import import_matpower
        from optimizer.report.terminal import print_sections

        made = import_matpower(case, out, strict=strict, year=year, currency=currency, hours=hours, segments=segments)
        print_sections(import_sections(made.file, made.sizes, made.notes, made.left_out))
        say_where(made.file)


@export_app.command("pypsa")
def export_pypsa_network(
    run: RunFolder,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="A netCDF file to write (.nc), or a folder for CSV files; it must be new."),
    ],
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a plan of which any limit on dispatch would be left out.")
    ] = False,
) -> None:
    """Write the power side of a kept plan as a PyPSA network, results in it. Needs PyPSA."""
    with one_error_style():
        from optimizer.interop.exchange_report import export_sections
        from optimizer.interop.pypsa_export import export_run
        from optimizer.report.terminal import print_sections

        made = export_run(run, out, strict=strict)
        print_sections(export_sections(out, made.sizes, made.notes, made.left_out))
        say_where(out)
