"""A certificate of optimality, computed by our own kernel from the arrays and never read from the solver.

Theory. For  min c'x + offset,  row_lower <= A x <= row_upper,  col_lower <= x <= col_upper,  a plan x and row duals y
are optimal exactly when

1. x keeps every row and column bound (primal feasibility),
2. no dual leans on a bound that does not exist: y_i > 0 needs a finite row_lower, y_i < 0 a finite row_upper, and the
   same for the reduced costs z = c - A'y and the column bounds (dual feasibility),
3. dual x distance to the bound is zero everywhere (complementarity), or, what is the same once 1 and 2 hold,
   c'x equals the dual objective, the sum of dual x *bound* (zero gap).

z is always recomputed as c - A'y. The stored x and y are judged as they are: nothing is projected or rounded first.

Scales. Every figure is relative and must stay within one tolerance, 1e-6 unless said otherwise:

* ``primal_infeasibility``: worst over rows of violation / (1 + max(|bound|, sum_j |a_ij x_j|)), and over columns of
  violation / (1 + |bound|). A balance row is judged against the flows that meet in it, not against its often small
  right-hand side.
* ``dual_infeasibility``: worst over columns of |z_j| / (1 + max(|c_j|, max_i |a_ij y_i|)) where z_j leans on an
  infinite bound, and over rows of |y_i| / 1. The 1 is one MUSD per unit of the column (or row).
* ``complementarity``: sum over rows and columns of |dual x (level - bound)|, over 1 + sum_j |c_j x_j|.
* ``relative_gap``: |primal - dual objective| over 1 + sum_j |c_j x_j|. The sum without netting is used because revenue
  and cost can cancel to a small objective; for a pure cost objective it is the bill itself. The offset never widens it.
* ``objective_error``: what the solver claims against c'x + offset, on the same scale; 0 when nothing is claimed.

What it does not say: that the plan or the prices are unique, nor that each single price is right to 1e-6. It says that
together they prove the bill to be within the tolerance of the least possible one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kernels import residuals

Floats = NDArray[np.float64]

TOLERANCE = 1e-6


class LpArrays(Protocol):
    """What a linear program must show to be certified or solved: bounds and A by rows (CSR)."""

    @property
    def col_lower(self) -> Floats: ...
    @property
    def col_upper(self) -> Floats: ...
    @property
    def row_lower(self) -> Floats: ...
    @property
    def row_upper(self) -> Floats: ...
    @property
    def start(self) -> NDArray[np.int64]: ...
    @property
    def index(self) -> NDArray[np.int32]: ...
    @property
    def value(self) -> Floats: ...


@dataclass(frozen=True)
class Certificate:
    """The proof, in numbers. All but the objectives and ``gross`` (MUSD) are relative; see the module for the scales.

    ``worst`` names the position of the worst violation of each kind, for messages: kind -> ("row" | "column", index).
    ``gross`` is the sum of |dual x bound| over rows and columns: the yardstick for ledger residuals.
    """

    primal_infeasibility: float
    dual_infeasibility: float
    complementarity: float
    primal_objective: float
    dual_objective: float
    relative_gap: float
    objective_error: float
    gross: float
    tolerance: float
    worst: dict[str, tuple[str, int]]

    @property
    def passed(self) -> bool:
        """True when every relative figure is within the tolerance; a NaN anywhere fails."""
        return not self.faults

    @property
    def faults(self) -> tuple[str, ...]:
        """Which checks failed, in words, worst place included."""
        figures = {
            "primal infeasibility": self.primal_infeasibility,
            "dual infeasibility": self.dual_infeasibility,
            "complementarity": self.complementarity,
            "relative gap": self.relative_gap,
            "objective error": self.objective_error,
        }
        faults = []
        for name, figure in figures.items():
            if not figure <= self.tolerance:  # written so that NaN fails
                place = self.worst.get(name)
                where = f" at {place[0]} {place[1]}" if place else ""
                faults.append(f"{name} {figure:.2e}{where} (allowed {self.tolerance:.0e})")
        return tuple(faults)


@dataclass(frozen=True)
class Evaluation:
    """A certificate with the arrays behind it: ``row_activity`` = A x (num_row,), ``z`` = c - A'y (num_col,)."""

    certificate: Certificate
    row_activity: Floats
    z: Floats


def evaluate(
    lp: LpArrays,
    cost: Floats,
    x: Floats,
    y: Floats,
    *,
    offset: float = 0.0,
    objective: float | None = None,
    tolerance: float = TOLERANCE,
) -> Evaluation:
    """Certify x and y and keep the row activities and reduced costs that were computed on the way.

    Args:
        lp: bounds and A by rows.
        cost: objective to minimise, (num_col,). offset: its constant part.
        x: plan, (num_col,). y: row duals in the minimisation sense, (num_row,).
        objective: the value that the solver claims, if any.
        tolerance: one relative tolerance for every figure.

    Raises:
        ValueError: when a length does not fit.
    """
    cost, x, y = (np.ascontiguousarray(a, dtype=np.float64) for a in (cost, x, y))
    activity, activity_size, z, z_size = residuals.products(lp.start, lp.index, lp.value, cost, x, y)
    if not (np.isfinite(activity).all() and np.isfinite(z).all() and np.isfinite(x).all() and np.isfinite(y).all()):
        return Evaluation(_not_finite(tolerance), activity, z)
    rows = residuals.sides(activity, activity_size, y, np.zeros_like(y), lp.row_lower, lp.row_upper)
    columns = residuals.sides(x, np.zeros_like(x), z, z_size, lp.col_lower, lp.col_upper)
    bill, bill_size = residuals.dot(cost, x)
    scale = 1.0 + bill_size
    dual = rows.bound_value + columns.bound_value
    worst: dict[str, tuple[str, int]] = {}
    for kind, row, column in (
        ("primal infeasibility", rows.worst_primal, columns.worst_primal),
        ("dual infeasibility", rows.worst_dual, columns.worst_dual),
    ):
        side, name = (rows, "row") if row >= column else (columns, "column")
        at = side.worst_primal_at if kind.startswith("primal") else side.worst_dual_at
        if at >= 0:
            worst[kind] = (name, at)
    certificate = Certificate(
        primal_infeasibility=max(rows.worst_primal, columns.worst_primal),
        dual_infeasibility=max(rows.worst_dual, columns.worst_dual),
        complementarity=(rows.complementarity + columns.complementarity) / scale,
        primal_objective=bill + offset,
        dual_objective=dual + offset,
        relative_gap=abs(bill - dual) / scale,
        objective_error=0.0 if objective is None else abs(objective - (bill + offset)) / scale,
        gross=rows.gross + columns.gross,
        tolerance=tolerance,
        worst=worst,
    )
    return Evaluation(certificate, activity, z)


def certify(
    lp: LpArrays,
    cost: Floats,
    x: Floats,
    y: Floats,
    *,
    offset: float = 0.0,
    objective: float | None = None,
    tolerance: float = TOLERANCE,
) -> Certificate:
    """The certificate alone; arguments as for :func:`evaluate`."""
    return evaluate(lp, cost, x, y, offset=offset, objective=objective, tolerance=tolerance).certificate


def _not_finite(tolerance: float) -> Certificate:
    nan = float("nan")
    return Certificate(nan, nan, nan, nan, nan, nan, nan, nan, tolerance, {})
