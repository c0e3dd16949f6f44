"""Packing blocks of matrix entries into compressed rows (CSR).

A block is a grid of cells: ``outer x inner``. The row of cell ``(i, j)`` is ``outer_rows[i] + inner_rows[j]``, its
column the like, its value ``values[outer_values[i] + j * step]``. So a block of a million cells is a few short vectors,
and no list of rows, columns and values is ever made.

Entries of the same row and column are added up in the order given; what is left below ``drop`` in size is left out.
Within a row, columns stand in the order of their first entry. The same blocks in the same order always give the same
arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kernels._jit import jit

HASH = np.uint64(11_400_714_819_323_198_485)  # 2**64 over the golden ratio: spreads numbers that lie evenly apart


class Grid(NamedTuple):
    """One block of entries. ``values`` is flat, and ``step`` is how far apart two neighbours along ``inner`` lie."""

    outer_rows: NDArray[np.int32]
    inner_rows: NDArray[np.int32]
    outer_columns: NDArray[np.int32]
    inner_columns: NDArray[np.int32]
    values: NDArray[np.float64]
    outer_values: NDArray[np.int64]
    step: int

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.outer_rows) * len(self.inner_rows)


def pack_rows(
    grids: Sequence[Grid],
    num_col: int,
    start: NDArray[np.int64],
    index: NDArray[np.int32],
    value: NDArray[np.float64],
    drop: float = 0.0,
) -> None:
    """Write the rows of some blocks into ``index`` and ``value`` from ``start[0]`` on.

    ``start`` has one item more than there are rows; all but its first are filled, the last with where the rows end.
    ``index`` and ``value`` need room for all cells, even for those that are left out. Raises ValueError for too little
    room and for a cell outside the matrix or its values.
    """
    cells = sum(grid.size for grid in grids)
    if start[0] < 0 or start[0] + cells > min(len(index), len(value)):
        raise ValueError(f"{cells} cells from {start[0]} on, but room for {min(len(index), len(value))}")
    start[1:] = 0
    for number, grid in enumerate(grids):
        _refuse(_count(start, num_col, *grid), number)
    place = _begin(start)
    as_they_are = True
    for grid in grids:
        as_they_are &= _place(start, place, index, value, drop, *grid)
    if not as_they_are:
        _merge(start, index, value, drop)


def add_to(target: NDArray[np.float64], grid: Grid) -> None:
    """Add the values of a block to ``target`` at their columns; ValueError when one lies outside."""
    _refuse(_fault(1, len(target), *grid), 0)
    _add_to(target, *grid[2:])


def any_idle(start: NDArray[np.int64], lower: NDArray[np.float64], upper: NDArray[np.float64]) -> bool:
    """Whether any row is empty, free on both sides, or has a lower bound of inf or an upper one of -inf."""
    if not len(start) - 1 == len(lower) == len(upper):
        raise ValueError(f"bounds of {len(lower)} and {len(upper)} rows for {len(start) - 1}")
    return bool(_any_idle(start, lower, upper))


_FAULTS = ("", "vectors that differ in length", "a row outside the matrix", "a column outside the matrix", "no value")


def _refuse(fault: int, number: int) -> None:
    if fault:
        raise ValueError(f"block {number} holds {_FAULTS[fault]}")


@jit
def _outside(outer: NDArray[np.int32], inner: NDArray[np.int32], size: int) -> bool:
    """Whether the sum of an outer and an inner item may lie outside ``0 .. size - 1``."""
    low, high = np.int64(outer[0]), np.int64(outer[0])
    for item in outer:
        low, high = min(low, np.int64(item)), max(high, np.int64(item))
    lowest, highest = np.int64(inner[0]), np.int64(inner[0])
    for item in inner:
        lowest, highest = min(lowest, np.int64(item)), max(highest, np.int64(item))
    return bool(low + lowest < 0 or high + highest >= size)


@jit
def _fault(
    num_row: int,
    num_col: int,
    outer_rows: NDArray[np.int32],
    inner_rows: NDArray[np.int32],
    outer_columns: NDArray[np.int32],
    inner_columns: NDArray[np.int32],
    values: NDArray[np.float64],
    outer_values: NDArray[np.int64],
    step: int,
) -> int:
    """Which of ``_FAULTS`` a block has; 0: none."""
    outer, inner = outer_rows.size, inner_rows.size
    if outer_columns.size != outer or outer_values.size != outer or inner_columns.size != inner:
        return 1
    if outer == 0 or inner == 0:
        return 0
    if _outside(outer_rows, inner_rows, num_row):
        return 2
    if _outside(outer_columns, inner_columns, num_col):
        return 3
    reach = (inner - 1) * step
    for first in outer_values:
        if min(first, first + reach) < 0 or max(first, first + reach) >= values.size:
            return 4
    return 0


@jit
def _count(
    start: NDArray[np.int64],
    num_col: int,
    outer_rows: NDArray[np.int32],
    inner_rows: NDArray[np.int32],
    outer_columns: NDArray[np.int32],
    inner_columns: NDArray[np.int32],
    values: NDArray[np.float64],
    outer_values: NDArray[np.int64],
    step: int,
) -> int:
    """Count the cells of row ``r`` at ``start[r + 1]``, unless the block has a fault."""
    fault = _fault(
        start.size - 1, num_col, outer_rows, inner_rows, outer_columns, inner_columns, values, outer_values, step
    )
    if fault:
        return fault
    if outer_rows.size == 0 or inner_rows.size == 0:
        return 0
    side_by_side = True  # as along the snapshots of one place: then neighbours are counted in vectors
    for j in range(1, inner_rows.size):
        side_by_side &= inner_rows[j] == inner_rows[j - 1] + 1
    for i in range(outer_rows.size):
        row = np.int64(outer_rows[i]) + 1
        if side_by_side:
            first = row + inner_rows[0]
            counts = start[first : first + inner_rows.size]
            for j in range(counts.size):
                counts[j] += 1
        else:
            for j in range(inner_rows.size):
                start[np.uint64(row + inner_rows[j])] += 1
    return 0


@jit
def _begin(start: NDArray[np.int64]) -> NDArray[np.int64]:
    """Turn counts into starts; where each row begins, to be moved on."""
    place = np.empty(start.size, np.int64)
    place[0] = start[0]
    for r in range(1, start.size):
        start[r] += start[r - 1]
        place[r] = start[r]
    return place


@jit
def _place(
    start: NDArray[np.int64],
    place: NDArray[np.int64],
    index: NDArray[np.int32],
    value: NDArray[np.float64],
    drop: float,
    outer_rows: NDArray[np.int32],
    inner_rows: NDArray[np.int32],
    outer_columns: NDArray[np.int32],
    inner_columns: NDArray[np.int32],
    values: NDArray[np.float64],
    outer_values: NDArray[np.int64],
    step: int,
) -> bool:
    """Put every cell where its row has got to, ``place[r]``, and move that on.

    True when columns rise in every row and no value is small. Rising columns cannot repeat, so all is packed then.
    """
    packed = True
    for i in range(outer_rows.size):
        row, column, v = outer_rows[i], outer_columns[i], outer_values[i]
        for j in range(inner_rows.size):
            # unsigned places, which `_fault` has looked at: numba would look at the sign of others every time
            r, here = np.uint64(row + inner_rows[j]), values[np.uint64(v)]
            c, p = column + inner_columns[j], np.uint64(place[r])
            place[r] = np.int64(p) + 1
            index[p] = c
            value[p] = here
            packed &= abs(here) > drop and (p == np.uint64(start[r]) or index[p - np.uint64(1)] < c)
            v += step
    return packed


@jit
def _merge(start: NDArray[np.int64], index: NDArray[np.int32], value: NDArray[np.float64], drop: float) -> None:
    """Add up equal columns of a row and leave out what is small, in place; ``start`` is brought up to date.

    In rows that do not rise, a hash table holds where each column of the row was put. It is as large as twice the
    longest row, so that it stays in the nearest cache, where a vector over all columns would not; ``owner`` says which
    row has filled a slot last.
    """
    longest = np.int64(0)
    for r in range(1, start.size):
        longest = max(longest, start[r] - start[r - 1])
    bits = 1
    while 1 << bits < 2 * longest:
        bits += 1
    owner, seen = np.zeros(1 << bits, np.int32), np.empty(1 << bits, np.int64)
    last_slot, shift = (1 << bits) - 1, np.uint64(64 - bits)
    w = begin = start[0]
    for r in range(1, start.size):
        end = start[r]
        p, last = begin, np.int32(-1)
        while p < end and index[p] > last:
            last = index[p]
            p += 1
        first, past = begin, end
        if p < end:
            first = past = w
            for p in range(begin, end):
                column = index[p]
                slot = np.int64((np.uint64(column) * HASH) >> shift)
                while owner[slot] == r and index[seen[slot]] != column:
                    slot = (slot + 1) & last_slot
                if owner[slot] == r:
                    value[seen[slot]] += value[p]
                else:
                    owner[slot], seen[slot] = r, past
                    index[past], value[past] = column, value[p]
                    past += 1
        for p in range(first, past):
            if abs(value[p]) > drop:
                if p > w:
                    index[w] = index[p]
                    value[w] = value[p]
                w += 1
        begin = end
        start[r] = w


@jit
def _any_idle(start: NDArray[np.int64], lower: NDArray[np.float64], upper: NDArray[np.float64]) -> bool:
    for r in range(lower.size):
        free = lower[r] == -np.inf and upper[r] == np.inf
        if free or start[r] == start[r + 1] or lower[r] == np.inf or upper[r] == -np.inf:
            return True
    return False


@jit
def _add_to(
    target: NDArray[np.float64],
    outer_columns: NDArray[np.int32],
    inner_columns: NDArray[np.int32],
    values: NDArray[np.float64],
    outer_values: NDArray[np.int64],
    step: int,
) -> None:
    for i in range(outer_columns.size):
        column, v = outer_columns[i], outer_values[i]
        for j in range(inner_columns.size):
            target[np.uint64(column + inner_columns[j])] += values[np.uint64(v)]
            v += step
