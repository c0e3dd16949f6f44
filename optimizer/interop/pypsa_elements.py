"""Elements of `network` as PyPSA's components: the list of columns of the way in, read the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from optimizer.instance.draft import World
from optimizer.instance.network import Elements, elements
from optimizer.interop.pypsa_network import Network
from optimizer.interop.pypsa_tables import (
    CYCLIC,
    GENERATORS,
    LINES,
    LINKS,
    LOADS,
    STORAGE_UNITS,
    STORES,
    TRANSFORMERS,
    Component,
)
from optimizer.results.planner import Plan
from optimizer.scenario.schema.network import SERIES

PARTS = (GENERATORS, LINKS, STORAGE_UNITS, STORES, LINES, TRANSFORMERS, LOADS)

# flags of storage by what comes before the first snapshot: (all snapshots, within a period, given in every period)
WRAPS = {
    "no": (False, False, False),
    "each": (False, False, True),
    "period": (True, True, False),
    "horizon": (True, False, False),
}


def put_elements(network: Network, world: World) -> None:
    """Add every element of the scenario's network, with its series."""
    for component in PARTS:
        given = _given(world, component)
        if len(given.frame):
            network.add(component.name, given.names, **_statics(component, given))
            _put_series(network, component, given)
    _put_carrier_emissions(network, world)


def _given(world: World, component: Component) -> Elements:
    """The elements of one component: lines and transformers share a table."""
    given = elements(world, component.table)
    if component.table != "branches":
        return given
    here = given.frame[given.frame["kind"].astype(object) == component.name.lower()]
    return Elements(world, component.table, here.reset_index(drop=True))


def _statics(component: Component, given: Elements) -> dict[str, Any]:
    frame, nominal = given.frame, component.nominal
    unlimited = {nominal: np.inf, f"{nominal}_max": np.inf, "lifetime": np.inf, "build_year": 0.0, "length": 0.0}
    unlimited |= {"e_sum_min": -np.inf, "e_sum_max": np.inf}
    found: dict[str, Any] = {}
    for column, attribute in component.columns.items():
        if column not in frame:
            continue
        values = frame[column]
        if pd.api.types.is_numeric_dtype(values):
            numbers = pd.to_numeric(values).to_numpy(float, na_value=np.nan)
            found[attribute] = np.where(np.isnan(numbers), unlimited.get(attribute, np.nan), numbers)
        else:
            found[attribute] = values.astype(object).where(values.notna(), "").astype(str).to_numpy()
    if nominal:
        found[f"{nominal}_extendable"] = given.grows
        found["capital_cost"] = given.column("capital_per_yr")
    if component.name in CYCLIC:
        flags = np.asarray([WRAPS[str(each)] for each in frame["wraps"]], bool).T
        found |= dict(zip(CYCLIC[component.name], flags, strict=True))
    if component is LINKS:
        found |= _ports(given)
    if component in (LINES, TRANSFORMERS):
        found |= _impedances(component, given)
    return found


def _ports(given: Elements) -> dict[str, Any]:
    """Where links give: bus1 with efficiency, bus2 with efficiency2, ..."""
    ports = elements(given.world, "link_ports").frame
    found: dict[str, Any] = {}
    for port, rows in ports.groupby("port"):
        own = rows.set_index("link").reindex(given.names)
        found[f"bus{port}"] = own["to"].astype(object).fillna("").to_numpy()
        found[efficiency_of(int(port))] = pd.to_numeric(own["efficiency"]).fillna(1.0).to_numpy(float)
    return found


def efficiency_of(port: int) -> str:
    """PyPSA's name of the efficiency of a port."""
    return "efficiency" if port == 1 else f"efficiency{port}"


def _impedances(component: Component, given: Elements) -> dict[str, Any]:
    """Reactance as reactance and resistance alike: PyPSA takes the one that the current asks for."""
    reactance = given.column("reactance")
    angle = np.rad2deg(given.column("flow_max_mw", np.inf) * np.abs(reactance))
    if component is LINES:
        return {"x": reactance, "r": reactance, "v_ang_max": angle}
    nominal = given.column("capacity_mw", np.inf)
    return {
        "x": reactance * nominal,
        "r": reactance * nominal,
        "v_ang_max": angle,
        "phase_shift": np.rad2deg(given.column("phase_shift_rad")),
    }


def _put_series(network: Network, component: Component, given: Elements) -> None:
    names = {column: component.columns[column] for column in SERIES[component.table] if column in component.columns}
    if component is TRANSFORMERS:
        names["phase_shift_rad"] = "phase_shift"
    for column, attribute in names.items():
        frame = _over_snapshots(network, given, column)
        if frame is not None:
            frame = np.rad2deg(frame) if column == "phase_shift_rad" else frame
            network.c[component.listing].dynamic[attribute] = frame
    if component is LINKS:
        ports = elements(given.world, "link_ports")
        frame = _over_snapshots(network, ports, "efficiency")
        told = [] if frame is None else [str(name).rsplit(":", 1) for name in frame.columns]
        for port in sorted({int(number) for _, number in told}):
            mine = {f"{link}:{number}": link for link, number in told if int(number) == port}
            assert frame is not None
            network.c.links.dynamic[efficiency_of(port)] = frame[list(mine)].rename(columns=mine)


