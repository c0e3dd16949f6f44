"""Sums of cost ratios over samples, tile by tile: the compiled half of :mod:`kernels.break_even`.

Nothing here checks anything. Factors of a side's cost are numbered by the constants below, in the order of the inputs
of ``break_even.Side``.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from kernels._jit import jit_dividing, jit_parallel
from kernels.elementary import expm1_falling, fma, log1p

Floats = NDArray[np.float64]

HOURS_A_YEAR = 8760.0
MARGIN = 1e-12  # a is cheaper where its cost is below b's by more than this share: equal costs, rounded, are no win
BLOCK = 256  # samples in a table; sums are made of sums over blocks
UNROLL = 8  # samples that a cell's sums take while they are in registers
TILE_ROWS, TILE_COLUMNS = 32, 64  # cells that share tables: 2 x 64 x 256 numbers, in the second-level cache

POWER, TOKENS, CAPEX, FIXED, LOAD, SOLD, WACC, LIFE = range(8)
ANNUITY = 8  # crf: no input, but a factor of the cost, and the stand-in for a map over both w and L
GROWTH = 9  # log(1 + w)
FACTORS = 10
NONE = -1


@jit_dividing
def _annuity(wacc: float, growth: float, life: float) -> float:
    """Capital recovery factor, a year; ``growth`` is log(1 + wacc)."""
    return wacc / -expm1_falling(-life * growth) if wacc > 0.0 else 1.0 / life


@jit_dividing
def annuities(wacc: Floats, growth: Floats, life: Floats, out: Floats) -> None:
    for m in range(out.size):
        out[m] = _annuity(wacc[m], growth[m], life[m])


@jit_dividing
def growths(wacc: Floats) -> Floats:
    growth = np.empty(wacc.size)
    for m in range(wacc.size):
        growth[m] = log1p(wacc[m])
    return growth


@jit_dividing
def _annuities_along(axis: int, values: Floats, growth: Floats, side: Floats, k: int, out: Floats) -> None:
    """Annuities along an axis of w or L, with the other one of sample k."""
    if axis == WACC:
        life = side[LIFE, k]
        for m in range(out.size):
            out[m] = _annuity(values[m], growth[m], life)
    else:
        wacc, growth_k = side[WACC, k], side[GROWTH, k]
        for m in range(out.size):
            out[m] = _annuity(wacc, growth_k, values[m])


@jit_dividing
def _line(side: Floats, k: int, vary: int, other: int, y: float) -> tuple[float, float]:
    """Slope and rest of the cost in sample k as a function of one factor, with y in the place of another one."""
    power = y if other == POWER else side[POWER, k]
    tokens = y if other == TOKENS else side[TOKENS, k]
    capex = y if other == CAPEX else side[CAPEX, k]
    annual = y if other == FIXED else side[FIXED, k]
    load = y if other == LOAD else side[LOAD, k]
    sold = y if other == SOLD else side[SOLD, k]
    annuity = y if other == ANNUITY else side[ANNUITY, k]
    each = tokens * sold
    if vary == POWER:
        return load * each, (capex * annuity + annual) * each
    if vary == LOAD:
        return power * each, (capex * annuity + annual) * each
    if vary == CAPEX:
        return annuity * each, (annual + power * load) * each
    if vary == ANNUITY:
        return capex * each, (annual + power * load) * each
    if vary == FIXED:
        return each, (capex * annuity + power * load) * each
    hourly = capex * annuity + annual + power * load
    if vary == TOKENS:
        return hourly * sold, 0.0
    if vary == SOLD:
        return hourly * tokens, 0.0
    return 0.0, hourly * each


@jit_parallel
def prepare(
    factors: Floats, blocks: int, row_side: int, column_side: int, row_axis: int, column_axis: int, lines: Floats
) -> None:
    """Turn inputs into factors of the cost, and these into the four numbers that make a sample's ratio of x and y.

    Both axes of one side: ratio = (c00 + c01 y) + (c10 + c11 y) x. Else ratio = (c00 + c10 x) / (c11 + c01 y).
    """
    row_factor = ANNUITY if row_axis in (WACC, LIFE) else row_axis
    column_factor = ANNUITY if column_axis in (WACC, LIFE) else column_axis
    for block in numba.prange(blocks):
        part = slice(block * BLOCK, (block + 1) * BLOCK)
        for s in range(2):
            side = factors[s, :, part]
            for k in range(BLOCK):
                side[CAPEX, k] /= HOURS_A_YEAR
                side[FIXED, k] /= HOURS_A_YEAR
                side[TOKENS, k] = 1.0 / side[TOKENS, k]
                side[SOLD, k] = 1.0 / side[SOLD, k]
            for k in range(BLOCK):
                side[GROWTH, k] = log1p(side[WACC, k])
            annuities(side[WACC], side[GROWTH], side[LIFE], side[ANNUITY])
        side, column, opposite = factors[row_side], factors[column_side], factors[1 - row_side]
        for k in range(block * BLOCK, (block + 1) * BLOCK):
            if row_side == column_side:  # each coefficient without a difference that would cancel
                each = 1.0 / _line(opposite, k, NONE, NONE, 0.0)[1]
                c10, c00 = _line(side, k, row_factor, column_factor, 0.0)
                c11 = _line(side, k, row_factor, column_factor, 1.0)[0] - c10  # one of the two is 0
                c01 = _line(side, k, column_factor, row_factor, 0.0)[0]
                lines[0, k], lines[1, k], lines[2, k], lines[3, k] = c00 * each, c01 * each, c10 * each, c11 * each
            else:
                lines[2, k], lines[0, k] = _line(side, k, row_factor, NONE, 0.0)
                lines[1, k], lines[3, k] = _line(column, k, column_factor, NONE, 0.0)


@jit_dividing
def _tables(
    factors: Floats,
    lines: Floats,
    start: int,
    row_side: int,
    column_side: int,
    row_axis: int,
    column_axis: int,
    rows: Floats,
    columns: Floats,
    row_growth: Floats,
    column_growth: Floats,
    x: Floats,
    slope: Floats,
    rest: Floats,
) -> None:
    """What a block of samples puts into ``ratio = x slope + rest``, for one tile."""
    row, column = factors[row_side], factors[column_side]
    x_k, y_k = rows.copy(), columns.copy()
    for k in range(BLOCK):
        sample, at = start + k, k * TILE_COLUMNS
        c00, c01, c10, c11 = lines[0, sample], lines[1, sample], lines[2, sample], lines[3, sample]
        if row_axis in (WACC, LIFE):
            _annuities_along(row_axis, rows, row_growth, row, sample, x_k)
        if column_axis in (WACC, LIFE):
            _annuities_along(column_axis, columns, column_growth, column, sample, y_k)
        if row_side == column_side:
            for j in range(columns.size):
                slope[at + j] = c10 + c11 * y_k[j]
                rest[at + j] = c00 + c01 * y_k[j]
            for i in range(rows.size):
                x[k, i] = x_k[i]
        else:
            for j in range(columns.size):
                slope[at + j] = 1.0 / (c11 + c01 * y_k[j])
                rest[at + j] = 0.0
            for i in range(rows.size):
                x[k, i] = c00 + c10 * x_k[i]


@jit_dividing
def _tile(
    factors: Floats,
    lines: Floats,
    blocks: int,
    begin: bool,
    row_side: int,
    column_side: int,
    row_axis: int,
    column_axis: int,
    rows: Floats,
    columns: Floats,
    wins: Floats,
    shift: Floats,
    total: Floats,
    square: Floats,
) -> None:
    """Add some blocks of samples to a tile of cells. Columns are padded to full vectors, by repeating the last."""
    width = -(-columns.size // 8) * 8
    padded = np.empty(width)
    for j in range(width):
        padded[j] = columns[min(j, columns.size - 1)]
    row_growth = growths(rows) if row_axis == WACC else rows
    column_growth = growths(padded) if column_axis == WACC else padded
    x, slope, rest = np.empty((BLOCK, rows.size)), np.empty(BLOCK * TILE_COLUMNS), np.empty(BLOCK * TILE_COLUMNS)
    x_i = np.empty(BLOCK)
    first, part, part_square = np.empty(width), np.empty(width), np.empty(width)
    part_wins = np.empty(width, np.int64)
    inverse = row_side == 1 and column_side == 1
    for block in range(blocks):
        _tables(
            factors,
            lines,
            block * BLOCK,
            row_side,
            column_side,
            row_axis,
            column_axis,
            rows,
            padded,
            row_growth,
            column_growth,
            x,
            slope,
            rest,
        )
        for i in range(rows.size):
            if begin and block == 0:
                for j in range(columns.size):
                    ratio = fma(x[0, i], slope[j], rest[j])
                    shift[i, j] = 1.0 / ratio if inverse else ratio
            for j in range(width):
                first[j] = shift[i, min(j, columns.size - 1)]
            x_i[:] = x[:, i]
            part_wins[:] = 0
            part[:] = 0.0
            part_square[:] = 0.0
            _row(width, x_i, slope, rest, inverse, first, part_wins, part, part_square)
            for j in range(columns.size):
                wins[i, j] += part_wins[j]
                total[i, j] += part[j]
                square[i, j] += part_square[j]


@jit_dividing
def _row(
    width: int,
    x: Floats,
    slope: Floats,
    rest: Floats,
    inverse: bool,
    shift: Floats,
    wins: NDArray[np.int64],
    total: Floats,
    square: Floats,
) -> None:
    """The innermost loop, vectorised along columns: one block of samples for one row of a tile.

    Rows of the tables lie ``TILE_COLUMNS`` apart, whatever the width: only so does the compiler see what overlaps.
    """
    for k in range(0, BLOCK, UNROLL):
        for j in range(width):
            won, deviation, squared, origin = wins[j], total[j], square[j], shift[j]
            for m in range(k, k + UNROLL):
                ratio = fma(x[m], slope[m * TILE_COLUMNS + j], rest[m * TILE_COLUMNS + j])
                if inverse:
                    ratio = 1.0 / ratio
                away = ratio - origin
                won += ratio < 1.0 - MARGIN
                deviation += away
                squared = fma(away, away, squared)
            wins[j], total[j], square[j] = won, deviation, squared


@jit_parallel
def add(
    factors: Floats,
    lines: Floats,
    blocks: int,
    begin: bool,
    row_side: int,
    column_side: int,
    row_axis: int,
    column_axis: int,
    rows: Floats,
    columns: Floats,
    tile_rows: int,
    tile_columns: int,
    wins: Floats,
    shift: Floats,
    total: Floats,
    square: Floats,
) -> None:
    """Add some blocks of samples to all cells, tile by tile."""
    down, across = -(-rows.size // tile_rows), -(-columns.size // tile_columns)
    for turn in numba.prange(down * across):
        i, j = turn // across * tile_rows, turn % across * tile_columns
        e, f = min(i + tile_rows, rows.size), min(j + tile_columns, columns.size)
        _tile(
            factors,
            lines,
            blocks,
            begin,
            row_side,
            column_side,
            row_axis,
            column_axis,
            rows[i:e],
            columns[j:f],
            wins[i:e, j:f],
            shift[i:e, j:f],
            total[i:e, j:f],
            square[i:e, j:f],
        )
