"""Why there is no plan: the smallest relief with which there would be one.

    minimise  sum_g weight[g] r[g]     subject to   every row and bound of the LP, those of group g loosened by r[g]

One relief column for each group of limits that state a number of the scenario (soft_limits.py); nothing else costs. A
unit of relief weighs 1000 over the size of the limit, so the sum counts thousandths of what was stated: halving one
limit is as dear as halving another. What stands today and what the plan shall serve are ten times as dear as what
somebody has set, and a limit of zero is a hundred times as dear as its like. Balances and bookkeeping stay as they are.

Inequalities may give way from the start. Bounds of decisions would need a row each, and equations make the relaxation
slow, so these enter only where it pays: after a solve the duals of a group add up to what a unit of relief there would
save, and it enters when that is more than its weight (column generation, exact). Where that admits no plan at all,
everything may give way, each balance hour by hour at a thousand times the weight.

The relaxation is certified like any plan, and with strong duality its certificate proves both that there is no plan
and that less relief would not do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.instance.instance import Instance
from optimizer.model.joining import Formulation
from optimizer.solve.certificate import LpArrays
from optimizer.solve.engine import Progress
from optimizer.solve.errors import SolveError
from optimizer.solve.linear_program import LinearProgram
from optimizer.solve.options import SolverOptions
from optimizer.solve.session import Session, Solution
from optimizer.solve.soft_limits import Members, SoftLimits, StatedLimit

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

PER_SIZE = 1000.0  # weight of relieving a limit by its whole size
HARD = 1000.0  # how much dearer a balance is than a stated limit
LAST = 10.0  # the same for what is a fact or asked for; less demand, say, would mend almost everything
RULED_OUT = 100.0  # the same for a limit of zero
ASKED = {"demand for tokens", "demand for power", "load shed", "willingness to pay", "token target"}  # families
FACTS = {  # keys of the scenario that say what stands today or what nature gives
    "compute.fleet", "facility.data_centres", "power.hydro_monthly", "power.plants", "regions.table",
    "transmission.corridors:backward_mw", "transmission.corridors:forward_mw",
}  # fmt: skip
ROUNDS = 25  # of column generation; each lets all groups in that pay
LEAST = 1e-6  # relief below this share of a limit is what solvers leave of zero


@dataclass(frozen=True)
class Relieved:
    """A limit that would have to give way, and by how much, in ``limit.per``."""

    limit: StatedLimit
    amount: float


@dataclass(frozen=True)
class Impossible:
    """What arithmetic alone can tell: at their bounds the decisions in these rows reach ``reach``, not ``asked``."""

    limit: StatedLimit
    asked: float
    reach: float


@dataclass(frozen=True)
class Diagnosis:
    """Why there is no plan.

    Attributes:
        impossible: limits that the bounds of their own decisions rule out.
        relieved: the smallest relief, the largest share of a limit first; empty where the relaxation needed none.
        elastic: the certified relaxation that says so.
    """

    impossible: tuple[Impossible, ...]
    relieved: tuple[Relieved, ...]
    elastic: Elastic


class Elastic:
    """A linear program whose stated limits give way at a price, solved.

    Attributes:
        soft: the groups. relief: what each gives way, (soft.count,). price: what a unit of relief would save there,
        in units of the objective, (soft.count,). session, solution: of the relaxation; its first rows and columns are
        those of ``lp``. ``bound_rows``: rows that took the place of bounds of columns.
    """

    def __init__(
        self,
        formulation: Formulation,
        instance: Instance,
        lp: LinearProgram,
        arrays: LpArrays,
        options: SolverOptions | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        everything: bool = False,
    ) -> None:
        self.lp, self.arrays = lp, arrays
        self.soft = soft = SoftLimits(formulation, instance, arrays, lp, everything)
        last = soft.where(lambda family, key: family in ASKED or not FACTS.isdisjoint({key, key.partition(":")[0]}))
        dear = np.where(soft.hard, HARD, np.where(last, LAST, 1.0) * np.where(soft.nought, RULED_OUT, 1.0))
        self.weight = PER_SIZE * dear / soft.size
        quick = replace(options or SolverOptions(), solver="simplex", race=False)
        held = _Costless(arrays)
        self.session = Session(held, quick, None, on_progress, reuse=True)
        self._column = np.full(soft.count, -1, np.int64)
        self.bound_rows = Members.none()
        equal = arrays.row_lower == arrays.row_upper
        first = np.zeros(soft.count, bool)
        first[soft.rows.group[~equal[soft.rows.at]]] = True
        self._open(first)
        if everything:
            self._let_in(np.ones(soft.count, bool))
        self.solution: Solution = self.session.solve()
        for _ in range(ROUNDS):
            self.price = self._prices()
            paying = self.price > self.weight * (1.0 + 1e-6)
            paying[self.bound_rows.group] = False
            if not paying.any():
                break
            self._let_in(paying)
            self.solution = self.session.solve()
        self.relief = np.where(self._column >= 0, self.solution.x[self._column], 0.0)

    def _open(self, groups: Mask) -> None:
        """Append the relief columns of groups, a mask over all; they enter the rows of their group."""
        rows, chosen = self.soft.rows.of(groups), np.flatnonzero(groups)
        order = np.argsort(rows.group, kind="stable")
        count = np.bincount(np.searchsorted(chosen, rows.group), minlength=len(chosen))
        none, free = np.zeros(len(chosen)), np.full(len(chosen), np.inf)
        start = np.concatenate([[0], np.cumsum(count)])
        self._column[chosen] = self.session.add_columns(
            none, free, self.weight[chosen], start, rows.at[order], rows.sign[order]
        )

    def _let_in(self, groups: Mask) -> None:
        """Let groups give way, their bounds too: rows take the place of those. A lower bound leaves zero behind."""
        self._open(groups & (self._column < 0))
        bounds, now = self.soft.bounds.of(groups), self.session.lp
        lower = bounds.sign > 0
        low = np.where(lower, now.col_lower[bounds.at], -np.inf)
        high = np.where(lower, np.inf, now.col_upper[bounds.at])
        places = np.stack([bounds.at, self._column[bounds.group]], axis=1).ravel()
        values = np.stack([np.ones(len(bounds.at)), bounds.sign], axis=1).ravel()
        rows = self.session.add_rows(low, high, 2 * np.arange(len(bounds.at) + 1), places, values)
        at = bounds.at[lower]
        self.session.set_col_bounds(at, np.minimum(now.col_lower[at], 0.0), now.col_upper[at])
        at = bounds.at[~lower]
        self.session.set_col_bounds(at, now.col_lower[at], np.inf)
        self.bound_rows = self.bound_rows.joined(Members(bounds.group, rows, bounds.sign))

    def _prices(self) -> Floats:
        """What a unit of relief saves in each group: from rows by their duals, from bounds by reduced costs."""
        found = np.zeros(self.soft.count)
        for members in (self.soft.rows, self.bound_rows):
            np.add.at(found, members.group, np.maximum(self.solution.y[members.at] * members.sign, 0.0))
        bounds, z = self.soft.bounds, self.solution.z
        np.add.at(found, bounds.group, np.maximum(z[bounds.at] * bounds.sign, 0.0))
        return found


def diagnose(
    formulation: Formulation,
    instance: Instance,
    lp: LinearProgram,
    arrays: LpArrays | None = None,
    options: SolverOptions | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Diagnosis:
    """Why a linear program has no plan.

    Args:
        lp: compiled from ``formulation`` and ``instance``. arrays: the same with rows appended (cuts); ``lp`` where
            None. options: of the solver; simplex is used whatever they name, for it starts from a plan of the slacks.

    Raises:
        SolveError: when the relaxation cannot be solved in time or certified.
    """
    arrays = lp if arrays is None else arrays
    try:
        elastic = Elastic(formulation, instance, lp, arrays, options, on_progress)
    except SolveError as error:
        if error.reason != "infeasible":
            raise
        elastic = Elastic(formulation, instance, lp, arrays, options, on_progress, everything=True)
    soft, relief = elastic.soft, elastic.relief
    used = np.flatnonzero(relief > LEAST * soft.size)
    used = used[np.argsort(-elastic.weight[used] * relief[used], kind="stable")]
    return Diagnosis(
        impossible(elastic.soft, arrays),
        tuple(Relieved(soft.limit(int(g)), float(relief[g])) for g in used),
        elastic,
    )


def impossible(soft: SoftLimits, lp: LpArrays) -> tuple[Impossible, ...]:
    """Rows that cannot hold whatever the decisions do within their bounds; the worst of each group, the worst first.

    One pass over the matrix: a row reaches from ``sum of a x`` with every x at its low end to the same at the high end.
    """
    least, most = reach(lp)
    slack = 1e-9 * (1.0 + np.maximum(*(np.where(np.isfinite(b), np.abs(b), 0.0) for b in (lp.row_lower, lp.row_upper))))
    members = soft.rows
    asked = np.where(members.sign > 0, lp.row_lower[members.at], lp.row_upper[members.at])
    best = np.where(members.sign > 0, most[members.at], least[members.at])
    short = (asked - best) * members.sign
    wrong = np.flatnonzero(short > slack[members.at])
    worst: dict[int, int] = {}
    for i in wrong[np.argsort(-short[wrong] / soft.size[members.group[wrong]], kind="stable")]:
        worst.setdefault(int(members.group[i]), int(i))
    return tuple(Impossible(soft.limit(g), float(asked[i]), float(best[i])) for g, i in worst.items())


def reach(lp: LpArrays) -> tuple[Floats, Floats]:
    """The least and the most that each row can add up to within the bounds of its decisions, (num_row,) each."""
    value, low, high = lp.value, lp.col_lower[lp.index], lp.col_upper[lp.index]
    up = value > 0
    rows = np.repeat(np.arange(len(lp.row_lower)), np.diff(lp.start))
    count = len(lp.row_lower)
    with np.errstate(invalid="ignore"):
        least = np.bincount(rows, np.where(up, value * low, value * high), minlength=count).astype(np.float64)
        most = np.bincount(rows, np.where(up, value * high, value * low), minlength=count).astype(np.float64)
    return least, most


class _Costless:
    """Arrays of an LP with nothing to pay."""

    def __init__(self, lp: LpArrays) -> None:
        self.col_lower, self.col_upper, self.row_lower, self.row_upper = (
            lp.col_lower, lp.col_upper, lp.row_lower, lp.row_upper,
        )  # fmt: skip
        self.start, self.index, self.value = lp.start, lp.index, lp.value
        self.cost = np.zeros(len(lp.col_lower))
        self.cost_offset: dict[str, float] = {}
