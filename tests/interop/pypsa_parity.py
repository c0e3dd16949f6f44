"""A network through both: PyPSA's own optimum, and the plan of the scenario that it became.

python -m tests.interop.pypsa_parity network.nc ...   holds any networks against PyPSA, one line each
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimizer.interop.pypsa_import import Imported, import_pypsa
from optimizer.interop.pypsa_network import quiet, read_network
from optimizer.results.planner import Plan, Planner
from optimizer.scenario.load import load_scenario


@dataclass(frozen=True)
class Both:
    """The solved network, the plan, and what the import said."""

    network: Any
    plan: Plan
    imported: Imported

    @property
    def theirs(self) -> float:
        """All decided capacity paid for, in the network's currency."""
        return float(self.network.objective + self.network.objective_constant)

    @property
    def ours(self) -> float:
        return self.plan.solution.objective * 1e6

    @property
    def apart(self) -> float:
        """Relative difference of the two bills."""
        return abs(self.ours - self.theirs) / max(abs(self.theirs), 1e-9)

    def prices(self) -> np.ndarray:
        """Our prices in the shape of PyPSA's, (snapshots, buses)."""
        weight = self.plan.param("discount")[:, None] * self.plan.param("hours")[None, :]
        price = self.plan.dual("power_balance") / weight * 1e6
        return price.transpose(1, 2, 0).reshape(-1, price.shape[0])


def optimise(network: Any) -> None:
    """PyPSA's own optimum by HiGHS, the constant of what stands taken out as its default does."""
    with quiet():
        status = network.optimize(
            solver_name="highs",
            multi_investment_periods=isinstance(network.snapshots, pd.MultiIndex),
            include_objective_constant=True,
            log_to_console=False,
            io_api="direct",
        )
    assert status == ("ok", "optimal"), "the network itself has no optimum"


def through_both(network: Any, folder: Path, strict: bool = True) -> Both:
    """Import first, so that nothing of PyPSA's solution can leak into the scenario."""
    imported = import_pypsa(network, folder, strict=strict)
    plan = Planner(load_scenario(imported.file)).solve()
    assert plan.solution.certificate.passed
    optimise(network)
    return Both(network, plan, imported)


def main(files: list[str]) -> int:
    """One line a network; the exit code says whether all agree."""
    import tempfile

    worst = 0.0
    for file in files:
        with tempfile.TemporaryDirectory() as folder:
            imported = import_pypsa(file, Path(folder) / "scenario")
            plan = Planner(load_scenario(imported.file)).solve()
        network = read_network(file)
        optimise(network)
        both = Both(network, plan, imported)
        left_out = "; ".join(each.render() for each in imported.left_out) or "nothing"
        print(
            f"{file}: ours {both.ours:.12g}, PyPSA's {both.theirs:.12g}, apart {both.apart:.1e}, left out: {left_out}"
        )
        worst = max(worst, both.apart)
    return int(worst > 1e-6)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
