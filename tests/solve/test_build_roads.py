"""The roads of the build benchmark lead to one LP, and a compile stays within its memory."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks.power_and_compute import peak
from benchmarks.power_and_compute.raw import COLUMNS, build_raw
from benchmarks.power_and_compute.rooms import formulation
from benchmarks.power_and_compute.world import world, world_of_days
from optimizer.instance.instance import Instance
from optimizer.solve.compile import compile_lp
from optimizer.solve.compile.pyomo_road import compile_lp_by_pyomo
from tests.solve.parity import assert_same, matrix_of


def tiny(seed: int = 0) -> Instance:
    instance = world_of_days(days=2, regions=4, periods=2, corridors=3, origins=2, blocks=4, seed=seed)
    instance.check(formulation())
    return instance


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_by_hand(seed: int) -> None:
    instance = tiny(seed)
    ours, raw = compile_lp(formulation(), instance), build_raw(instance)
    assert list(ours.columns) == list(COLUMNS)
    ours_matrix = matrix_of(ours)
    raw_matrix = sp.csr_array((raw.value, raw.index, raw.start), shape=ours_matrix.shape)
    assert ours.num_nonzero == len(raw.value)
    assert np.abs(ours_matrix - raw_matrix).max() <= 1e-12 * np.abs(raw.value).max()
    for name in ("cost", "col_lower", "col_upper", "row_lower", "row_upper"):
        np.testing.assert_allclose(getattr(ours, name), getattr(raw, name), rtol=1e-12, atol=0)
    assert ours.offset == raw.offset


def test_by_pyomo() -> None:
    instance = tiny()
    assert_same(compile_lp(formulation(), instance), compile_lp_by_pyomo(formulation(), instance))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("sparse", [False, True])
def test_by_linopy(sparse: bool) -> None:
    pytest.importorskip("linopy", minversion="0.10")
    from benchmarks.power_and_compute.linopy_road import arrays_of, build_linopy

    instance = tiny()
    ours = compile_lp(formulation(), instance)
    theirs = arrays_of(build_linopy(instance, sparse))
    matrix = matrix_of(ours)
    np.testing.assert_allclose(theirs.cost, ours.cost, rtol=1e-12, atol=0)
    assert np.array_equal(theirs.lower, ours.col_lower)
    assert np.array_equal(theirs.upper, ours.col_upper)
    lower, upper = np.full(ours.num_row, -np.inf), np.full(ours.num_row, np.inf)
    for name, rows in theirs.rows.items():
        here = ours.rows[name.removesuffix("_above")].span  # linopy has no ranges: two rows there, one here
        assert np.abs(theirs.matrix[rows] - matrix[here]).max() <= 1e-12
        sense, right = theirs.sense[rows], theirs.right[rows]
        lower[here] = np.where(sense == "<", lower[here], right)
        upper[here] = np.where(sense == ">", upper[here], right)
    np.testing.assert_allclose(lower, ours.row_lower, rtol=1e-12, atol=0)
    np.testing.assert_allclose(upper, ours.row_upper, rtol=1e-12, atol=0)


def test_the_world_has_the_size_asked_for() -> None:
    for variables in (40_000, 160_000):
        lp = compile_lp(formulation(), world(variables))
        assert abs(lp.num_col / variables - 1) < 0.1


def test_a_compile_takes_at_most_three_times_its_arrays() -> None:
    found = peak.in_child(300_000)
    assert found["arrays"] > 20e6  # well above what an allocator rounds up
    assert 0.9 * found["arrays"] < found["peak"] < 3 * found["arrays"]
