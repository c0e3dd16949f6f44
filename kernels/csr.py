"""Packing matrix entries in any order (COO) into compressed rows (CSR).

Entries of the same row and column are added up in the order given; what is left below ``drop`` in size is left out.
Within a row, columns stand in the order of their first entry. The same entries in the same order always give the same
arrays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kernels._jit import jit


def pack_rows(
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    values: NDArray[np.float64],
    num_row: int,
    num_col: int,
    drop: float = 0.0,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """CSR arrays ``(start, index, value)`` of the matrix whose entries are given; ``start`` has ``num_row + 1`` items.

    Raises ValueError when the three arrays differ in length or an entry lies outside the matrix.
    """
    if not len(rows) == len(columns) == len(values):
        raise ValueError(f"entries differ in length: {len(rows)} rows, {len(columns)} columns, {len(values)} values")
    outside, start, index, value = _pack_rows(rows, columns, values, num_row, num_col, drop)
    if outside >= 0:
        raise ValueError(f"entry {outside} lies outside the {num_row} x {num_col} matrix")
    return start, index, value


def add_at(target: NDArray[np.float64], places: NDArray[np.int32], values: NDArray[np.float64]) -> None:
    """``target[places] += values``, repeated places included; ValueError when a place lies outside ``target``."""
    if len(places) != len(values):
        raise ValueError(f"{len(places)} places for {len(values)} values")
    if len(places) and (places.min() < 0 or places.max() >= len(target)):
        raise ValueError(f"a place lies outside the {len(target)} targets")
    _add_at(target, places, values)


@jit
def _add_at(target: NDArray[np.float64], places: NDArray[np.int32], values: NDArray[np.float64]) -> None:
    for i in range(places.size):
        target[places[i]] += values[i]


@jit
def _pack_rows(
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    values: NDArray[np.float64],
    num_row: int,
    num_col: int,
    drop: float,
) -> tuple[int, NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """As :func:`pack_rows`; the first item is the number of an entry outside the matrix, or -1."""
    # First by row, in the order given (a counting sort) ...
    start = np.zeros(num_row + 1, np.int64)
    for i in range(rows.size):
        if not (0 <= rows[i] < num_row and 0 <= columns[i] < num_col):
            return i, start, rows, values
        if values[i] != 0.0:
            start[rows[i] + 1] += 1
    for r in range(num_row):
        start[r + 1] += start[r]
    index = np.empty(start[num_row], np.int32)
    value = np.empty(start[num_row], np.float64)
    place = start[:-1].copy()
    for i in range(rows.size):
        if values[i] != 0.0:
            p = place[rows[i]]
            index[p] = columns[i]
            value[p] = values[i]
            place[rows[i]] = p + 1
    # ... then equal columns of a row are merged in place. Rising columns cannot repeat, and most rows are rising.
    # For the others `seen` holds where a column was last put; it starts with arbitrary numbers, since a hit counts only
    # where that very column stands in the current row.
    seen = np.empty(num_col, np.int64)
    packed = np.zeros(num_row + 1, np.int64)
    w = 0
    for r in range(num_row):
        first = w
        rising = True
        for p in range(start[r] + 1, start[r + 1]):
            if index[p] <= index[p - 1]:
                rising = False
                break
        source, end = start[r], start[r + 1]
        if not rising:
            for p in range(start[r], start[r + 1]):
                q = seen[index[p]]
                if first <= q < w and index[q] == index[p]:
                    value[q] += value[p]
                else:
                    seen[index[p]] = w
                    index[w] = index[p]
                    value[w] = value[p]
                    w += 1
            source, end = first, w
        k = first
        for p in range(source, end):
            if abs(value[p]) > drop:
                index[k] = index[p]
                value[k] = value[p]
                k += 1
        w = k
        packed[r + 1] = w
    if w == index.size:
        return -1, packed, index, value
    return -1, packed, index[:w].copy(), value[:w].copy()
