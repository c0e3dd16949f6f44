"""How demand for computing and the power that can be brought to it move apart: every demand path, period by period.

One blade is what users ask for, the other what can be served; what opens between them leaves. Beside them stand the
limits with the highest price in that period and the share of each that is used.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from optimizer.results.section import Section
from optimizer.scenario.load import load_scenario
from optimizer.scenario.study import known_name, scenario_of

from .answer import Answer
from .solves import Job, Made, solve_all

if TYPE_CHECKING:
    from optimizer.scenario.study import EnergyScissors

OWN = "as it is"
OPEN = 0.005  # of demand: less is closed


def answer(study: EnergyScissors, file: Path, say: Callable[[str], None]) -> Answer:
    """Solve every variant at every path. Raises ScenarioErrors for a name that there is not, SolveError."""
    source = str(scenario_of(file, study.scenario))
    scenario = load_scenario(source)
    for variant in study.variants:
        known_name(file, ("variants",), variant, sorted(scenario.variant_names), f"a variant of {scenario.name}")
    jobs: dict[str, Job] = {}
    for variant in (OWN, *study.variants):
        for path in study.paths:
            chosen = () if variant == OWN else (variant,)
            jobs[f"{variant}|{path}"] = (source, chosen, {"demand": {"path": path}})
    found = solve_all(jobs, say)
    table = pd.concat([blades(made, *key.split("|")) for key, made in found.items()], ignore_index=True)
    limits = pd.concat(
        [
            made.frames["limits"].assign(**dict(zip(("variant", "path"), key.split("|"), strict=True)))
            for key, made in found.items()
        ],
        ignore_index=True,
    )
    sentences = verdict(table, study.paths)
    shown = Section.from_frame(
        "Demand against what can be served, by path and period",
        table.rename(columns=lambda name: name.replace("_", " ")),
        ("tokens: million reference tokens a second; GW at the meter at the peak; gap: share of demand that leaves",),
        {"gap %": 1, "asked": 0, "served": 0, "queue used %": 0, "reserve used %": 0, "facility gw": 1},
    )
    told = Section("verdict", ("", "what the numbers say"), tuple((str(i), s) for i, s in enumerate(sentences, 1)))
    statistics: dict[str, Any] = {key: made.statistics for key, made in found.items()}
    return Answer([shown, told], {"scissors": table, "limits": limits}, {"verdict": sentences}, statistics)


def blades(made: Made, variant: str, path: str) -> pd.DataFrame:
    """One row a period: asked, served, the gap, power at the meter, use of queue and reserve, the dearest limit."""
    fleet, limits = made.frames["fleet"].set_index("period"), made.frames["limits"]
    rows = []
    for period, row in fleet.iterrows():
        own = limits[limits["period"] == period].set_index("family")
        priced = own["price"].astype(float).dropna()
        dearest = priced.idxmax() if len(priced) and priced.max() > 1e-6 else "none"
        asked = float(row["served_mtok_per_s"] + row["unserved_mtok_per_s"])
        rows.append(
            {
                "variant": variant,
                "path": path,
                "period": str(period),
                "asked": asked,
                "served": float(row["served_mtok_per_s"]),
                "gap_%": 100.0 * float(row["unserved_mtok_per_s"]) / asked if asked else 0.0,
                "facility_gw": float(row["facility_gw_peak"]),
                "queue_used_%": _used(own, "connection queue"),
                "reserve_used_%": _used(own, "reserve"),
                "dearest_limit_a_mw": dearest,
            }
        )
    return pd.DataFrame(rows)


def _used(limits: pd.DataFrame, family: str) -> float | None:
    """Share of a limit that is used, in percent; None where there is no data."""
    if family not in limits.index or pd.isna(limits.loc[family, "share"]):
        return None
    return 100.0 * float(limits.loc[family, "share"])


def verdict(table: pd.DataFrame, paths: tuple[str, ...]) -> list[str]:
    """When the gap opens on each path as things are, and what each variant does to its widest point."""
    said = []
    for path in paths:
        own = table[(table["variant"] == OWN) & (table["path"] == path)]
        wide = own[own["gap_%"] > 100.0 * OPEN]
        if not len(wide):
            said.append(f"On the {path} path the scissors stay closed: all that users pay for is served.")
            continue
        first, worst = wide.iloc[0], own.loc[own["gap_%"].idxmax()]
        said.append(
            f"On the {path} path a gap opens in {first['period']} and reaches {worst['gap_%']:.0f} % of demand in "
            f"{worst['period']}; the dearest limit a MW is then: {worst['dearest_limit_a_mw']}."
        )
        for variant in [name for name in dict.fromkeys(table["variant"]) if name != OWN]:
            other = table[(table["variant"] == variant) & (table["path"] == path)]
            there = other[other["period"] == worst["period"]].iloc[0]
            said.append(f"With {variant} it is {there['gap_%']:.0f} % there.")
    return said
