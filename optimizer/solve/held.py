"""The LP that a session holds: a compiled base, and columns and rows appended to it.

The base can be replaced by another one of the same shape; what was appended stays. Bounds are copies of the session's
own, the base's matrix is shared until something is appended.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.solve.certificate import LpArrays

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Places = tuple[NDArray[np.int32], NDArray[np.int32], Floats]  # row, column and value of some coefficients


class HeldLp:
    """Bounds and A by rows (CSR) of what HiGHS holds; see :class:`LpArrays`.

    ``base_columns`` and ``base_rows`` count what came compiled; appended ones follow. ``moved`` holds, for the lower
    and the upper side, columns whose bound stands in an appended row, and those rows.
    """

    def __init__(self, lp: LpArrays) -> None:
        self.col_lower, self.col_upper, self.row_lower, self.row_upper = (
            np.array(bound, dtype=np.float64) for bound in (lp.col_lower, lp.col_upper, lp.row_lower, lp.row_upper)
        )
        self.start, self.index, self.value = lp.start, lp.index, lp.value
        self.base_columns, self.base_rows = len(self.col_lower), len(self.row_lower)
        self.moved = {side: (np.empty(0, np.int64), np.empty(0, np.int64)) for side in ("lower", "upper")}
        self._base = (lp.start, lp.index, lp.value)
        self._extra: list[Places] = []

    def append(
        self,
        columns: tuple[Floats, Floats] | None,
        rows: tuple[Floats, Floats] | None,
        places: Places,
    ) -> None:
        """Append columns and rows with their (lower, upper) bounds; ``places`` are all new coefficients."""
        if columns is not None:
            self.col_lower, self.col_upper = (
                np.concatenate(pair) for pair in zip((self.col_lower, self.col_upper), columns, strict=True)
            )
        if rows is not None:
            self.row_lower, self.row_upper = (
                np.concatenate(pair) for pair in zip((self.row_lower, self.row_upper), rows, strict=True)
            )
        self._extra.append(places)
        self._join()

    def changed_coefficients(self, lp: LpArrays) -> Places:
        """Where another base of the same shape has other coefficients, zeros for those that it lacks."""
        start, index, value = self._base
        if np.array_equal(start, lp.start) and np.array_equal(index, lp.index):
            at = np.flatnonzero(value != lp.value)
            return _rows_of(lp.start, at), lp.index[at].astype(np.int32), lp.value[at]
        old, new = _keys(start, index, self.base_columns), _keys(lp.start, lp.index, self.base_columns)
        keys = np.union1d(old, new)
        before, after = np.zeros(len(keys)), np.zeros(len(keys))
        before[np.searchsorted(keys, old)] = value
        after[np.searchsorted(keys, new)] = lp.value
        at = np.flatnonzero(before != after)
        row, column = np.divmod(keys[at], self.base_columns)
        return row.astype(np.int32), column.astype(np.int32), after[at]

    def take_matrix(self, lp: LpArrays) -> None:
        """Put another base's coefficients in the place of the old ones; what was appended stays."""
        self._base = (lp.start, lp.index, lp.value)
        self._join()

    def _join(self) -> None:
        start, index, value = self._base
        if self._extra:
            rows, columns, values = (np.concatenate(part) for part in zip(*self._extra, strict=True))
            order = np.argsort(rows, kind="stable")
            rows, columns, values = rows[order], columns[order], values[order]
            added_rows = np.full(len(self.row_lower) - self.base_rows, start[-1], start.dtype)
            start = np.concatenate([start, added_rows])
            at = start[rows + 1]  # new coefficients stand at the end of their row
            index = np.insert(index, at, columns.astype(index.dtype))
            value = np.insert(value, at, values)
            start = start + np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(self.row_lower)))])
        self.start, self.index, self.value = start, index, value


def _rows_of(start: NDArray[Any], entries: Whole) -> NDArray[np.int32]:
    rows: NDArray[np.int32] = (np.searchsorted(start, entries, side="right") - 1).astype(np.int32)
    return rows


def _keys(start: NDArray[Any], index: NDArray[Any], num_col: int) -> Whole:
    """One number for each coefficient: row x columns + column."""
    rows = np.repeat(np.arange(len(start) - 1, dtype=np.int64), np.diff(start))
    return rows * num_col + index
