"""How many hours stand for a year? Solves a scenario on coarser and finer days and compares the answers.

python -m benchmarks.settling --scenario us --grids 4x4 4x6 6x4 8x6 12x6

A grid is DAYSxSEGMENTS: typical days, each cut into so many snapshots, beside the peak day hour by hour. Each grid is
solved at least cost on the high demand path, where limits bind. Against the last grid: the bill without the fixed
operation of what stands (the same in every grid), tokens served, siting (half the sum of differences between the hosts'
shares of IT power in the last period), and the limits in order of their rent. See docs/performance.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.weather_seeds import order
from optimizer.results.planner import Planner
from optimizer.scenario.load import load_scenario
from optimizer.solve.options import SolverOptions

GRIDS = ("4x4", "4x6", "6x4", "8x6", "12x6")


@dataclass(frozen=True)
class Answer:
    """What one grid says: MUSD, Ptok, share of IT power by host, families by rent, CPU seconds of the solve."""

    grid: str
    snapshots: int
    rows: int
    bill_musd: float
    served_ptok: float
    siting: np.ndarray
    limits: tuple[str, ...]
    cpu_s: float


def answer(scenario: str, grid: str, path: str = "high", time_limit_s: float = 3600.0) -> Answer:
    """Build and solve one grid."""
    days, segments = (int(part) for part in grid.split("x"))
    changes = {"time": {"days": days, "segments": segments}, "demand": {"path": path}}
    loaded = load_scenario(scenario, overrides=changes)
    planner = Planner(loaded)
    shots = len(planner.prepared.world.snapshots)
    planner.options = SolverOptions(threads=1, time_limit_s=time_limit_s, crossover=False)
    busy = time.process_time()
    plan = planner.least_cost()
    busy = time.process_time() - busy
    power = (plan.value("idle_mw") + plan.value("active_mw"))[:, -1]
    weight = plan.param("discount")[:, None] * plan.param("hours")[None, :]
    served = float((plan.value("serve").sum(axis=0) * weight).sum()) * 1e-3
    bill = plan.solution.objective - plan.lp.offset
    return Answer(grid, shots, plan.lp.num_row, bill, served, power / power.sum(), tuple(order(plan)), busy)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="us")
    parser.add_argument("--grids", nargs="+", default=GRIDS)
    options = parser.parse_args()
    print_table(options.scenario, options.grids)


def print_table(scenario: str, grids: Sequence[str]) -> None:
    """Solve all grids, then print one row each against the last."""
    found = []
    for grid in grids:
        found.append(answer(scenario, grid))
        print(f"<!-- {scenario} {grid}: {found[-1].snapshots} snapshots, {found[-1].cpu_s:.0f} CPU s -->", flush=True)
    best = found[-1]
    heads = ("scenario", "grid", "snapshots", "rows", "bill", "tokens served", "siting moved", "limits by rent")
    print("| " + " | ".join((*heads, "CPU s")) + " |")
    print("|" + "---|" * (len(heads) + 1))
    for a in found:
        print(
            f"| {scenario} | {a.grid} | {a.snapshots} | {a.rows:,} | {100 * (a.bill_musd / best.bill_musd - 1):+.2f} % "
            f"| {100 * (a.served_ptok / best.served_ptok - 1):+.2f} % "
            f"| {50 * np.abs(a.siting - best.siting).sum():.1f} % "
            f"| {' > '.join(a.limits)} | {a.cpu_s:.0f} |"
        )


if __name__ == "__main__":
    main()
