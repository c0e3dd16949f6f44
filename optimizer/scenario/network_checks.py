"""Checks of a network across its tables: series that fit the snapshots, names in limits, bounds in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np

from optimizer.scenario.errors import Fault, name_list, nearest_name
from optimizer.scenario.schema.network import ELEMENTS
from optimizer.scenario.table_checks import SERIES_PREFIX

if TYPE_CHECKING:
    import pandas as pd

    from optimizer.scenario.scenario import Scenario

AddFault = Callable[[Fault], None]

TERM_TABLE = {
    "energy": "units",
    "fuel": "units",
    "unit_capacity": "units",
    "link_capacity": "links",
    "reservoir_level": "reservoirs",
    "reservoir_capacity": "reservoirs",
    "tank_level": "tanks",
    "tank_capacity": "tanks",
    "branch_capacity": "branches",
}
"""Term of a limit -> the table that its names belong to."""


def has_network(scenario: Scenario) -> bool:
    """Whether the scenario describes any supply or load element by element."""
    return any(len(scenario.tables.frame(f"network.{table}")) for table in ("units", "links", "tanks", "loads"))


def kind_of_network(scenario: Scenario) -> Literal["steered", "meshed"] | None:
    """Whether power splits by reactance over branches that are given one by one, or every flow is steered."""
    if not has_network(scenario):
        return None
    meshed = scenario.transmission.physics == "dc" and len(scenario.tables.frame("network.branches"))
    return "meshed" if meshed else "steered"


def check_network(scenario: Scenario, add: AddFault) -> None:
    """Hand out a fault for everything that no single table can know."""
    for table in ELEMENTS:
        frame = scenario.tables.frame(f"network.{table}")
        if "capacity_min" in frame:
            decided = frame["grows"].to_numpy(float) > 0
            bad = decided & (frame["capacity_min"] > frame["capacity_max"]).to_numpy(bool)
            _rows(scenario, table, "capacity_min", bad, "capacity_min exceeds capacity_max", add)
    for table in ("links", "branches"):
        frame = scenario.tables.frame(f"network.{table}")
        if table == "branches":
            _rows(scenario, table, "to", (frame["from"] == frame["to"]).to_numpy(bool), "a branch to itself", add)
    _check_snapshots(scenario, add)
    _check_series(scenario, add)
    _check_terms(scenario, add)


def _rows(scenario: Scenario, table: str, column: str, bad: np.ndarray, message: str, add: AddFault) -> None:
    """One fault for all bad rows of a table."""
    if bad.any():
        name = f"network.{table}"
        found = scenario.tables.frame(name)[ELEMENTS[table]][bad]
        add(Fault(message, scenario.tables.files[name][0], None, f"{name}.{column}", name_list(map(str, found))))


def _check_snapshots(scenario: Scenario, add: AddFault) -> None:
    import pandas as pd

    table = scenario.tables.frame("time.snapshots")
    if not len(table):
        return
    file = scenario.tables.files["time.snapshots"][0]
    if not np.array_equal(table["snapshot"].to_numpy(), np.arange(len(table))):
        add(Fault("snapshots count 0, 1, 2, ... in order", file, None, "time.snapshots.snapshot"))
    stamps = table["utc"].dropna().astype(object)
    wrong = pd.to_datetime(stamps, format="ISO8601", utc=True, errors="coerce").isna().to_numpy()
    if wrong.any():
        found = name_list(map(str, stamps[wrong]))
        add(Fault("not a time", file, None, "time.snapshots.utc", found, "a time such as 2013-01-01T15:00"))


def _check_series(scenario: Scenario, add: AddFault) -> None:
    """A series tells every period and snapshot in order, or, with blank periods, one year for all of them."""
    snapshots, periods = scenario.tables.frame("time.snapshots")["snapshot"].to_numpy(), scenario.periods.years
    for key in scenario.network.series:
        name = SERIES_PREFIX + key
        frame = scenario.tables.frame(name)
        if frame.columns.empty:
            continue
        file = scenario.tables.files[name][0]
        if not len(snapshots):
            message = "series need snapshots that are listed: write time.snapshots"
            add(Fault(message, file, None, name, allowed="a table of snapshots"))
        elif not _fits(frame, np.asarray(periods, float), snapshots):
            add(
                Fault(
                    "the rows are not those of the scenario's periods and snapshots, in order",
                    file,
                    None,
                    name,
                    found=f"{len(frame)} rows",
                    allowed=f"{len(snapshots)} snapshots for each of {name_list([str(year) for year in periods])}, "
                    "or once with blank periods",
                )
            )


def _fits(frame: pd.DataFrame, periods: np.ndarray, snapshots: np.ndarray) -> bool:
    told, shown = frame["period"].to_numpy(float), frame["snapshot"].to_numpy(float)
    if np.isnan(told).all():
        return np.array_equal(shown, snapshots)
    return np.array_equal(told, np.repeat(periods, len(snapshots))) and np.array_equal(
        shown, np.tile(snapshots, len(periods))
    )


def _check_terms(scenario: Scenario, add: AddFault) -> None:
    terms = scenario.tables.frame("network.limit_terms")
    if not len(terms):
        return
    file, name = scenario.tables.files["network.limit_terms"][0], "network.limit_terms"
    for term, rows in terms.groupby("term", sort=False):
        table = TERM_TABLE[str(term)]
        known = [str(each) for each in scenario.tables.every_row(f"network.{table}").frame[ELEMENTS[table]]]
        have = set(known)
        strange = [str(each) for each in rows["name"] if str(each) not in have]
        if strange:
            near = nearest_name(strange[0], known)
            add(
                Fault(
                    f"unknown name in {table}", file, None, f"{name}.name", name_list(strange), name_list(known), near
                )
            )
        if str(term).endswith("_capacity"):
            frame = scenario.tables.every_row(f"network.{table}").frame
            grows = set(frame.loc[frame["grows"].to_numpy(float) > 0, ELEMENTS[table]].astype(str))
            fixed = [str(each) for each in rows["name"] if str(each) in have - grows]
            if fixed:
                message = "a term of capacity needs a capacity that is decided (grows: 1)"
                add(Fault(message, file, None, f"{name}.name", name_list(fixed)))
    strange_years = sorted({f"{year:g}" for year in terms["period"].dropna() if year not in scenario.periods.years})
    if strange_years:
        years = name_list([str(year) for year in scenario.periods.years])
        add(Fault("no such period", file, None, f"{name}.period", name_list(strange_years), years))
