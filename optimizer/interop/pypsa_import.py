"""A PyPSA network as a scenario folder, on which AI sites, queues and chips are then added in YAML.

Every bus becomes a region of one country, of whatever carrier it is; everything attached becomes an element of
`network` under its own name. The linear program without compute is PyPSA's own, so it has PyPSA's own optimum; what a
linear plan cannot hold is named. What the objective counts: all capacity that is decided is paid for in full, which is
PyPSA's `n.objective + n.objective_constant`, in the network's currency.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimizer.interop.errors import ExchangeError, LeftOut, refuse
from optimizer.interop.pypsa_features import check_possible, features_left_out
from optimizer.interop.pypsa_limits import limit_tables
from optimizer.interop.pypsa_network import Network, read_network
from optimizer.interop.pypsa_tables import (
    COMPONENTS,
    NetworkTables,
    Source,
    branch_physics,
    component_table,
    link_ports,
    load_table,
)
from optimizer.interop.scenario_folder import COUNTRY, Imported, network_sections, write_scenario

UNNAMED = "Unnamed Network"  # what PyPSA calls a network without a name
_HEAD = """\
# Imported from the PyPSA network {source}. Every bus is a region, every component an element of `network`.
# Objective x 1e6 / usd_per_currency = PyPSA's n.objective + n.objective_constant: all decided capacity is paid for.
# Add AI: connection, facility, compute and demand, here or in a scenario that extends this one (docs/peers.md).
"""


def import_pypsa(
    network: str | Path | Network, folder: str | Path, *, strict: bool = False, year: int = 2030, currency: float = 1.0
) -> Imported:
    """Read a network (a file, a folder, or one that is open in PyPSA) and write it as a scenario.

    ``year`` is the period that a network without investment periods stands for; ``currency`` what one unit of its money
    is in dollars. With ``strict`` nothing is written where anything would be left out.

    Raises ExchangeError for a network that cannot be read or has no meaning here, ScenarioErrors for one that is not
    sound.
    """
    is_file = isinstance(network, str | Path)
    source = Source(read_network(network) if is_file else network)
    title = Path(network).name if isinstance(network, str | Path) else str(network.name or "in memory")
    made, left_out, notes = network_tables(source)
    if strict:
        refuse(left_out)
    settings = _settings(source, year, currency, title)
    tables = {f"network.{name}": frame for name, frame in made.tables.items()}
    tables |= {"time.snapshots": _snapshots(source), "regions.table": _regions(source, notes)}
    origin = {"source": f"PyPSA network {title}", "as_of": _date(network if is_file else None), "confidence": "read"}
    tables = {name: frame.assign(**origin) for name, frame in tables.items()}
    file = write_scenario(folder, _HEAD.format(source=title), settings, tables, _series(source, made))
    sizes = {"regions": len(tables["regions.table"]), "snapshots": len(tables["time.snapshots"])}
    sizes |= {name: len(frame) for name, frame in made.tables.items()}
    return Imported(file, tuple(left_out), sizes, tuple(notes))


def network_tables(source: Source) -> tuple[NetworkTables, list[LeftOut], list[str]]:
    """All tables of the network, what was left out, and notes."""
    check_possible(source)
    made = NetworkTables()
    for component in COMPONENTS:
        component_table(source, component, made)
    link_ports(source, made)
    load_table(source, made)
    if "branches" in made.tables:
        branch_physics(source, made)
    if "units" in made.tables:
        _emissions(source, made)
    left_out = features_left_out(source, made)
    left_out += limit_tables(source, made)
    constant = _constant(source)
    note = f"objective x 1e6 = n.objective + n.objective_constant; the constant of existing capacity is {constant:.12g}"
    return made, left_out, [note]


def _emissions(source: Source, made: NetworkTables) -> None:
    """CO2 of a MWh of fuel, by carrier: what a carbon price or a cap of the scenario counts."""
    carriers = source.network.c.carriers.static
    if "co2_emissions" in carriers:
        rate = made.tables["units"]["carrier"].map(carriers["co2_emissions"].fillna(0.0))
        made.tables["units"]["co2_t_per_mwh"] = rate.fillna(0.0).to_numpy(float)


def _constant(source: Source) -> float:
    """What PyPSA takes off its objective for capacity that stands: nominal x charge of all that is extendable."""
    network, total = source.network, 0.0
    for component in COMPONENTS:
        static = source.static(component)
        rows = static[static[f"{component.nominal}_extendable"].to_numpy(bool)]
        charge = source.capital(component, rows.index) * rows[component.nominal].to_numpy(float)
        if source.is_multi_period:
            weights = network.investment_period_weightings["objective"]
            years = weights.index.to_numpy(float)[None, :]
            first = rows["build_year"].to_numpy(float)[:, None]
            stands = (first <= years) & (years < first + rows["lifetime"].to_numpy(float)[:, None])
            charge = charge * (stands @ weights.to_numpy(float))
        total += float(np.nansum(charge))
    return total


def _snapshots(source: Source) -> pd.DataFrame:
    """Snapshots of one period with their three weightings, and when they begin where that is told."""
    network = source.network
    weights = network.snapshot_weightings
    stamps = network.snapshots
    if source.is_multi_period:
        first = stamps.get_level_values(0) == network.investment_periods[0]
        weights, stamps = weights[first], stamps[first].get_level_values(1)
    told: list[str] = [""] * len(stamps)
    if isinstance(stamps, pd.DatetimeIndex):
        told = [stamp.isoformat() for stamp in stamps]
    return pd.DataFrame(
        {
            "snapshot": range(len(stamps)),
            "utc": told,
            "weight_h": weights["objective"].to_numpy(float),
            "length_h": weights["stores"].to_numpy(float),
            "energy_h": weights["generators"].to_numpy(float),
        }
    )


def _date(file: str | Path | None) -> str:
    """Day on which a file was last written; today for a network in memory."""
    stamp = dt.datetime.now(dt.UTC) if file is None else dt.datetime.fromtimestamp(Path(file).stat().st_mtime, dt.UTC)
    return stamp.date().isoformat()


def _series(source: Source, made: NetworkTables) -> dict[str, pd.DataFrame]:
    """Series with their two axes in front. A network without periods leaves the period blank: it holds for any."""
    count = len(source.network.snapshots)
    if source.is_multi_period:
        periods = source.network.snapshots.get_level_values(0).to_numpy(float)
        each = count // len(source.network.investment_periods)
    else:
        periods, each = np.full(count, np.nan), count
    axes = pd.DataFrame({"period": periods, "snapshot": np.arange(count) % max(each, 1)})
    axes["period"] = axes["period"].astype("Int64")
    clash = [name for frame in made.series.values() for name in frame.columns if name in ("period", "snapshot")]
    if clash:
        raise ExchangeError(f"a component with a series may not be named {clash[0]!r}")
    return {name: pd.concat([axes, frame.reset_index(drop=True)], axis=1) for name, frame in made.series.items()}


def _regions(source: Source, notes: list[str]) -> pd.DataFrame:
    """Buses as regions. Coordinates that are no degrees are left at zero."""
    buses = source.network.c.buses.static
    lat, lon = buses["y"].fillna(0.0).to_numpy(float), buses["x"].fillna(0.0).to_numpy(float)
    on_earth = (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
    if not on_earth.all():
        notes.append(f"{int((~on_earth).sum())} buses have coordinates that are no degrees; they stand at 0, 0")
    return pd.DataFrame(
        {
            "region": buses.index.astype(str),
            "name": [f"{name} ({carrier})" for name, carrier in zip(buses.index, buses["carrier"], strict=True)],
            "country": COUNTRY,
            "carrier": buses["carrier"].astype(str).to_numpy(),
            "lat": np.where(on_earth, lat, 0.0),
            "lon": np.where(on_earth, lon, 0.0),
            "grid": 1,
        }
    )


def _settings(source: Source, year: int, currency: float, title: str) -> dict[str, Any]:
    """Sections of a scenario that is the network alone: no reserve, no shedding, no spill, no AI."""
    name = str(source.network.name or "")
    if name in ("", UNNAMED):
        name = Path(title).stem
    periods: dict[str, Any] = {"years": [year], "length_yr": 1, "discounted_years": [1.0]}
    if source.is_multi_period:
        weights = source.network.investment_period_weightings
        years = [int(each) for each in source.network.investment_periods]
        gap = int(np.diff(years).min()) if len(years) > 1 else max(1, round(float(weights["years"].iloc[0])))
        periods = {"years": years, "length_yr": min(gap, 30)}
        periods["discounted_years"] = [float(weights["objective"][each]) for each in years]
    return network_sections(name, f"PyPSA network {name}", currency, periods, "dc")
