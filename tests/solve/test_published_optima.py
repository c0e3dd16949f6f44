"""Sessions and certificates on linear programs whose optimum is known from elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.interop.mps_program import MpsProgram
from optimizer.solve.certificate import certify, evaluate
from optimizer.solve.options import SolverOptions
from optimizer.solve.session import Session
from tests.solve.known_optima import all_known

KNOWN = all_known()
NAMES = sorted(KNOWN)


@pytest.fixture(scope="module", params=NAMES)
def solved(request):
    """A program, its optimum, and a plan from a session's own choice of road."""
    lp, optimum = KNOWN[request.param]
    return lp, optimum, Session(lp).solve()


@pytest.mark.parametrize("crossover", [True, False])
@pytest.mark.parametrize("solver", ["simplex", "ipx", "hipo"])
@pytest.mark.parametrize("name", NAMES)
def test_every_road_reaches_the_known_optimum(name: str, solver: str, crossover: bool) -> None:
    lp, optimum = KNOWN[name]
    plan = Session(lp, SolverOptions(solver=solver, crossover=crossover)).solve()
    assert plan.certificate.passed
    assert plan.objective == pytest.approx(optimum, rel=1e-6, abs=1e-6)
    first = plan.statistics["attempts"][0]["road"]
    assert first == (f"{solver} + crossover" if crossover and solver != "simplex" else solver)


def test_the_plan_is_one_of_the_program(solved) -> None:
    """Read with numpy alone: the plan keeps the bounds, and cost x plan is the published number."""
    lp, optimum, plan = solved
    dense = np.zeros((lp.num_row, lp.num_col))
    dense[np.repeat(np.arange(lp.num_row), np.diff(lp.start)), lp.index] = lp.value
    activity = dense @ plan.x
    slack = 1e-6 * (1 + np.abs(dense) @ np.abs(plan.x))
    assert (activity >= lp.row_lower - slack).all()
    assert (activity <= lp.row_upper + slack).all()
    assert (plan.x >= lp.col_lower - 1e-6).all()
    assert (plan.x <= lp.col_upper + 1e-6).all()
    assert lp.cost @ plan.x + lp.constant == pytest.approx(optimum, rel=1e-6, abs=1e-6)


