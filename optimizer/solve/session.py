"""A session: one LP, solved and solved again, every answer certified before it is handed out."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.solve.certificate import Certificate, evaluate
from optimizer.solve.editing import EditableLp, SolvableLp
from optimizer.solve.engine import Engine, Interrupted, Progress, Verdict
from optimizer.solve.errors import Reason, SolveError
from optimizer.solve.options import SolverOptions
from optimizer.solve.race import ColdLane, free_cores
from optimizer.solve.ranges import coefficient_ranges
from optimizer.solve.roads import (
    COST_SHARE_OF_COLD,
    HEAD_START,
    RACE_FROM_S,
    RACED_SHARE,
    Road,
    Simplex,
    beside_after,
    beside_road,
    close_road,
    cold_roads,
    hot_cap,
    hot_road,
    in_a_race,
    tighter_road,
    worth_a_look,
)
from optimizer.solve.starts import Start, nearest

Floats = NDArray[np.float64]

log = logging.getLogger(__name__)

NO_PLAN = {"Infeasible", "Unbounded", "Primal infeasible or unbounded"}


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
            (road, why, status, seconds, iterations, faults of its certificate). ``claimed``: the objective that HiGHS
            reports, offset included. ``ranges``: smallest and largest coefficient of matrix, cost, bound and rhs.
    """

    status: str
    objective: float
    x: Floats
    row_activity: Floats
    y: Floats
    z: Floats
    certificate: Certificate
    statistics: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Memory:
    """What a later session needs to go on from here: a basis, and the seconds of a cold solve, which cap a hot start.

    ``columns`` (num_col,) and ``rows`` (num_row,) hold HiGHS's numbers for the status in the basis.
    """

    columns: NDArray[np.int8]
    rows: NDArray[np.int8]
    cold_seconds: float


