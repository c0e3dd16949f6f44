"""The LP of the build benchmark as Pyomo users build it: `create_instance`, then one of Pyomo's interfaces to HiGHS.

The rooms are ordinary Pyomo, so the formulation is the same. Loading means everything up to a HiGHS that holds the LP;
nothing is solved.
"""

from __future__ import annotations

import contextlib
import io
from typing import Any

from optimizer.instance.instance import Instance
from optimizer.model.joining import Formulation

INTERFACES = ("appsi", "contrib.solver")


def build_pyomo(formulation: Formulation, instance: Instance) -> Any:
    """The expanded model."""
    return formulation.model.create_instance(instance.namespace(formulation))


def pass_to_highs(model: Any, interface: str) -> Any:
    """The solver object of an interface after it has taken the model."""
    if interface == "appsi":
        from pyomo.contrib.appsi.solvers.highs import Highs
    else:
        from pyomo.contrib.solver.solvers.highs import Highs
    solver = Highs()
    with contextlib.redirect_stdout(io.StringIO()):
        solver.set_instance(model)
    return solver
