"""Which solver first? Times every road on a synthetic expansion LP and prints the tables of docs/performance.md.

python -m benchmarks.solver_choice --regions 10 --periods 3 --days 3
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from benchmarks.expansion_lp import ArrayLp, expansion_lp
from optimizer.solve.certificate import evaluate
from optimizer.solve.engine import Engine
from optimizer.solve.options import SolverOptions
from optimizer.solve.roads import Road
from optimizer.solve.session import Session

ROADS = [
    ("ipx", False, 1),
    ("ipx", True, 1),
    ("hipo", False, 1),
    ("hipo", True, 1),
    ("hipo", True, 2),
    ("simplex", True, 1),
]


def cold(lp: ArrayLp, limit_s: float) -> None:
    """One line a road: seconds, iterations, whether the plan is certified and whether a basis is left."""
    print("| road | threads | seconds | CPU seconds | iterations | relative gap | certified | basis |")
    print("|---|---|---|---|---|---|---|---|")
    for solver, crossover, threads in ROADS:
        road = Road(solver, crossover, False, "measured")
        engine = Engine(lp, lp.cost, SolverOptions(threads=threads))
        busy = time.process_time()  # tells the solver's own work from waiting for a shared core
        verdict = engine.run(road, limit_s)
        busy = time.process_time() - busy
        pair = engine.primal_and_dual() if verdict.status == "Optimal" else None
        gap, certified = "-", "no"
        if pair is not None:
            certificate = evaluate(lp, lp.cost, *pair, objective=verdict.objective).certificate
            gap, certified = f"{certificate.relative_gap:.0e}", "yes" if certificate.passed else "no"
        steps = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in verdict.iterations.items() if count)
        basis = "yes" if verdict.has_basis else "no"
        seconds = f"{verdict.seconds:.1f} | {busy:.1f}"
        print(f"| {road.name} | {threads} | {seconds} | {steps} | {gap} | {certified} | {basis} |", flush=True)


def hot(lp: ArrayLp) -> None:
    """One line an edit: the session's own choice of road, after a cold solve that left a basis."""
    rng = np.random.default_rng(0)
    rows, bounded = lp.demand_rows, np.flatnonzero(np.isfinite(lp.col_upper))
    dear = lp.cost > 0.01
    edits: list[tuple[str, str, np.ndarray | float]] = [
        ("demand +0.5 %", "rhs", 1.005),
        ("demand +2 %", "rhs", 1.02),
        ("demand +10 %", "rhs", 1.1),
        ("every demand up to 3 % up or down", "rhs", rng.uniform(0.97, 1.03, len(rows))),
        ("build limits +10 %", "bounds", 1.1),
        ("investment costs +10 %", "cost", np.where(dear, 1.1, 1.0)),
        ("energy costs +50 %", "cost", np.where(dear, 1.0, 1.5)),
        ("every cost up to 10 % up or down", "cost", rng.uniform(0.9, 1.1, lp.num_col)),
    ]
    session = Session(lp, reuse=True)
    started = time.perf_counter()
    session.solve()
    print(f"cold: {time.perf_counter() - started:.1f} s\n")
    print("| edit | seconds | simplex iterations | road |\n|---|---|---|---|")
    for name, kind, factor in edits:
        if kind == "rhs":
            session.set_row_bounds(rows, lp.row_lower[rows] * factor, lp.row_upper[rows] * factor)
        elif kind == "bounds":
            session.set_col_bounds(bounded, 0.0, lp.col_upper[bounded] * factor)
        else:
            session.set_cost(lp.cost * factor)
        plan = session.solve()
        said = plan.statistics
        print(f"| {name} | {said['seconds']:.2f} | {said['iterations']['simplex']} | {said['road']} |", flush=True)
        session.set_row_bounds(rows, lp.row_lower[rows], lp.row_upper[rows])
        session.set_col_bounds(bounded, 0.0, lp.col_upper[bounded])
        session.set_cost(lp.cost)
        session.solve()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("regions", 10), ("periods", 3), ("days", 3), ("hours", 24), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--limit", type=float, default=120.0, help="seconds a road may take")
    parser.add_argument("--only", choices=["cold", "hot"], default=None)
    chosen = parser.parse_args()
    lp = expansion_lp(chosen.regions, chosen.periods, chosen.days, chosen.hours, chosen.seed)
    print(f"{lp.num_row} rows, {lp.num_col} columns, {len(lp.value)} non-zeros\n")
    if chosen.only != "hot":
        cold(lp, chosen.limit)
    if chosen.only != "cold":
        hot(lp)


if __name__ == "__main__":
    main()
