"""A MATPOWER case as a scenario folder with one snapshot, on which AI sites, queues and chips are then added in YAML.

The linear program is MATPOWER's linear ("DC") optimal power flow: real power, the voltage law by reactance, limits of
branches. Curves that bend become steps.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from optimizer.interop.errors import LeftOut, refuse
from optimizer.interop.matpower_case import (
    Case,
    branch_rows,
    direct_rows,
    load_rows,
    read_case,
    region_name,
    unit_rows,
)
from optimizer.interop.scenario_folder import COUNTRY, Imported, network_sections, write_scenario

SEGMENTS = 20
HOURS = 8760.0
_HEAD = """\
# Imported from the MATPOWER case {source}. Every bus is a region, every component an element of `network`.
# Cost an hour = objective x 1e6 / ({hours:g} h x usd_per_currency) + {constant:.12g}.
# Add AI: connection, facility, compute and demand, here or in a scenario that extends this one.
"""


def import_matpower(
    file: str | Path,
    folder: str | Path,
    *,
    strict: bool = False,
    year: int = 2030,
    currency: float = 1.0,
    hours: float = HOURS,
    segments: int = SEGMENTS,
) -> Imported:
    """Read a case file and write it as a scenario.

    ``hours`` is what the one snapshot stands for, ``segments`` the steps that a bending cost curve becomes. With
    ``strict`` nothing is written where anything would be left out. Raises ExchangeError and ScenarioErrors.
    """
    case = read_case(file)
    units, constant, bent, steps = unit_rows(case, segments)
    branches, odd = branch_rows(case)
    links, ports, lossy = direct_rows(case)
    left_out = [
        LeftOut(what, tuple(names), instead)
        for what, names, instead in (
            ("cost curves that are not convex", bent, "their convex hull"),
            ("limits on the angle that differ by direction", odd, "no limit on the angle"),
            ("losses of direct-current lines at no flow", lossy, "losses in proportion to the flow"),
        )
        if names
    ]
    if strict:
        refuse(left_out)
    source = Path(file).name
    tables = {
        "network.units": units, "network.branches": branches, "network.links": links, "network.link_ports": ports,
        "network.loads": load_rows(case), "regions.table": _regions(case), "time.snapshots": _snapshot(hours),
    }  # fmt: skip
    stamp = dt.datetime.fromtimestamp(Path(file).stat().st_mtime, dt.UTC).date().isoformat()
    origin = {"source": f"MATPOWER case {source}", "as_of": stamp, "confidence": "read"}
    tables = {name: frame.assign(**origin) for name, frame in tables.items() if len(frame)}
    periods = {"years": [year], "length_yr": 1, "discounted_years": [1.0]}
    name = Path(file).stem
    settings = network_sections(name, f"MATPOWER case {name}", currency, periods, "dc")
    head = _HEAD.format(source=source, hours=hours, constant=constant)
    made = write_scenario(folder, head, settings, tables, {})
    notes = [
        f"cost an hour = objective x 1e6 / {hours * currency:g} + {constant:.12g}, which no output changes",
        "real power alone, all that is switched on runs; voltages, reactive power and losses of branches are left out",
        "a case has no coordinates: every region stands at 0, 0",
    ]
    if steps:
        notes.append(f"{steps} steps stand for cost curves that bend ({segments} a generator): too dear by a little")
    if not len(case.cost):
        notes.append("the case has no costs: every output is free")
    sizes = {key.split(".")[1]: len(frame) for key, frame in tables.items()}
    sizes["regions"] = sizes.pop("table")
    return Imported(made, tuple(left_out), sizes, tuple(notes))


def _regions(case: Case) -> pd.DataFrame:
    names = [region_name(number) for number in case.bus[:, 0]]
    return pd.DataFrame(
        {"region": names, "name": names, "country": COUNTRY, "carrier": "AC", "lat": 0.0, "lon": 0.0, "grid": 1}
    )


def _snapshot(hours: float) -> pd.DataFrame:
    return pd.DataFrame({"snapshot": [0], "utc": [""], "weight_h": [hours], "length_h": [1.0], "energy_h": [hours]})
