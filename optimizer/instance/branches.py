"""Branches of the network and the loops they form as arrays; no loops under `transport`."""

from __future__ import annotations

import numpy as np

from .draft import Draft, World
from .network import Elements, elements
from .voltage_law import Loop, cycle_basis


def build(world: World, out: Draft) -> None:
    """Sets branch, growing_branch and branch_loop and all arrays of the branches room."""
    given = elements(world, "branches")
    names = given.subset(out, "branch")
    out.relation("branches_from", world.regions.index, zip(given.frame["from"], names, strict=True))
    out.relation("branches_into", world.regions.index, zip(given.frame["to"], names, strict=True))
    most = given.over_time("max_share", 1.0)
    low, high = given.bounds("capacity_mw", -most, most)
    angle_limit = given.column("flow_max_mw", np.inf)[:, None, None]
    small, large = given.capacity("capacity_mw")
    out.put(
        branch_capacity_min_mw=small,
        branch_capacity_max_mw=large,
        branch_capital=given.charges(),
        branch_flow_min_mw=np.maximum(low, -angle_limit),
        branch_flow_max_mw=np.minimum(high, angle_limit),
        branch_most_share=given.growing(most),
        branch_leans=given.growing(np.broadcast_to(given.stands[:, :, None], given.shape)),
    )
    _loops(world, out, given)


def _loops(world: World, out: Draft, given: Elements) -> None:
    """A cycle basis of what stands in each period; each loop is scaled by its largest reactance."""
    found: list[tuple[int, Loop]] = []
    if world.scenario.transmission.physics == "dc":
        start, end = (given.frame[column].astype(str).to_numpy() for column in ("from", "to"))
        known: dict[bytes, list[Loop]] = {}  # most periods hold the same branches
        for p in range(given.shape[1]):
            here = given.stands[:, p]
            if here.tobytes() not in known:
                known[here.tobytes()] = cycle_basis(given.frame_names(here), list(start[here]), list(end[here]))
            found += [(p, loop) for loop in known[here.tobytes()]]
    names = out.set(
        "branch_loop", [f"loop {i}" for i in range(len(found))], period=[world.periods[p] for p, _ in found]
    )
    pairs = [(name, branch) for name, (_, loop) in zip(names, found, strict=True) for branch, _ in loop]
    out.relation("branches_of_loop", names, pairs)
    in_service, angle = np.zeros((len(found), *given.shape[1:])), np.zeros((len(found), *given.shape[1:]))
    weight = np.zeros((len(found), len(given.names)))
    at, x = {name: i for i, name in enumerate(given.names)}, given.column("reactance")
    shift = given.over_time("phase_shift_rad")
    for i, (p, loop) in enumerate(found):
        in_service[i, p] = 1.0
        largest = max(abs(x[at[branch]]) for branch, _ in loop) or 1.0
        for branch, sign in loop:
            weight[i, at[branch]] += sign * x[at[branch]] / largest
            angle[i, p] += sign * shift[at[branch], p] / largest
    out.put(loop_in_service=in_service, loop_reactance=weight, loop_angle=angle)
