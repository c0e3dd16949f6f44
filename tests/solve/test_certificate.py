"""A certificate passes for a true optimum and fails for everything else."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.expansion_lp import ArrayLp, expansion_lp
from optimizer.solve.certificate import certify, evaluate
from optimizer.solve.session import Session

INF = np.inf


def lp(cost, matrix, row_lower, row_upper, col_lower, col_upper):
    """A small dense LP as CSR arrays (zeros are stored: harmless)."""
    matrix = np.array(matrix, float)
    rows, columns = matrix.shape
    return ArrayLp(
        cost=np.array(cost, float),
        col_lower=np.array(col_lower, float),
        col_upper=np.array(col_upper, float),
        row_lower=np.array(row_lower, float),
        row_upper=np.array(row_upper, float),
        start=np.arange(rows + 1, dtype=np.int64) * columns,
        index=np.tile(np.arange(columns, dtype=np.int32), rows),
        value=matrix.ravel(),
        demand_rows=np.arange(rows),
        cost_offset={"fixed": 0.0},
    )


@pytest.fixture
def merit_order():
    """100 MW of demand; 60 MW at 10, then 80 MW at 30. Price 30, and the cheap plant earns 20 a MW."""
    return lp([10, 30], [[1, 1]], [100], [100], [0, 0], [60, 80])


X, Y = np.array([60.0, 40.0]), np.array([30.0])


def test_hand_solved_plan_passes(merit_order):
    found = evaluate(merit_order, merit_order.cost, X, Y, offset=7.0)
    certificate = found.certificate
    assert certificate.passed
    assert certificate.faults == ()
    assert certificate.primal_objective == 60 * 10 + 40 * 30 + 7
    assert certificate.dual_objective == 100 * 30 - 20 * 60 + 7
    assert certificate.gross == 100 * 30 + 20 * 60
    assert certificate.relative_gap == 0.0
    np.testing.assert_array_equal(found.z, [-20.0, 0.0])
    np.testing.assert_array_equal(found.row_activity, [100.0])


def test_dual_value_is_dual_times_bound_not_activity(merit_order):
    """With dual x activity every y would give c'x; with dual x bound a wrong price shows."""
    wrong = certify(merit_order, merit_order.cost, X, np.array([25.0]))
    assert wrong.dual_objective == pytest.approx(100 * 25 - 15 * 60)
    assert not wrong.passed
    assert wrong.relative_gap > 1e-3


@pytest.mark.parametrize("factor", [0.99, 1.01])
def test_one_dual_off_by_one_percent_fails(merit_order, factor):
    certificate = certify(merit_order, merit_order.cost, X, Y * factor)
    assert not certificate.passed
    assert any("gap" in fault or "complementarity" in fault for fault in certificate.faults)


@pytest.mark.parametrize("column", [0, 1])
def test_one_value_off_by_one_percent_fails(merit_order, column):
    x = X.copy()
    x[column] *= 1.01
    certificate = certify(merit_order, merit_order.cost, x, Y)
    assert any("primal infeasibility" in fault for fault in certificate.faults)


def test_wrong_claim_of_the_solver_fails(merit_order):
    assert certify(merit_order, merit_order.cost, X, Y, objective=1800.0).passed
    certificate = certify(merit_order, merit_order.cost, X, Y, objective=1800.0 * 1.188)
    assert certificate.faults[0].startswith("objective error 1.8")


def test_dual_on_an_infinite_bound_is_an_infeasibility():
    world = lp([1, 1], [[1, 1]], [2], [INF], [0, 0], [INF, INF])
    assert certify(world, world.cost, np.array([2.0, 0.0]), np.array([1.0])).passed
    wrong_sign = certify(world, world.cost, np.array([2.0, 0.0]), np.array([-1.0]))
    assert wrong_sign.dual_infeasibility == 1.0
    assert wrong_sign.worst["dual infeasibility"] == ("row", 0)
    too_dear = certify(world, world.cost, np.array([2.0, 0.0]), np.array([1.5]))
    assert too_dear.dual_infeasibility == pytest.approx(0.5 / 2.5)
    assert too_dear.worst["dual infeasibility"] == ("column", 0)


