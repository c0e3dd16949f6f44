"""From PyPSA's components to the tables of a network: what each attribute is called here.

One record a component says which column is which attribute, so the way in and the way out read the same list. Values
that are a limit without end (infinite) or are not given (NaN) become blanks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from optimizer.interop.errors import ExchangeError
from optimizer.interop.pypsa_network import Network, quiet
from optimizer.scenario.schema.network import ELEMENTS, SERIES


@dataclass(frozen=True)
class Component:
    """One component of PyPSA. ``columns``: column here -> attribute there; ``nominal``: p_nom, s_nom or e_nom."""

    name: str
    listing: str  # generators, links ...: the attribute of the network that holds them
    table: str
    nominal: str
    columns: Mapping[str, str]


def _columns(nominal: str, capacity: str, **more: str) -> dict[str, str]:
    return {
        "carrier": "carrier",
        capacity: nominal,
        "grows": f"{nominal}_extendable",
        "capacity_min": f"{nominal}_min",
        "capacity_max": f"{nominal}_max",
        "build_year": "build_year",
        "lifetime_yr": "lifetime",
        **more,
    }


_FLOW = {"min_share": "p_min_pu", "max_share": "p_max_pu", "cost_per_mwh": "marginal_cost"}
_RAMPS = {"ramp_up_share": "ramp_limit_up", "ramp_down_share": "ramp_limit_down", "before_mw": "p_init"}
_LEVEL = {"loss_per_h": "standing_loss", "level_cost_per_mwh": "marginal_cost_storage"}

GENERATORS = Component(
    "Generator", "generators", "units", "p_nom",
    _columns("p_nom", "capacity_mw", region="bus", sign="sign", efficiency="efficiency", set_mw="p_set",
             energy_min_mwh="e_sum_min", energy_max_mwh="e_sum_max", **_FLOW, **_RAMPS),
)  # fmt: skip
LINKS = Component(
    "Link", "links", "links", "p_nom",
    _columns("p_nom", "capacity_mw", **{"from": "bus0"}, set_mw="p_set", length_km="length", **_FLOW, **_RAMPS),
)  # fmt: skip
STORAGE_UNITS = Component(
    "StorageUnit", "storage_units", "reservoirs", "p_nom",
    _columns("p_nom", "capacity_mw", region="bus", sign="sign", hours="max_hours", efficiency_in="efficiency_store",
             efficiency_out="efficiency_dispatch", initial_mwh="state_of_charge_initial", inflow_mw="inflow",
             spill_cost_per_mwh="spill_cost", set_mw="p_set", set_mwh="state_of_charge_set",
             set_release_mw="p_dispatch_set", set_pumping_mw="p_store_set", **_FLOW, **_LEVEL),
)  # fmt: skip
STORES = Component(
    "Store", "stores", "tanks", "e_nom",
    _columns("e_nom", "capacity_mwh", region="bus", sign="sign", min_share="e_min_pu", max_share="e_max_pu",
             cost_per_mwh="marginal_cost", initial_mwh="e_initial", set_mw="p_set", set_mwh="e_set", **_LEVEL),
)  # fmt: skip
LINES = Component(
    "Line", "lines", "branches", "s_nom",
    _columns("s_nom", "capacity_mw", **{"from": "bus0", "to": "bus1"}, max_share="s_max_pu", length_km="length"),
)  # fmt: skip
TRANSFORMERS = Component(
    "Transformer", "transformers", "branches", "s_nom",
    _columns("s_nom", "capacity_mw", **{"from": "bus0", "to": "bus1"}, max_share="s_max_pu"),
)  # fmt: skip
LOADS = Component("Load", "loads", "loads", "", {"region": "bus", "carrier": "carrier", "load_mw": "p_set"})

COMPONENTS = (GENERATORS, LINKS, STORAGE_UNITS, STORES, LINES, TRANSFORMERS)
"""Everything with a capacity."""

CYCLIC = {
    "StorageUnit": (
        "cyclic_state_of_charge", "cyclic_state_of_charge_per_period", "state_of_charge_initial_per_period"
    ),
    "Store": ("e_cyclic", "e_cyclic_per_period", "e_initial_per_period"),
}  # fmt: skip


@dataclass
class NetworkTables:
    """Tables and series of a network under the names of the scenario: what an importer fills and the writer writes."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    series: dict[str, pd.DataFrame] = field(default_factory=dict)

    def add_table(self, name: str, frame: pd.DataFrame) -> None:
        """Rows for a table; lines and transformers share one."""
        if len(frame):
            old = self.tables.get(name)
            self.tables[name] = frame if old is None else pd.concat([old, frame], ignore_index=True)

    def add_series(self, name: str, frame: pd.DataFrame) -> None:
        """Columns for a series, rows in the order of snapshots."""
        if len(frame.columns):
            old = self.series.get(name)
            self.series[name] = frame if old is None else pd.concat([old, frame], axis=1)


