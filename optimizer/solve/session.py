"""A session: one LP, solved and solved again, every answer certified before it is handed out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from optimizer.solve.certificate import Certificate, LpArrays, evaluate
from optimizer.solve.engine import Engine, Interrupted, Progress, Verdict
from optimizer.solve.errors import Reason, SolveError
from optimizer.solve.options import SolverOptions
from optimizer.solve.roads import Road, cold_roads, hot_cap, hot_road, tighter_road
from optimizer.solve.scaling import coefficient_ranges
from optimizer.solve.starts import Start, nearest

Floats = NDArray[np.float64]

NO_PLAN = {"Infeasible", "Unbounded", "Primal infeasible or unbounded"}


class SolvableLp(LpArrays, Protocol):
    """What a session reads of a compiled LP: its arrays, its cost (num_col,) and the constant part of each cost."""

    @property
    def cost(self) -> Floats: ...
    @property
    def cost_offset(self) -> Mapping[str, float]: ...


@dataclass(frozen=True)
class Solution:
    """A certified plan.

    Attributes:
        status: always ``optimal``; anything else is a :class:`SolveError`.
        objective: c'x + offset (MUSD, or minus the goal), from our own sum.
        x: (num_col,). row_activity: A x, (num_row,).
        y: row duals in the minimisation sense, (num_row,). z: reduced costs c - A'y, (num_col,).
        certificate: the proof, within its tolerance.
        statistics: ``road`` that gave the plan and ``why`` it was chosen, ``seconds`` of the whole solve,
            ``iterations`` of that road by kind, ``has_basis``, and ``attempts``: one record for every road tried
            (road, why, status, seconds, iterations, faults of its certificate). ``ranges``: smallest and largest
            coefficient of matrix, cost, bound and rhs.
    """

    status: str
    objective: float
    x: Floats
    row_activity: Floats
    y: Floats
    z: Floats
    certificate: Certificate
    statistics: dict[str, Any]


@dataclass(frozen=True)
class _Arrays:
    """The LP as it stands now: the matrix of the original, bounds of the session's own."""

    col_lower: Floats
    col_upper: Floats
    row_lower: Floats
    row_upper: Floats
    start: NDArray[np.int64]
    index: NDArray[np.int32]
    value: Floats