def test_ranged_rows_and_negative_bounds():
    """y < 0 leans on the upper side of a ranged row; lower bounds below zero count with their sign."""
    world = lp([-3, 1], [[1, -1]], [-5], [4], [-2, -1], [INF, 6])
    x, y = np.array([10.0, 6.0]), np.array([-3.0])
    certificate = certify(world, world.cost, x, y)
    assert certificate.passed
    assert certificate.primal_objective == certificate.dual_objective == -24.0


def test_feasible_but_not_best_fails_on_the_gap_alone():
    world = lp([1, 2], [[1, 1]], [1], [INF], [0, 0], [INF, INF])
    certificate = certify(world, world.cost, np.array([0.0, 1.0]), np.array([1.0]))
    assert certificate.primal_infeasibility == certificate.dual_infeasibility == 0.0
    assert certificate.relative_gap == pytest.approx(1 / 3)
    assert not certificate.passed


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_what_is_no_number_fails(merit_order, poison):
    for x, y in ((np.array([60.0, poison]), Y), (X, np.array([poison]))):
        certificate = certify(merit_order, merit_order.cost, x, y)
        assert not certificate.passed
        assert len(certificate.faults) >= 4


def test_scales_forgive_rounding_but_not_errors():
    """A balance of flows of 1e6 MW may be off by its rounding, not by a share that matters."""
    world = lp([1, 1], [[1, -1]], [0], [0], [1e6, 0], [2e6, 2e6])
    y = np.array([-1.0])
    x = np.array([1e6, 1e6 + 1e-3])
    assert certify(world, world.cost, x, y).primal_infeasibility == pytest.approx(1e-3 / 2e6, rel=1e-3)
    x[1] = 1e6 + 10
    assert certify(world, world.cost, x, y).primal_infeasibility > 1e-6


def test_cancelling_costs_do_not_make_the_test_impossible():
    """Revenue and cost cancel to nothing; the gap is measured against what was netted."""
    world = lp([-1e6, 1e6], [[1, -1]], [0], [0], [0, 0], [1, 1])
    certificate = certify(world, world.cost, np.array([1.0, 1.0]), np.array([-1e6 * (1 + 1e-9)]))
    assert certificate.passed
    assert certificate.relative_gap < 1e-8


@pytest.fixture(scope="module")
def solved():
    world = expansion_lp(regions=3, periods=2, days=1, hours=8)
    return world, Session(world).solve()


def test_a_real_plan_passes_and_random_damage_fails(solved):
    world, plan = solved
    assert certify(world, world.cost, plan.x, plan.y).passed
    rng = np.random.default_rng(0)
    demand = rng.choice(world.demand_rows, 10, replace=False)
    for row in demand:
        y = plan.y.copy()
        y[row] *= 1.01
        assert not certify(world, world.cost, plan.x, y).passed, f"price of row {row} off by 1 %"
    for column in rng.choice(np.flatnonzero(plan.x > 1.0), 10, replace=False):
        x = plan.x.copy()
        x[column] *= 1.01
        assert not certify(world, world.cost, x, plan.y).passed, f"column {column} off by 1 %"


def test_prices_of_another_world_fail(solved):
    world, plan = solved
    dearer = replace(world, cost=world.cost * 1.01)
    assert not certify(dearer, dearer.cost, plan.x, plan.y).passed
    np.testing.assert_allclose(plan.z, evaluate(world, world.cost, plan.x, plan.y).z)


def test_random_prices_do_not_pass_for_a_proof(solved):
    world, plan = solved
    y = np.random.default_rng(1).normal(0, 1, world.num_row)
    found = evaluate(world, world.cost, plan.x, y)
    activity = y @ found.row_activity + found.z @ plan.x
    assert activity == pytest.approx(plan.objective, rel=1e-9), "dual x activity is c'x for any prices"
    assert not found.certificate.passed
    assert found.certificate.dual_objective != pytest.approx(plan.objective, rel=1e-2)
