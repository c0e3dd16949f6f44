"""The mathematics: rooms (one physical idea a file) and the formulation they make together."""

from __future__ import annotations

import importlib
import sys


def _load_pyomo_light() -> None:
    """Load Pyomo without the whole of SciPy, 0.7 s of every start.

    Pyomo watches for the first import of SciPy and then loads SciPy's statistics, which no rule here needs; Numba makes
    that import just to read a version. SciPy's bare package, loaded first and out of sight while Pyomo sets up its
    watch, keeps it asleep. Pyomo still finds SciPy when it asks for it, as its own road to a solver does.
    """
    if "pyomo.common.dependencies" in sys.modules:
        return
    import scipy

    del sys.modules["scipy"]
    try:
        importlib.import_module("pyomo.common.dependencies")
    finally:
        sys.modules["scipy"] = scipy


_load_pyomo_light()
