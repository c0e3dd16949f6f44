"""Edits: what HiGHS holds, what the session certifies against and what was asked for are one LP at any time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.expansion_lp import ArrayLp, expansion_lp
from optimizer.solve.certificate import LpArrays
from optimizer.solve.editing import Edit, EditableLp
from optimizer.solve.options import SolverOptions
from optimizer.solve.session import Session


@pytest.fixture(scope="module")
def world() -> ArrayLp:
    return expansion_lp(regions=3, periods=2, days=1, hours=6)


def dense(lp: LpArrays) -> np.ndarray:
    return sp.csr_array((lp.value, lp.index, lp.start), shape=(len(lp.row_lower), len(lp.col_lower))).toarray()


def in_highs(editable: EditableLp) -> tuple[np.ndarray, ...]:
    """Matrix, column bounds, row bounds and costs as HiGHS has them."""
    lp = editable._engine._highs.getLp()
    held = lp.a_matrix_
    matrix = sp.csc_array((held.value_, held.index_, held.start_), shape=(lp.num_row_, lp.num_col_)).toarray()
    bounds = (lp.col_lower_, lp.col_upper_, lp.row_lower_, lp.row_upper_, lp.col_cost_)
    return (matrix, *(np.array(bound) for bound in bounds))


def assert_one_lp(editable: EditableLp) -> None:
    matrix, *bounds, cost = in_highs(editable)
    np.testing.assert_array_equal(matrix, dense(editable.lp))
    ours = (editable.lp.col_lower, editable.lp.col_upper, editable.lp.row_lower, editable.lp.row_upper)
    for theirs, mine in zip(bounds, ours, strict=True):
        np.testing.assert_array_equal(theirs, mine)
    np.testing.assert_array_equal(cost, editable._cost)


def other(world: ArrayLp, seed: int, share: float = 0.1) -> ArrayLp:
    """Some numbers of every kind changed; some coefficients vanish and some appear."""
    random = np.random.default_rng(seed)

    def some(values: np.ndarray, factor: float = 1.1) -> np.ndarray:
        return np.where(random.random(len(values)) < share, values * factor, values)

    matrix = sp.csr_array((some(world.value), world.index, world.start), shape=(world.num_row, world.num_col)).tolil()
    for _ in range(5):
        matrix[random.integers(world.num_row), random.integers(world.num_col)] = random.choice([0.0, 0.25])
    matrix = sp.csr_array(matrix.tocsr())
    matrix.eliminate_zeros()
    equal = world.row_lower == world.row_upper
    upper = some(world.row_upper)
    return replace(
        world,
        cost=some(world.cost),
        col_upper=some(world.col_upper),
        row_lower=np.where(equal, upper, world.row_lower),
        row_upper=upper,
        start=matrix.indptr.astype(np.int64),
        index=matrix.indices.astype(np.int32),
        value=matrix.data,
    )


class TestBecome:
    @settings(max_examples=15, deadline=None, derandomize=True)
    @given(st.integers(0, 10_000), st.sampled_from([0.0, 0.02, 0.5]))
    def test_the_session_is_the_other_lp(self, seed: int, share: float) -> None:
        world = expansion_lp(regions=2, periods=2, days=1, hours=3)
        editable = EditableLp(world, SolverOptions())
        new = other(world, seed, share)
        edit = editable.become(new)
        np.testing.assert_array_equal(dense(editable.lp), dense(new))
        assert_one_lp(editable)
        assert edit.costs == int((new.cost != world.cost).sum())
        assert edit.coefficients == int((dense(new) != dense(world)).sum())
        assert edit.row_bounds == int(((new.row_lower != world.row_lower) | (new.row_upper != world.row_upper)).sum())
        assert editable.become(new) == Edit()

    def test_only_what_differs_travels(self, world: ArrayLp, monkeypatch: pytest.MonkeyPatch) -> None:
        a_session = Session(world)
        calls: list[tuple[str, int]] = []
        for name in ("change_cost", "change_row_bounds", "change_col_bounds", "change_coefficients"):
            monkeypatch.setattr(
                type(a_session._engine), name, lambda self, *args, name=name: calls.append((name, len(args[0])))
            )
        upper = world.row_upper.copy()
        upper[world.demand_rows[:3]] += 1.0
        lower = world.row_lower.copy()
        lower[world.demand_rows[:3]] += 1.0
        a_session.become(replace(world, row_lower=lower, row_upper=upper))
        assert calls == [("change_row_bounds", 3)]

    def test_solved_again_it_equals_a_new_session(self, world: ArrayLp) -> None:
        a_session = Session(world, reuse=True)
        first = a_session.solve()
        new = other(world, 3, 0.05)
        a_session.become(new)
        again, cold = a_session.solve(), Session(new).solve()
        assert again.statistics["attempts"][0]["road"].startswith("hot")
        assert again.objective == pytest.approx(cold.objective, rel=1e-8)
        assert again.objective != pytest.approx(first.objective, rel=1e-6)
        assert "coefficients changed" in again.statistics["why"]

    def test_another_shape_is_refused(self, world: ArrayLp) -> None:
        with pytest.raises(ValueError, match="make a new session"):
            Session(world).become(expansion_lp(regions=2, periods=2, days=1, hours=6))


class TestAppended:
    def test_columns_and_rows_join_the_certified_lp(self, world: ArrayLp) -> None:
        a_session = Session(world, reuse=True)
        first = a_session.solve()
        demand = world.demand_rows[:2]
        # Power from nowhere at 1e-5 MUSD/MWh in two hours, at most 50 and 70 MW ...
        columns = a_session.add_columns([0, 0], [50, 70], [1e-5, 1e-5], [0, 1, 2], demand, [1.0, 1.0])
        assert columns.tolist() == [world.num_col, world.num_col + 1]
        cheaper = a_session.solve()
        assert cheaper.objective < first.objective
        np.testing.assert_allclose(cheaper.x[columns], [50, 70])
        # ... and not more than 60 MW in both hours together.
        (row,) = a_session.add_rows([-np.inf], [60], [0, 2], columns, [1.0, 1.0])
        assert row == world.num_row
        cut = a_session.solve()
        assert cut.statistics["attempts"][0]["road"].startswith("hot")
        assert cut.x[columns].sum() == pytest.approx(60)
        assert cheaper.objective < cut.objective < first.objective
        assert_one_lp(a_session)
        whole = sp.csr_array(
            (a_session.lp.value, a_session.lp.index, a_session.lp.start), shape=(world.num_row + 1, world.num_col + 2)
        )
        fresh = replace(
            world,
            cost=np.concatenate([world.cost, [1e-5, 1e-5]]),
            col_lower=np.concatenate([world.col_lower, [0, 0]]),
            col_upper=np.concatenate([world.col_upper, [50, 70]]),
            row_lower=np.concatenate([world.row_lower, [-np.inf]]),
            row_upper=np.concatenate([world.row_upper, [60]]),
            start=whole.indptr.astype(np.int64),
            index=whole.indices.astype(np.int32),
            value=whole.data,
        )
        assert cut.objective == pytest.approx(Session(fresh).solve().objective, rel=1e-9)

    def test_they_stay_when_the_base_becomes_another(self, world: ArrayLp) -> None:
        a_session = Session(world)
        columns = a_session.add_columns([0], [50], [0.5], [0, 1], world.demand_rows[:1], [1.0])
        a_session.add_rows([-np.inf], [60], [0, 2], [0, *columns], [2.0, 1.0])
        new = other(world, 5)
        a_session.become(new)
        assert_one_lp(a_session)
        matrix = dense(a_session.lp)
        np.testing.assert_array_equal(matrix[: world.num_row, : world.num_col], dense(new))
        assert matrix[world.demand_rows[0], columns[0]] == 1.0
        assert matrix[-1, [0, columns[0]]].tolist() == [2.0, 1.0]
        assert a_session._cost[-1] == 0.5

    @pytest.mark.parametrize("side", ["lower", "upper"])
    def test_bounds_moved_into_rows_hold_as_before(self, world: ArrayLp, side: str) -> None:
        world = replace(world, col_lower=np.where(np.isfinite(world.col_upper), 0.01 * world.col_upper, 0.0))
        at = np.flatnonzero(np.isfinite(world.col_upper))
        a_session = Session(world, reuse=True)
        before = a_session.solve()
        rows = a_session.move_bounds(at, side)  # type: ignore[arg-type]
        after = a_session.solve()
        assert after.objective == pytest.approx(before.objective, rel=1e-9)
        moved = replace(world, col_upper=world.col_upper * 0.9, col_lower=world.col_lower * 0.9)
        edit = a_session.become(moved)
        assert_one_lp(a_session)
        assert edit.row_bounds == 0, "rows of the base are untouched"
        bound = moved.col_lower if side == "lower" else moved.col_upper
        held = a_session.lp.row_lower if side == "lower" else a_session.lp.row_upper
        np.testing.assert_array_equal(held[rows], bound[at])
        assert a_session.solve().objective == pytest.approx(Session(moved).solve().objective, rel=1e-8)
        with pytest.raises(ValueError, match="only finite"):
            a_session.move_bounds(at[:1], side)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "add, words",
        [
            (lambda s: s.add_rows([0], [1], [0, 1], [10_000_000], [1.0]), "a column position is outside"),
            (lambda s: s.add_columns([0], [1], [0], [0, 1], [-1], [1.0]), "a row position is outside"),
            (lambda s: s.add_columns([0], [1], [0], [0, 1], [0], [np.nan]), "not a number"),
            (lambda s: s.add_rows([0], [1], [0, 2], [0], [1.0]), "do not fit"),
        ],
    )
    def test_what_does_not_fit_is_refused_and_changes_nothing(self, world: ArrayLp, add, words) -> None:
        a_session = Session(world)
        with pytest.raises(ValueError, match=words):
            add(a_session)
        assert_one_lp(a_session)
        assert len(a_session.lp.row_lower) == world.num_row