@dataclass(frozen=True)
class Source:
    """A network with what the tables need to know of it."""

    network: Network

    @cached_property
    def is_multi_period(self) -> bool:
        return isinstance(self.network.snapshots, pd.MultiIndex)

    def static(self, component: Component) -> pd.DataFrame:
        """Components that take part: active, and standing in some period."""
        frame = self._with_carriers(component)
        active = frame["active"].astype(bool) if "active" in frame else pd.Series(True, frame.index)
        if self.is_multi_period and component.nominal:
            years = np.asarray(self.network.investment_periods, float)[None, :]
            first = frame["build_year"].to_numpy(float)[:, None]
            last = first + frame["lifetime"].to_numpy(float)[:, None]
            active &= ((first <= years) & (years < last)).any(axis=1)
        return frame[active.to_numpy(bool)]

    def _with_carriers(self, component: Component) -> pd.DataFrame:
        """Lines, links and stores without a carrier of their own have their bus's: so PyPSA counts them in limits."""
        frame = self.network.c[component.listing].static
        at = {"Line": "bus0", "Link": "bus0", "Store": "bus"}.get(component.name)
        if at is None or not (frame["carrier"] == "").any():
            return frame
        of_bus = frame[at].map(self.network.c.buses.static["carrier"]).fillna("")
        return frame.assign(carrier=frame["carrier"].where(frame["carrier"] != "", of_bus))

    def dynamic(self, component: Component, attribute: str, names: pd.Index) -> pd.DataFrame:
        """The series of an attribute for those components that have one; rows count 0, 1, ..."""
        frame = self.network.c[component.listing].dynamic.get(attribute)
        if frame is None or not len(frame.columns):
            return pd.DataFrame(index=range(len(self.network.snapshots)))
        return frame[[name for name in frame.columns if name in names]].reset_index(drop=True)

    def capital(self, component: Component, names: pd.Index, with_upkeep: bool = True) -> np.ndarray:
        """Fixed cost of one unit of capacity over the horizon of a year, as PyPSA periodises it."""
        owner = self.network.c[component.listing]
        with quiet():
            cost = owner.periodized_cost.to_series() if with_upkeep else owner.capital_cost
        return cost.reindex(names).to_numpy(float)


def component_table(source: Source, component: Component, made: NetworkTables) -> pd.DataFrame:
    """Put a component's table and series; returns the static frame of those that take part."""
    static = source.static(component)
    key = ELEMENTS[component.table]
    prefix = name_prefix(source, component)
    columns: dict[str, Any] = {key: [prefix + name for name in static.index]}
    for column, attribute in component.columns.items():
        if attribute in static:
            columns[column] = blanks(static[attribute])
    frame = pd.DataFrame(columns)
    if component.nominal:
        _nominal(source, component, static, frame)
    made.add_table(component.table, frame)
    for column, attribute in component.columns.items():
        if column in SERIES[component.table]:
            series = source.dynamic(component, attribute, static.index)
            made.add_series(f"{component.table}.{column}", series.rename(columns=lambda name: prefix + str(name)))
    return static


def name_prefix(source: Source, component: Component) -> str:
    """Lines and transformers share a table: where a name is in both, transformers say what they are."""
    if component.name != "Transformer":
        return ""
    lines = source.static(LINES).index
    return "transformer " if len(lines.intersection(source.static(TRANSFORMERS).index)) else ""


def _nominal(source: Source, component: Component, static: pd.DataFrame, frame: pd.DataFrame) -> None:
    """Capacity that is laid down is both limits; charges are periodised; years count only between periods."""
    fixed = static.get(f"{component.nominal}_set")
    grows = static[f"{component.nominal}_extendable"].to_numpy(bool)
    frame["grows"] = grows.astype(int)
    frame["capital_per_yr"] = np.where(grows, source.capital(component, static.index), 0.0)
    if fixed is not None:
        known = grows & fixed.notna().to_numpy()
        frame.loc[known, "capacity_min"] = fixed.to_numpy(float)[known]
        frame.loc[known, "capacity_max"] = fixed.to_numpy(float)[known]
    if not source.is_multi_period:
        frame["build_year"] = np.nan
        frame["lifetime_yr"] = np.nan
    if component.name in CYCLIC:
        frame["wraps"] = wraps(source, component, static)