class Session(EditableLp):
    """Holds one LP in a persistent HiGHS object; edits are bulk calls, ``solve()`` returns certified plans only.

    The first solve is cold. A later one starts from the nearest basis at hand (starts.py) where a look at it says that
    it pays (roads.py), under a cap of seconds and iterations. It starts cold with another objective, where bounds fixed
    or freed many columns, and when the cap is hit, because a basis switches presolve off.

    After edits of costs or coefficients a hot start is a bet: where a core is free, a cold solve runs beside it and the
    first certified plan wins, so that the bet never costs more than it can gain.

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
        super().__init__(lp, options or SolverOptions(), cost, offset)
        self._on_progress = on_progress
        self._reuse = reuse
        self._last: Start | None = None  # the basis that HiGHS holds now
        self._cold: list[Start] = []  # the bases of the first and the last cold plan
        self._cold_seconds = 0.0
        self._attempts: list[dict[str, Any]] = []
        self._sure = True
        self._first: str | None = None  # which solver had a plan first where another might have run beside it

    def solve(self, near: bool = False, sure: bool = True) -> Solution:
        """Walk the ladder until a plan is certified.

        Args:
            near: the caller knows that the last plan is close to optimal although costs or many bounds changed, as in
                the next stage of a lexicographic objective: start hot.
            sure: whether an interior point's word that there is no plan is checked by simplex, which may take longer
                than a solve. Without it the SolveError is ``infeasible`` with ``statistics["suspected"]``: the caller
                has a proof of its own to find, and solves again where there is none.

        Raises:
            SolveError: with ``reason``, when there is no plan, none in time, or none that can be certified.
        """
        started = time.perf_counter()
        self._attempts, self._sure = [], sure
        roads = cold_roads(self.options, len(self._lp.row_lower), self._reuse)
        roads.sort(key=lambda road: self._first is not None and road.solver != self._first)  # stable
        try:
            begin = self._begin(near)
            if begin is not None and not near and self._races():
                solution = self._race(begin, roads, started)
                if solution is not None:
                    return solution
            elif begin is not None:
                roads.insert(0, begin)
            elif self._may_start_both():
                solution = self._both(roads, started)
                if solution is not None:
                    return solution
            return self._walk(roads, started)
        except Interrupted:
            raise self._error("interrupted", "interrupted", started) from None

    def memory(self) -> Memory | None:
        """The basis of the last plan, to be kept for another process; None where there is none."""
        return None if self._last is None else Memory(*self._engine.basis_status(), self._cold_seconds)

    def recall(self, memory: Memory) -> None:
        """Start the next solve from a basis that another session of this very LP left.

        ValueError where it does not fit.
        """
        if (len(memory.columns), len(memory.rows)) != (len(self._lp.col_lower), len(self._lp.row_lower)):
            raise ValueError("the basis belongs to another linear program")
        self._engine.put_basis(memory.columns, memory.rows)
        self._last = Start.of(self._engine.basis(), self._cost, self._lp, self._matrix)
        self._cold, self._cold_seconds = [self._last], memory.cold_seconds

    def _walk(self, roads: list[Road], started: float) -> Solution:
        """One road after the other."""
        while roads:
            road = roads.pop(0)
            verdict = self._travel(road, started)
            if verdict.status == "Optimal":
                solution = self._certified(self._engine, road, verdict, started)
                if solution is not None:
                    return solution
                if road.hot and road.tolerance is None:
                    roads.insert(0, tighter_road(self.options))
            elif verdict.status in NO_PLAN and not road.hot:
                if road.solver == "simplex" or verdict.presolve_says_infeasible:
                    raise self._no_plan(verdict, started)
                roads = self._to_make_sure(roads, verdict, started)
        last_words = self._attempts[-1]["status"]
        if last_words == "Time limit reached" and self.options.time_limit_s is not None:
            raise self._error("time_limit", f"no certified plan in {self.options.time_limit_s:g} s", started)
        if any(attempt["status"] == "Optimal" for attempt in self._attempts):
            faults = "; ".join(f"{a['road']}: {', '.join(a['faults'])}" for a in self._attempts if a["faults"])
            raise self._error("not_certified", f"no road gave a plan that can be certified ({faults})", started)
        raise self._error("unknown", f"HiGHS ended with: {last_words}", started)

    def _race(self, begin: Road, roads: list[Road], started: float) -> Solution | None:
        """The first certified plan of a hot lane and a cold one; None where neither has one, and ``roads`` go on."""
        start, cold = self._last, roads.pop(0)
        assert start is not None
        solution = None
        if begin.simplex is not Simplex.DUAL:  # which is no small change
            solution = self._leg(begin, started, HEAD_START * self._cold_seconds)
        if solution is not None:
            return solution
        with ColdLane(self._lp, self._cost, self.options, cold, self._left(started)) as lane:
            first, *more = in_a_race(begin)
            if more:
                solution = self._leg(first, started, COST_SHARE_OF_COLD * self._cold_seconds, lane)
                first = more[0]
            if solution is None and not lane.won:
                self._engine.start_from(start.basis)
                solution = self._leg(first, started, RACED_SHARE * self._cold_seconds, lane)
            if solution is not None:
                return solution
            try:
                verdict = lane.wait(self._on_progress)
            except Interrupted:
                raise
            except Exception:
                log.exception("%s failed", cold.name)
                return None
            self._note(cold, verdict)
            if verdict.status == "Optimal":
                solution = self._certified(lane.engine, cold, verdict, started)
            if verdict.status in NO_PLAN:
                if cold.solver == "simplex" or verdict.presolve_says_infeasible:
                    raise self._no_plan(verdict, started)
                roads[:] = self._to_make_sure(roads, verdict, started)
            if self._last is not None:
                self._engine.start_from(self._last.basis)
            return solution

    def _may_start_both(self) -> bool:
        """Whether another solver is worth a core of its own where the first one takes long; each runs on one thread."""
        after = beside_after(self.options, len(self._lp.row_lower))
        return self._first is None and after < math.inf and free_cores() >= 2

    def _both(self, roads: list[Road], started: float) -> Solution | None:
        """The first certified plan of a cold road and, where it takes long, of another solver that starts beside it.

        None where neither has one; ``roads`` are left with those that were not tried.
        """
        first = roads.pop(0)
        beside = beside_road(first, self.options)
        after = time.perf_counter() + beside_after(self.options, len(self._lp.row_lower))
        with ExitStack() as open_lanes:
            lanes: list[ColdLane] = []

            def overtaken() -> bool:
                nonlocal after
                if not lanes and time.perf_counter() >= after:
                    after = math.inf  # one try
                    left = self._left(started)
                    try:
                        lane = ColdLane(self._lp, self._cost, self.options, beside, left)
                    except (MemoryError, ValueError):  # no room for a second program: the first goes on alone
                        log.exception("%s could not start", beside.name)
                        return False
                    lanes.append(open_lanes.enter_context(lane))
                return bool(lanes) and lanes[0].won

            self._last = None
            verdict = self._engine.run(first, self._left(started), on_progress=self._on_progress, overtaken=overtaken)
            self._note(first, verdict)
            if verdict.status == "Optimal":
                solution = self._certified(self._engine, first, verdict, started)
                if solution is not None:
                    self._first = first.solver
                    return solution
            if verdict.status in NO_PLAN:
                if first.solver == "simplex" or verdict.presolve_says_infeasible:
                    raise self._no_plan(verdict, started)
                if not lanes:
                    roads[:] = self._to_make_sure(roads, verdict, started)
            return self._beside(lanes[0], roads, started) if lanes else None

    def _beside(self, lane: ColdLane, roads: list[Road], started: float) -> Solution | None:
        """What the lane beside the first road ends with; ``roads`` lose what it has tried."""
        try:
            verdict = lane.wait(self._on_progress)
        except Interrupted:
            raise
        except Exception:
            log.exception("%s failed", lane.road.name)
            return None
        self._note(lane.road, verdict)
        roads[:] = [road for road in roads if road.solver != lane.road.solver]
        if verdict.status in NO_PLAN:
            if lane.road.solver == "simplex" or verdict.presolve_says_infeasible:
                raise self._no_plan(verdict, started)
            roads[:] = self._to_make_sure(roads, verdict, started)
        if verdict.status != "Optimal":
            return None
        solution = self._certified(lane.engine, lane.road, verdict, started)
        if solution is not None:
            self._first = lane.road.solver
            if self._last is not None:
                self._engine.start_from(self._last.basis)
        return solution

    def _leg(self, road: Road, started: float, seconds: float, lane: ColdLane | None = None) -> Solution | None:
        """A stretch of the hot lane: a certified plan within some seconds and before the cold lane has one, or None."""
        left = self._left(started)
        limit = seconds if left is None else min(seconds, left)
        self._last = None
        verdict = self._engine.run(
            road, limit, on_progress=self._on_progress, overtaken=None if lane is None else lambda: lane.won
        )
        self._note(road, verdict)
        return self._certified(self._engine, road, verdict, started) if verdict.status == "Optimal" else None

    def _races(self) -> bool:
        """Whether the start at hand is a bet worth a second core, and there is one."""
        return (
            self.options.race
            and self._moved()
            and self._cold_seconds >= RACE_FROM_S
            and free_cores() >= 2 * max(1, self.options.threads)
        )

    def _moved(self) -> bool:
        """Whether costs or coefficients changed since the basis at hand was made."""
        last = self._last
        return last is not None and (last.matrix != self._matrix or last.cost_change(self._cost) > 0.0)

    def _left(self, started: float) -> float | None:
        """Seconds left of the time limit; SolveError when none are."""
        if self.options.time_limit_s is None:
            return None
        left = self.options.time_limit_s - (time.perf_counter() - started)
        if left <= 0:
            raise self._error("time_limit", f"no certified plan in {self.options.time_limit_s:g} s", started)
        return left

    def _travel(self, road: Road, started: float) -> Verdict:
        seconds, iterations = self._left(started), None
        if road.hot:
            cap = hot_cap(len(self._lp.row_lower), self._cold_seconds, self._moved())
            seconds, iterations = cap.seconds if seconds is None else min(cap.seconds, seconds), cap.iterations
        self._last = None  # until this run ends in a certified plan with a basis
        verdict = self._engine.run(road, seconds, iterations, self._on_progress)
        self._note(road, verdict)
        return verdict

    def _note(self, road: Road, verdict: Verdict) -> None:
        log.info("%s (%s): %s in %.2f s", road.name, road.why, verdict.status, verdict.seconds)
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

    def _certified(self, engine: Engine, road: Road, verdict: Verdict, started: float) -> Solution | None:
        """The plan that an engine holds, if our own certificate passes; its basis becomes the one at hand."""
        pair = engine.primal_and_dual()
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
            self._last = Start.of(engine.basis(), self._cost, self._lp, self._matrix)
        if not road.hot:
            self._cold_seconds = verdict.seconds
            if verdict.has_basis and self._last is not None:
                self._cold = [*self._cold[:1], self._last]
        statistics = self._statistics(started) | {
            "road": road.name,
            "why": road.why,
            "iterations": verdict.iterations,
            "has_basis": verdict.has_basis,
            "claimed": verdict.objective + self._offset,
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
        starts = [] if self._last is None else [self._last]
        if not near:
            starts += [start for start in self._cold if start.fits(self._lp)]
        start = nearest(starts, self._lp, self._cost, self._matrix)
        if start is None:
            return None
        if not near and not worth_a_look(start.cost_change(self._cost), start.fixed_or_freed(self._lp)):
            return None
        if start is not self._last:
            self._engine.start_from(start.basis)
            self._last = start
        if near:
            return close_road()
        words = start.edited(self._cost, self._matrix)
        return hot_road(self._engine.misfit(), len(self._lp.row_lower), words, self._races())

    def _grown(self) -> None:
        """After columns or rows were appended only the basis that HiGHS extended itself fits."""
        self._cold = []
        if self._last is not None:
            self._last = self._last.grown(self._engine.basis(), self._cost, self._lp)

    def _restarted(self) -> None:
        self._last, self._cold = None, []

    def _no_plan(self, verdict: Verdict, started: float) -> SolveError:
        """Tell infeasible from unbounded, where HiGHS leaves it open, by asking for any plan at no cost."""
        status = verdict.status
        if status == "Primal infeasible or unbounded":
            self._engine.change_cost(np.zeros_like(self._cost))
            try:
                road = Road("simplex", True, False, "is there any plan at all?")
                any_plan = self._travel(road, started).status
                status = {"Optimal": "Unbounded", "Infeasible": "Infeasible"}.get(any_plan, any_plan)
            finally:
                self._engine.change_cost(self._cost)
        if status == "Unbounded":
            return self._error("unbounded", "the objective can fall without end", started)
        if status == "Time limit reached":
            return self._error("time_limit", f"no certified plan in {self.options.time_limit_s:g} s", started)
        if status in NO_PLAN:
            return self._error("infeasible", "no plan keeps all limits", started)
        return self._error("unknown", f"HiGHS ended with: {status}", started)

    def _to_make_sure(self, roads: list[Road], verdict: Verdict, started: float) -> list[Road]:
        """What is left of a ladder once an interior point suspects that there is no plan: only simplex knows."""
        if not self._sure and verdict.status == "Infeasible":
            error = self._error("infeasible", "no plan keeps all limits", started)
            error.statistics["suspected"] = True
            raise error
        left = [road for road in roads if road.solver == "simplex"]
        return left or [Road("simplex", True, False, "an interior point only suspects that there is no plan")]

    def _statistics(self, started: float) -> dict[str, Any]:
        return {"seconds": round(time.perf_counter() - started, 4), "attempts": tuple(self._attempts)}

    def _error(self, reason: Reason, message: str, started: float) -> SolveError:
        return SolveError(reason, message, self._statistics(started))
