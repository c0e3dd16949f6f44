"""Does the answer hang on the weather that was drawn? Solves a scenario for several seeds of its synthetic scatter.

python -m benchmarks.weather_seeds --scenario china --seeds 1 2 3 4 5

For each seed: reference tokens of the largest plan, the bill of the cheapest plan on the high demand path, and the
limits in order of their rent in the last period (price of one more MW x MW in use). The table stands in docs/data.md.
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


def by_seed(name: str = "china", seeds: Sequence[int] = SEEDS, variant: str = "one_day") -> pd.DataFrame:
    """One row a seed: tokens, bill, order of limits in tokens and in money, seconds."""
    rows = []
    for seed in seeds:
        start = time.perf_counter()
        planner = Planner(load_scenario(name, variant, {"time.seed": seed}))
        most, high = planner.most_tokens(), planner.least_cost("high")
        assert most.tokens is not None
        rows.append(
            {
                "seed": seed,
                "tokens_ptok": float(most.lp.goals["tokens"] @ most.tokens.solution.x),
                "bill_busd": sum(high.bill_musd.values()) / 1e3,
                "order_in_tokens": " > ".join(order(most.tokens)),
                "order_in_money": " > ".join(order(high)),
                "seconds": time.perf_counter() - start,
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="china")
    parser.add_argument("--variant", default="one_day")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    options = parser.parse_args()
    table = by_seed(options.scenario, options.seeds, options.variant)
    print("| " + " | ".join(table.columns) + " |")
    print("|" + "---|" * len(table.columns))
    for row in table.itertuples(index=False):
        print("| " + " | ".join(f"{cell:.6g}" if isinstance(cell, float) else str(cell) for cell in row) + " |")
    for column in ("tokens_ptok", "bill_busd"):
        spread = table[column].max() / table[column].min() - 1.0
        print(f"{column}: largest over smallest {100 * spread:.2g} % more")


if __name__ == "__main__":
    main()
