"""Linear programs whose optimum is known without a solver: published, by hand, or made from the optimum backwards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from optimizer.interop.mps import MpsProgram, read_mps

INF = np.inf
NETLIB = Path(__file__).resolve().parents[1] / "data" / "netlib"

# netlib's lp/data/readme: rows with the objective, columns, non-zeros with the objective, optimal value.
PUBLISHED = {
    "afiro": (28, 32, 88, -4.6475314286e02),
    "kb2": (44, 41, 291, -1.7499001299e03),
    "recipe": (92, 180, 752, -2.6661600000e02),
    "sc50b": (51, 48, 119, -7.0000000000e01),
    "stocfor1": (118, 111, 474, -4.1131976219e04),
}


def program(
    cost: Sequence[float] | np.ndarray, matrix: Any, rows: tuple[Any, Any], columns: tuple[Any, Any] = (0.0, INF),
    constant: float = 0.0,
) -> MpsProgram:  # fmt: skip
    """Dense matrix (rows, columns) and (lower, upper) of each kind, to be minimised; numbers stand for all."""
    dense = np.array(matrix, float)
    num_row, num_col = dense.shape
    row, column = np.nonzero(dense)
    return MpsProgram(
        name="made",
        objective="cost",
        maximise=False,
        cost=np.array(cost, float),
        constant=constant,
        col_lower=np.array(np.broadcast_to(columns[0], num_col), float),
        col_upper=np.array(np.broadcast_to(columns[1], num_col), float),
        row_lower=np.array(np.broadcast_to(rows[0], num_row), float),
        row_upper=np.array(np.broadcast_to(rows[1], num_row), float),
        start=np.concatenate([[0], np.cumsum((dense != 0).sum(axis=1))]).astype(np.int64),
        index=column.astype(np.int32),
        value=dense[row, column],
        row_names=tuple(f"r{i}" for i in range(num_row)),
        column_names=tuple(f"x{j}" for j in range(num_col)),
    )


def klee_minty(n: int) -> tuple[MpsProgram, float]:
    """The cube whose 2^n corners a simplex method may visit one by one; the optimum is -5^n at x = (0, ..., 0, 5^n)."""
    power = 2.0 ** np.arange(n)[::-1]
    matrix = np.array([[2.0 ** (i - j + 1) if j < i else float(i == j) for j in range(n)] for i in range(n)])
    return program(-power, matrix, (-INF, 5.0 ** np.arange(1, n + 1))), -(5.0**n)


def beale() -> tuple[MpsProgram, float]:
    """Beale's example, in which Dantzig's rule runs in a circle. Optimum -1/20 at x = (1/25, 0, 1, 0)."""
    matrix = [[1 / 4, -60, -1 / 25, 9], [1 / 2, -90, -1 / 50, 3], [0, 0, 1, 0]]
    return program([-3 / 4, 150, -1 / 50, 6], matrix, (-INF, [0, 0, 1])), -1 / 20


def transport() -> tuple[MpsProgram, float]:
    """Two plants with 20 and 30, three towns that want 10, 25 and 15.

    All from the second plant would cost 90 + 300 + 105 = 495. The first plant saves 1, 6 and -3 a unit and must ship
    its 20: all to the second town, 495 - 120 = 375.
    """
    matrix = [
        [1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1],
        [1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 1],
    ]  # fmt: skip
    amounts = [20, 30, 10, 25, 15]
    return program([8, 6, 10, 9, 12, 7], matrix, (amounts, amounts)), 375.0


def assignment(n: int) -> tuple[MpsProgram, float]:
    """n workers, n jobs, cost 1 + |i - j|: all do their own job for n, and 3 are paid anyway. Heavily degenerate."""
    i, j = np.divmod(np.arange(n * n), n)
    matrix = np.vstack([i == np.arange(n)[:, None], j == np.arange(n)[:, None]])
    return program(1.0 + np.abs(i - j), matrix, (1.0, 1.0), constant=3.0), n + 3.0


def from_the_optimum(seed: int, num_row: int = 40, num_col: int = 60) -> tuple[MpsProgram, float]:
    """Choose x, row duals y and reduced costs z that fit each other; bounds and cost = z + A'y follow.

    Strong duality makes x optimal. Every kind of column (at a bound, between, free, fixed) and of row (equation, one
    side, range at either end, slack, no limit) comes up; a third of the duals on bounds are 0, so that optima are
    degenerate.
    """
    rng = np.random.default_rng(seed)

    def whole(*shape: int) -> np.ndarray:
        return rng.integers(-8, 9, shape) / 4.0

    def push(size: int) -> np.ndarray:
        """Duals of bounds: not negative, some 0."""
        return rng.integers(1, 9, size) / 2.0 * (rng.random(size) > 1 / 3)

    matrix = whole(num_row, num_col) * (rng.random((num_row, num_col)) < 0.15)
    x, width = whole(num_col) * 4, rng.integers(1, 6, num_col) * 1.0
    lower, upper, z = np.full(num_col, -INF), np.full(num_col, INF), np.zeros(num_col)
    low, high, between, _, fixed = np.array_split(rng.permutation(num_col), 5)
    lower[low], z[low] = x[low], push(len(low))
    upper[low[::2]] = x[low[::2]] + width[low[::2]]
    upper[high], z[high] = x[high], -push(len(high))
    lower[high[::2]] = x[high[::2]] - width[high[::2]]
    lower[between], upper[between] = x[between] - width[between], x[between] + width[between]
    lower[fixed], upper[fixed], z[fixed] = x[fixed], x[fixed], whole(len(fixed))

    activity, y = matrix @ x, np.zeros(num_row)
    row_lower, row_upper = np.full(num_row, -INF), np.full(num_row, INF)
    equal, least, most, floor, ceiling, slack, _ = np.array_split(rng.permutation(num_row), 7)
    row_lower[equal], row_upper[equal], y[equal] = activity[equal], activity[equal], whole(len(equal))
    row_lower[least], y[least] = activity[least], push(len(least))
    row_upper[most], y[most] = activity[most], -push(len(most))
    row_lower[floor], row_upper[floor], y[floor] = activity[floor], activity[floor] + 3, push(len(floor))
    row_lower[ceiling], row_upper[ceiling], y[ceiling] = activity[ceiling] - 3, activity[ceiling], -push(len(ceiling))
    row_lower[slack], row_upper[slack] = activity[slack] - 1, activity[slack] + 2
    cost = z + matrix.T @ y
    return program(cost, matrix, (row_lower, row_upper), (lower, upper), constant=7.5), float(cost @ x) + 7.5


def all_known() -> dict[str, tuple[MpsProgram, float]]:
    """Name -> (program, optimum)."""
    known = {name: (read_mps(NETLIB / f"{name}.mps"), facts[-1]) for name, facts in PUBLISHED.items()}
    known |= {"klee_minty": klee_minty(8), "beale": beale(), "transport": transport(), "assignment": assignment(6)}
    return known | {f"made_{seed}": from_the_optimum(seed) for seed in range(4)}
