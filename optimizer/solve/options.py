"""What a user may choose about solving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Solver = Literal["auto", "ipx", "hipo", "simplex"]
Network = Literal["steered", "meshed"]


@dataclass(frozen=True)
class SolverOptions:
    """Options of one session; the defaults come from the measurements in docs/performance.md.

    Attributes:
        solver: ``auto`` walks a ladder of HiGHS's solvers until one gives a certified plan. A named solver goes first,
            the others follow only where its answer cannot be certified.
        threads: threads of the solver; 0 lets HiGHS decide. Sweeps run many cases side by side, so one is the default.
        tolerance: HiGHS's absolute feasibility tolerance in the units of the LP (MW). Its dual tolerance is a
            hundredth of it, in MUSD per unit: a MWh costs about 3e-5 MUSD, so a dual tolerance of 1e-7 would leave the
            price of an hour of weight 1 loose by 0.1 USD/MWh.
        certificate_tolerance: relative tolerance of our own certificate.
        time_limit_s: seconds for one ``solve()``, all roads together; None means no limit.
        seed: HiGHS's random seed.
        crossover: whether an interior point ends in a vertex, which gives a basis for hot starts and exact prices.
        race: let a cold solve run beside a hot one where costs or coefficients changed and a core is free. Which of
            the two wins may differ from run to run, as may whether a hot start keeps within its seconds; whatever plan
            comes is certified, and where the optimum is not unique it may be another one.
        network: what kind of network is given element by element, if any. With flows that are steered simplex goes
            first, with loops that obey the voltage law the interior point; where the first takes long and a core is
            free, the other starts beside it, and whoever has a plan first stops the other and goes first from then on.
        cost_doublings: HiGHS sees all costs times two to this power, so that its dual tolerance is that much finer;
            what it gives back is in the units of the LP. For networks whose hours cost far less than a MUSD.
        log: print HiGHS's own log.
    """

    solver: Solver = "auto"
    threads: int = 1
    tolerance: float = 1e-7
    certificate_tolerance: float = 1e-6
    time_limit_s: float | None = None
    seed: int = 0
    crossover: bool | Literal["auto"] = "auto"
    race: bool = True
    network: Network | None = None
    cost_doublings: int = 0
    log: bool = False

    def __post_init__(self) -> None:
        faults = []
        if self.solver not in get_args(Solver):
            faults.append(f"solver {self.solver!r} is none of {', '.join(get_args(Solver))}")
        if self.threads < 0:
            faults.append(f"threads {self.threads} is negative")
        if not 1e-10 <= self.tolerance <= 1e-3:
            faults.append(f"tolerance {self.tolerance} is outside 1e-10 to 1e-3")
        if not 0 < self.certificate_tolerance <= 1e-3:
            faults.append(f"certificate_tolerance {self.certificate_tolerance} is outside 0 to 1e-3")
        if self.time_limit_s is not None and not self.time_limit_s > 0:
            faults.append(f"time_limit_s {self.time_limit_s} is not positive")
        if not 0 <= self.cost_doublings <= 60:
            faults.append(f"cost_doublings {self.cost_doublings} is outside 0 to 60")
        if self.crossover not in (True, False, "auto"):
            faults.append(f"crossover {self.crossover!r} is none of true, false, auto")
        if faults:
            raise ValueError("; ".join(faults))
