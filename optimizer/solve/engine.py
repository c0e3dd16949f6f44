"""One HiGHS object, driven safely: arrays in, a verdict out, and a way to stop it.

HiGHS runs in a worker thread while the caller's thread waits, so Ctrl-C is heard at once and reaches HiGHS through its
interrupt callbacks; nothing is ever raised inside a callback. A fresh thread per run also gives HiGHS a fresh task
scheduler, without which a changed ``threads`` option makes the run fail.
"""

from __future__ import annotations

import re
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from optimizer.solve.certificate import LpArrays
from optimizer.solve.options import SolverOptions
from optimizer.solve.roads import Misfit, Road, Simplex

Floats = NDArray[np.float64]
Statuses = NDArray[np.int8]

PROGRESS_EVERY_S = 0.5
DUAL_SHARE = 1e-2  # dual tolerance as a share of the primal one; see SolverOptions.tolerance
LEAST_TOLERANCE = 1e-10  # HiGHS accepts no less
# An iteration of ipx in the log: number, two objectives, two infeasibilities, gap, seconds. HiPO logs no such line.
_NUMBER = r"[-+]?\d\.\d+e[-+]\d+"
_BY_DEVEX = (Simplex.DEVEX, Simplex.COLD_DEVEX)
_SIMPLEX_OPTIONS: dict[Simplex, dict[str, Any]] = {
    kind: {
        "simplex_strategy": 4 if kind is Simplex.PRIMAL else 1,
        "simplex_dual_edge_weight_strategy": 1 if kind in _BY_DEVEX else -1,  # else steepest edge
        "dual_simplex_cost_perturbation_multiplier": 0.0 if kind is Simplex.DEVEX else 1.0,
        "primal_simplex_bound_perturbation_multiplier": 0.0 if kind is Simplex.PRIMAL else 1.0,
    }
    for kind in Simplex
}
_INTERIOR_LINE = re.compile(rf"^\s*(\d+)\*?(?:\s+{_NUMBER}){{4}}\s+({_NUMBER})\s")


@dataclass(frozen=True)
class Progress:
    """What a running solver says: ``gap`` (relative primal-dual) is None where the solver reports none."""

    road: str
    iterations: int
    gap: float | None
    seconds: float


@dataclass(frozen=True)
class Verdict:
    """How one run ended. ``status`` is HiGHS's model status in its own words, or ``Run failed``."""

    status: str
    seconds: float
    iterations: dict[str, int]
    objective: float
    presolve_says_infeasible: bool
    has_basis: bool


class Interrupted(Exception):
    """Ctrl-C arrived while HiGHS ran; HiGHS has stopped."""


LOOK = Road("simplex", True, True, "a look at the basis", simplex=Simplex.DEVEX)