def _over_snapshots(network: Network, given: Elements, column: str) -> pd.DataFrame | None:
    """A column's series on the network's snapshots, of the elements that have one."""
    told = given.series(column)
    known = [] if told is None else [name for name in told.columns if name in set(given.names)]
    if told is None or not known:
        return None
    values = told[known].to_numpy(float)
    if len(values) < len(network.snapshots):  # one year for all periods
        values = np.tile(values, (len(network.snapshots) // len(values), 1))
    return pd.DataFrame(values, network.snapshots, pd.Index(known, name="name"))


def _put_carrier_emissions(network: Network, world: World) -> None:
    """What units say of a MWh of their fuel, for their carrier."""
    units = elements(world, "units").frame
    rate = dict(zip(units["carrier"].astype(object).fillna(""), units["co2_t_per_mwh"].astype(float), strict=True))
    for carrier, emissions in rate.items():
        if carrier:
            network.add("Carrier", carrier, co2_emissions=emissions)


def put_element_results(network: Network, plan: Plan) -> None:
    """What the plan decided: capacities, flows, levels."""
    put = _Results(network, plan)
    put.capacity(GENERATORS, "unit_capacity", "unit")
    put.capacity(LINKS, "link_capacity", "link")
    put.capacity(STORAGE_UNITS, "reservoir_capacity", "reservoir")
    put.capacity(STORES, "tank_capacity", "tank")
    put.capacity(LINES, "branch_capacity", "branch")
    put.capacity(TRANSFORMERS, "branch_capacity", "branch")
    put.flow("generators", "unit", {"p": plan.value("unit_output")})
    release, pumping = plan.value("release"), plan.value("pumping")
    stored = {"p": release - pumping, "p_dispatch": release, "p_store": pumping}
    stored |= {"state_of_charge": plan.value("reservoir_level"), "spill": plan.value("reservoir_spill")}
    put.flow("storage_units", "reservoir", stored)
    put.flow("stores", "tank", {"p": plan.value("tank_output"), "e": plan.value("tank_level")})
    flow = plan.value("branch_flow")
    for listing in ("lines", "transformers"):
        put.flow(listing, "branch", {"p0": flow, "p1": -flow})
    put.flow("links", "link", {"p0": plan.value("link_flow")})
    share, ports = plan.param("port_share"), plan.instance.sets["link_port"]
    flows = plan.value("link_flow")[[plan.position("link")[str(port).rsplit(":", 1)[0]] for port in ports]]
    for number in sorted({int(str(port).rsplit(":", 1)[1]) for port in ports}):
        rows = [i for i, port in enumerate(ports) if str(port).endswith(f":{number}")]
        names = [str(ports[i]).rsplit(":", 1)[0] for i in rows]
        put.values("links", names, {f"p{number}": -(share * flows)[rows]})


class _Results:
    """Puts arrays (element, period, snapshot) where PyPSA keeps its results."""

    def __init__(self, network: Network, plan: Plan) -> None:
        self.network, self.plan = network, plan

    def capacity(self, component: Component, decision: str, set_name: str) -> None:
        static = self.network.c[component.listing].static
        decided = dict(zip(self.plan.instance.sets[set_name], self.plan.value(decision), strict=True))
        grows = static[f"{component.nominal}_extendable"].to_numpy(bool)
        given = static[component.nominal].to_numpy(float)
        found = [
            decided.get(name, own) if free else own for name, own, free in zip(static.index, given, grows, strict=True)
        ]
        static[f"{component.nominal}_opt"] = np.asarray(found, float)

    def flow(self, listing: str, set_name: str, values: Mapping[str, np.ndarray]) -> None:
        self.values(listing, [str(name) for name in self.plan.instance.sets[set_name]], values)

    def values(self, listing: str, names: list[str], values: Mapping[str, np.ndarray]) -> None:
        """Columns of those components that the network has; beside what is there already."""
        here = self.network.c[listing].static.index
        rows = [i for i, name in enumerate(names) if name in here]
        for attribute, array in values.items():
            table = array[rows].reshape(len(rows), len(self.network.snapshots)).T
            frame = pd.DataFrame(table, self.network.snapshots, pd.Index([names[i] for i in rows], name="name"))
            old = self.network.c[listing].dynamic.get(attribute)
            kept = None if old is None else old[[name for name in old.columns if name not in frame.columns]]
            whole = frame if kept is None or not len(kept.columns) else pd.concat([kept, frame], axis=1)
            if len(whole.columns):
                self.network.c[listing].dynamic[attribute] = whole
