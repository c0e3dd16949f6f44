"""What every command shares: the application, its options, how a scenario is loaded, one style of errors.

Nothing heavy is imported before a command needs it: ``--help`` answers at once. Every error that a user can mend has
one form, ``Error: ...`` on standard error without a traceback, and an exit code: 2 for a mistake in the input (nothing
is written), 3 for a solve that gave no certified plan, 130 for Ctrl-C. Any other exception is a bug and shows itself.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from optimizer.results.section import Section
    from optimizer.scenario.scenario import Scenario

BAD_INPUT, NO_PLAN, INTERRUPTED = 2, 3, 130

# Errors a user can mend: where their class lives, its name, the exit code. Looked up among the modules already loaded:
# an error cannot come from a module that was never imported, and naming it must not import a solver.
_EXPECTED = (
    ("optimizer.scenario.errors", "ScenarioErrors", BAD_INPUT),
    ("optimizer.results.store", "StoreError", BAD_INPUT),
    ("optimizer.interop.mps", "MpsErrors", BAD_INPUT),
    ("optimizer.interop.errors", "ExchangeError", BAD_INPUT),
    ("optimizer.solve.errors", "SolveError", NO_PLAN),
    ("optimizer.instance.instance", "CrossedBoundsError", NO_PLAN),
    ("optimizer.solve.compile.evaluate", "NeverHoldsError", NO_PLAN),
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
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or the folder of a scenario's runs.")]
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


def load(name: str, variant: str | None, changes: list[str] | None) -> Scenario:
    """Load one scenario and print its warnings."""
    return load_all([name], variant, changes)[0]


def load_all(names: list[str], variant: str | None, changes: list[str] | None) -> list[Scenario]:
    """Load scenarios and print each warning once."""
    overrides = parse_changes(changes or [])
    from optimizer.report.terminal import print_warnings
    from optimizer.scenario.load import load_scenario

    loaded = [load_scenario(name, variant=variant, overrides=overrides) for name in names]
    print_warnings(dict.fromkeys(warning.render() for scenario in loaded for warning in scenario.warnings))
    return loaded


def with_solver(changes: list[str] | None, **settings: object) -> list[str]:
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


def date_of(text: str | None) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"--date {text}: write the date as year-month-day, e.g. 2026-11-23") from None


@contextmanager
def one_error_style() -> Iterator[None]:
    """Turn errors that a user can mend into a message and an exit code."""
    try:
        yield
    except KeyboardInterrupt:
        _fail("interrupted", INTERRUPTED)
    except Exception as error:
        for module, name, code in _EXPECTED:
            if module in sys.modules and isinstance(error, getattr(sys.modules[module], name)):
                stopped = getattr(error, "reason", None) == "interrupted"
                _show(getattr(error, "sections", ()))
                _fail(str(error), INTERRUPTED if stopped else code)
        raise


def _show(sections: tuple[Section, ...]) -> None:
    """The tables that an error brings, before its message."""
    if sections:
        from optimizer.report.terminal import print_sections

        print_sections(sections)


def _fail(message: str, code: int) -> NoReturn:
    from optimizer.report.terminal import print_error

    print_error(message)
    raise typer.Exit(code) from None


def say_where(path: Path | None) -> None:
    if path is not None:
        from optimizer.report.terminal import err_console

        err_console().print(f"kept in {path}", soft_wrap=True)