class Session:
    """Holds one LP in a persistent HiGHS object; edits are bulk calls, ``solve()`` returns certified plans only.

    The first solve is cold. A later one starts hot from the nearest basis at hand (starts.py), under a cap of seconds
    and iterations, when right-hand sides or bounds changed or costs moved a little. It starts cold with another
    objective, where bounds fixed or freed many columns, and when the cap is hit, because a basis switches presolve off.

    Args:
        lp: the compiled LP; its arrays are copied where the session edits them.
        options: see :class:`SolverOptions`.
        cost: objective to minimise, (num_col,); the LP's own cost and offset when None. To maximise a goal pass minus
            the goal. offset: constant part of ``cost``; not used with the LP's own cost, which brings its own.
        on_progress: called in the caller's thread about twice a second while a solver runs.
        reuse: whether ``solve()`` will be called again, so that ending in a basis is worth its time.
    """

    def __init__(
        self,
        lp: SolvableLp,
        options: SolverOptions | None = None,
        cost: Floats | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        offset: float = 0.0,
        reuse: bool = False,
    ) -> None:
        self.options = options or SolverOptions()
        self._on_progress = on_progress
        self._reuse = reuse
        self._offset = float(sum(lp.cost_offset.values())) if cost is None else offset
        self._cost = _checked_cost(lp.cost if cost is None else cost, len(lp.col_lower))
        self._lp = _Arrays(
            np.array(lp.col_lower, dtype=np.float64),
            np.array(lp.col_upper, dtype=np.float64),
            np.array(lp.row_lower, dtype=np.float64),
            np.array(lp.row_upper, dtype=np.float64),
            lp.start,
            lp.index,
            lp.value,
        )
        self._engine = Engine(self._lp, self._cost, self.options)
        self._last: Start | None = None  # the basis that HiGHS holds now
        self._cold: Start | None = None  # the basis of the last cold plan
        self._cold_seconds = 0.0
        self._attempts: list[dict[str, Any]] = []

    def set_cost(self, cost: Floats, offset: float = 0.0) -> None:
        """Replace the objective, (num_col,), and its constant part."""
        cost = _checked_cost(cost, len(self._lp.col_lower))
        self._engine.change_cost(cost)
        self._cost, self._offset = cost, offset

    def set_row_bounds(self, rows: Sequence[int] | NDArray[Any], lower: Any, upper: Any) -> None:
        """Replace the bounds of some rows: positions, then one value each or one for all; -inf and inf mean none."""
        at, low, high = _edit(rows, lower, upper, len(self._lp.row_lower), "row")
        self._engine.change_row_bounds(at, low, high)
        self._lp.row_lower[at], self._lp.row_upper[at] = low, high

    def set_col_bounds(self, columns: Sequence[int] | NDArray[Any], lower: Any, upper: Any) -> None:
        """Replace the bounds of some columns: positions, then one value each or one for all."""
        at, low, high = _edit(columns, lower, upper, len(self._lp.col_lower), "column")
        self._engine.change_col_bounds(at, low, high)
        self._lp.col_lower[at], self._lp.col_upper[at] = low, high

    def solve(self, near: bool = False) -> Solution:
        """Walk the ladder until a plan is certified.

        Args:
            near: the caller knows that the last plan is close to optimal although costs or many bounds changed, as in
                the next stage of a lexicographic objective: start hot.

        Raises:
            SolveError: with ``reason``, when there is no plan, none in time, or none that can be certified.
        """
        started = time.perf_counter()
        self._attempts = []
        roads = cold_roads(self.options, len(self._lp.row_lower), self._reuse)
        begin = self._begin(near)
        if begin is not None:
            roads.insert(0, begin)
        last_words = ""
        while roads:
            road = roads.pop(0)
            verdict = self._travel(road, started)
            last_words = verdict.status
            if verdict.status == "Optimal":
                solution = self._certified(road, verdict, started)
                if solution is not None:
                    return solution
                if road.hot and road.tolerance is None:
                    roads.insert(0, tighter_road(self.options))
            elif verdict.status in NO_PLAN and not road.hot:
                if road.solver == "simplex" or verdict.presolve_says_infeasible:
                    raise self._no_plan(verdict, started)
                roads = [other for other in roads if other.solver == "simplex"]  # an interior point only suspects it
        if last_words == "Time limit reached":
            raise self._error("time_limit", f"no certified plan in {self.options.time_limit_s:g} s", started)
        if any(attempt["status"] == "Optimal" for attempt in self._attempts):
            faults = "; ".join(f"{a['road']}: {', '.join(a['faults'])}" for a in self._attempts if a["faults"])
            raise self._error("not_certified", f"no road gave a plan that can be certified ({faults})", started)
        raise self._error("unknown", f"HiGHS ended with: {last_words}", started)

    def _travel(self, road: Road, started: float) -> Verdict:
        left = None
        if self.options.time_limit_s is not None:
            left = self.options.time_limit_s - (time.perf_counter() - started)
            if left <= 0:
                raise self._error("time_limit", f"no certified plan in {self.options.time_limit_s:g} s", started)
        seconds, iterations = left, None
        if road.hot:
            moved = 0.0 if self._last is None else self._last.cost_change(self._cost)
            cap = hot_cap(len(self._lp.row_lower), self._cold_seconds, moved)
            seconds, iterations = cap.seconds if left is None else min(cap.seconds, left), cap.iterations
        self._last = None  # until this run ends in a certified plan with a basis
        try:
            verdict = self._engine.run(road, seconds, iterations, self._on_progress)
        except Interrupted:
            raise self._error("interrupted", f"interrupted during {road.name}", started) from None
        self._attempts.append(
            {
                "road": road.name,
                "why": road.why,
                "status": verdict.status,
                "seconds": round(verdict.seconds, 4),
                "iterations": verdict.iterations,
                "faults": (),
            }
        )
        return verdict

    def _certified(self, road: Road, verdict: Verdict, started: float) -> Solution | None:
        pair = self._engine.primal_and_dual()
        if pair is None:
            self._attempts[-1]["faults"] = ("no dual values",)
            return None
        x, y = pair
        found = evaluate(
            self._lp, self._cost, x, y, offset=self._offset,
            objective=verdict.objective + self._offset, tolerance=self.options.certificate_tolerance,
        )  # fmt: skip
        self._attempts[-1]["faults"] = found.certificate.faults
        if not found.certificate.passed:
            return None
        if verdict.has_basis:
            self._last = Start.of(self._engine.basis(), self._cost, self._lp)
        if not road.hot:
            self._cold, self._cold_seconds = self._last, verdict.seconds
        statistics = self._statistics(started) | {
            "road": road.name,
            "why": road.why,
            "iterations": verdict.iterations,
            "has_basis": verdict.has_basis,
            "ranges": coefficient_ranges(self._lp, self._cost),
        }
        return Solution(
            "optimal",
            found.certificate.primal_objective,
            x,
            found.row_activity,
            y,
            found.z,
            found.certificate,
            statistics,
        )

    def _begin(self, near: bool) -> Road | None:
        """The hot road from the nearest basis, put in place, or None where a cold start is the better bet."""
        if self._last is None:
            return None
        starts = [self._last] if near or self._cold is None else [self._last, self._cold]
        start = nearest(starts, self._lp, self._cost)
        assert start is not None
        road = hot_road(start.cost_change(self._cost), start.fixed_or_freed(self._lp), near)
        if road is not None and start is not self._last:
            self._engine.start_from(start.basis)
            self._last = start
        return road

    def _no_plan(self, verdict: Verdict, started: float) -> SolveError:
        """Tell infeasible from unbounded, where HiGHS leaves it open, by asking for any plan at no cost."""
        status = verdict.status
        if status == "Primal infeasible or unbounded":
            self._engine.change_cost(np.zeros_like(self._cost))
            try:
                road = Road("simplex", True, False, "is there any plan at all?")
                status = "Unbounded" if self._travel(road, started).status == "Optimal" else "Infeasible"
            finally:
                self._engine.change_cost(self._cost)
        if status == "Unbounded":
            return self._error("unbounded", "the objective can fall without end", started)
        return self._error("infeasible", "no plan keeps all limits", started)

    def _statistics(self, started: float) -> dict[str, Any]:
        return {"seconds": round(time.perf_counter() - started, 4), "attempts": tuple(self._attempts)}

    def _error(self, reason: Reason, message: str, started: float) -> SolveError:
        return SolveError(reason, message, self._statistics(started))


