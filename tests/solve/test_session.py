"""Sessions: certified plans, the ladder, and every way a solve can end without a plan."""

import _thread
import contextlib
import gc
import itertools
import threading
import time
import weakref
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.expansion_lp import expansion_lp
from optimizer.solve.engine import Engine
from optimizer.solve.errors import SolveError
from optimizer.solve.options import SolverOptions
from optimizer.solve.ranges import coefficient_ranges
from optimizer.solve.session import Session
from tests.solve.small_lps import INF, merit_order, small_lp, tried


class TestAPlan:
    def test_hand_solved(self):
        plan = Session(merit_order()).solve()
        assert plan.status == "optimal"
        assert plan.objective == pytest.approx(1805.0)
        np.testing.assert_allclose(plan.x, [60, 40])
        np.testing.assert_allclose(plan.y, [30])
        np.testing.assert_allclose(plan.z, [-20, 0])
        np.testing.assert_allclose(plan.row_activity, [100])
        assert plan.certificate.passed

    def test_an_objective_of_ones_own_brings_its_own_offset(self):
        plan = Session(merit_order(), cost=np.array([-1.0, -2.0]), offset=3.0).solve()
        assert plan.objective == pytest.approx(-(20 + 2 * 80) + 3)

    @pytest.mark.parametrize("solver", ["simplex", "ipx", "hipo"])
    @pytest.mark.parametrize("crossover", [True, False])
    def test_every_solver_gives_the_same_certified_plan(self, world, solver, crossover):
        plan = Session(world, SolverOptions(solver=solver, crossover=crossover)).solve()
        assert plan.certificate.passed
        assert plan.objective == pytest.approx(Session(world).solve().objective, rel=1e-7)
        assert plan.statistics["road"].startswith(solver)
        assert plan.statistics["has_basis"] == (crossover or solver == "simplex")

    def test_threads_may_differ_between_sessions(self, world):
        """HiGHS keeps one scheduler per thread of ours; a second session with other threads used to fail to run."""
        objectives = [Session(world, SolverOptions(threads=n)).solve().objective for n in (1, 2, 1)]
        assert objectives[0] == objectives[2] == pytest.approx(objectives[1], rel=1e-9)

    def test_statistics_say_what_happened(self, world):
        plan = Session(world).solve()
        told = plan.statistics
        assert told["road"] == tried(plan)[-1]
        assert told["why"]
        assert told["seconds"] > 0
        assert told["attempts"][0]["faults"] == ()
        assert told["ranges"] == coefficient_ranges(world, world.cost)
        assert told["ranges"]["matrix"][0] > 1e-4

    def test_the_lp_itself_is_never_edited(self):
        world = merit_order()
        a_session = Session(world)
        a_session.set_row_bounds([0], 90, 90)
        a_session.set_col_bounds([0], 0, 10)
        a_session.set_cost(np.array([1.0, 1.0]))
        assert world.row_lower[0] == 100
        assert world.col_upper[0] == 60
        assert world.cost[0] == 10


