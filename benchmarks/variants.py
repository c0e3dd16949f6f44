"""Variants of one scenario, solved in one session: what an extra case costs against the first one.

Two kinds. Right-hand sides and bounds: the connection queue, the supply of chips or the demand, or all three at once,
drawn anew for every variant. Costs: fuel, plants, halls or chips. Some variants are solved again from nothing, with the
same arrays, and must give the same bill to 1e-6.

    python -m benchmarks.variants us --bounds 100 --costs 12 --check 10
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable

import numpy as np

from optimizer.instance.build import prepare
from optimizer.instance.instance import Instance
from optimizer.model.formulation import formulation
from optimizer.scenario.load import load_scenario
from optimizer.solve.case import Case
from optimizer.solve.options import SolverOptions
from optimizer.solve.session import Session

Params = dict[str, np.ndarray]
COSTS = {
    "fuel": ("output_cost", "onsite_cost"),
    "plants": ("plant_cost",),
    "halls": ("hall_cost",),
    "chips": ("chip_cost",),
}


def bounds(instance: Instance, random: np.random.Generator) -> tuple[str, Params]:
    """Queue up to 30 % up or down at every host, chips 20 % by chip and period, demand 10 % by stream, or all three."""
    params = instance.params
    queue = random.uniform(0.7, 1.3, (params["queue_mw"].shape[0], 1))
    supply = random.uniform(0.8, 1.2, params["chip_supply"].shape[1:])
    demand = random.uniform(0.9, 1.1, (params["demand"].shape[0], 1, 1))
    kinds: dict[str, Params] = {
        "queue": {"queue_mw": params["queue_mw"] * queue, "firm_queue_mw": params["firm_queue_mw"] * queue},
        "supply": {"chip_supply": params["chip_supply"] * supply},
        "demand": {"demand": params["demand"] * demand},
    }
    kinds["all three"] = kinds["queue"] | kinds["supply"] | kinds["demand"]
    kind = str(random.choice(list(kinds)))
    return kind, kinds[kind]


def costs(instance: Instance, random: np.random.Generator) -> tuple[str, Params]:
    """One kind of cost up to 20 % up or down, the same everywhere, or (one time in four) each entry on its own."""
    kind = str(random.choice(list(COSTS)))
    apart = random.random() < 0.25
    changed = {}
    for name in COSTS[kind]:
        values = instance.params[name]
        changed[name] = values * random.uniform(0.8, 1.2, values.shape if apart else ())
    return f"{kind}{', each on its own' if apart else ''}", changed


def run(
    name: str,
    kind: str,
    draw: Callable[[Instance, np.random.Generator], tuple[str, Params]],
    count: int,
    check: int,
    seed: int,
) -> None:
    """Solve ``count`` variants hot, ``check`` of them also cold, and print what each cost."""
    random = np.random.default_rng(seed)
    started = time.perf_counter()
    scenario = load_scenario(name)
    instance = prepare(scenario).instance
    case = Case(formulation(), instance, SolverOptions())
    first = case.solve()
    cold = time.perf_counter() - started
    print(f"\n{name}, {kind}: first case {cold:.1f} s from YAML ({first.statistics['road']})", flush=True)
    spent: dict[str, list[float]] = {}
    of_cold, worst = [], 0.0
    roads: Counter[str] = Counter()
    steps = set(np.linspace(0, count - 1, check).astype(int).tolist()) if check else set()
    for i in range(count):
        what, changed = draw(instance, random)
        started = time.perf_counter()
        change = case.become(instance.replace(**changed))
        plan = case.solve()
        seconds = time.perf_counter() - started
        spent.setdefault(what.partition(",")[0], []).append(seconds)
        tried = [f"{a['road']}{'' if a['status'] == 'Optimal' else ' (cap)'}" for a in plan.statistics["attempts"]]
        roads[" > ".join(tried)] += 1
        assert not change.rebuild, change.rebuild
        line = f"  {i:3d} {what}: {seconds:.2f} s, {' > '.join(tried)} ({plan.statistics['attempts'][0]['why']})"
        if i in steps:
            again = time.perf_counter()
            alone = Session(case.lp, SolverOptions()).solve()
            alone_s = time.perf_counter() - again
            of_cold.append(seconds / alone_s)
            error = abs(plan.objective - alone.objective) / abs(alone.objective)
            worst = max(worst, error)
            line += f"; cold {alone_s:.2f} s, bills differ by {error:.1e}"
        print(line, flush=True)
    everything = [seconds for group in spent.values() for seconds in group]
    print(
        f"{name}, {kind}: mean {np.mean(everything):.2f} s = {np.mean(everything) / cold:.1%} of the first case; "
        f"largest {max(everything):.2f} s; by what changed: "
        + ", ".join(f"{what} {np.mean(group):.2f} s ({len(group)})" for what, group in sorted(spent.items()))
        + f"; against cold solves of the same arrays: mean {np.mean(of_cold) if of_cold else np.nan:.2f}x, largest "
        f"{max(of_cold, default=np.nan):.2f}x, bills within {worst:.1e}; roads: {dict(roads)}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", default=["us"])
    parser.add_argument("--bounds", type=int, default=100, help="variants of right-hand sides and bounds")
    parser.add_argument("--costs", type=int, default=12, help="variants of costs")
    parser.add_argument("--check", type=int, default=5, help="how many of each kind are solved cold as well")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    for name in chosen.scenarios:
        if chosen.bounds:
            run(name, "bounds", bounds, chosen.bounds, chosen.check, chosen.seed)
        if chosen.costs:
            run(name, "costs", costs, chosen.costs, chosen.check, chosen.seed)


if __name__ == "__main__":
    main()
