"""The LP of the build benchmark in linopy, as its users write it: labelled arrays, no loops over indices.

Everything is vectorised, coordinates are integers, constraints are sparse (`Model(sparse=True)`) and HiGHS gets the
model without names: the fastest way that linopy documents. Sums over the members of a place are `groupby`, sums over
build periods are products with a 0/1 array.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import linopy
import numpy as np
import pandas as pd
from xarray import DataArray

from benchmarks.power_and_compute.raw import COLUMNS
from optimizer.instance.instance import Instance


def pass_to_highs(model: linopy.Model) -> Any:
    """A `highspy.Highs` that holds the model."""
    with linopy.options as options:
        options(semantics="v1")
        return model.to_highspy(set_names=False)


def build_linopy(instance: Instance, sparse: bool = True) -> linopy.Model:
    """The whole model from an instance of `world`."""
    with linopy.options as options:
        options(semantics="v1")
        return _build(instance, linopy.Model(sparse=sparse))


def _build(instance: Instance, model: linopy.Model) -> linopy.Model:
    size = {name: len(labels) for name, labels in instance.sets.items()}
    at = {name: {label: i for i, label in enumerate(labels)} for name, labels in instance.sets.items()}
    axes = {name: pd.RangeIndex(n, name=name) for name, n in size.items()}

    def data(values: Any, names: str) -> DataArray:
        dims = names.split()
        return DataArray(values, [axes[name] for name in dims], dims)

    def given(name: str, names: str) -> DataArray:
        return data(instance.params[name], names)

    def place(relation: str, of: str) -> tuple[str, Any]:
        """For every member the number of the list that holds it, as a coordinate."""
        owner = np.empty(size[of], int)
        for i, labels in enumerate(instance.relations[relation].values()):
            owner[[at[of][label] for label in labels]] = i
        return of, owner

    def still(lists: Mapping[Any, Sequence[Any]], *keys: str) -> DataArray:
        """1 where a build period still counts in a period."""
        shape = [size[key] for key in keys]
        out = np.zeros((*shape, size["period"]))
        for flat, labels in enumerate(lists.values()):
            out[(*np.unravel_index(flat, shape), [at["period"][label] for label in labels])] = 1.0
        return DataArray(out, [*(axes[key] for key in keys), axes["period"].rename("build")], [*keys, "build"])

    bounds = {"shed": "load_mw", "store_built": "store_max_mw", "line_built": "line_max_mw", "unserved": "requests"}
    v: dict[str, linopy.Variable] = {}
    for name, names in COLUMNS.items():
        upper = given(bounds[name], names) if name in bounds else np.inf
        v[name] = model.add_variables(0.0, upper, [axes[axis] for axis in names.split()], name=name)
    previous = [at["snapshot"][label] for label in instance.params["previous"].tolist()]

    def before(variable: linopy.Variable) -> linopy.Variable:
        return variable.isel(snapshot=previous).assign_coords(snapshot=axes["snapshot"])

    def standing(name: str, counts: DataArray) -> Any:
        return (v[name].rename(period="build") * counts).sum("build")

    def by_place(term: Any, **owners: tuple[str, Any]) -> Any:
        """A sum over the members of every place; zero where a place has none."""
        names = list(owners)
        summed = (1.0 * term).assign_coords(owners).groupby(names).sum()
        if any(summed.sizes[name] < size[name] for name in names):
            summed = summed.reindex({name: axes[name] for name in names})
        return summed.fillna(0.0) if summed.const.isnull().any() else summed

    hours, discount = given("hours", "snapshot"), given("discount", "period")
    load = given("load_mw", "region period snapshot")
    built = standing("built", still(instance.relations["alive"], "plant", "period"))
    stores = standing("store_built", still(instance.relations["store_alive"], "store", "period"))
    chips = standing("chips_built", still(instance.relations["chip_alive"], "chip", "period"))
    earlier = still(instance.relations["built_by"], "period")
    lines, connected = standing("line_built", earlier), standing("connected", earlier)

    # power
    kept = 1.0 - given("line_loss", "corridor")
    into, out = place("corridors_into", "corridor"), place("corridors_from", "corridor")
    balance = (
        by_place(v["output"], region=place("plants_in", "plant"))
        + v["shed"]
        + by_place(v["discharge"] - v["charge"], region=place("stores_in", "store"))
        + by_place(kept * v["forward"] - v["backward"], region=into)
        + by_place(kept * v["backward"] - v["forward"], region=out)
        - v["draw"]
    )
    model.add_constraints(balance == load, name="power_balance")
    standing_mw, available = given("standing_mw", "plant period"), given("availability", "plant snapshot")
    model.add_constraints(v["output"] - available * built <= available * standing_mw, name="output_within_capacity")
    slow = np.flatnonzero(instance.params["can_ramp_slowly"].any(axis=(1, 2)))
    change = (v["output"] - before(v["output"])).isel(plant=slow)
    ramp = given("ramp", "plant").isel(plant=slow)
    most, more = ramp * standing_mw.isel(plant=slow), ramp * built.isel(plant=slow)
    model.add_constraints(change - more <= most, name="ramp_up")
    model.add_constraints(-1.0 * change - more <= most, name="ramp_down")
    model.add_constraints(v["built"].sum("period") <= given("potential_mw", "plant"), name="built_within_potential")
    firm = given("firm_share", "plant")
    model.add_constraints(
        (firm * built).sum("plant") >= given("reserve_mw", "period") - (firm * standing_mw).sum("plant"), name="reserve"
    )

    # storage
    step = float(instance.params["step_hours"])
    model.add_constraints(
        v["level"]
        - given("keeps", "store") * before(v["level"])
        - step * given("efficiency_in", "store") * v["charge"]
        + step / given("efficiency_out", "store") * v["discharge"]
        == 0,
        name="level_follows",
    )
    duration, store_mw = given("duration", "store"), given("store_mw", "store")
    model.add_constraints(v["level"] - duration * stores <= duration * store_mw, name="level_within_energy")
    model.add_constraints(v["charge"] + v["discharge"] - stores <= store_mw, name="use_within_power")

    # transmission
    line_mw = given("line_mw", "corridor")
    model.add_constraints(v["forward"] - lines <= line_mw, name="forward_within_corridor")
    model.add_constraints(v["backward"] - lines <= line_mw, name="backward_within_corridor")

    # compute
    throughput = given("throughput", "chip workload period")
    _, demand = place("routes_of", "route")
    _, work = place("routes_into", "route")
    workload, origin = ("route", demand // size["origin"]), ("route", demand % size["origin"])
    region = ("route", work % size["region"])
    requests = by_place(v["serve"], workload=workload, origin=origin) + v["unserved"]
    model.add_constraints(requests == given("requests", "workload origin period snapshot"), name="requests_served")
    model.add_constraints(
        by_place(v["serve"], workload=workload, region=region) - v["work"].sum("chip") == 0, name="served_is_worked"
    )
    share = float(instance.params["chip_share"])
    model.add_constraints((v["work"] / throughput).sum("workload") - share * chips <= 0, name="work_within_chip_hours")
    model.add_constraints(
        v["chips_built"].sum("region") <= given("chip_supply", "chip period"), name="chips_within_supply"
    )
    spent = (given("chip_cost", "chip period") * v["chips_built"]).sum()
    model.add_constraints(v["chip_spending"] - spent == float(instance.params["fixed_cost"]), name="spending")

    # facility
    pue, chip_mw, idle = given("pue", "region snapshot"), given("chip_mw", "chip"), given("idle_share", "chip")
    model.add_constraints(
        v["draw"]
        - pue * (idle * chip_mw * chips).sum("chip")
        - (pue * ((1.0 - idle) * chip_mw / throughput) * v["work"]).sum(["workload", "chip"])
        == 0,
        name="draw_is_load",
    )
    model.add_constraints(v["draw"] - connected <= 0, name="draw_within_connection")
    model.add_constraints(connected >= given("queue_min_mw", "region period"), name="connection_queue")
    model.add_constraints(connected <= given("queue_max_mw", "region period"), name="connection_queue_above")

    # carbon
    cap = given("carbon_cap", "period") * (hours * load).sum(["region", "snapshot"])
    emitted = (hours * given("carbon", "plant") * v["output"]).sum(["plant", "snapshot"])
    model.add_constraints(emitted <= cap, name="emissions_within_cap")

    # costs
    present = discount * hours
    site = data(instance.params["site_factor"][place("plants_in", "plant")[1]], "plant")
    model.add_objective(
        (present * given("energy_cost", "plant period") * v["output"]).sum()
        + (site * given("plant_cost", "plant period") * v["built"]).sum()
        + (given("shed_cost", "") * present * v["shed"]).sum()
        + (given("store_cost", "store period") * v["store_built"]).sum()
        + (given("line_cost", "corridor period") * v["line_built"]).sum()
        + 1.0 * v["chip_spending"]
        + (present * given("route_cost", "route") * v["serve"]).sum()
        + (given("unserved_cost", "") * present * v["unserved"]).sum()
        + (given("connection_cost", "region period") * v["connected"]).sum()
    )
    return model


@dataclass(frozen=True)
class Arrays:
    """A model as arrays for comparisons: columns in the order of `COLUMNS`, rows by name of the constraint."""

    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    matrix: Any
    right: np.ndarray
    sense: np.ndarray
    rows: dict[str, slice]


def arrays_of(model: linopy.Model) -> Arrays:
    """What linopy hands over, in the order of columns of the other roads."""
    with linopy.options as options:
        options(semantics="v1")
        matrices = model.matrices
        labels = np.concatenate([model.variables[name].labels.values.ravel() for name in COLUMNS])
        order = np.argsort(matrices.vlabels)[np.argsort(np.argsort(labels))]
        rows, begin = {}, 0
        for name, constraint in model.constraints.items():
            rows[name] = slice(begin, begin + constraint.ncons)
            begin += constraint.ncons
        return Arrays(
            matrices.c[order],
            matrices.lb[order],
            matrices.ub[order],
            matrices.A[:, order],
            matrices.b,
            matrices.sense,
            rows,
        )
