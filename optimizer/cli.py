"""The command ``compute-grid``.

Nothing heavy is imported before a command needs it: ``--help`` answers at once. Every error that a user can mend has
one form, ``Error: ...`` on standard error without a traceback, and an exit code: 2 for a mistake in the input (nothing
is written), 3 for a solve that gave no certified plan, 130 for Ctrl-C. Any other exception is a bug and shows itself.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario

BAD_INPUT, NO_PLAN, INTERRUPTED = 2, 3, 130

# Errors a user can mend: where their class lives, its name, the exit code. Looked up among the modules already loaded:
# an error cannot come from a module that was never imported, and naming it must not import a solver.
_EXPECTED = (
    ("optimizer.scenario.errors", "ScenarioErrors", BAD_INPUT),
    ("optimizer.results.store", "StoreError", BAD_INPUT),
    ("optimizer.interop.mps", "MpsErrors", BAD_INPUT),
    ("optimizer.solve.errors", "SolveError", NO_PLAN),
    ("optimizer.results.compare", "ComparisonError", NO_PLAN),
)

app = typer.Typer(
    name="compute-grid",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class Via(StrEnum):
    """The road from the formulation to the solver."""

    arrays = "arrays"
    pyomo = "pyomo"


ScenarioName = Annotated[str, typer.Argument(help="A scenario file, or the name of one that ships with the package.")]
Variant = Annotated[str | None, typer.Option("--variant", help="A variant that the scenario names.")]
Changes = Annotated[
    list[str] | None, typer.Option("--set", help="Change one value, e.g. --set demand.path=high. Repeatable.")
]
Out = Annotated[Path, typer.Option("--out", help="Folder that keeps runs: OUT/<scenario>/<time>/.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only results.")]
Solver = Annotated[str | None, typer.Option("--solver", help="auto, ipx, hipo or simplex; default: the scenario's.")]
Threads = Annotated[int | None, typer.Option("--threads", help="Threads of the solver; default: the scenario's.")]
TimeLimit = Annotated[
    float | None, typer.Option("--time-limit", help="Seconds for one solve; default: the scenario's.")
]
Tolerance = Annotated[float | None, typer.Option("--tolerance", help="Feasibility tolerance; default: the scenario's.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of the solver; default: the scenario's.")]
Road = Annotated[Via, typer.Option("--via", help="Compiled arrays, or Pyomo's own expansion (slow, the reference).")]


def _print_version(wanted: bool) -> None:
    if wanted:
        from optimizer import __version__

        typer.echo(f"compute-grid {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and stop.")
    ] = False,
) -> None:
    """Plan where to build AI chips, halls, connections and power, and see what holds a country back."""


@app.command()
def validate(
    scenarios: Annotated[list[str], typer.Argument(help="Scenario files or names of shipped scenarios.")],
    variant: Variant = None,
    changes: Changes = None,
) -> None:
    """Check scenarios and their tables; list every mistake at once.

    Without a variant, every variant that a scenario names is checked as well.
    """
    with _one_error_style():
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
    with _one_error_style():
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
    with _one_error_style():
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
    with _one_error_style():
        day = _date(on)
        if not re.fullmatch(r"[A-Za-z]{2}", to):
            raise typer.BadParameter(f"--destination {to}: a two-letter country code such as CN")
        loaded = _load(scenario, variant, changes)
        from optimizer.report.terminal import print_sections
        from optimizer.results.chips import chip_section

        print_sections([chip_section(loaded, to.upper(), day, why)])


@app.command()
def check(
    scenarios: Annotated[list[str], typer.Argument(help="Scenario files or names of shipped scenarios.")],
) -> None:
    """Solve the year 2024 and hold generation and UHV energy against what was published."""
    with _one_error_style():
        from optimizer.report.terminal import print_sections
        from optimizer.results.truth_check import BASE_YEAR_VARIANT, check_section

        for name in scenarios:
            print_sections([check_section(_load(name, BASE_YEAR_VARIANT, None))])


@app.command()
def solve(
    scenario: ScenarioName,
    variant: Variant = None,
    changes: Changes = None,
    out: Out = Path("results"),
    via: Road = Via.arrays,
    solver: Solver = None,
    threads: Threads = None,
    time_limit: TimeLimit = None,
    tolerance: Tolerance = None,
    seed: Seed = None,
    quiet: Quiet = False,
) -> None:
    """Solve a scenario, certify the plan and keep the run."""
    with _one_error_style():
        changes = _with_solver(
            changes, solver=solver, threads=threads, time_limit_s=time_limit, tolerance=tolerance, seed=seed
        )
        loaded = _load(scenario, variant, changes)
        from optimizer.report.terminal import StageLog, print_sections
        from optimizer.results.plan import solve_scenario
        from optimizer.results.store import check_writable

        check_writable(out)
        with StageLog(quiet=quiet) as log:
            run = solve_scenario(loaded, out=out, via=via.value, on_progress=log)
        print_sections(run.sections)
        _say_where(run.path)


@app.command()
def screen(
    scenario: ScenarioName,
    variant: Variant = None,
    changes: Changes = None,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="At most this long.")] = 60.0,
) -> None:
    """Look for a rough answer with a first-order method, meant for LPs too large to solve. Nothing is stored."""
    with _one_error_style():
        loaded = _load(scenario, variant, changes)
        from optimizer.report.terminal import print_sections
        from optimizer.results.screening import screening_section

        print_sections([screening_section(loaded, seconds)])


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
    with _one_error_style():
        loaded = _load(scenario, variant, changes)
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
        _say_where(None if run is None else run.path)


@app.command()
def compare(
    first: ScenarioName,
    second: ScenarioName,
    variant: Variant = None,
    changes: Changes = None,
    out: Out = Path("results"),
    solver: Solver = None,
    threads: Threads = None,
    time_limit: TimeLimit = None,
    tolerance: Tolerance = None,
    seed: Seed = None,
    quiet: Quiet = False,
) -> None:
    """Solve two scenarios and print them side by side. Variant and changes apply to both."""
    with _one_error_style():
        changes = _with_solver(
            changes, solver=solver, threads=threads, time_limit_s=time_limit, tolerance=tolerance, seed=seed
        )
        pair = _load_all([first, second], variant, changes)
        from optimizer.report.terminal import err_console, print_sections
        from optimizer.results.compare import compare as compare_scenarios
        from optimizer.results.store import check_writable

        check_writable(out)
        comparison = compare_scenarios(
            *pair,
            out=out,
            on_progress=None if quiet else lambda line: err_console().print(line, soft_wrap=True, highlight=False),
            on_section=lambda made: print_sections([made]),
        )
        _say_where(comparison.path)


@app.command()
def certify(
    file: Annotated[Path, typer.Argument(help="A linear program as free or fixed MPS, .gz allowed.")],
    solver: Annotated[str, typer.Option("--solver", help="auto, ipx, hipo or simplex.")] = "auto",
    threads: Annotated[int, typer.Option("--threads", help="Threads of the solver; 0 lets it decide.")] = 1,
    time_limit: Annotated[float | None, typer.Option("--time-limit", help="Seconds; default: no limit.")] = None,
    quiet: Quiet = False,
) -> None:
    """Solve the linear program of an MPS file and prove its optimum. Exit code 3 where there is no proven optimum."""
    with _one_error_style():
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


def main() -> None:
    """Run the command line: ``python -m optimizer.cli``."""
    app()


def _load(name: str, variant: str | None, changes: list[str] | None) -> Scenario:
    """Load one scenario and print its warnings."""
    return _load_all([name], variant, changes)[0]


def _load_all(names: list[str], variant: str | None, changes: list[str] | None) -> list[Scenario]:
    overrides = parse_changes(changes or [])
    from optimizer.report.terminal import print_warnings
    from optimizer.scenario.load import load_scenario

    loaded = [load_scenario(name, variant=variant, overrides=overrides) for name in names]
    print_warnings(dict.fromkeys(warning.render() for scenario in loaded for warning in scenario.warnings))
    return loaded


def _with_solver(changes: list[str] | None, **settings: object) -> list[str]:
    """Solver flags are changes of the scenario's solver section like any other."""
    return [*(changes or []), *(f"solver.{key}={value}" for key, value in settings.items() if value is not None)]


