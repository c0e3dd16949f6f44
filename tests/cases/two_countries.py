"""Two countries side by side, each a default world of its own, joined by a line and by what their users accept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.cases.small_world import Row, SmallWorld, demand


def two_countries(folder: Path, first: str, second: str, second_differs: bool = False) -> SmallWorld:
    """Countries of these names with region, market, zone, grid region, demand group and chip bloc of their own.

    The second has dearer gas, a shorter queue and fewer chips when it is to differ.
    """
    world = SmallWorld(folder)
    base = dict(world.settings["countries"]["x"])
    countries: dict[str, Any] = {}
    tables: dict[str, list[Row]] = {name: [] for name in world.tables}
    for code, differs in ((first, False), (second, second_differs)):
        names = {"x": code, "R": f"R-{code}", "M": f"M-{code}", "z": f"z-{code}", "g": f"g-{code}"}
        for name, rows in world.tables.items():
            if name in ("demand.workloads", "demand.diurnal", "compute.chips", "compute.throughput"):
                tables[name] = rows
                continue
            tables[name] += [
                {key: names.get(value, value) if isinstance(value, str) else value for key, value in row.items()}
                for row in rows
            ]
        countries[code] = {**base, "name": code, "demand_group": code, "markets": [f"M-{code}"], "chip_bloc": code}
        if differs:
            for row in tables["power.technologies"][-1:]:
                row["variable_om_per_mwh"] = 45
            for row in tables["connection.limits"][-1:]:
                row["limit_mw_per_yr"] = 3
            tables["demand.demand"][-1] = demand(f"M-{code}", "chat", 5)
    world.tables = tables
    world.edit("compute.chips", origin="elsewhere")  # not the name of one of the countries
    world.settings["countries"] = countries
    regions = [row["region"] for row in tables["regions.table"]]
    markets = [row["market"] for row in tables["demand.markets"]]
    tables["demand.latency"] = [{"market": m, "site": r, "rtt_ms": 10} for m in markets for r in regions]
    groups = {code: {"hosts": "all"} for code in (first, second)}
    world.set(
        demand={"trust": groups}, power={"profiles": [{"country": code, "kind": "flat"} for code in (first, second)]}
    )
    return world
