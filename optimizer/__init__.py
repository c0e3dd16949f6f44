"""Compute-grid optimizer: where to build AI chips, halls, connections and power, and what holds a country back.

>>> import optimizer
>>> scenario = optimizer.load_scenario("us", overrides={"demand": {"path": "high"}})    # doctest: +SKIP
>>> run = optimizer.solve(scenario, out="results")                                      # doctest: +SKIP
>>> run.tables["chips_built"]                                                           # doctest: +SKIP
>>> optimizer.compare("us", "china")                                                    # doctest: +SKIP
>>> case = optimizer.open_case("us")        # solved once, then again and again         # doctest: +SKIP
>>> case.scale("queue_mw", 1.2, period=2028), case.solve().objective                    # doctest: +SKIP

Importing the package is cheap: the solver, Pyomo, pandas and numba are loaded by the first call that needs them.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimizer.results.compare import compare
    from optimizer.results.plan import solve_scenario as solve
    from optimizer.results.planner import open_case
    from optimizer.results.store import load_run
    from optimizer.scenario.load import load_scenario

__all__ = ["compare", "load_run", "load_scenario", "open_case", "solve"]
__version__ = "0.1.0"

_HOMES = {
    "load_scenario": ("optimizer.scenario.load", "load_scenario"),
    "compare": ("optimizer.results.compare", "compare"),
    "open_case": ("optimizer.results.planner", "open_case"),
    "load_run": ("optimizer.results.store", "load_run"),
}


def _require_own_kernels() -> None:
    """Raise one ImportError when the ``kernels`` package found is not the one that belongs to this project.

    The PyPI distribution ``kernels`` installs a package of the same name, and pip lets the later one overwrite the
    earlier without a word; without this check the first failing import deep inside a solve would be the only sign.
    """
    try:
        module = import_module("kernels")
        if getattr(module, "DISTRIBUTION", None) == "compute-grid-optimizer":
            return
        found = f"it is {getattr(module, '__file__', None) or 'a folder without code'}"
    except Exception as error:  # a stranger's package may fail in any way while it is imported
        found = f"it cannot even be imported: {type(error).__name__}: {error}"
    raise ImportError(
        f"the package 'kernels' that Python finds is not the one of compute-grid-optimizer ({found}). "
        "The PyPI distribution 'kernels' installs a package of the same name, and the two cannot "
        "share one environment. Install compute-grid-optimizer in an environment of its own, or run "
        "'python -m pip uninstall kernels' and then install compute-grid-optimizer again"
    )


_require_own_kernels()


class _SolvePackage(ModuleType):
    """The package ``optimizer.solve``, made callable: ``optimizer.solve(scenario)`` works and so does every import.

    A plain function of that name would be replaced by the package as soon as anything imports from it.
    """

    def __call__(self, scenario: Any, **options: Any) -> Any:
        """Solve a scenario: see :func:`optimizer.results.plan.solve_scenario`."""
        return import_module("optimizer.results.plan").solve_scenario(scenario, **options)


if not TYPE_CHECKING:
    solve = import_module("optimizer.solve")
    solve.__class__ = _SolvePackage


def __getattr__(name: str) -> Any:
    """Load a public function from its module at its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'optimizer' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
