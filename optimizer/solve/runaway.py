"""Unbounded: which decisions run away, and what pays for it.

    minimise  sum |d|     subject to   cost d <= -1,   every finite end of a row or bound holds d back

A direction d along which every limit still holds and the bill falls: with it, any plan can be made cheaper for ever.
The smallest one names few decisions. It exists exactly when the LP is unbounded, if it has a plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.instance.instance import Instance, Label
from optimizer.model.joining import Formulation
from optimizer.solve.certificate import LpArrays
from optimizer.solve.linear_program import LinearProgram
from optimizer.solve.options import SolverOptions
from optimizer.solve.session import Session

Floats = NDArray[np.float64]

NOUGHT = 1e-7


@dataclass(frozen=True)
class Runaway:
    """A decision that grows (or falls) without end.

    ``amount``: its share of the direction, in ``unit``, where the largest is one. ``pays``: what a unit of it does to
    the objective. ``bound``: the parameter that could hold it and holds infinity; None where the decision has none in
    that direction. ``origin``: the scenario's keys behind that parameter.
    """

    decision: str
    axes: tuple[str, ...]
    labels: tuple[Label, ...]
    unit: str
    amount: float
    pays: float
    bound: str | None
    origin: tuple[str, ...]


@dataclass
class _Direction:
    """The LP of the direction: d = up - down, a column each where it may move that way."""

    col_lower: Floats
    col_upper: Floats
    row_lower: Floats
    row_upper: Floats
    start: NDArray[np.int64]
    index: NDArray[np.int32]
    value: Floats
    cost: Floats
    cost_offset: dict[str, float]


def run_away(
    formulation: Formulation,
    instance: Instance,
    lp: LinearProgram,
    cost: Floats,
    arrays: LpArrays | None = None,
    options: SolverOptions | None = None,
) -> tuple[Runaway, ...]:
    """The decisions of the smallest direction in which ``cost``, (num_col,), falls without end, the largest first.

    Raises SolveError (infeasible) when there is no such direction.
    """
    arrays = lp if arrays is None else arrays
    direction = _direction(arrays, cost)
    x = Session(direction, options).solve().x
    moved = x[: len(cost)] - x[len(cost) :]
    size = np.abs(moved).max()
    found = []
    for at in np.flatnonzero(np.abs(moved) > NOUGHT * size):
        name = next(n for n, block in lp.columns.items() if block.offset <= at < block.offset + block.size)
        block, decision = lp.columns[name], formulation.decisions[name]
        position = np.unravel_index(at - block.offset, block.shape) if block.axes else ()
        labels = tuple(instance.sets[axis][int(i)] for axis, i in zip(block.axes, position, strict=True))
        bound = decision.upper if moved[at] > 0 else decision.lower
        origin = formulation.params[bound].origin if bound else ()
        share = float(moved[at] / size)
        found.append(Runaway(name, block.axes, labels, decision.unit, share, float(cost[at]), bound, origin))
    return tuple(sorted(found, key=lambda one: (one.pays * one.amount, -abs(one.amount))))


def _direction(lp: LpArrays, cost: Floats) -> _Direction:
    count = len(cost)
    up, down = np.isposinf(lp.col_upper), np.isneginf(lp.col_lower)
    rows = np.repeat(np.arange(len(lp.row_lower)), np.diff(lp.start))
    paid = np.flatnonzero(cost)
    scale = np.abs(cost).max(initial=0.0) or 1.0
    row = np.concatenate([rows, rows, np.full(2 * len(paid), len(lp.row_lower))])
    index = np.concatenate([lp.index, lp.index + count, paid, paid + count])
    price = cost[paid] / scale
    value = np.concatenate([lp.value, -lp.value, price, -price])
    order = np.argsort(row, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(lp.row_lower) + 1))])
    return _Direction(
        np.zeros(2 * count),
        np.where(np.concatenate([up, down]), np.inf, 0.0),
        np.concatenate([np.where(np.isfinite(lp.row_lower), 0.0, -np.inf), [-np.inf]]),
        np.concatenate([np.where(np.isfinite(lp.row_upper), 0.0, np.inf), [-1.0]]),
        starts,
        index[order].astype(np.int32),
        value[order],
        np.ones(2 * count),
        {},
    )