class TestNoPlan:
    @pytest.mark.parametrize("solver", ["simplex", "ipx", "hipo"])
    def test_infeasible(self, solver):
        with pytest.raises(SolveError, match="no plan keeps all limits") as caught:
            Session(merit_order(row_lower=np.array([141.0]), row_upper=np.array([INF])), SolverOptions(solver)).solve()
        assert caught.value.reason == "infeasible"

    @pytest.mark.parametrize("solver", ["simplex", "ipx", "hipo"])
    def test_infeasible_where_presolve_cannot_see_it(self, solver):
        rng = np.random.default_rng(0)
        matrix = rng.uniform(0.5, 1.5, (6, 8))
        world = small_lp(
            np.ones(8), np.vstack([matrix, -matrix.sum(axis=0)]), [*[1.0] * 6, -5.9], [INF] * 7, [0] * 8, [INF] * 8
        )
        with pytest.raises(SolveError) as caught:
            Session(world, SolverOptions(solver)).solve()
        assert caught.value.reason == "infeasible"
        assert tried(caught.value) == (["simplex"] if solver == "simplex" else [f"{solver} + crossover", "simplex"])

    @pytest.mark.parametrize("solver", ["simplex", "ipx", "hipo"])
    def test_unbounded(self, solver):
        world = small_lp([-1, -1], [[1, -1]], [-INF], [1], [0, 0], [INF, INF])
        with pytest.raises(SolveError) as caught:
            Session(world, SolverOptions(solver)).solve()
        assert caught.value.reason == "unbounded"

    def test_a_status_that_leaves_it_open_is_settled(self, monkeypatch):
        """HiGHS may say "infeasible or unbounded"; then any plan at no cost tells the two apart."""
        honest = Engine.run

        def vague(engine, *args):
            verdict = honest(engine, *args)
            return replace(verdict, status="Primal infeasible or unbounded") if verdict.status != "Optimal" else verdict

        monkeypatch.setattr(Engine, "run", vague)
        endless = small_lp([-1, -1], [[1, -1]], [-INF], [1], [0, 0], [INF, INF])
        impossible = merit_order(row_lower=np.array([141.0]), row_upper=np.array([INF]))
        for world, reason in ((endless, "unbounded"), (impossible, "infeasible")):
            a_session = Session(world)
            with pytest.raises(SolveError) as caught:
                a_session.solve()
            assert caught.value.reason == reason
            a_session.set_row_bounds([0], 0, 10)
            a_session.set_col_bounds([0, 1], 0, 50)
            plan = a_session.solve()
            assert plan.certificate.passed, "the true costs are back"

    def test_crossed_bounds_are_infeasible(self):
        with pytest.raises(SolveError) as caught:
            Session(merit_order(row_lower=np.array([100.0]), row_upper=np.array([90.0]))).solve()
        assert caught.value.reason == "infeasible"

    @pytest.mark.parametrize("solver", ["simplex", "ipx"])
    def test_time_limit(self, slow_world, solver):
        started = time.perf_counter()
        with pytest.raises(SolveError, match=r"0\.2 s") as caught:
            Session(slow_world, SolverOptions(solver, time_limit_s=0.2)).solve()
        assert caught.value.reason == "time_limit"
        assert time.perf_counter() - started < 2.0

    def test_hipo_keeps_the_time_limit_between_its_phases(self):
        with pytest.raises(SolveError) as caught:
            Session(expansion_lp(5, 2, 2, 24), SolverOptions("hipo", time_limit_s=0.2)).solve()
        assert caught.value.reason == "time_limit"

    @pytest.mark.parametrize("solver", ["simplex", "ipx"])
    def test_ctrl_c(self, slow_world, solver):
        a_session = Session(slow_world, SolverOptions(solver))
        timer = threading.Timer(0.4, _thread.interrupt_main)
        started = time.perf_counter()
        timer.start()
        with pytest.raises(SolveError) as caught:
            a_session.solve()
        assert caught.value.reason == "interrupted"
        assert time.perf_counter() - started < 2.5
        assert caught.value.statistics["seconds"] > 0.3

    def test_ctrl_c_reaches_hipo_between_its_phases(self):
        timer = threading.Timer(0.3, _thread.interrupt_main)
        timer.start()
        with pytest.raises(SolveError) as caught:
            Session(expansion_lp(5, 2, 2, 24), SolverOptions("hipo")).solve()
        assert caught.value.reason == "interrupted"

    def test_a_session_can_be_used_after_ctrl_c(self, world):
        a_session = Session(world, SolverOptions("simplex"), on_progress=None)
        a_session._engine._stop.set()
        assert a_session.solve().certificate.passed, "an old request to stop does not stop the next solve"


class TestTheLadder:
    def spoil(self, monkeypatch, how_often):
        """Let the solver hand out a wrong price ``how_often`` times."""
        honest, count = Engine.primal_and_dual, iter(range(1000))

        def spoiled(engine):
            x, y = honest(engine)
            return (x, y * 1.01) if next(count) < how_often else (x, y)

        monkeypatch.setattr(Engine, "primal_and_dual", spoiled)

    def test_a_wrong_answer_is_caught_and_the_next_road_taken(self, world, monkeypatch):
        self.spoil(monkeypatch, 1)
        plan = Session(world, SolverOptions("ipx", crossover=False)).solve()
        assert tried(plan) == ["ipx", "ipx + crossover"]
        assert any("gap" in fault for fault in plan.statistics["attempts"][0]["faults"])
        assert plan.certificate.passed

    def test_no_certificate_no_plan(self, world, monkeypatch):
        self.spoil(monkeypatch, 1000)
        with pytest.raises(SolveError, match="relative gap") as caught:
            Session(world).solve()
        assert caught.value.reason == "not_certified"
        assert len(caught.value.statistics["attempts"]) >= 3

    def test_a_wrong_claim_of_the_objective_is_caught(self, world, monkeypatch):
        honest = Engine.run

        def boasting(engine, *args):
            return replace(honest(engine, *args), objective=1.188 * honest(engine, *args).objective)

        monkeypatch.setattr(Engine, "run", boasting)
        with pytest.raises(SolveError, match="objective error") as caught:
            Session(world).solve()
        assert caught.value.reason == "not_certified"

    def test_a_status_that_says_nothing_is_never_a_plan(self, world, monkeypatch):
        honest = Engine.run
        monkeypatch.setattr(Engine, "run", lambda engine, *args: replace(honest(engine, *args), status="Unknown"))
        with pytest.raises(SolveError, match="Unknown") as caught:
            Session(world).solve()
        assert caught.value.reason == "unknown"


