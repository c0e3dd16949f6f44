"""Hot starts: from which basis, by which simplex, when they give way, and that they end where a cold one ends."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import replace

import numpy as np
import pytest

from optimizer.solve import roads, session
from optimizer.solve.engine import Engine
from optimizer.solve.errors import SolveError
from optimizer.solve.options import SolverOptions
from optimizer.solve.session import Session
from optimizer.solve.starts import Start, nearest
from tests.solve.small_lps import merit_order, tried


class TestHotStarts:
    def test_right_hand_sides_and_bounds_start_hot_and_agree_with_cold(self, world):
        hot = Session(world, reuse=True)
        first = hot.solve()
        assert first.statistics["has_basis"]
        rows = world.demand_rows
        hot.set_row_bounds(rows, world.row_lower[rows] * 1.05, world.row_upper[rows] * 1.05)
        bounded = np.flatnonzero(np.isfinite(world.col_upper))
        hot.set_col_bounds(bounded, 0.0, world.col_upper[bounded] * 1.1)
        again = hot.solve()
        assert tried(again) == ["hot dual simplex, devex"]
        lower, upper, most = world.row_lower.copy(), world.row_upper.copy(), world.col_upper.copy()
        lower[rows] *= 1.05
        upper[rows] *= 1.05
        most[bounded] *= 1.1
        cold = Session(replace(world, row_lower=lower, row_upper=upper, col_upper=most)).solve()
        assert again.objective == pytest.approx(cold.objective, rel=1e-8)
        assert again.objective > first.objective

    def test_small_cost_changes_start_hot_another_objective_cold(self, world):
        a_session = Session(world, reuse=True)
        a_session.solve()
        dear = np.random.default_rng(1).uniform(0.8, 1.25, world.num_col)
        a_session.set_cost(world.cost * dear)
        dearer = a_session.solve()
        assert dearer.objective == pytest.approx(Session(world, cost=world.cost * dear).solve().objective, rel=1e-9)
        assert tried(dearer) == ["hot primal simplex"]
        other = np.random.default_rng(0).uniform(0, 1, world.num_col)
        a_session.set_cost(other)
        assert not any(name.startswith("hot") for name in tried(a_session.solve()))

    def test_the_nearer_of_two_bases_is_taken(self, world, monkeypatch):
        begun = []
        put = Engine.start_from
        monkeypatch.setattr(Engine, "start_from", lambda self, basis: (begun.append(basis), put(self, basis))[1])
        a_session, rows = Session(world, reuse=True), world.demand_rows

        def at(share):
            a_session.set_row_bounds(rows, world.row_lower[rows] * share, world.row_upper[rows] * share)
            return a_session.solve()

        at(1.0)
        at(0.95)
        assert not begun  # one basis at hand: the cold one, which is also the last
        high = at(1.05)
        assert len(begun) == 1  # back to 1.0, half as far as 0.95
        assert tried(high) == ["hot dual simplex, devex"]
        at(1.06)
        assert len(begun) == 1  # 1.05 is nearer than 1.0
        lower, upper = world.row_lower.copy(), world.row_upper.copy()
        lower[rows], upper[rows] = lower[rows] * 1.05, upper[rows] * 1.05
        cold = Session(replace(world, row_lower=lower, row_upper=upper)).solve()
        assert high.objective == pytest.approx(cold.objective, rel=1e-8)

    def test_a_basis_that_leans_on_a_bound_that_is_gone_is_not_taken(self):
        lp = merit_order()
        kept = Start.of(object(), lp.cost, lp)
        last = Start.of(object(), lp.cost, replace(lp, col_upper=lp.col_upper + 100.0))
        assert nearest([last, kept], lp, lp.cost) is kept
        unbounded = replace(lp, col_upper=np.full(lp.num_col, np.inf))
        assert not kept.fits(unbounded)
        assert nearest([last, kept], unbounded, lp.cost) is last

    def test_the_nearest_by_cost_counts_every_column_alike(self):
        """Beside a column of 1e6 a change of every other cost by a tenth is nothing in a plain sum."""
        lp = merit_order()
        now = np.array([1e6, 10.0])
        first = Start.of(object(), np.array([1e6, 11.0]), lp)
        last = Start.of(object(), np.array([1.000001e6, 20.0]), lp)
        assert nearest([last, first], lp, now) is first
        assert last.cost_change(now) < 2e-5

    def test_a_narrow_miss_is_tried_again_with_tighter_tolerances(self, world, monkeypatch):
        hot = Session(world, reuse=True)
        hot.solve()
        rows = np.flatnonzero(world.row_lower == world.row_upper)
        hot.set_row_bounds(rows, world.row_lower[rows] * 1.05, world.row_upper[rows] * 1.05)
        real, refused = session.evaluate, []

        def strict_once(*args, **options):
            found = real(*args, **options)
            if not refused:
                refused.append(True)
                narrow = dataclasses.replace(found.certificate, primal_infeasibility=1.2e-6)
                found = dataclasses.replace(found, certificate=narrow)
            return found

        monkeypatch.setattr(session, "evaluate", strict_once)
        again = hot.solve()
        assert tried(again) == ["hot dual simplex, devex", "hot dual simplex"]
        assert "tighter" in again.statistics["why"]
        assert again.certificate.passed

    def test_a_hot_start_over_its_cap_gives_way_to_a_cold_one(self, world, monkeypatch):
        monkeypatch.setattr(session, "hot_cap", lambda *_: roads.Cap(seconds=5.0, iterations=1))
        a_session = Session(world, reuse=True)
        a_session.solve()
        rows = world.demand_rows
        a_session.set_row_bounds(rows, world.row_lower[rows] * 1.2, world.row_upper[rows] * 1.2)
        plan = a_session.solve()
        first, last = plan.statistics["attempts"]
        assert (first["road"], first["status"]) == ("hot dual simplex, devex", "Iteration limit reached")
        assert not last["road"].startswith("hot")
        assert plan.certificate.passed

    def test_infeasible_when_hot_is_confirmed_cold_and_can_be_undone(self):
        a_session = Session(merit_order(), reuse=True)
        assert a_session.solve().objective == pytest.approx(1805)
        a_session.set_row_bounds([0], 200, 200)
        with pytest.raises(SolveError) as caught:
            a_session.solve()
        assert caught.value.reason == "infeasible"
        assert len(caught.value.statistics["attempts"]) == 2
        a_session.set_row_bounds([0], 120, 120)
        assert a_session.solve().objective == pytest.approx(2405)

    def test_after_a_case_without_a_plan_the_cold_basis_is_still_there(self):
        a_session = Session(merit_order(), reuse=True)
        a_session.solve()
        a_session.set_row_bounds([0], 200, 200)
        with pytest.raises(SolveError):
            a_session.solve()
        a_session.set_row_bounds([0], 101, 101)
        assert tried(a_session.solve()) == ["hot dual simplex, devex"]

    def test_the_time_limit_is_per_solve_though_the_clock_of_highs_never_restarts(self, world):
        a_session = Session(world, SolverOptions(solver="simplex", time_limit_s=3.0), reuse=True)
        started = time.perf_counter()
        while time.perf_counter() - started < 0.5:
            a_session.solve()
        a_session._engine._highs.setOptionValue("time_limit", 0.0)  # whatever an earlier solve left behind
        assert a_session.solve().certificate.passed
