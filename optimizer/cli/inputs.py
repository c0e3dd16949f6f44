"""Commands about scenarios before anything is solved: their files, keys, chips and unit costs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from .frame import Changes, ScenarioName, Variant, app, date_of, load, one_error_style, parse_changes, say_where


@app.command()
def validate(
    scenarios: Annotated[list[str], typer.Argument(help="Scenario files or names of shipped scenarios.")],
    variant: Variant = None,
    changes: Changes = None,
) -> None:
    """Check scenarios and their tables; list every mistake at once.

    Without a variant, every variant that a scenario names is checked as well.
    """
    with one_error_style():
        overrides = parse_changes(changes or [])
        from optimizer.report.terminal import out_console, print_warnings
        from optimizer.scenario.errors import FaultList, ScenarioErrors
        from optimizer.scenario.load import load_scenario, validate_scenario

        errors = []
        for name in scenarios:
            if variant or overrides:
                found = FaultList(warnings=list(load_scenario(name, variant, overrides).warnings))
            else:
                found = validate_scenario(name)
            print_warnings(warning.render() for warning in found.warnings)
            errors.extend(found.errors)
            if not found.errors:
                out_console().print(f"{name}: valid", soft_wrap=True)
        if errors:
            raise ScenarioErrors(errors)


@app.command()
def schema(
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file instead of printing.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="A reference for reading, tables included.")] = False,
) -> None:
    """Print the JSON schema of scenarios, for editors."""
    with one_error_style():
        from optimizer.scenario import reference
        from optimizer.scenario.errors import Fault, ScenarioErrors

        text = reference.markdown() if markdown else reference.json_schema_text()
        if out is None:
            typer.echo(text, nl=not text.endswith("\n"))
            return
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ScenarioErrors([Fault(f"the file cannot be written: {error.strerror}", out)]) from error


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")],
    parent: Annotated[str, typer.Option("--from", help="The shipped scenario that it extends.")] = "us",
) -> None:
    """Write a small scenario to start from, and the schema beside it."""
    with one_error_style():
        from optimizer.report.terminal import out_console
        from optimizer.scenario.authoring import new_scenario

        written = new_scenario(file, parent)
        out_console().print(f"{written}: extends the shipped scenario '{parent}'", soft_wrap=True)


@app.command()
def chips(
    scenario: ScenarioName = "us",
    to: Annotated[str, typer.Option("--destination", "--to", help="Destination: a two-letter country code.")] = "CN",
    on: Annotated[
        str | None, typer.Option("--date", "--on", help="Date, e.g. 2026-11-23. Default: the scenario's.")
    ] = None,
    why: Annotated[bool, typer.Option("--why/--no-why", help="Say the reason of every verdict.")] = True,
    variant: Variant = None,
    changes: Changes = None,
) -> None:
    """List a scenario's chips and whether they may be sold to a country."""
    with one_error_style():
        day = date_of(on)
        if not re.fullmatch(r"[A-Za-z]{2}", to):
            raise typer.BadParameter(f"--destination {to}: a two-letter country code such as CN")
        loaded = load(scenario, variant, changes)
        from optimizer.report.terminal import print_sections
        from optimizer.results.chips import chip_section

        print_sections([chip_section(loaded, to.upper(), day, why)])


@app.command()
def costs(
    scenario: ScenarioName,
    variant: Variant = None,
    changes: Changes = None,
    period: Annotated[int | None, typer.Option("--period", help="Its first year; default: the first period.")] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="So many options for each market and workload.")] = 3,
    out: Annotated[
        Path | None, typer.Option("--out", help="Keep all tables in OUT/<scenario>-costs/<time>/; default: print only.")
    ] = None,
) -> None:
    """List the cheapest hosts and chips of every market at full cost, before any plan is made."""
    with one_error_style():
        loaded = load(scenario, variant, changes)
        years = loaded.periods.years
        if period is not None and period not in years:
            raise typer.BadParameter(f"--period {period}: the scenario plans {', '.join(map(str, years))}")
        from optimizer.report.terminal import print_sections
        from optimizer.results.cheapest_options import cost_sections
        from optimizer.results.store import check_writable

        if out is not None:
            check_writable(out)
        sections, run = cost_sections(loaded, years[0] if period is None else period, top, out)
        print_sections(sections)
        say_where(None if run is None else run.path)
