"""Both sides of a contest planned at least cost: what their tokens cost by period, class and set of rates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from optimizer.scenario.study import scenario_of

from .solves import solve_all

if TYPE_CHECKING:
    from optimizer.scenario.study import CheaperTokens

Say = Callable[[str], None]
MIX_KEYS = ["side", "chip_set", "period"]


def plan_table(
    study: CheaperTokens, file: Path, say: Say
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, dict[str, Any]]]:
    """Both sides' least-cost plans by period and set of rates: mean full cost, marginal cost, energy; and by class.

    ``full_cost`` is of the classes that a side serves. One that serves more of a dear class has the dearer mean, so
    ``same_mix`` weighs the classes of both sides alike: with the mean of their shares.
    """
    jobs = {}
    for side in (study.first, study.second):
        for chip_set in study.chip_sets:
            overrides = {"compute": {"chip_set": chip_set}, "demand": {"path": study.path}}
            jobs[f"{side.label}|{chip_set}"] = (str(scenario_of(file, side.scenario)), (), overrides)
    found = solve_all(jobs, say)
    rows, classes = [], []
    for key, made in found.items():
        label, chip_set = key.split("|")
        classes.append(by_class(made.frames["token_cost"]).assign(side=label, chip_set=chip_set))
        cost = made.frames["full_cost"].set_index("period")
        marginal = made.frames["marginal_cost"].set_index("period")["marginal_usd_per_mtok"]
        ratio = made.frames["article_ratio"].set_index("period")["energy_usd_per_mtok"]
        fleet = made.frames["fleet"].set_index("period")
        for period in cost.index:
            full = float(cost.loc[period, "full_cost_usd_per_mtok"])
            rows.append(
                {"side": label, "chip_set": chip_set, "period": int(period), "full_cost": full}
                | {"marginal": float(marginal[period]), "energy_price_over_efficiency": float(ratio[period])}
                | {"chip_share": float(cost.loc[period, "chip_share"])}
                | {"energy_share": float(cost.loc[period, "energy_share"])}
                | {"use_of_fleet": float(fleet.loc[period, "use_of_fleet"])}
            )
    table, every = pd.DataFrame(rows), pd.concat(classes, ignore_index=True)
    table.insert(4, "same_mix", same_mix(every).reindex(pd.MultiIndex.from_frame(table[MIX_KEYS])).to_numpy())
    return table, every, {key: made.statistics for key, made in found.items()}


def by_class(token_cost: pd.DataFrame) -> pd.DataFrame:
    """Full cost and share of tokens of each class and period, over places and chips of `token_cost`."""
    paid = token_cost["full_cost_usd_per_mtok"] * token_cost["tokens_ptok"]
    sums = token_cost.assign(paid=paid).groupby(["period", "workload"], as_index=False)[["paid", "tokens_ptok"]].sum()
    share = sums["tokens_ptok"] / sums.groupby("period")["tokens_ptok"].transform("sum")
    return sums.assign(full_cost=sums["paid"] / sums["tokens_ptok"], share=share).drop(columns="paid")


def same_mix(classes: pd.DataFrame) -> pd.Series:
    """Mean full cost by side, set of rates and period, classes weighed by the mean of both sides' shares.

    A class that only one side serves is left out.
    """
    sides = classes["side"].nunique()
    of_class = classes.groupby(["chip_set", "period", "workload"])
    common = classes.assign(weight=of_class["share"].transform("mean"))[of_class["side"].transform("count") == sides]
    paid = (common["full_cost"] * common["weight"]).groupby([common[key] for key in MIX_KEYS]).sum()
    return paid / common.groupby(MIX_KEYS)["weight"].sum()
