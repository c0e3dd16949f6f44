"""The LP of the build benchmark by hand: NumPy index arrays to COO to scipy's CSR.

What a careful engineer writes without a modelling layer, from the same instance: labels become positions once, every
family is a few broadcasts, indices are 32-bit, one conversion makes the matrix. Nothing is checked or named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optimizer.instance.instance import Instance, Label

Floats = NDArray[np.float64]
Ints = NDArray[Any]

#  decision -> axes; columns in this order
COLUMNS = {
    "output": "plant period snapshot",
    "built": "plant period",
    "shed": "region period snapshot",
    "charge": "store period snapshot",
    "discharge": "store period snapshot",
    "level": "store period snapshot",
    "store_built": "store period",
    "forward": "corridor period snapshot",
    "backward": "corridor period snapshot",
    "line_built": "corridor period",
    "serve": "route period snapshot",
    "unserved": "workload origin period snapshot",
    "work": "workload region chip period snapshot",
    "chips_built": "region chip period",
    "chip_spending": "",
    "draw": "region period snapshot",
    "connected": "region period",
}


@dataclass(frozen=True, eq=False)
class RawLp:
    """Minimise ``cost @ x + offset`` within bounds of columns and rows; the matrix by rows."""

    cost: Floats
    offset: float
    col_lower: Floats
    col_upper: Floats
    row_lower: Floats
    row_upper: Floats
    start: Ints
    index: Ints
    value: Floats


class _Rows:
    """Triplets and bounds, family by family."""

    def __init__(self) -> None:
        self.count = 0
        self.lower: list[Floats] = []
        self.upper: list[Floats] = []
        self.triplets: list[tuple[Ints, Ints, Floats]] = []

    def family(self, shape: tuple[int, ...], lower: Floats | float, upper: Floats | float) -> Ints:
        """Row numbers of a new family."""
        size = prod(shape)
        rows = np.arange(self.count, self.count + size, dtype=np.int32).reshape(shape)
        self.count += size
        self.lower.append(np.broadcast_to(lower, shape).ravel())
        self.upper.append(np.broadcast_to(upper, shape).ravel())
        return rows

    def put(self, rows: Ints, columns: Ints, values: Floats | float) -> None:
        """Coefficients wherever the three broadcast to."""
        r, c, v = np.broadcast_arrays(rows, columns, np.asarray(values, float))
        self.triplets.append((r.ravel(), c.ravel(), v.ravel()))


def _places(instance: Instance, name: str) -> dict[Label, int]:
    return {label: i for i, label in enumerate(instance.sets[name])}


def _owner(lists: Mapping[Any, Sequence[Label]], members: dict[Label, int]) -> Ints:
    """For every member the number of the list that holds it (each member stands in one list)."""
    owner = np.empty(len(members), np.int32)
    for i, labels in enumerate(lists.values()):
        owner[[members[label] for label in labels]] = i
    return owner


def _pairs(lists: Mapping[Any, Sequence[Label]], keys: dict[Any, int], members: dict[Label, int]) -> tuple[Ints, Ints]:
    """(key, member) positions of every pair in a relation."""
    pairs = [(keys[key], members[label]) for key, labels in lists.items() for label in labels]
    both = np.array(pairs, np.int32).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def build_raw(instance: Instance) -> RawLp:
    """The whole LP from an instance of `world`."""
    q = instance.params
    relations = instance.relations
    at = {name: _places(instance, name) for name in instance.sets}
    size = {name: len(labels) for name, labels in instance.sets.items()}
    R, P, T = size["region"], size["period"], size["snapshot"]
    K, S, L, G = size["plant"], size["store"], size["corridor"], size["chip"]
    W, N = size["workload"], size["origin"]

    # relations and lookups as positions
    plant_region = _owner(relations["plants_in"], at["plant"])
    store_region = _owner(relations["stores_in"], at["store"])
    line_second = _owner(relations["corridors_into"], at["corridor"])
    line_first = _owner(relations["corridors_from"], at["corridor"])
    route_demand = _owner(relations["routes_of"], at["route"])  # workload x origin, flat
    route_work = _owner(relations["routes_into"], at["route"])  # workload x region, flat
    site = np.array([at["region"][label] for label in q["region_of"].tolist()], np.int32)
    previous = np.array([at["snapshot"][label] for label in q["previous"].tolist()], np.int32)
    plant_periods, store_periods, chip_periods = (
        {(label, p): i * P + j for label, i in at[name].items() for p, j in at["period"].items()}
        for name in ("plant", "store", "chip")
    )
    plant_now, plant_then = _pairs(relations["alive"], plant_periods, at["period"])
    store_now, store_then = _pairs(relations["store_alive"], store_periods, at["period"])
    chip_now, chip_then = _pairs(relations["chip_alive"], chip_periods, at["period"])
    now, then = _pairs(relations["built_by"], at["period"], at["period"])
    k, p = plant_now // P, plant_now % P  # plants and periods of the pairs
    s, sp = store_now // P, store_now % P
    g, gp = chip_now // P, chip_now % P

    # columns
    column: dict[str, Ints] = {}
    num_col = 0
    for name, axes in COLUMNS.items():
        shape = tuple(size[axis] for axis in axes.split())
        column[name] = np.arange(num_col, num_col + prod(shape), dtype=np.int32).reshape(shape)
        num_col += prod(shape)
    output, built, shed = column["output"], column["built"], column["shed"]
    charge, discharge, level, store_built = (column[n] for n in ("charge", "discharge", "level", "store_built"))
    forward, backward, line_built = column["forward"], column["backward"], column["line_built"]
    serve, unserved, work = column["serve"], column["unserved"], column["work"]
    chips_built, draw, connected = column["chips_built"], column["draw"], column["connected"]

    # power
    rows = _Rows()
    balance = rows.family((R, P, T), q["load_mw"], q["load_mw"])
    received = (1.0 - q["line_loss"])[:, None, None]
    rows.put(balance[plant_region], output, 1.0)
    rows.put(balance, shed, 1.0)
    rows.put(balance[store_region], discharge, 1.0)
    rows.put(balance[store_region], charge, -1.0)
    rows.put(balance[line_second], forward, received)
    rows.put(balance[line_second], backward, -1.0)
    rows.put(balance[line_first], backward, received)
    rows.put(balance[line_first], forward, -1.0)
    rows.put(balance, draw, -1.0)
    standing = q["standing_mw"][:, :, None]
    available = q["availability"]
    within = rows.family((K, P, T), -np.inf, available[:, None, :] * standing)
    rows.put(within, output, 1.0)
    rows.put(within[k, p], built[k, plant_then][:, None], -available[k])
    slow = q["can_ramp_slowly"].any(axis=(1, 2))  # the filter does not vary over periods and snapshots
    steps = np.flatnonzero(slow)
    number = np.cumsum(slow) - 1
    paired = slow[k]
    ks, ps, then_s = k[paired], p[paired], plant_then[paired]
    ramp = q["ramp"]
    for sign in (1.0, -1.0):
        ramping = rows.family((len(steps), P, T), -np.inf, ramp[steps, None, None] * standing[steps])
        rows.put(ramping, output[steps], sign)
        rows.put(ramping, output[steps][:, :, previous], -sign)
        rows.put(ramping[number[ks], ps], built[ks, then_s][:, None], -ramp[ks, None])
    potential = rows.family((K,), -np.inf, q["potential_mw"])
    rows.put(potential[:, None], built, 1.0)
    firm = q["firm_share"]
    reserve = rows.family((P,), q["reserve_mw"] - firm @ q["standing_mw"], np.inf)
    rows.put(reserve[p], built[k, plant_then], firm[k])

    # storage
    chain = rows.family((S, P, T), 0.0, 0.0)
    step = float(q["step_hours"])
    rows.put(chain, level, 1.0)
    rows.put(chain, level[:, :, previous], -q["keeps"][:, None, None])
    rows.put(chain, charge, -(step * q["efficiency_in"])[:, None, None])
    rows.put(chain, discharge, (step / q["efficiency_out"])[:, None, None])
    energy = rows.family((S, P, T), -np.inf, (q["duration"] * q["store_mw"])[:, None, None])
    rows.put(energy, level, 1.0)
    rows.put(energy[s, sp], store_built[s, store_then][:, None], -q["duration"][s, None])
    use = rows.family((S, P, T), -np.inf, q["store_mw"][:, None, None])
    rows.put(use, charge, 1.0)
    rows.put(use, discharge, 1.0)
    rows.put(use[s, sp], store_built[s, store_then][:, None], -1.0)

    # transmission
    for flow in (forward, backward):
        corridor = rows.family((L, P, T), -np.inf, q["line_mw"][:, None, None])
        rows.put(corridor, flow, 1.0)
        rows.put(corridor[:, now], line_built[:, then][:, :, None], -1.0)

    # compute
    busy = 1.0 / q["throughput"].transpose(1, 0, 2)  # workload chip period
    requests = rows.family((W * N, P, T), q["requests"].reshape(W * N, P, T), q["requests"].reshape(W * N, P, T))
    rows.put(requests[route_demand], serve, 1.0)
    rows.put(requests.reshape(W, N, P, T), unserved, 1.0)
    routing = rows.family((W * R, P, T), 0.0, 0.0)
    rows.put(routing[route_work], serve, 1.0)
    rows.put(routing.reshape(W, R, 1, P, T), work, -1.0)
    hours = rows.family((R, G, P, T), -np.inf, 0.0)
    rows.put(hours, work, busy[:, None, :, :, None])
    rows.put(hours[:, g, gp], chips_built[:, g, chip_then][:, :, None], -float(q["chip_share"]))
    supply = rows.family((G, P), -np.inf, q["chip_supply"])
    rows.put(supply, chips_built, 1.0)
    spending = rows.family((1,), q["fixed_cost"], q["fixed_cost"])
    rows.put(spending, column["chip_spending"], 1.0)
    rows.put(spending, chips_built, -q["chip_cost"])

    # facility
    facility = rows.family((R, P, T), 0.0, 0.0)
    pue = q["pue"]
    idle_mw, busy_mw = q["idle_share"] * q["chip_mw"], (1.0 - q["idle_share"]) * q["chip_mw"]
    rows.put(facility, draw, 1.0)
    rows.put(facility[:, gp], chips_built[:, g, chip_then][:, :, None], -(pue[:, None, :] * idle_mw[g][None, :, None]))
    active = busy_mw[:, None] * busy  # workload chip period
    rows.put(facility[:, None], work, -(pue[:, None, None, :] * active[:, None, :, :, None]))
    connection = rows.family((R, P, T), -np.inf, 0.0)
    rows.put(connection, draw, 1.0)
    rows.put(connection[:, now], connected[:, then][:, :, None], -1.0)
    queue = rows.family((R, P), q["queue_min_mw"], q["queue_max_mw"])
    rows.put(queue[:, now], connected[:, then], 1.0)

    # carbon
    weight = q["hours"]
    cap = rows.family((P,), -np.inf, q["carbon_cap"] * (q["load_mw"] @ weight).sum(axis=0))
    rows.put(cap[None, :, None], output, q["carbon"][:, None, None] * weight)

    # costs and bounds of columns
    cost = np.zeros(num_col)
    present = q["discount"][:, None] * weight
    cost[output] = q["energy_cost"][:, :, None] * present
    cost[built] = q["plant_cost"] * q["site_factor"][site][:, None]
    cost[shed] = q["shed_cost"] * present
    cost[store_built] = q["store_cost"]
    cost[line_built] = q["line_cost"]
    cost[column["chip_spending"]] = 1.0
    cost[serve] = q["route_cost"][:, None, None] * present
    cost[unserved] = q["unserved_cost"] * present
    cost[connected] = q["connection_cost"]
    col_upper = np.full(num_col, np.inf)
    for name, bound in (("shed", "load_mw"), ("store_built", "store_max_mw"), ("line_built", "line_max_mw")):
        col_upper[column[name]] = q[bound]
    col_upper[unserved] = q["requests"]

    r, c, v = (np.concatenate(part) for part in zip(*rows.triplets, strict=True))
    matrix = sparse.csr_array((v, (r, c)), shape=(rows.count, num_col))
    matrix.eliminate_zeros()
    return RawLp(
        cost,
        0.0,
        np.zeros(num_col),
        col_upper,
        np.concatenate(rows.lower),
        np.concatenate(rows.upper),
        matrix.indptr,
        matrix.indices,
        matrix.data,
    )