def _checked_cost(cost: Floats, num_col: int) -> Floats:
    cost = np.array(cost, dtype=np.float64)
    if cost.shape != (num_col,):
        raise ValueError(f"cost has shape {cost.shape}, the LP has {num_col} columns")
    if not np.isfinite(cost).all():
        raise ValueError(f"cost of column {np.flatnonzero(~np.isfinite(cost))[0]} is not a number")
    return cost


def _edit(
    positions: Sequence[int] | NDArray[Any], lower: Any, upper: Any, count: int, kind: str
) -> tuple[NDArray[np.int32], Floats, Floats]:
    """Positions and bounds in the form HiGHS wants, or a ValueError that names the first fault."""
    at = np.asarray(positions, dtype=np.int64).ravel()
    if len(at) and not (at.min() >= 0 and at.max() < count):
        raise ValueError(f"a {kind} position is outside 0 to {count - 1}")
    if len(np.unique(at)) != len(at):
        raise ValueError(f"a {kind} is named twice in one edit")
    low = np.array(np.broadcast_to(np.asarray(lower, dtype=np.float64), at.shape))
    high = np.array(np.broadcast_to(np.asarray(upper, dtype=np.float64), at.shape))
    wrong = np.flatnonzero(~(low <= high))  # NaN counts as wrong
    if len(wrong):
        first = wrong[0]
        raise ValueError(f"{kind} {at[first]}: lower bound {low[first]} and upper bound {high[first]} leave nothing")
    return at.astype(np.int32), low, high
