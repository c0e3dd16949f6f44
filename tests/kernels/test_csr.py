"""Packing blocks into rows, against a dense sum as the slow oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.csr import Grid, add_to, any_idle, pack_rows


def cells(*triples: tuple[int, int, float]) -> Grid:
    """A block whose cells are all outer ones."""
    rows, columns, values = zip(*triples, strict=True) if triples else ((), (), ())
    one = np.zeros(1, np.int32)
    numbers = np.arange(len(triples))
    return Grid(np.array(rows, np.int32), one, np.array(columns, np.int32), one, np.array(values, float), numbers, 0)


def packed(
    grids: list[Grid], num_row: int, num_col: int, drop: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    room = sum(grid.size for grid in grids)
    start, index, value = np.zeros(num_row + 1, np.int64), np.empty(room, np.int32), np.empty(room)
    pack_rows(grids, num_col, start, index, value, drop)
    return start, index[: start[-1]], value[: start[-1]]


def dense(grid: Grid, num_row: int, num_col: int) -> np.ndarray:
    """What a block means, cell by cell."""
    out = np.zeros((num_row, num_col))
    for i in range(len(grid.outer_rows)):
        for j in range(len(grid.inner_rows)):
            row, column = grid.outer_rows[i] + grid.inner_rows[j], grid.outer_columns[i] + grid.inner_columns[j]
            out[row, column] += grid.values[grid.outer_values[i] + j * grid.step]
    return out


def test_equal_places_add_up_and_order_is_that_of_first_entry() -> None:
    start, index, value = packed([cells((1, 2, 1.0), (0, 1, 5.0)), cells((1, 0, 2.0), (1, 2, 0.5))], 3, 3)
    assert start.tolist() == [0, 1, 3, 3]
    assert index.tolist() == [1, 2, 0]
    assert value.tolist() == [5.0, 1.5, 2.0]


def test_zeros_and_what_cancels_are_left_out() -> None:
    block = cells((0, 0, 0.0), (0, 1, 0.3), (0, 1, -0.1), (0, 1, -0.2), (0, 2, 1.0))
    start, index, value = packed([block], 1, 3, 1e-14)
    assert (start.tolist(), index.tolist(), value.tolist()) == ([0, 1], [2], [1.0])


def test_a_zero_in_rising_columns_is_left_out() -> None:
    start, index, value = packed([cells((0, 0, 1.0), (0, 1, 0.0), (0, 2, 3.0), (1, 0, 4.0))], 2, 3)
    assert (start.tolist(), index.tolist(), value.tolist()) == ([0, 2, 3], [0, 2, 0], [1.0, 3.0, 4.0])


def test_a_residue_stays_without_a_drop_limit() -> None:
    _, _, value = packed([cells((0, 1, 0.3), (0, 1, -0.1), (0, 1, -0.2))], 1, 3)
    assert 0 < abs(value[0]) < 1e-15


def test_nothing_packs_to_empty_rows() -> None:
    for grids in ([], [cells()]):
        start, index, value = packed(grids, 2, 0)
        assert (start.tolist(), len(index), len(value)) == ([0, 0, 0], 0, 0)


def test_rows_are_written_behind_what_is_there() -> None:
    start = np.array([2, -7, -7], np.int64)
    index, value = np.full(6, -1, np.int32), np.full(6, -1.0)
    pack_rows([cells((0, 1, 5.0), (0, 1, -5.0), (1, 0, 3.0))], 2, start, index, value)
    assert start.tolist() == [2, 2, 3]
    assert index[:3].tolist() == [-1, -1, 0]
    assert value[:3].tolist() == [-1.0, -1.0, 3.0]


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.integers(1, 6), st.integers(1, 5), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=3),
    st.integers(-1, 2), st.integers(0, 1000),
)  # fmt: skip
def test_the_same_matrix_as_a_dense_sum(
    num_row: int, num_col: int, shapes: list[tuple[int, int]], step: int, seed: int
) -> None:
    random = np.random.default_rng(seed)

    def split(count: int, inner: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        most = int(random.integers(0, size))
        return random.integers(0, size - most, count).astype(np.int32), random.integers(0, most + 1, inner).astype(
            np.int32
        )

    grids, expected = [], np.zeros((num_row, num_col))
    for outer, inner in shapes:
        reach = max(0, (inner - 1) * abs(step))
        values = random.integers(-2, 3, reach + 4).astype(float)
        first = random.integers(0, 4, outer) + (reach if step < 0 else 0)
        grids.append(Grid(*split(outer, inner, num_row), *split(outer, inner, num_col), values, first, step))
        expected += dense(grids[-1], num_row, num_col)
    start, index, value = packed(grids, num_row, num_col)
    found = np.zeros((num_row, num_col))
    for r in range(num_row):
        here = slice(start[r], start[r + 1])
        assert len(set(index[here].tolist())) == start[r + 1] - start[r]
        found[r, index[here]] = value[here]
    assert np.array_equal(found, expected)
    assert (value != 0).all()


@pytest.mark.parametrize(
    "change, fault",
    [
        ({"outer_rows": [2]}, "a row outside"),
        ({"inner_rows": [-1]}, "a row outside"),
        ({"outer_columns": [3]}, "a column outside"),
        ({"inner_columns": [-1]}, "a column outside"),
        ({"outer_columns": [0, 1]}, "differ in length"),
        ({"inner_columns": [0, 1]}, "differ in length"),
        ({"outer_values": [1]}, "no value"),
        ({"outer_values": [-1]}, "no value"),
        ({"inner_rows": [0, 0], "inner_columns": [0, 0], "step": -1}, "no value"),
    ],
)
def test_cells_outside_the_matrix_are_an_error(change: dict[str, list[int] | int], fault: str) -> None:
    types = {"outer_values": np.int64}
    block = cells((0, 0, 1.0))._replace(
        **{n: v if isinstance(v, int) else np.array(v, types.get(n, np.int32)) for n, v in change.items()}
    )
    with pytest.raises(ValueError, match=fault):
        packed([block], 2, 3)


def test_too_little_room_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 cells from 0 on, but room for 0"):
        pack_rows([cells((0, 0, 1.0))], 1, np.zeros(2, np.int64), np.empty(0, np.int32), np.empty(1))


def test_add_to_counts_repeated_columns() -> None:
    target = np.zeros(3)
    add_to(target, cells((0, 2, 1.0), (0, 0, 5.0), (0, 2, 2.0)))
    assert target.tolist() == [5.0, 0.0, 3.0]
    with pytest.raises(ValueError, match="a column outside"):
        add_to(target, cells((0, 3, 1.0)))


@pytest.mark.parametrize(
    "start, lower, upper, idle",
    [
        ([0, 1, 2], [0, -np.inf], [np.inf, 1], False),
        ([0, 1, 1], [0, 0], [1, 1], True),
        ([0, 1, 2], [0, -np.inf], [1, np.inf], True),
        ([0, 1, 2], [np.inf, 0], [np.inf, 0], True),
        ([0, 1, 2], [0, -np.inf], [0, -np.inf], True),
        ([0], [], [], False),
    ],
)
def test_rows_that_say_nothing_or_cannot_hold(
    start: list[int], lower: list[float], upper: list[float], idle: bool
) -> None:
    assert any_idle(np.array(start), np.array(lower, float), np.array(upper, float)) is idle
    with pytest.raises(ValueError, match="bounds of"):
        any_idle(np.array([0, *start]), np.array(lower, float), np.array(upper, float))
