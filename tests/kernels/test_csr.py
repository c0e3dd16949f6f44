"""Packing entries into rows, against a dense sum as the slow oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.csr import add_at, pack_rows


def entries(*triples: tuple[int, int, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns, values = zip(*triples, strict=True) if triples else ((), (), ())
    return np.array(rows, np.int32), np.array(columns, np.int32), np.array(values, np.float64)


def test_equal_places_add_up_and_order_is_that_of_first_entry() -> None:
    start, index, value = pack_rows(*entries((1, 2, 1.0), (0, 1, 5.0), (1, 0, 2.0), (1, 2, 0.5)), 3, 3)
    assert start.tolist() == [0, 1, 3, 3]
    assert index.tolist() == [1, 2, 0]
    assert value.tolist() == [5.0, 1.5, 2.0]


def test_zeros_and_what_cancels_are_left_out() -> None:
    start, index, value = pack_rows(
        *entries((0, 0, 0.0), (0, 1, 0.3), (0, 1, -0.1), (0, 1, -0.2), (0, 2, 1.0)), 1, 3, 1e-14
    )
    assert (start.tolist(), index.tolist(), value.tolist()) == ([0, 1], [2], [1.0])


def test_a_residue_stays_without_a_drop_limit() -> None:
    _, _, value = pack_rows(*entries((0, 1, 0.3), (0, 1, -0.1), (0, 1, -0.2)), 1, 3)
    assert 0 < abs(value[0]) < 1e-15


def test_nothing_packs_to_empty_rows() -> None:
    start, index, value = pack_rows(*entries(), 2, 0)
    assert (start.tolist(), len(index), len(value)) == ([0, 0, 0], 0, 0)


def test_types() -> None:
    start, index, value = pack_rows(*entries((0, 0, 1.0)), 1, 1)
    assert (start.dtype, index.dtype, value.dtype) == (np.int64, np.int32, np.float64)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 60), st.integers(0, 1000))
def test_the_same_matrix_as_a_dense_sum(num_row: int, num_col: int, count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.integers(0, num_row, count).astype(np.int32)
    columns = random.integers(0, num_col, count).astype(np.int32)
    values = random.integers(-2, 3, count).astype(float)
    expected = np.zeros((num_row, num_col))
    np.add.at(expected, (rows, columns), values)
    start, index, value = pack_rows(rows, columns, values, num_row, num_col)
    found = np.zeros((num_row, num_col))
    for r in range(num_row):
        here = slice(start[r], start[r + 1])
        assert len(set(index[here].tolist())) == start[r + 1] - start[r]
        found[r, index[here]] = value[here]
    assert np.array_equal(found, expected)
    assert (value != 0).all()


@pytest.mark.parametrize(
    "rows, columns, values",
    [([0, 1], [0], [1.0]), ([2], [0], [1.0]), ([-1], [0], [1.0]), ([0], [3], [1.0]), ([0], [-1], [1.0])],
)
def test_entries_outside_the_matrix_are_an_error(rows: list[int], columns: list[int], values: list[float]) -> None:
    with pytest.raises(ValueError, match=r"differ in length|outside"):
        pack_rows(np.array(rows, np.int32), np.array(columns, np.int32), np.array(values), 2, 3)


def test_add_at_counts_repeated_places() -> None:
    target = np.zeros(3)
    add_at(target, np.array([2, 0, 2], np.int32), np.array([1.0, 5.0, 2.0]))
    assert target.tolist() == [5.0, 0.0, 3.0]
    with pytest.raises(ValueError, match="outside"):
        add_at(target, np.array([3], np.int32), np.array([1.0]))
    with pytest.raises(ValueError, match="2 places for 1 values"):
        add_at(target, np.array([0, 1], np.int32), np.array([1.0]))
