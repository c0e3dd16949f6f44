"""Does the answer hang on the weather that was drawn? Solves a scenario for several seeds of its synthetic scatter.

python -m benchmarks.weather_seeds --scenario china --seeds 1 2 3 4 5

For each seed: the bill of the cheapest plan on the high demand path, what it serves in the last period, and the limits
in order of their rent there (price of one more MW x MW in use). The table stands in docs/data.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import pandas as pd

from optimizer.results import measures
from optimizer.results.planner import Plan, Planner
from optimizer.scenario.load import load_scenario

SEEDS = (2026, 1, 2, 3, 4)


def order(plan: Plan, count: int = 5) -> list[str]:
    """Families of limits by rent in the last period, dearest first; those without a price are left out."""
    table = measures.limits(plan)
    table = table[table["period"] == table["period"].max()]
    rent = (table["price"].astype(float) * table["used"].astype(float)).set_axis(table["family"])
    return [str(family) for family in rent[rent > 0.0].sort_values(ascending=False).index[:count]]


def one(name: str, seed: int, variant: str) -> dict[str, object]:
    """A row of the table: bill, what is served in the last period, order of limits, seconds."""
    start = time.perf_counter()
    plan = Planner(load_scenario(name, variant, {"time.seed": seed})).least_cost("high")
    last = measures.fleet(plan).iloc[-1]
    return {
        "seed": seed,
        "bill, billion USD": sum(plan.bill_musd.values()) / 1e3,
        "served, M tokens/s": float(last["served_mtok_per_s"]),
        "limits by rent": " > ".join(order(plan)),
        "seconds": time.perf_counter() - start,
    }


def by_seed(name: str = "china", seeds: Sequence[int] = SEEDS, variant: str = "one_day") -> pd.DataFrame:
    """One row a seed, see `one`."""
    return pd.DataFrame([one(name, seed, variant) for seed in seeds])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="china")
    parser.add_argument("--variant", default="one_day")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    options = parser.parse_args()
    bills: list[float] = []
    for seed in options.seeds:
        row = one(options.scenario, seed, options.variant)
        if not bills:
            print("| " + " | ".join(row) + " |\n|" + "---|" * len(row))
        cells = (f"{cell:.6g}" if isinstance(cell, float) else str(cell) for cell in row.values())
        print("| " + " | ".join(cells) + " |", flush=True)
        bills.append(float(str(row["bill, billion USD"])))
    print(f"\nthe dearest weather costs {100 * (max(bills) / min(bills) - 1):.2g} % more than the cheapest")


if __name__ == "__main__":
    main()