def wraps(source: Source, component: Component, static: pd.DataFrame) -> list[str]:
    """What comes before the first snapshot. Between periods PyPSA lets the flags of a period go before those of all."""
    whole, per_period, restarts = (static[flag].to_numpy(bool) for flag in CYCLIC[component.name])
    if not source.is_multi_period:
        return ["period" if each else "no" for each in whole]
    return [
        "period" if inside else "each" if again else "horizon" if all_ else "no"
        for all_, inside, again in zip(whole, per_period, restarts, strict=True)
    ]


def link_ports(source: Source, made: NetworkTables) -> None:
    """Every end of a link but the first, with its efficiency."""
    static = source.static(LINKS)
    ends = sorted(int(column[3:]) for column in static if column.startswith("bus") and column[3:].isdigit())
    for port in (end for end in ends if end > 0):
        attribute = "efficiency" if port == 1 else f"efficiency{port}"
        here = static[static[f"bus{port}"].fillna("").astype(str) != ""]
        share = here[attribute].fillna(1.0) if attribute in here else 1.0
        frame = pd.DataFrame({"link": here.index, "port": port, "to": here[f"bus{port}"], "efficiency": share})
        made.add_table("link_ports", frame.reset_index(drop=True))
        series = source.dynamic(LINKS, attribute, here.index)
        made.add_series("link_ports.efficiency", series.rename(columns=lambda name, port=port: f"{name}:{port}"))


def load_table(source: Source, made: NetworkTables) -> None:
    """Loads; a sign of one turns a load into what feeds."""
    static = source.static(LOADS)
    draw = -static["sign"].to_numpy(float)
    component_table(source, LOADS, made)
    if not len(static):
        return
    frame = made.tables["loads"]
    frame["load_mw"] = np.nan_to_num(static["p_set"].to_numpy(float)) * draw
    series = made.series.get("loads.load_mw")
    if series is not None:
        factor = pd.Series(draw, static.index)
        made.series["loads.load_mw"] = series.fillna(0.0) * factor[list(series.columns)]


def branch_physics(source: Source, made: NetworkTables) -> None:
    """Reactance (resistance where a grid is of direct current), angles of transformers, and limits on angles."""
    network = source.network
    with quiet():
        network.determine_network_topology()
        network.calculate_dependent_values()
    alternating = network.c.sub_networks.static["carrier"] == "AC"
    for component in (LINES, TRANSFORMERS):
        static = source.static(component)
        if not len(static):
            continue
        prefix = name_prefix(source, component)
        table = made.tables["branches"]
        rows = table["branch"].isin([prefix + name for name in static.index]).to_numpy()
        is_ac = static["sub_network"].map(alternating).fillna(True).to_numpy(bool)
        reactance = np.where(is_ac, static["x_pu_eff"], static["r_pu_eff"]).astype(float)
        if not np.isfinite(reactance).all():
            odd = [str(name) for name in static.index[~np.isfinite(reactance)][:5]]
            raise ExchangeError(f"{component.listing} without a finite reactance (v_nom or s_nom of zero?): {odd}")
        table.loc[rows, "kind"] = component.name.lower()
        table.loc[rows, "reactance"] = reactance
        if component is TRANSFORMERS:
            table.loc[rows, "phase_shift_rad"] = np.deg2rad(static["phase_shift"].to_numpy(float))
            shift = np.deg2rad(source.dynamic(component, "phase_shift", static.index))
            made.add_series("branches.phase_shift_rad", shift.rename(columns=lambda name, p=prefix: p + str(name)))
        limited = np.isfinite(static["v_ang_max"].to_numpy(float)) & (static["x_pu_eff"].to_numpy(float) > 0)
        if component is LINES:
            limited &= (static["carrier"] == "AC").to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            most = np.deg2rad(static["v_ang_max"].to_numpy(float)) / static["x_pu_eff"].to_numpy(float)
        table.loc[rows, "flow_max_mw"] = np.where(limited, most, np.nan)


def blanks(values: pd.Series) -> Any:
    """Numbers with NaN where there is no limit or no figure; text and flags as they are."""
    if values.dtype.kind == "f":
        numbers = values.to_numpy(float)
        return np.where(np.isfinite(numbers), numbers, np.nan)
    if values.dtype.kind == "b":
        return values.to_numpy().astype(int)
    if values.dtype.kind in "iu":
        return values.to_numpy()
    return values.fillna("").astype(str).to_numpy()
