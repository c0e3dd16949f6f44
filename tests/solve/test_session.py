"""Sessions: certified plans, hot and cold starts, the ladder, and every way a solve can end without a plan."""

import _thread
import contextlib
import dataclasses
import gc
import itertools
import threading
import time
import weakref
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.expansion_lp import ArrayLp, expansion_lp
from optimizer.solve import roads, session
from optimizer.solve.engine import Engine
from optimizer.solve.errors import SolveError
from optimizer.solve.options import SolverOptions
from optimizer.solve.ranges import coefficient_ranges
from optimizer.solve.roads import (
    Misfit,
    Road,
    Simplex,
    close_road,
    cold_roads,
    hot_cap,
    hot_road,
    in_a_race,
    worth_a_look,
)
from optimizer.solve.session import Session
from optimizer.solve.starts import Start, nearest

INF = np.inf


def small_lp(cost, matrix, row_lower, row_upper, col_lower, col_upper, offset=0.0):
    matrix = np.array(matrix, float)
    count, columns = matrix.shape
    return ArrayLp(
        cost=np.array(cost, float),
        col_lower=np.array(col_lower, float),
        col_upper=np.array(col_upper, float),
        row_lower=np.array(row_lower, float),
        row_upper=np.array(row_upper, float),
        start=np.arange(count + 1, dtype=np.int64) * columns,
        index=np.tile(np.arange(columns, dtype=np.int32), count),
        value=matrix.ravel(),
        demand_rows=np.arange(count),
        cost_offset={"fixed": offset},
    )


def merit_order(**changes):
    return replace(small_lp([10, 30], [[1, 1]], [100], [100], [0, 0], [60, 80], offset=5.0), **changes)


@pytest.fixture(scope="module")
def world():
    return expansion_lp(regions=3, periods=2, days=1, hours=8)


@pytest.fixture(scope="module")
def slow_world():
    """Takes some seconds: long enough to be stopped on the way."""
    return expansion_lp(regions=8, periods=3, days=3, hours=24)


@pytest.fixture(scope="module")
def track():
    """Long enough for two lanes: a cold solve takes some tenths of a second."""
    return expansion_lp(regions=5, periods=2, days=2, hours=12)


def tried(found):
    return [attempt["road"] for attempt in found.statistics["attempts"]]


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

    def test_order(self):
        def names(count=50_000, reuse=False, **options):
            return [road.name for road in cold_roads(SolverOptions(**options), count, reuse)]

        assert names()[-1] == "simplex"
        assert names(count=10)[0] == "simplex"
        assert names()[0] == names(count=300_000, reuse=True)[0] == "ipx + crossover"
        assert names(count=300_000)[:2] == ["ipx", "ipx + crossover"]
        assert names(crossover=False)[:2] == ["ipx", "ipx + crossover"]
        assert names(solver="simplex")[:2] == ["simplex", "ipx + crossover"]
        assert names(solver="hipo", crossover=False)[:2] == ["hipo", "hipo + crossover"]
        for options in ({}, {"solver": "hipo"}, {"solver": "simplex"}, {"crossover": False}):
            assert len(names(**options)) == len(set(names(**options)))

    def test_without_hipo(self, monkeypatch):
        monkeypatch.setattr(roads, "hipo_is_available", lambda: False)
        found = cold_roads(SolverOptions("hipo"), 50_000, False)
        assert all(road.solver != "hipo" for road in found)
        assert "highspy-extras" in found[0].why

    @pytest.mark.parametrize(
        "misfit, kind",
        [
            (Misfit(0, 0), Simplex.DEVEX),
            (Misfit(1000, 0), Simplex.DEVEX),
            (Misfit(1001, 0), Simplex.DUAL),
            (Misfit(0, 1), Simplex.PRIMAL),
            (Misfit(0, 1500), Simplex.PRIMAL),
            (Misfit(0, 1501), Simplex.DUAL),
            (Misfit(1, 1), Simplex.DUAL),
            (Misfit(0, 4000), Simplex.DUAL),
            (Misfit(0, 4001), None),
        ],
    )
    def test_which_simplex_from_a_basis(self, misfit, kind):
        road = hot_road(misfit, 50_000, "7 costs changed")
        assert (None if road is None else road.simplex) is kind
        if road is not None:
            assert road.hot
            assert road.why.startswith(f"7 costs changed: {misfit.primal:,} bounds broken, {misfit.dual:,}")

    def test_when_a_basis_is_not_even_looked_at(self):
        assert worth_a_look(0.5, 0.01)
        assert not worth_a_look(0.51, 0.0)
        assert not worth_a_look(0.0, 0.011)
        assert close_road().hot

    def test_caps(self):
        assert hot_cap(50_000, 20.0, costs_moved=False).seconds == 10.0
        assert hot_cap(50_000, 40.0, costs_moved=True).seconds == 4.0
        assert hot_cap(50_000, 0.5, costs_moved=True).seconds == 0.5
        assert hot_cap(50_000, 20.0, costs_moved=False).iterations == 25_000

    def test_a_race_makes_room_for_long_shots(self):
        assert hot_road(Misfit(0, 40_000), 50_000, "1 costs changed") is None
        long_shot = hot_road(Misfit(0, 40_000), 50_000, "1 costs changed", raced=True)
        assert long_shot.simplex is Simplex.DUAL
        assert [road.simplex for road in in_a_race(long_shot)] == [Simplex.DUAL]
        bet = hot_road(Misfit(0, 10), 50_000, "1 costs changed", raced=True)
        assert [road.simplex for road in in_a_race(bet)] == [Simplex.PRIMAL, Simplex.DUAL]
        assert "a cold solve runs beside it" in in_a_race(bet)[1].why