def parse_changes(changes: list[str]) -> dict[str, Any]:
    """Turn ``["demand.path=high", "solver.threads=4"]`` into nested overrides.

    A value is read as JSON where it is JSON (numbers, true, null, lists) and taken as text otherwise. Raises a usage
    error for a change without ``=``, an empty key, or two changes that contradict each other's shape.
    """
    overrides: dict[str, Any] = {}
    for change in changes:
        path, equals, text = change.partition("=")
        keys = [key.strip() for key in path.split(".")]
        if not equals or not all(keys):
            raise typer.BadParameter(f"--set {change}: write it as section.key=value")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        place = overrides
        for key in keys[:-1]:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise typer.BadParameter(f"--set {change}: '{key}' was set to a value before")
        place[keys[-1]] = value
    return overrides


def _date(text: str | None) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"--date {text}: write the date as year-month-day, e.g. 2026-11-23") from None


@contextmanager
def _one_error_style() -> Iterator[None]:
    """Turn errors that a user can mend into a message and an exit code."""
    try:
        yield
    except KeyboardInterrupt:
        _fail("interrupted", INTERRUPTED)
    except Exception as error:
        for module, name, code in _EXPECTED:
            if module in sys.modules and isinstance(error, getattr(sys.modules[module], name)):
                stopped = getattr(error, "reason", None) == "interrupted"
                _fail(str(error), INTERRUPTED if stopped else code)
        raise


def _fail(message: str, code: int) -> NoReturn:
    from optimizer.report.terminal import print_error

    print_error(message)
    raise typer.Exit(code) from None


def _say_where(path: Path | None) -> None:
    if path is not None:
        from optimizer.report.terminal import err_console

        err_console().print(f"kept in {path}", soft_wrap=True)


if __name__ == "__main__":
    main()
