"""The linear optimal power flow of a case by voltage angles, with cost curves as planes from below: a second way to it.

The scenario writes the voltage law round loops and cost curves as steps; nothing of that is used here.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from optimizer.interop.matpower_case import Case, curve


def cost_per_hour(case: Case, segments: int) -> float:
    """Least cost an hour. Angles of all buses, output, cost of each generator, direct-current flows."""
    buses, gens, lines = len(case.bus), len(case.gen), len(case.dc)
    at = {number: i for i, number in enumerate(case.bus[:, 0])}
    width = buses + 2 * gens + lines
    balance, drawn = np.zeros((buses, width)), case.bus[:, 2] + case.bus[:, 4]
    most, upper = [], []

    def at_most(row: np.ndarray, value: float) -> None:
        most.append(row)
        upper.append(value)

    for row in case.branch:
        start, end = at[row[0]], at[row[1]]
        susceptance = case.base_mva / (row[3] * (row[8] or 1.0))
        shift = np.deg2rad(row[9])
        flow, angle = np.zeros(width), np.zeros(width)
        angle[start], angle[end] = 1.0, -1.0
        flow = susceptance * angle
        balance[start] -= flow
        balance[end] += flow
        drawn[start] -= susceptance * shift
        drawn[end] += susceptance * shift
        if row[5] > 0:
            at_most(flow, row[5] + susceptance * shift)
            at_most(-flow, row[5] - susceptance * shift)
        if not row[11] == row[12] == 0:
            if row[12] < 360:
                at_most(angle, np.deg2rad(row[12]))
            if row[11] > -360:
                at_most(-angle, -np.deg2rad(row[11]))
    for g, gen in enumerate(case.gen):
        balance[at[gen[0]], buses + g] = 1.0
        known = curve(case.cost[g], gen[9], gen[8], segments)
        for low, cost, slope in zip(known.mw, known.cost, known.slopes, strict=False):
            plane = np.zeros(width)
            plane[buses + g], plane[buses + gens + g] = slope, -1.0
            at_most(plane, slope * low - cost)
    for d, row in enumerate(case.dc):
        balance[at[row[0]], buses + 2 * gens + d] -= 1.0
        balance[at[row[1]], buses + 2 * gens + d] += 1.0 - row[16]
    cost = np.zeros(width)
    cost[buses + gens : buses + 2 * gens] = 1.0
    free = [(None, None)] * buses
    free[0] = (0.0, 0.0)
    bounds = [*free, *zip(case.gen[:, 9], case.gen[:, 8], strict=True), *[(None, None)] * gens]
    bounds += list(zip(case.dc[:, 9], case.dc[:, 10], strict=True))
    found = linprog(cost, np.array(most), upper, balance, drawn, bounds, method="highs")
    assert found.status == 0, found.message
    return float(found.fun)
