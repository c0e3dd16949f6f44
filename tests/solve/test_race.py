"""A cold solve beside a hot one: who wins, who is stopped, and what happens when one of them breaks."""

from __future__ import annotations

import _thread
import itertools
import threading
from dataclasses import replace

import numpy as np
import pytest

from optimizer.solve import session
from optimizer.solve.engine import Engine
from optimizer.solve.errors import SolveError
from optimizer.solve.options import SolverOptions
from optimizer.solve.roads import Road, Simplex, cold_roads
from optimizer.solve.session import Session
from tests.solve.small_lps import INF, small_lp, tried


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
        honest, lost = Engine.run, threading.Event()

        def run(engine, road, *args, **named):
            if road.hot:  # lost at once, so that the main thread waits for the cold lane ...
                verdict = replace(honest(engine, road, 0.0, 0), status="Time limit reached")
                lost.set()
                return verdict
            lost.wait()  # the interrupt is for that wait, not for the hot lane before it
            timer.start()
            while not engine._stop.wait(0.05):  # ... which never ends by itself
                pass
            return honest(engine, road, 0.0)

        monkeypatch.setattr(Engine, "run", run)
        timer = threading.Timer(0.3, _thread.interrupt_main)
        with pytest.raises(SolveError) as caught:
            a_session.solve()
        assert caught.value.reason == "interrupted"
        assert not [thread.name for thread in threading.enumerate() if thread.name in ("cold lane", "highs")]


class TestBothStartCold:
    """On a network another solver starts beside the first one where that takes long."""

    @pytest.fixture
    def both(self, monkeypatch):
        monkeypatch.setattr(session, "free_cores", lambda: 2)
        monkeypatch.setattr("optimizer.solve.roads.SMALL_ROWS", 0)  # else simplex would go first by itself
        monkeypatch.setattr("optimizer.solve.roads.BESIDE_S_PER_ROW", 0.0)
        return SolverOptions(network="meshed", race=False)

    @pytest.mark.parametrize("network", ["meshed", "steered"])
    @pytest.mark.parametrize("winner", ["ipx", "simplex"])
    def test_whoever_has_a_plan_first_wins_and_goes_first_from_then_on(self, track, both, monkeypatch, winner, network):
        both = replace(both, network=network)
        honest, beside = Engine.run, threading.Event()

        def run(engine, road, *args, **named):
            if threading.current_thread().name == "cold lane":
                beside.set()
            elif road.solver != winner:
                while not beside.wait(0.01):
                    named["overtaken"]()
            if road.solver != winner:
                return replace(honest(engine, road, 0.0, 0), status="Time limit reached")
            return honest(engine, road, *args, **named)

        a_session = Session(track, both, reuse=True)
        with monkeypatch.context() as patched:
            patched.setattr(Engine, "run", run)
            plan = a_session.solve()
        assert plan.statistics["road"].startswith(winner)
        assert plan.objective == pytest.approx(Session(track).solve().objective, rel=1e-8)
        again = a_session.solve()  # from the winner's basis, whoever won
        assert again.statistics["iterations"]["simplex"] == 0
        a_session.set_cost(track.cost[::-1].copy())
        assert tried(a_session.solve())[-1].startswith(winner)

    @pytest.mark.parametrize(("network", "first"), [("meshed", "ipx + crossover"), ("steered", "simplex")])
    def test_the_first_goes_alone_while_it_is_quick(self, track, both, monkeypatch, network, first):
        monkeypatch.setattr("optimizer.solve.roads.BESIDE_S_PER_ROW", 3600.0)
        opened = []
        monkeypatch.setattr(session, "ColdLane", lambda *args: opened.append(args))
        assert tried(Session(track, replace(both, network=network)).solve()) == [first]
        assert not opened

    def test_simplex_from_nothing_goes_by_devex_on_steered_flows_only(self):
        for network, kind in (("steered", Simplex.COLD_DEVEX), ("meshed", Simplex.DUAL), (None, Simplex.DUAL)):
            roads = cold_roads(SolverOptions(network=network), 10, False)
            assert [road.simplex for road in roads if road.solver == "simplex"] == [kind]

    def test_the_loser_is_stopped(self, track, both):
        assert Session(track, both).solve().certificate.passed
        assert not [thread.name for thread in threading.enumerate() if thread.name in ("cold lane", "highs")]

    def test_no_plan_is_told_by_name(self, both):
        lp = small_lp([1.0, 1.0], np.array([[1.0, 1.0], [1.0, -1.0]]), [3.0, 0.0], [INF, 0.0], [0.0, 0.0], [1.0, 1.0])
        with pytest.raises(SolveError) as caught:
            Session(lp, both).solve()
        assert caught.value.reason == "infeasible"

    def test_a_lane_that_breaks_is_no_reason_to_give_up(self, track, both, monkeypatch, caplog):
        honest = Engine.run

        def run(engine, road, *args, **named):
            if threading.current_thread().name == "cold lane":
                raise MemoryError("no room for a second matrix")
            if road.solver == "ipx":
                named["overtaken"]()
                return replace(honest(engine, road, 0.0, 0), status="Unknown")
            return honest(engine, road, *args, **named)

        monkeypatch.setattr(Engine, "run", run)
        plan = Session(track, both).solve()
        assert plan.certificate.passed
        assert "failed" in caplog.text

    def test_without_room_for_a_second_program_the_first_goes_on(self, track, both, monkeypatch, caplog):
        def no_room(*args):
            raise MemoryError("no room for a second matrix")

        honest = Engine.run

        def run(engine, road, *args, **named):
            assert not named["overtaken"]()
            assert not named["overtaken"]()
            return honest(engine, road, *args, **named)

        monkeypatch.setattr(session, "ColdLane", no_room)
        monkeypatch.setattr(Engine, "run", run)
        assert tried(Session(track, both).solve()) == ["ipx + crossover"]
        assert caplog.text.count("could not start") == 1

    @pytest.mark.parametrize("why", ["one core", "switched off", "named"])
    def test_one_goes_alone(self, track, both, monkeypatch, why):
        if why == "one core":
            monkeypatch.setattr(session, "free_cores", lambda: 1)
        opened = []
        monkeypatch.setattr(session, "ColdLane", lambda *args: opened.append(args))
        options = replace(
            both, network=None if why == "switched off" else "meshed", solver="ipx" if why == "named" else "auto"
        )
        assert Session(track, options).solve().certificate.passed
        assert not opened
