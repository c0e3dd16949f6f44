"""The bottleneck ledger: what every limit takes and every obligation pays, by strong duality.

For a plan x and row duals y of  min c'x + offset,  L <= A x <= U,  l <= x <= u,  with z = c - A'y computed here,

    objective = offset + sum over rows of (y+ L - y- U) + sum over columns of (z+ l - z- u) + residual

A contribution is dual x the *bound* it leans on, never dual x activity: that would add up to the objective for any
duals and prove nothing. A dual that leans on a bound which does not exist, and z of a free column, contribute nothing
and so show up in the residual, which is small for a certified plan and for nothing else. The offset is the family
`fixed`. A plain `x >= 0` contributes nothing by its bound of zero; every other bound and every row has a family.

Sides. What costs to have more of is an `obligation` (a demand, a reserve, a minimum take); what saves is a `limit`, or
a `policy` where people wrote the rule. Demands and balances are obligations whatever the sign of their price. So

    obligations + fixed = bill + rents of limits and policies + residual             rents are minus contributions

A limit whose bound is zero (a share of what is decided, a balance without data) passes prices on and has no line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kernels import residuals
from optimizer.solve.relief import Place, places_of

if TYPE_CHECKING:
    from optimizer.instance.instance import Instance
    from optimizer.model.joining import Formulation
    from optimizer.model.records import DecisionRecord, LimitRecord
    from optimizer.solve.linear_program import LinearProgram

    from .planner import Plan

Floats = NDArray[np.float64]

TOLERANCE = 1e-6  # of the residual, as a share of gross


@dataclass(frozen=True)
class Charge:
    """What one limit, obligation or bound contributes at one place, all hours together.

    ``contribution`` is in the unit of the objective, positive where it costs. ``place`` is that of the family's relief
    column (relief.py).
    """

    family: str
    limit: str
    side: str
    role: str
    block: str
    place: Place
    contribution: float


@dataclass(frozen=True)
class Ledger:
    """A plan's ledger in ``unit`` (MUSD present value, or Ptok in the first stage of most tokens).

    ``families`` is the sum of all charges, ``gross`` the sum of |dual x bound| over all rows and columns, one by one.
    """

    unit: str
    objective: float
    fixed: float
    families: float
    gross: float
    charges: tuple[Charge, ...]
    offsets: dict[str, float]

    @property
    def residual(self) -> float:
        """What is missing for the sum to be the objective."""
        return self.objective - self.fixed - self.families

    @property
    def closes(self) -> bool:
        """Whether the residual is within its tolerance of gross; a NaN is not."""
        return abs(self.residual) <= TOLERANCE * self.gross

    def identity(self) -> dict[str, float]:
        """The five numbers that must fit together, in ``unit``."""
        return {
            "objective": self.objective,
            "families": self.families,
            "fixed": self.fixed,
            "residual": self.residual,
            "gross": self.gross,
        }


def ledger(plan: Plan, formulation: Formulation, y: Floats | None = None) -> Ledger:
    """The ledger of a plan; with ``y`` that of other row duals, (num_row,), which need not be right.

    Takes part in it: the compiled rows and columns. What was appended to a session (relief, cuts) does not.
    """
    lp = plan.lp
    cost, offset = objective_of(plan)
    x = np.ascontiguousarray(plan.solution.x[: lp.num_col])
    y = np.ascontiguousarray((plan.solution.y if y is None else y)[: lp.num_row])
    _, _, z, _ = residuals.products(lp.start, lp.index, lp.value, cost, x, y)
    charges: list[Charge] = []
    gross = 0.0
    for record, dual, low, high, kind in _blocks(formulation, lp, y, z):
        made, size = _charges(plan.instance, lp, record, dual, low, high, kind)
        charges += made
        gross += size
    return Ledger(
        unit=plan.price_unit,
        objective=residuals.dot(cost, x)[0] + offset,
        fixed=offset,
        families=float(np.sum([charge.contribution for charge in charges])),
        gross=gross,
        charges=tuple(charges),
        offsets={part: value for part, value in lp.cost_offset.items() if value} if plan.price_unit == "MUSD" else {},
    )


def objective_of(plan: Plan) -> tuple[Floats, float]:
    """What the plan minimises: its bill, or minus its tokens; the vector, (num_col,), and its constant part."""
    lp = plan.lp
    return (lp.cost, lp.offset) if plan.price_unit == "MUSD" else (-lp.goals["tokens"], 0.0)


def _blocks(
    formulation: Formulation, lp: LinearProgram, y: Floats, z: Floats
) -> Iterator[tuple[LimitRecord | DecisionRecord, Floats, Floats, Floats, str]]:
    """Every limit and every decision with its duals and its two bounds."""
    for limit in formulation.limits.values():
        span = lp.rows[limit.name].span
        yield limit, y[span], lp.row_lower[span], lp.row_upper[span], "row"
    for decision in formulation.decisions.values():
        span = lp.columns[decision.name].span
        yield decision, z[span], lp.col_lower[span], lp.col_upper[span], "bound"


def _charges(
    instance: Instance,
    lp: LinearProgram,
    record: LimitRecord | DecisionRecord,
    dual: Floats,
    low: Floats,
    high: Floats,
    kind: str,
) -> tuple[list[Charge], float]:
    """The charges of one record, and the sum of their absolute parts."""
    bound = np.where(dual > 0.0, low, high)
    worth = np.where(np.abs(bound) < residuals.INFINITE, dual, 0.0)
    worth = worth * np.where(worth == 0.0, 0.0, bound)
    there = np.flatnonzero(worth)
    if not len(there):
        return [], 0.0
    if record.family is None:
        raise TypeError(f"decision '{record.name}' leans on a bound that belongs to no family")
    block = (lp.rows if kind == "row" else lp.columns)[record.name]
    per = record.per if kind == "row" else record.unit  # type: ignore[union-attr]
    equal = (low == high) if kind == "row" else np.zeros(len(low), bool)
    two_sided = np.isfinite(low) & np.isfinite(high) if kind == "row" else np.zeros(len(low), bool)
    standing = record.standing
    owed = equal | (dual > 0.0) if standing.role != "demand" else np.ones(len(low), bool)
    name = record.name if kind == "row" else f"bound of {record.name}"
    made = []
    for members, side, place_side in (
        (there[equal[there]], "obligation", "equation"),
        (there[(owed & ~equal & two_sided & (dual > 0.0))[there]], "obligation", "floor"),
        (there[(owed & ~equal & ~(two_sided & (dual > 0.0)))[there]], "obligation", "limit"),
        (there[~owed[there]], "policy" if standing.role == "policy" else "limit", "limit"),
    ):
        if len(members):
            places, of = places_of(instance, block, members, per, place_side)
            sums = np.bincount(of, weights=worth[members], minlength=len(places))
            made += [
                Charge(record.family, name, side, standing.role, standing.block, place, float(value))
                for place, value in zip(places, sums, strict=True)
            ]
    return made, float(np.abs(worth).sum())
