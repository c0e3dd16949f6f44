"""Loops of a network: as many as lines beyond a forest, each closed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.instance.voltage_law import cycle_basis


def incidence(start: list[int], end: list[int], regions: int) -> np.ndarray:
    matrix = np.zeros((regions, len(start)))
    for line, (a, b) in enumerate(zip(start, end, strict=True)):
        matrix[a, line] -= 1
        matrix[b, line] += 1
    return matrix


def test_parallel_lines_make_a_loop_of_two() -> None:
    assert cycle_basis(["x", "y"], ["a", "b"], ["b", "a"]) == [[("y", 1.0), ("x", 1.0)]]


def test_a_tree_has_no_loop() -> None:
    assert cycle_basis(["x", "y"], ["a", "b"], ["b", "c"]) == []


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda ends: ends[0] != ends[1]), max_size=14))
def test_loops_are_closed_independent_and_complete(ends: list[tuple[int, int]]) -> None:
    start, end = [a for a, _ in ends], [b for _, b in ends]
    lines = [f"l{i}" for i in range(len(ends))]
    loops = cycle_basis(lines, [str(a) for a in start], [str(b) for b in end])
    matrix = incidence(start, end, 7)
    rank = np.linalg.matrix_rank(matrix) if ends else 0
    assert len(loops) == len(ends) - rank
    flows = np.zeros((len(loops), len(ends)))
    for i, loop in enumerate(loops):
        for line, sign in loop:
            flows[i, lines.index(line)] += sign
    assert flows @ matrix.T == pytest.approx(np.zeros((len(loops), 7)))  # what enters a region leaves it
    assert (np.linalg.matrix_rank(flows) if len(loops) else 0) == len(loops)
