"""A linear program as arrays, with the names that lead back to the rooms.

    minimise  cost @ x   subject to   row_lower <= A x <= row_upper,   col_lower <= x <= col_upper

``A`` is stored by rows (CSR). Blocks of columns belong to decisions, blocks of rows to limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

import numpy as np


@dataclass(frozen=True)
class Block:
    """Where a decision or a limit lies among the columns or rows.

    ``shape`` is the full shape over ``axes`` (set names). ``kept`` holds the flat positions (C order) of the members
    that exist, ascending, or None when all do; decisions always exist everywhere.
    """

    offset: int
    shape: tuple[int, ...]
    axes: tuple[str, ...]
    kept: np.ndarray | None = field(default=None, compare=False)

    @property
    def size(self) -> int:
        """How many columns or rows the block holds."""
        return prod(self.shape) if self.kept is None else len(self.kept)

    @property
    def span(self) -> slice:
        """The block's columns or rows."""
        return slice(self.offset, self.offset + self.size)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values of the block's members as an array of the full shape; NaN where there is no member."""
        if self.kept is None:
            return values.reshape(self.shape)
        full = np.full(prod(self.shape), np.nan)
        full[self.kept] = values
        return full.reshape(self.shape)


@dataclass(frozen=True, eq=False)
class LinearProgram:
    """Costs by part and goals (column vectors), bounds, and the matrix by rows: ``start``, ``index``, ``value``.

    ``charged`` names the decisions that a part of the costs falls on, so that nobody adds up its zeros elsewhere.
    """

    costs: Mapping[str, np.ndarray]
    cost_offset: Mapping[str, float]
    goals: Mapping[str, np.ndarray]
    goal_offset: Mapping[str, float]
    col_lower: np.ndarray
    col_upper: np.ndarray
    row_lower: np.ndarray
    row_upper: np.ndarray
    start: np.ndarray
    index: np.ndarray
    value: np.ndarray
    columns: Mapping[str, Block]
    rows: Mapping[str, Block]
    charged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def num_col(self) -> int:
        """Number of columns (variables)."""
        return len(self.col_lower)

    @property
    def num_row(self) -> int:
        """Number of rows."""
        return len(self.row_lower)

    @property
    def num_nonzero(self) -> int:
        """Number of stored coefficients."""
        return len(self.value)

    @cached_property
    def cost(self) -> np.ndarray:
        """The sum of all cost parts, MUSD a unit of each column; a new array at first use, then kept."""
        total = np.zeros(self.num_col)
        for name, part in self.costs.items():
            for decision in self.charged.get(name, self.columns):
                span = self.columns[decision].span
                total[span] += part[span]
        return total

    @property
    def offset(self) -> float:
        """The constant that belongs to ``cost``, MUSD."""
        return float(sum(self.cost_offset.values()))

    def column_values(self, name: str, x: np.ndarray) -> np.ndarray:
        """The part of a column vector (solution, reduced cost) that belongs to a decision, in its full shape."""
        block = self.columns[name]
        return block.spread(x[block.span])

    def row_values(self, name: str, y: np.ndarray) -> np.ndarray:
        """The part of a row vector (dual, activity) that belongs to a limit; NaN where the limit has no row."""
        block = self.rows[name]
        return block.spread(y[block.span])

    def row_name(self, row: int) -> str:
        """The limit that owns a row."""
        return next(n for n, block in self.rows.items() if block.offset <= row < block.offset + block.size)

    def coefficient_range(self) -> tuple[float, float, str, str]:
        """Smallest and largest coefficient size, then the limits that hold the largest and the smallest one.

        Without coefficients: ``(nan, nan, "", "")``.
        """
        if not self.num_nonzero:
            return np.nan, np.nan, "", ""
        size = np.abs(self.value)
        low, high = int(size.argmin()), int(size.argmax())
        rows = np.searchsorted(self.start, [low, high], side="right") - 1
        return float(size[low]), float(size[high]), self.row_name(int(rows[1])), self.row_name(int(rows[0]))
