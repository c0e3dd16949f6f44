"""The rough answer of a first-order method, as a table that says what it is. Nothing of it is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optimizer.instance.build import build_instance
from optimizer.model.formulation import formulation
from optimizer.solve.compile import compile_lp
from optimizer.solve.screening import TOLERANCE, screen

from .section import Section

if TYPE_CHECKING:
    from optimizer.scenario.scenario import Scenario


def screening_section(scenario: Scenario, seconds: float) -> Section:
    """Screen a scenario at least cost for at most ``seconds``. SolveError where no point is reached."""
    lp = compile_lp(formulation(), build_instance(scenario))
    found = screen(lp, lp.cost, lp.offset, seconds)
    certificate = found.certificate
    return Section(
        f"{scenario.title}: SCREENING, not a plan",
        ("measure", "value", "allowed"),
        (
            ("least cost, about, MUSD", found.objective, None),
            ("bound from its prices, MUSD", certificate.dual_objective, None),
            ("primal infeasibility", f"{certificate.primal_infeasibility:.1e}", f"{TOLERANCE:.0e}"),
            ("dual infeasibility", f"{certificate.dual_infeasibility:.1e}", f"{TOLERANCE:.0e}"),
            ("complementarity", f"{certificate.complementarity:.1e}", f"{TOLERANCE:.0e}"),
            ("relative gap", f"{certificate.relative_gap:.1e}", f"{TOLERANCE:.0e}"),
            ("as near as asked", certificate.passed, None),
            ("HiGHS says", found.says, None),
            ("iterations", found.iterations, None),
            ("seconds", round(found.seconds, 1), None),
        ),
        (
            "A first-order method's point: it breaks limits a little and proves nothing. Nothing was stored.",
            "compute-grid solve gives a certified plan, and at the size of the shipped scenarios sooner.",
        ),
    )