class TestRaces:
    """After edits of costs a cold solve runs beside the hot one where a core is free."""

    @pytest.fixture
    def racing(self, monkeypatch):
        monkeypatch.setattr(session, "free_cores", lambda: 2)
        monkeypatch.setattr(session, "RACE_FROM_S", 0.0)
        monkeypatch.setattr(session, "HEAD_START", 0.0)
        monkeypatch.setattr(session, "RACED_SHARE", 1000.0)

    @pytest.fixture
    def dear(self, track):
        return track.cost * np.random.default_rng(2).uniform(0.7, 1.4, track.num_col)

    def lose(self, monkeypatch, who):
        """Let one kind of run end without a plan, as if it had hit its limit."""
        honest = Engine.run

        def run(engine, road, *args, **named):
            if road.hot == (who == "hot"):
                return replace(honest(engine, road, 0.0, 0), status="Time limit reached")
            return honest(engine, road, *args, **named)

        monkeypatch.setattr(Engine, "run", run)

    @pytest.mark.parametrize("loser", ["hot", "cold"])
    def test_whoever_has_a_plan_wins_and_both_plans_cost_the_same(self, track, dear, racing, monkeypatch, loser):
        a_session = Session(track, reuse=True)
        a_session.solve()
        a_session.set_cost(dear)
        self.lose(monkeypatch, loser)
        plan = a_session.solve()
        monkeypatch.undo()
        assert plan.statistics["road"].startswith("hot") == (loser == "cold")
        assert plan.certificate.passed
        cold = Session(track, cost=dear).solve()
        assert plan.objective == pytest.approx(cold.objective, rel=1e-8)
        again = a_session.solve()  # the winner's basis is at hand, whoever won
        assert again.statistics["iterations"]["simplex"] == 0
        assert again.objective == pytest.approx(plan.objective, rel=1e-12)

    @pytest.mark.parametrize("solver", ["auto", "simplex", "ipx"])
    def test_no_plan_is_told_by_name(self, racing, solver):
        random = np.random.default_rng(0)
        matrix = random.normal(size=(12, 60))
        matrix[-1] = random.uniform(0, 0.1, 60) - matrix[:-1].sum(axis=0)
        lp = small_lp(random.uniform(0.5, 1.5, 60), matrix, [-INF] * 12, [50.0] * 12, [0.0] * 60, [INF] * 60)
        a_session = Session(lp, SolverOptions(solver), reuse=True)
        a_session.solve()
        a_session.set_cost(lp.cost * random.uniform(0.7, 1.4, 60))
        a_session.set_row_bounds(np.arange(12), -INF, -1.0)
        with pytest.raises(SolveError) as caught:
            a_session.solve()
        assert caught.value.reason == "infeasible"

    def test_a_cold_lane_that_breaks_is_no_reason_to_give_up(self, track, dear, racing, monkeypatch, caplog):
        a_session = Session(track, reuse=True)
        a_session.solve()
        a_session.set_cost(dear)
        self.lose(monkeypatch, "hot")
        lost = Engine.run

        def run(engine, road, *args, **named):
            if not road.hot and threading.current_thread().name == "cold lane":
                raise MemoryError("no room for a second matrix")
            return lost(engine, road, *args, **named)

        monkeypatch.setattr(Engine, "run", run)
        assert a_session.solve().certificate.passed
        assert "failed" in caplog.text

    def test_the_loser_is_stopped(self, track, dear, racing):
        a_session = Session(track, reuse=True)
        a_session.solve()
        a_session.set_cost(track.cost * 1.0001)
        a_session.solve()
        assert not [thread.name for thread in threading.enumerate() if thread.name in ("cold lane", "highs")]

    def test_a_lane_that_was_stopped_can_run_again(self, slow_world):
        """HiGHS keeps a yes to its question whether to stop; unless taken back, every later run ends at once."""
        engine = Engine(slow_world, slow_world.cost, SolverOptions())
        road = Road("simplex", True, True, "from nothing, without presolve")
        assert engine.run(road, overtaken=lambda: True).status == "Interrupted by user"
        again = engine.run(road, iterations=200)
        assert again.status == "Iteration limit reached"
        assert again.iterations["simplex"] > 0

    def test_where_both_fail_the_ladder_goes_on(self, world, racing, monkeypatch):
        a_session = Session(world, reuse=True)
        a_session.solve()
        a_session.set_cost(world.cost * np.random.default_rng(3).uniform(0.7, 1.4, world.num_col))
        honest, count = Engine.run, itertools.count()

        def run(engine, road, *args, **named):
            verdict = honest(engine, road, *args, **named)
            return replace(verdict, status="Unknown") if road.hot or next(count) == 0 else verdict

        monkeypatch.setattr(Engine, "run", run)
        plan = a_session.solve()
        assert plan.certificate.passed
        assert tried(plan)[-1] == "ipx + crossover"

    @pytest.mark.parametrize("why", ["one core", "switched off", "small", "only bounds"])
    def test_no_race(self, world, racing, monkeypatch, why):
        if why == "one core":
            monkeypatch.setattr(session, "free_cores", lambda: 1)
        if why == "small":
            monkeypatch.setattr(session, "RACE_FROM_S", 60.0)
        opened = []
        monkeypatch.setattr(session, "ColdLane", lambda *args: opened.append(args))
        a_session = Session(world, SolverOptions(race=why != "switched off"), reuse=True)
        a_session.solve()
        if why == "only bounds":
            rows = world.demand_rows
            a_session.set_row_bounds(rows, world.row_lower[rows] * 1.01, world.row_upper[rows] * 1.01)
        else:
            a_session.set_cost(world.cost * 1.3)
        assert a_session.solve().certificate.passed
        assert not opened

    def test_ctrl_c_stops_both(self, track, dear, racing, monkeypatch):
        a_session = Session(track, reuse=True)
        a_session.solve()
        a_session.set_cost(dear)
        honest = Engine.run

        def run(engine, road, *args, **named):
            if road.hot:  # lost at once, so that the main thread waits for the cold lane ...
                return replace(honest(engine, road, 0.0, 0), status="Time limit reached")
            while not engine._stop.wait(0.05):  # ... which never ends by itself
                pass
            return honest(engine, road, 0.0)

        monkeypatch.setattr(Engine, "run", run)
        timer = threading.Timer(0.3, _thread.interrupt_main)
        timer.start()
        with pytest.raises(SolveError) as caught:
            a_session.solve()
        assert caught.value.reason == "interrupted"
        assert not [thread.name for thread in threading.enumerate() if thread.name in ("cold lane", "highs")]


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