class TestMemory:
    def test_a_session_that_is_dropped_is_freed(self, world):
        a_session = Session(world)
        a_session.solve()
        engine = weakref.ref(a_session._engine)
        del a_session
        gc.collect()
        assert engine() is None


class TestTalking:
    def test_progress(self, slow_world):
        said = []
        options = SolverOptions("ipx", time_limit_s=2.0)
        with contextlib.suppress(SolveError):
            Session(slow_world, options, on_progress=said.append).solve()
        assert said
        assert all(p.road.startswith("ipx") for p in said)
        assert all(a.seconds < b.seconds and a.iterations <= b.iterations for a, b in itertools.pairwise(said))
        assert said[-1].iterations > 0
        assert said[-1].gap is not None

    def test_what_the_listener_raises_stops_the_solver_and_passes_through(self, slow_world):
        def listener(_):
            raise RuntimeError("the screen is gone")

        started = time.perf_counter()
        with pytest.raises(RuntimeError, match="the screen is gone"):
            Session(slow_world, SolverOptions("ipx"), on_progress=listener).solve()
        assert time.perf_counter() - started < 2.5

    def test_every_road_is_logged_with_its_reason(self, world, caplog):
        a_session = Session(world, reuse=True)
        with caplog.at_level("INFO", logger="optimizer.solve"):
            a_session.solve()
            a_session.set_row_bounds(world.demand_rows, world.row_lower[world.demand_rows] * 1.01, np.inf)
            plan = a_session.solve()
        assert [record.args[:3] for record in caplog.records] == [
            ("simplex", "at most 10000 rows", "Optimal"),
            (plan.statistics["road"], plan.statistics["why"], "Optimal"),
        ]
        assert plan.statistics["why"].startswith("only right-hand sides or bounds changed: ")

    def test_silent_unless_asked(self, world, capfd):
        Session(world).solve()
        assert capfd.readouterr().out == ""
        Session(world, SolverOptions(log=True)).solve()
        assert "HiGHS" in capfd.readouterr().out


class TestWrongInput:
    @pytest.mark.parametrize(
        "edit, words",
        [
            (lambda s: s.set_row_bounds([1], 0, 1), "outside 0 to 0"),
            (lambda s: s.set_col_bounds([0, 0], 0, 1), "named twice"),
            (lambda s: s.set_col_bounds([0, 1], [0, 2], [1, 1]), "column 1: lower bound 2.0 and upper bound 1.0"),
            (lambda s: s.set_col_bounds([0], np.nan, 1), "leave nothing"),
            (lambda s: s.set_cost(np.ones(3)), "cost has shape"),
            (lambda s: s.set_cost(np.array([1.0, np.nan])), "cost of column 1"),
        ],
    )
    def test_edits(self, edit, words):
        a_session = Session(merit_order())
        with pytest.raises(ValueError, match=words):
            edit(a_session)
        assert a_session.solve().objective == pytest.approx(1805)

    def test_cost_of_another_lp(self):
        with pytest.raises(ValueError, match="2 columns"):
            Session(merit_order(), cost=np.ones(3))

    def test_options_name_all_faults(self):
        with pytest.raises(ValueError, match=r"cplex.*threads -1.*tolerance 1.0.*time_limit_s 0"):
            SolverOptions("cplex", threads=-1, tolerance=1.0, time_limit_s=0)  # type: ignore[arg-type]


class TestUnits:
    def test_prices_are_sharper_than_the_tolerance_of_highs(self):
        """Two plants that differ by 0.05 USD/MWh in an hour of weight 1: 5e-8 MUSD, below HiGHS's 1e-7."""
        world = small_lp([30.05e-6, 30.00e-6], [[1, 1]], [1e4], [1e4], [0, 0], [1e5, 1e5])
        for solver in ("simplex", "ipx"):
            plan = Session(world, SolverOptions(solver, crossover=True)).solve()
            np.testing.assert_allclose(plan.x, [0, 1e4], atol=1e-6)
            assert plan.y[0] == pytest.approx(30e-6, rel=1e-9)

    def test_ranges(self):
        ranges = coefficient_ranges(merit_order(), np.array([0.0, -3.0]))
        assert ranges == {"matrix": (1, 1), "cost": (3, 3), "bound": (60, 80), "rhs": (100, 100)}
        empty = merit_order(row_lower=np.array([-INF]), row_upper=np.array([0.0]))
        assert coefficient_ranges(empty, empty.cost)["rhs"] == (0.0, 0.0)