class Engine:
    """A persistent ``highspy.Highs`` that holds one LP, in the units in which it comes."""

    def __init__(self, lp: LpArrays, cost: Floats, options: SolverOptions) -> None:
        self._highs = highspy.Highs()
        self._stop = threading.Event()
        self._iterations = 0
        self._gap: float | None = None
        self._set("output_flag", True)  # the log callback needs it; the console is a separate switch
        self._set("log_to_console", options.log)
        self._set("threads", options.threads)
        self._set("random_seed", options.seed)
        self._set("user_objective_scale", options.cost_doublings)
        self._tolerance = options.tolerance
        self._check(pass_arrays(self._highs, lp, cost))
        kinds = highspy.cb.HighsCallbackType
        self._log_kind = int(kinds.kCallbackLogging)
        self._highs.setCallback(_heard_by(self), None)
        for kind in (kinds.kCallbackSimplexInterrupt, kinds.kCallbackIpmInterrupt, kinds.kCallbackLogging):
            self._highs.startCallback(kind)

    def change_cost(self, cost: Floats) -> None:
        """Replace all costs, (num_col,)."""
        columns = np.arange(len(cost), dtype=np.int32)
        self._check(self._highs.changeColsCost(len(cost), columns, cost))

    def change_row_bounds(self, rows: NDArray[np.int32], lower: Floats, upper: Floats) -> None:
        """Replace the bounds of some rows in one call."""
        self._check(self._highs.changeRowsBounds(len(rows), rows, lower, upper))

    def change_col_bounds(self, columns: NDArray[np.int32], lower: Floats, upper: Floats) -> None:
        """Replace the bounds of some columns in one call."""
        self._check(self._highs.changeColsBounds(len(columns), columns, lower, upper))

    def change_coefficients(self, rows: NDArray[np.int32], columns: NDArray[np.int32], values: Floats) -> None:
        """Replace some coefficients; a place without one gets one, a zero takes it away. The basis stays."""
        for row, column, value in zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True):
            self._check(self._highs.changeCoeff(row, column, value))

    def add_columns(
        self,
        cost: Floats,
        lower: Floats,
        upper: Floats,
        start: NDArray[np.int32],
        rows: NDArray[np.int32],
        values: Floats,
    ) -> None:
        """Append columns; ``start``, ``rows``, ``values`` hold their coefficients by columns. The basis stays."""
        count, size = len(cost), len(rows)
        self._check(self._highs.addCols(count, cost, lower, upper, size, start[:count], rows, values))

    def add_rows(
        self, lower: Floats, upper: Floats, start: NDArray[np.int32], columns: NDArray[np.int32], values: Floats
    ) -> None:
        """Append rows; ``start``, ``columns``, ``values`` hold their coefficients by rows. The basis stays."""
        count, size = len(lower), len(columns)
        self._check(self._highs.addRows(count, lower, upper, size, start[:count], columns, values))

    def forget(self) -> None:
        """Drop basis and solution, so that the next run starts with presolve."""
        self._check(self._highs.clearSolver())

    def basis(self) -> Any:
        """A copy of the basis of the last run, in HiGHS's own form."""
        return self._highs.getBasis()

    def start_from(self, basis: Any) -> None:
        """Put a basis of the same LP in the place of the one at hand."""
        self._check(self._highs.setBasis(basis))

    def basis_status(self) -> tuple[Statuses, Statuses]:
        """Status of each column and row in the basis of the last run, by HiGHS's numbers, (num_col,), (num_row,)."""
        basis = self._highs.getBasis()
        columns, rows = ([int(one) for one in part] for part in (basis.col_status, basis.row_status))
        return np.array(columns, np.int8), np.array(rows, np.int8)

    def put_basis(self, columns: Statuses, rows: Statuses) -> None:
        """Put a basis in place that :meth:`basis_status` gave. ValueError where it belongs to another LP."""
        basis = highspy.HighsBasis()
        basis.col_status, basis.row_status = (
            [highspy.HighsBasisStatus(one) for one in part.tolist()] for part in (columns, rows)
        )
        basis.valid = True
        if self._highs.setBasis(basis) == highspy.HighsStatus.kError:
            raise ValueError("HiGHS refuses the basis: it belongs to another linear program")

    def misfit(self) -> Misfit:
        """How badly the basis at hand fits the LP as it stands now: a simplex start of no steps.

        It costs one factorisation, which the next hot run finds ready.
        """
        self.run(LOOK, iterations=0)
        info = self._highs.getInfo()
        return Misfit(max(0, info.num_primal_infeasibilities), max(0, info.num_dual_infeasibilities))

    def run(
        self,
        road: Road,
        seconds: float | None = None,
        iterations: int | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        overtaken: Callable[[], bool] | None = None,
    ) -> Verdict:
        """Travel one road; at most ``seconds`` and, for simplex, ``iterations``, and no further once ``overtaken``.

        Raises:
            Interrupted: on Ctrl-C. Whatever ``on_progress`` raises passes through after HiGHS has stopped.
        """
        limit = highspy.kHighsInf if seconds is None else self._highs.getRunTime() + seconds  # its clock never restarts
        self._set("time_limit", limit)
        self._set("simplex_iteration_limit", highspy.kHighsIInf if iterations is None else iterations)
        self._set("solver", road.solver)
        self._set("run_crossover", "on" if road.crossover else "off")
        tolerance = road.tolerance or self._tolerance
        self._set("primal_feasibility_tolerance", tolerance)
        self._set("dual_feasibility_tolerance", max(tolerance * DUAL_SHARE, LEAST_TOLERANCE))
        for name, value in _SIMPLEX_OPTIONS[road.simplex].items():
            self._set(name, value)
        if not road.hot:
            self.forget()
        self._iterations, self._gap = 0, None
        started = time.perf_counter()
        status = self._run_in_thread(road.name, started, on_progress, overtaken)
        elapsed = time.perf_counter() - started
        info = self._highs.getInfo()
        presolve = self._highs.getModelPresolveStatus()
        words = self._highs.modelStatusToString(self._highs.getModelStatus())
        return Verdict(
            status="Run failed" if status == highspy.HighsStatus.kError and words == "Not Set" else words,
            seconds=elapsed,
            iterations={
                "simplex": max(0, info.simplex_iteration_count),
                "interior_point": max(0, info.ipm_iteration_count),
                "crossover": max(0, info.crossover_iteration_count),
            },
            objective=info.objective_function_value,
            presolve_says_infeasible=bool(presolve == highspy.HighsPresolveStatus.kInfeasible),
            has_basis=int(info.basis_validity) == int(highspy.kBasisValidityValid),
        )

    def primal_and_dual(self) -> tuple[Floats, Floats] | None:
        """x and y of the last run (copies), or None where HiGHS holds no full pair."""
        solution = self._highs.getSolution()
        if not (solution.value_valid and solution.dual_valid):
            return None
        return np.array(solution.col_value, dtype=np.float64), np.array(solution.row_dual, dtype=np.float64)

    def stop(self) -> None:
        """Ask a run in another thread to end; HiGHS answers at its next callback."""
        self._stop.set()

    def progress(self, road: str, seconds: float) -> Progress:
        """What the run says now."""
        return Progress(road, self._iterations, self._gap, seconds)

    def _run_in_thread(
        self,
        road: str,
        started: float,
        on_progress: Callable[[Progress], None] | None,
        overtaken: Callable[[], bool] | None,
    ) -> Any:
        outcome: list[Any] = []
        done = threading.Event()

        def work() -> None:
            try:
                outcome.append(self._highs.run())
            except Exception as error:
                outcome.append(error)
            finally:
                done.set()

        self._stop.clear()
        worker = threading.Thread(target=work, name="highs", daemon=True)
        worker.start()
        told = started
        try:
            while not done.wait(0.1):
                now = time.perf_counter()
                if overtaken is not None and overtaken():
                    self._stop.set()
                if on_progress is not None and now - told >= PROGRESS_EVERY_S:
                    told = now
                    on_progress(self.progress(road, now - started))
        except BaseException as error:
            self._stop.set()
            done.wait()  # a second Ctrl-C during this wait leaves at once
            worker.join()
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted from None
            raise
        worker.join()
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        return outcome[0]

    def _hear(self, kind: int, message: str, said: Any, answer: Any, _data: Any) -> None:
        # Runs inside HiGHS, in the worker thread: only note and answer.
        if int(kind) == self._log_kind:
            found = _INTERIOR_LINE.match(message)
            if found:
                self._iterations, self._gap = int(found[1]), float(found[2])
            return
        self._iterations = max(self._iterations, said.simplex_iteration_count, said.ipm_iteration_count)
        answer.user_interrupt = self._stop.is_set()  # set each time: HiGHS keeps a yes for the runs that follow

    def _set(self, name: str, value: Any) -> None:
        if self._highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise ValueError(f"HiGHS refuses option {name} = {value!r}")

    @staticmethod
    def _check(status: Any) -> None:
        if status == highspy.HighsStatus.kError:
            raise ValueError("HiGHS refuses the arrays: a bound, cost or index is not a number or out of range")


def pass_arrays(highs: Any, lp: LpArrays, cost: Floats) -> Any:
    """Give a ``highspy.Highs`` an LP by its overload for arrays; returns HiGHS's status."""
    num_col, num_row, none = len(lp.col_lower), len(lp.row_lower), np.empty(0, np.int32)
    continuous = np.zeros(num_col, np.int32)  # an empty integrality array makes this overload fail
    rowwise, minimise = int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMinimize)
    return highs.passModel(
        num_col, num_row, len(lp.value), 0, rowwise, 1, minimise, 0.0,
        cost, lp.col_lower, lp.col_upper, lp.row_lower, lp.row_upper,
        lp.start.astype(np.int32), lp.index.astype(np.int32, copy=False), lp.value,
        none, none, np.empty(0), continuous,
    )  # fmt: skip


def _heard_by(engine: Engine) -> Callable[..., None]:
    """A callback that does not keep its engine alive: a circle through HiGHS's C++ would never be freed."""
    listener = weakref.ref(engine)

    def hear(*said: Any) -> None:
        held = listener()
        if held is not None:
            held._hear(*said)

    return hear
