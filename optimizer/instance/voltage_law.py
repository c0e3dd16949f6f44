"""Voltage law: a cycle basis of the AC lines and their reactances as arrays; empty under `transport`."""

from __future__ import annotations

from collections import deque

import numpy as np
import pandas as pd

from .draft import Draft, World
from .transmission import corridors

AC_KINDS = ("ac", "hvac", "uhvac_1000")

Loop = list[tuple[str, float]]  # lines of a loop with the sign in which it runs through them


def build(world: World, out: Draft) -> None:
    """Set cycle and all arrays of the voltage law room; needs corridors."""
    table = corridors(world)
    shape = (len(world.periods), len(world.snapshots))
    loops: list[tuple[int, Loop]] = []
    if world.scenario.transmission.physics == "dc":
        lines = table[table["kind"].isin(AC_KINDS)]
        stands = out.params["line_mw"] > 0
        position = out.position("corridor")
        for p in range(len(world.periods)):
            here = lines[np.asarray([stands[position[name], p] for name in lines.index], bool)]
            loops += [(p, loop) for loop in cycle_basis(list(here.index), list(here["from"]), list(here["to"]))]
        if len(lines):
            out.note("physics dc: reactances without a figure of their own are taken as length over rating (derived)")
    names = out.set("cycle", [f"loop {i}" for i in range(len(loops))], period=[world.periods[p] for p, _ in loops])
    out.relation(
        "corridors_of_cycle", names, ((n, line) for n, (_, loop) in zip(names, loops, strict=True) for line, _ in loop)
    )
    in_service = np.zeros((len(loops), *shape))
    weight = np.zeros((len(loops), len(table)))
    x = dict(zip(table.index, reactance(table), strict=True))
    columns = out.position("corridor")
    for i, (p, loop) in enumerate(loops):
        in_service[i, p] = 1.0
        largest = max(x[line] for line, _ in loop)
        for line, sign in loop:
            weight[i, columns[line]] = sign * x[line] / largest
    out.put(cycle_in_service=in_service, cycle_reactance=weight)


def reactance(table: pd.DataFrame) -> np.ndarray:
    """Relative reactance of each corridor: its own figure, else length over rating; only ratios matter."""
    own = pd.to_numeric(table["reactance_pu"]).to_numpy(float)
    rating = np.maximum(table["forward_mw"].fillna(0.0).to_numpy(float), 1.0)
    return np.where(np.isnan(own), table["length_km"].fillna(100.0).to_numpy(float) / rating, own)


def cycle_basis(lines: list[str], start: list[str], end: list[str]) -> list[Loop]:
    """Fundamental loops of a network: one for each line outside a spanning forest, closed through the forest.

    Parallel lines between two regions make loops of two. The result is deterministic in the order of the lines.
    """
    near: dict[str, list[tuple[str, str, float]]] = {}
    for line, a, b in zip(lines, start, end, strict=True):
        near.setdefault(a, []).append((b, line, 1.0))
        near.setdefault(b, []).append((a, line, -1.0))
    parent: dict[str, tuple[str, str, float] | None] = {}
    depth: dict[str, int] = {}
    in_forest: set[str] = set()
    for root in near:
        if root in parent:
            continue
        parent[root], depth[root] = None, 0
        queue = deque([root])
        while queue:
            here = queue.popleft()
            for there, line, sign in near[here]:
                if there not in parent:
                    parent[there], depth[there] = (here, line, sign), depth[here] + 1
                    in_forest.add(line)
                    queue.append(there)

    def climb(region: str) -> tuple[str, str, float]:
        step = parent[region]
        assert step is not None
        return step

    loops: list[Loop] = []
    for line, a, b in zip(lines, start, end, strict=True):
        if line in in_forest:
            continue
        loop: Loop = [(line, 1.0)]  # along the line from a to b, then back through the forest from b to a
        up, down = b, a
        tail: Loop = []
        while up != down:
            if depth[up] >= depth[down]:
                above, branch, sign = climb(up)
                loop.append((branch, -sign))
                up = above
            else:
                above, branch, sign = climb(down)
                tail.append((branch, sign))
                down = above
        loops.append(loop + tail[::-1])
    return loops
