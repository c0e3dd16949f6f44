"""Whatever road a solve takes, the plan costs the same: every one beside a cold solve of the same arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.expansion_lp import ArrayLp, expansion_lp
from optimizer.solve.certificate import evaluate
from optimizer.solve.engine import Engine
from optimizer.solve.options import SolverOptions
from optimizer.solve.roads import Road, Simplex, cold_roads, tighter_road
from optimizer.solve.session import Session

OPTIONS = SolverOptions()


def hot(kind: Simplex) -> Road:
    return Road("simplex", True, True, "a test", simplex=kind)


ROADS = {
    **{f"{solver}{' + crossover' if crossover else ''}": Road(solver, crossover, False, "a test")
       for solver in ("ipx", "hipo", "simplex") for crossover in (True, False)},
    **{hot(kind).name: hot(kind) for kind in Simplex},
    "hot, tighter": tighter_road(OPTIONS),
}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> ArrayLp:
    return expansion_lp(regions=3, periods=2, days=1, hours=8)


def changed(world: ArrayLp, what: str) -> ArrayLp:
    random = np.random.default_rng(7)
    if what == "right-hand sides":
        share = np.ones(world.num_row)
        share[world.demand_rows] = random.uniform(0.95, 1.08, len(world.demand_rows))
        return replace(world, row_lower=world.row_lower * share, row_upper=world.row_upper * share)
    if what == "bounds":
        return replace(world, col_upper=world.col_upper * random.uniform(0.9, 1.2, world.num_col))
    if what == "costs":
        return replace(world, cost=world.cost * random.uniform(0.8, 1.25, world.num_col))
    return replace(world, value=world.value * np.where(random.random(len(world.value)) < 0.05, 1.02, 1.0))


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("what", ["right-hand sides", "bounds", "costs", "coefficients"])
def test_a_road_leads_where_a_cold_solve_leads(world: ArrayLp, what: str, road: str) -> None:
    new = changed(world, what)
    engine = Engine(world, world.cost, OPTIONS)
    assert engine.run(Road("simplex", True, False, "the basis to start from")).status == "Optimal"
    every_row, every_column = np.arange(world.num_row, dtype=np.int32), np.arange(world.num_col, dtype=np.int32)
    engine.change_row_bounds(every_row, new.row_lower, new.row_upper)
    engine.change_col_bounds(every_column, new.col_lower, new.col_upper)
    engine.change_cost(new.cost)
    at = np.flatnonzero(new.value != world.value)
    rows = (np.searchsorted(world.start, at, side="right") - 1).astype(np.int32)
    engine.change_coefficients(rows, world.index[at], new.value[at])
    verdict = engine.run(ROADS[road])
    assert verdict.status == "Optimal"
    pair = engine.primal_and_dual()
    assert pair is not None
    found = evaluate(new, new.cost, *pair, objective=verdict.objective).certificate
    assert found.passed, found.faults
    cold = Session(new).solve()
    assert cold.objective != pytest.approx(Session(world).solve().objective, rel=1e-6), "the edit must matter"
    assert found.primal_objective == pytest.approx(cold.objective, rel=1e-7)


def test_all_roads_are_here() -> None:
    used = {road.name for rows in (10, 50_000, 500_000) for road in cold_roads(OPTIONS, rows, reuse=False)}
    assert used <= set(ROADS)
    assert {f"hot {kind.value}" for kind in Simplex} <= set(ROADS)