def relaxed(lp: MpsProgram, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows with a limit, and their limits moved outwards: there is still a plan, and the bill stays bounded below."""
    rows = np.flatnonzero(np.isfinite(lp.row_lower) | np.isfinite(lp.row_upper))
    low, high = lp.row_lower[rows], lp.row_upper[rows]
    step = share * (1 + np.where(np.isfinite(low), np.abs(low), np.abs(high)))
    return rows, low - step, high + step


@pytest.mark.parametrize("solver", ["simplex", "ipx"])
@pytest.mark.parametrize("name", NAMES)
def test_hot_after_new_right_hand_sides_equals_cold(name: str, solver: str) -> None:
    lp, optimum = KNOWN[name]
    options = SolverOptions(solver=solver)
    session = Session(lp, options, reuse=True)
    session.solve()
    bills = [optimum]
    for share in (0.01, 0.05, 0.0):
        rows, low, high = relaxed(lp, share)
        session.set_row_bounds(rows, low, high)
        hot = session.solve()
        changed_low, changed_high = lp.row_lower.copy(), lp.row_upper.copy()
        changed_low[rows], changed_high[rows] = low, high
        changed = replace(lp, row_lower=changed_low, row_upper=changed_high)
        cold = Session(changed, options).solve()
        assert hot.statistics["road"].startswith("hot")
        assert not cold.statistics["road"].startswith("hot")
        assert hot.certificate.passed
        assert hot.objective == pytest.approx(cold.objective, rel=1e-9, abs=1e-9)
        assert certify(changed, changed.cost, hot.x, hot.y, offset=changed.constant).passed
        bills.append(hot.objective)
    assert bills[3] == pytest.approx(optimum, rel=1e-6, abs=1e-6), "the limits are back where they were"
    assert bills[2] < bills[1] < bills[0], "wider limits make a cheaper plan"


def test_hot_after_a_new_bound_of_a_column_equals_cold(solved) -> None:
    """Take a thousandth away from the column that earns or costs most, where its lower bound allows it."""
    lp, optimum, plan = solved
    at = int(np.argmax(np.where((plan.x > 1e-3) & (lp.col_lower <= plan.x / 2), np.abs(lp.cost) * plan.x, -1.0)))
    assert plan.x[at] > 1e-3
    upper = lp.col_upper.copy()
    upper[at] = plan.x[at] * 0.999
    session = Session(lp, reuse=True)
    session.solve()
    session.set_col_bounds([at], lp.col_lower[at], upper[at])
    hot, cold = session.solve(near=True), Session(replace(lp, col_upper=upper)).solve()
    assert hot.statistics["road"].startswith("hot")
    assert hot.objective == pytest.approx(cold.objective, rel=1e-9, abs=1e-9)
    assert hot.objective >= optimum - 1e-6 * abs(optimum)
    assert hot.x[at] <= upper[at] * (1 + 1e-6)


# what is no optimum is refused ----------------------------------------------------------------------------------------


def certified(lp: MpsProgram, x: np.ndarray, y: np.ndarray, objective: float | None = None) -> bool:
    return certify(lp, lp.cost, x, y, offset=lp.constant, objective=objective).passed


def test_the_plan_passes_and_a_wrong_optimum_does_not(solved) -> None:
    lp, optimum, plan = solved
    assert certified(lp, plan.x, plan.y, optimum)
    assert not certified(lp, plan.x, plan.y, optimum + 1e-4 * (1 + np.abs(lp.cost * plan.x).sum()))


@pytest.mark.parametrize("factor", [0.99, 1.01, -1.0, 0.0])
def test_wrong_duals_are_refused(solved, factor: float) -> None:
    lp, _, plan = solved
    weight = np.abs(plan.y * plan.row_activity)
    if not weight.any():  # every dual stands on a limit of 0: bounds of columns carry the whole bill
        weight = np.abs(plan.y)
    one = plan.y.copy()
    one[np.argmax(weight)] *= factor
    assert not certified(lp, plan.x, one)
    assert not certified(lp, plan.x, plan.y * factor)


@pytest.mark.parametrize("factor", [0.99, 1.01])
def test_wrong_plans_are_refused(solved, factor: float) -> None:
    lp, _, plan = solved
    one = plan.x.copy()
    one[np.argmax(np.abs(lp.cost * plan.x))] *= factor
    assert not certified(lp, one, plan.y)
    assert not certified(lp, plan.x * factor, plan.y)


def test_a_feasible_plan_that_is_not_the_best_is_refused(solved) -> None:
    """The dearest plan is as feasible as the cheapest one; with the right duals only gap and complementarity tell."""
    lp, optimum, plan = solved
    box = np.abs(plan.x).max() + 1.0  # the dearest plan may cost without end: look near the optimum
    low, high = np.maximum(lp.col_lower, plan.x - box), np.minimum(lp.col_upper, plan.x + box)
    dearest = Session(replace(lp, cost=-lp.cost, col_lower=low, col_upper=high)).solve()
    found = evaluate(lp, lp.cost, dearest.x, plan.y, offset=lp.constant).certificate
    gap = (found.primal_objective - optimum) / (1 + np.abs(lp.cost * dearest.x).sum())
    assert gap > 1e-3
    assert found.primal_infeasibility <= 1e-6
    assert found.dual_infeasibility <= 1e-6
    assert found.relative_gap == pytest.approx(gap, rel=1e-4)
    assert found.complementarity == pytest.approx(gap, rel=1e-4), "with nothing infeasible the two are the same"
    assert {fault.split()[0] for fault in found.faults} == {"complementarity", "relative"}


def by_definition(lp: MpsProgram, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """The figures as the certificate's module defines them, from a dense matrix."""
    dense = np.zeros((lp.num_row, lp.num_col))
    dense[np.repeat(np.arange(lp.num_row), np.diff(lp.start)), lp.index] = lp.value
    z = lp.cost - dense.T @ y
    terms = np.maximum(np.abs(lp.cost), np.abs(dense * y[:, None]).max(axis=0))
    primal, dual, complementarity, bound_value = [0.0], [0.0], 0.0, 0.0
    for level, size, price, price_size, lower, upper in (
        (dense @ x, np.abs(dense) @ np.abs(x), y, np.zeros(lp.num_row), lp.row_lower, lp.row_upper),
        (x, np.zeros(lp.num_col), z, terms, lp.col_lower, lp.col_upper),
    ):
        for bound, outside in ((lower, lower - level), (upper, level - upper)):
            there = np.isfinite(bound)
            primal += list(outside[there] / (1 + np.maximum(np.abs(bound), size)[there]))
        leans_on = np.where(price > 0, lower, upper)
        nowhere = ~np.isfinite(leans_on) & (price != 0)
        dual += list(np.abs(price[nowhere]) / (1 + price_size[nowhere]))
        paid = np.isfinite(leans_on) & (price != 0)
        complementarity += np.abs(price[paid] * (level - leans_on)[paid]).sum()
        bound_value += (price[paid] * leans_on[paid]).sum()
    scale = 1 + np.abs(lp.cost * x).sum()
    return {
        "primal_infeasibility": max(primal),
        "dual_infeasibility": max(dual),
        "complementarity": complementarity / scale,
        "relative_gap": abs(lp.cost @ x - bound_value) / scale,
        "dual_objective": bound_value + lp.constant,
    }


@pytest.mark.parametrize("share", [0.0, 1e-4, 0.1])
def test_every_figure_is_what_its_definition_says(solved, share: float) -> None:
    """At the optimum and beside it, where x, y or both are shaken."""
    lp, _, plan = solved
    rng = np.random.default_rng(1)
    x_shaken = plan.x + share * rng.normal(0, 1, lp.num_col) * (1 + np.abs(plan.x))
    y_shaken = plan.y + share * rng.normal(0, 1, lp.num_row) * (1 + np.abs(plan.y))
    for x, y in ((plan.x, plan.y), (x_shaken, plan.y), (plan.x, y_shaken), (x_shaken, y_shaken)):
        found = evaluate(lp, lp.cost, x, y, offset=lp.constant).certificate
        for figure, value in by_definition(lp, x, y).items():
            assert getattr(found, figure) == pytest.approx(value, rel=1e-9, abs=1e-12), figure
